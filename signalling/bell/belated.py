"""Evidence whose server was gone when the lesson ended: its figures go onto the audit log all the same.

Who measured a lesson writes the entry at its end. A server that stopped or died before has left rows and no entry, and
where nobody came back into the room no other server knew of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.bell import evidence, figures
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Lesson, Participation
from signalling.db.records import Audit

EVERY_S = 600.0
SETTLED_S = 300
"""Whoever was in the room when it ended has long written the entry herself."""
REACH_S = 31 * 86400
"""A server that comes up looks so far back, and to lessons that were to begin so long before they ended."""
AGAIN_S = 86400
"""Afterwards it looks so far back each time, whatever its clock has been set to since."""
_BATCH = 50


class Belated:
    """:param clock: seconds since 1970."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._since: float | None = None

    async def look(self) -> int:
        """Write the entries that are missing; returns how many.

        :raises UserError: 503 `database_unavailable`; the next look goes as far back.
        """
        now = self._clock()
        since = now - REACH_S if self._since is None else min(self._since, now - AGAIN_S)
        total = 0
        while True:
            async with self._database.read() as session:
                lessons = list(await session.scalars(_unbacked(since, now)))
            if lessons:
                total += await self._database.run(partial(_write, lessons=lessons, now=now))
            if len(lessons) < _BATCH:
                self._since = now - AGAIN_S
                return total


def _unbacked(since: float, now: float) -> Select[tuple[str]]:
    """Lessons that are over and of which something was measured, without their entry."""
    measured = select(Participation.id).where(Participation.lesson == Lesson.id)
    entry = select(Audit.number).where(Audit.subject == Lesson.id, Audit.action == evidence.ENTRY)
    return (
        select(Lesson.id)
        .where(Lesson.starts >= int(since) - REACH_S, Lesson.ended.between(int(since), int(now) - SETTLED_S))
        .where(Lesson.state != "cancelled", measured.exists(), ~entry.exists())
        .order_by(Lesson.id)
        .limit(_BATCH)
    )


async def _write(session: AsyncSession, lessons: Sequence[str], now: float) -> int:
    # Who writes evidence of these lessons at this moment stands in line here, another server that does this as well.
    locked = select(Lesson.id).where(Lesson.id.in_(lessons)).order_by(Lesson.id).with_for_update(key_share=True)
    there = set(await session.scalars(locked))
    backed = select(Audit.subject).where(Audit.subject.in_(lessons), Audit.action == evidence.ENTRY)
    missing = sorted(there.difference(await session.scalars(backed)))
    columns = [getattr(Participation, name) for name in ("lesson", "participant", *figures.SECONDS)]
    people: dict[str, dict[str, figures.Figures]] = {lesson: {} for lesson in missing}
    for lesson, participant, *seconds in await session.execute(
        select(*columns).where(Participation.lesson.in_(missing))
    ):
        people[lesson][participant] = tuple(seconds)
    await audit.append_all(session, int(now), [evidence.entry(lesson, people[lesson]) for lesson in missing])
    return len(missing)
