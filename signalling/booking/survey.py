"""Whether lessons can be held as they are wanted: everybody free, no holiday, not too late, room on the machines."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from signalling.booking import claims, load, problems
from signalling.booking.claims import Holding
from signalling.booking.limits import Rules
from signalling.booking.problems import MAX_PROBLEMS, Problem
from signalling.booking.schooltime import SchoolTime
from signalling.timetable.slots import Claims

LATE_S = 60
"""A lesson may be booked in the minute in which it begins."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known when a wish is judged.

    :ivar held: claims of everybody in the wish, other lessons' alone. :ivar teachers: who teaches the wanted lessons.
    :ivar given_back: load that the lessons in question put on the machines now (`load.changes`).
    """

    time: SchoolTime
    rules: Rules
    now: float
    held: Claims
    teachers: frozenset[str] = frozenset()
    given_back: Counter[int] = field(default_factory=Counter)

    def late(self, starts: int) -> bool:
        return starts <= self.now - LATE_S

    async def problems(
        self, session: AsyncSession, wanted: Sequence[Holding], *, days: bool = True
    ) -> tuple[list[Problem], int]:
        """The first problems, and how many there are beside them.

        :param days: whether holidays and what is over are looked at: not where a lesson stays on its day.
        """
        found = self._past(wanted) + self._no_school(wanted) if days else []
        clashes = self.held.clashes(claim for holding in wanted for claim in holding.claims)
        clashes.sort(key=lambda clash: (clash.wanted.starts, clash.wanted.resource, clash.held.starts))
        shown = clashes[: MAX_PROBLEMS - len(found)]
        found += await problems.busy(session, shown, self.teachers, self.time.calendar)
        if not clashes and (over := await self._full(session, wanted)):
            found.append(problems.capacity(*over, self.rules.capacity, self.time.calendar))
        return found, len(clashes) - len(shown)

    def fits(self, wanted: Sequence[Holding]) -> bool:
        """Whether `problems` would find none but that the machines are full."""
        if self._past(wanted) or self._no_school(wanted):
            return False
        return all(self.held.free(lesson.resources, lesson.starts, lesson.ends) for lesson in wanted)

    async def possible(self, session: AsyncSession, wanted: Sequence[Holding]) -> bool:
        """Whether `problems` would find none."""
        return self.fits(wanted) and await self._full(session, wanted) is None

    async def _full(self, session: AsyncSession, wanted: Sequence[Holding]) -> tuple[int, int] | None:
        if not self.rules.capacity:
            return None
        change = load.changes((lesson.starts, lesson.ends, lesson.classrooms) for lesson in wanted)
        change.subtract(self.given_back)
        return load.full(await load.carried(session, change), change, self.rules.capacity)

    def _past(self, wanted: Sequence[Holding]) -> list[Problem]:
        late = [lesson.starts for lesson in wanted if self.late(lesson.starts)]
        return [problems.past(min(late), len(late), self.time.calendar)] if late else []

    def _no_school(self, wanted: Sequence[Holding]) -> list[Problem]:
        """Days on which another school of the lesson has none. The lead school's days are left out by its own plan."""
        found = []
        for school, calendar in self.time.others.items():
            days: dict[str, list[dt.date]] = {"outside_term": [], "holiday": []}
            for lesson in wanted:
                day = calendar.local(lesson.starts).date()
                if calendar.term(day) is None:
                    days["outside_term"].append(day)
                elif calendar.runs(day) is None:
                    days["holiday"].append(day)
            found += [problems.no_school(code, school, missed) for code, missed in days.items() if missed]
        return found[: MAX_PROBLEMS // 2]


async def survey(
    session: AsyncSession,
    time: SchoolTime,
    rules: Rules,
    now: float,
    resources: Collection[str],
    span: tuple[int, int],
    *,
    own: Sequence[Holding] = (),
    teachers: Collection[str] = (),
) -> Survey:
    """:param span: from the first to the last instant that will be asked about.
    :param own: lessons that do not count, since it is they that change."""
    held = await claims.held(session, resources, *span, ignore={holding.lesson for holding in own})
    back = load.changes((holding.starts, holding.ends, holding.classrooms) for holding in own)
    return Survey(time, rules, now, held, frozenset(teachers), back)
