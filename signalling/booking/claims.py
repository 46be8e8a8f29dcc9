"""What lessons hold on to: people, classrooms, classes of pupils, devices, and places on the machines.

All claims are taken and given back here, and the load of the machines (`load.py`) changes with them, so the two never
differ. A lesson holds its claims while it is scheduled, open or live.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.booking import load
from signalling.booking.forms import Form
from signalling.booking.limits import LONGEST_S, Rules
from signalling.db import lessons as tables
from signalling.timetable.slots import Claim, Claims

HOLDING = ("scheduled", "open", "live")
"""States of lessons that hold their claims."""
MACHINES = "machines"
"""The row of `held` that stands for all machines."""
_CLASSROOM = "classroom:"


@dataclass(frozen=True, slots=True)
class Place:
    """A classroom in a lesson. :ivar part: `lead` or `receiving`."""

    classroom: str
    part: str
    assistant: str | None = None
    pupil_class: str | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """A lesson and all it holds from `starts` to `ends` (seconds since 1970)."""

    lesson: str
    starts: int
    ends: int
    resources: tuple[str, ...]

    @property
    def claims(self) -> list[Claim]:
        return [Claim(resource, self.starts, self.ends, self.lesson) for resource in self.resources]

    @property
    def classrooms(self) -> int:
        return sum(resource.startswith(_CLASSROOM) for resource in self.resources)


def resources(form: Form, teacher: str, device: str | None, places: Iterable[Place]) -> tuple[str, ...]:
    """What a lesson holds, in the order in which it is locked."""
    held = {f"person:{teacher}"}
    if device:
        held.add(f"device:{device}")
    for place in places:
        held.add(f"{_CLASSROOM}{place.classroom}")
        if place.assistant:
            held.add(f"person:{place.assistant}")
        if place.pupil_class and form.pupils:
            held.add(f"pupils:{place.pupil_class}")
    return tuple(sorted(held))


def grouped(rows: Iterable[tuple[str, int, int, str]]) -> list[Holding]:
    """:param rows: lesson, starts, ends, resource of each claim."""
    lessons: dict[tuple[str, int, int], list[str]] = defaultdict(list)
    for lesson, starts, ends, resource in rows:
        lessons[lesson, starts, ends].append(resource)
    return [Holding(*lesson, tuple(sorted(resources))) for lesson, resources in lessons.items()]


async def lock(session: AsyncSession, resources: Collection[str], rules: Rules) -> None:
    """From here to the end of the transaction nobody else decides about these resources.

    On SQLite a writing transaction is alone anyway.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    names = sorted({*resources, *([MACHINES] if rules.capacity else [])})
    rows = [{"resource": name} for name in names]
    await session.execute(postgresql.insert(tables.Held.__table__).on_conflict_do_nothing(), rows)
    held = tables.Held.resource
    await session.execute(select(held).where(held.in_(names)).order_by(held).with_for_update())


async def held(
    session: AsyncSession, resources: Collection[str], starts: int, ends: int, ignore: Collection[str] = ()
) -> Claims:
    """What others hold of these resources in [starts, ends). :param ignore: ids of lessons that do not count."""
    claim = tables.Claim
    rows = await session.execute(
        select(claim.resource, claim.starts, claim.ends, claim.lesson).where(
            claim.resource.in_(resources), claim.starts > starts - LONGEST_S, claim.starts < ends
        )
    )
    return Claims(Claim(*row) for row in rows if row.lesson not in ignore)


async def replace(session: AsyncSession, lessons: Collection[str], holdings: Sequence[Holding]) -> None:
    """Give back all that `lessons` hold, and take `holdings`. Call it once in a transaction, before the audit log.

    The load is locked in the order of time, and so without deadlocks, only within one call.
    """
    change = load.changes((holding.starts, holding.ends, holding.classrooms) for holding in holdings)
    if lessons:
        claim = tables.Claim
        given_back = await session.execute(
            select(claim.starts, claim.ends, func.count())
            .where(claim.lesson.in_(lessons), claim.resource.startswith(_CLASSROOM))
            .group_by(claim.lesson, claim.starts, claim.ends)
        )
        change.subtract(load.changes((starts, ends, count) for starts, ends, count in given_back))
        gone = delete(claim).where(claim.lesson.in_(lessons))
        await session.execute(gone.execution_options(synchronize_session=False))
    rows = [
        {"lesson": holding.lesson, "resource": resource, "starts": holding.starts, "ends": holding.ends}
        for holding in holdings
        for resource in holding.resources
    ]
    if rows:
        await session.execute(insert(tables.Claim.__table__), rows)
    await load.apply(session, change)


async def release(session: AsyncSession, lessons: Collection[str]) -> None:
    """Lessons that have ended hold nothing any more. Before the audit log, as `replace`."""
    await replace(session, lessons, ())
