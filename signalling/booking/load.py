"""How many classrooms the machines carry at each moment, over all schools.

A count for each five minutes, so that a booking costs as many rows as it has such slots and not as many as the county
has lessons. A slot that a lesson only touches counts as used: lessons that follow one another on a crooked minute are
counted together for a moment, on the safe side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.lessons import Load

SLOT_S = 300
_BATCH = 5000


def changes(lessons: Iterable[tuple[int, int, int]]) -> Counter[int]:
    """Beginnings of slots → classrooms. :param lessons: (starts, ends, classrooms)."""
    slots: Counter[int] = Counter()
    for starts, ends, classrooms in lessons:
        for slot in range(starts - starts % SLOT_S, ends, SLOT_S):
            slots[slot] += classrooms
    return slots


async def carried(session: AsyncSession, slots: Iterable[int]) -> dict[int, int]:
    """Classrooms in each of these slots; slots that nobody uses are missing."""
    ordered = sorted(slots)
    found: dict[int, int] = {}
    for first in range(0, len(ordered), _BATCH):
        batch = ordered[first : first + _BATCH]
        rows = await session.execute(select(Load.slot, Load.classrooms).where(Load.slot.in_(batch)))
        found |= {slot: classrooms for slot, classrooms in rows}
    return found


def full(carried: Mapping[int, int], wanted: Mapping[int, int], limit: int) -> tuple[int, int] | None:
    """The first slot, with its classrooms, in which the machines could not carry what is wanted on top; or None.

    :param wanted: as `changes`; what is given back in the same breath already taken off.
    """
    for slot in sorted(wanted):
        classrooms = carried.get(slot, 0) + wanted[slot]
        if wanted[slot] > 0 and classrooms > limit:
            return slot, classrooms
    return None


async def apply(session: AsyncSession, change: Mapping[int, int]) -> None:
    """Add to the counts, in the order of time: transactions that meet here wait for each other and never in a ring."""
    rows = [{"slot": slot, "classrooms": change[slot]} for slot in sorted(change) if change[slot]]
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    added = dialect.insert(Load.__table__)
    added = added.on_conflict_do_update(
        index_elements=["slot"], set_={"classrooms": Load.__table__.c.classrooms + added.excluded.classrooms}
    )
    await session.execute(added, rows)
