"""What would come of a booking, and what stands in its way, before anything is saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import claims, schooltime
from signalling.booking.alternatives import NEAR, Alternative, alternatives
from signalling.booking.claims import Holding
from signalling.booking.limits import MAX_CLAIMS, Rules
from signalling.booking.problems import Problem, conflict, no_school
from signalling.booking.request import Party, Request, validate
from signalling.booking.schooltime import SchoolTime
from signalling.booking.survey import survey
from signalling.db.lessons import Claim, Lesson
from signalling.db.places import School
from signalling.timetable.series import Occurrence, Plan, Skipped


@dataclass(frozen=True, slots=True)
class Checked:
    """:ivar lessons: that come of it. :ivar skipped: planned days without one.
    :ivar past: lessons left out because they are over (of a request that was approved late).
    :ivar more: problems beside those shown."""

    lessons: tuple[Occurrence, ...]
    skipped: tuple[Skipped, ...]
    problems: tuple[Problem, ...]
    alternatives: tuple[Alternative, ...] = ()
    past: tuple[Occurrence, ...] = ()
    more: int = 0

    def require(self) -> None:
        """:raises UserError: 409 `conflict` when there is a problem."""
        if self.problems:
            raise conflict(self.problems, self.more, self.offers())

    def times(self) -> list[tuple[int, int]]:
        return [(lesson.starts, lesson.ends) for lesson in self.lessons]

    def offers(self) -> list[dict[str, Any]]:
        return [alternative.as_json() for alternative in self.alternatives]


async def check(
    session: AsyncSession,
    request: Request,
    now: float,
    *,
    rules: Rules,
    ignore_booking: str | None = None,
    ignore_lesson: str | None = None,
    late: bool = False,
    party: Party | None = None,
) -> Checked:
    """:param ignore_booking: whose lessons do not count. :param ignore_lesson: a lesson that does not.
    :param late: lessons that are over are left out, as long as others remain.
    :param party: of `validate`, where that was done already.
    :raises UserError: 422, when the request or its plan cannot be understood or carried out as it stands.
    """
    party = party or await validate(session, request)
    time = await schooltime.load(session, request.school, party.schools, request.plan.first)
    resources = request.resources
    lessons, skipped, unplanned = await _lessons(session, time, request)
    bounded(len(lessons), resources)
    own = await _own(session, ignore_booking, ignore_lesson)
    around = await survey(
        session, time, rules, now, resources, _span(time, request.plan, lessons), own=own, teachers=[request.teacher]
    )
    over = [lesson for lesson in lessons if around.late(lesson.starts)] if late else []
    if over and len(over) < len(lessons):
        lessons = lessons[len(over) :]
    else:
        over = []
    wanted = [Holding("", lesson.starts, lesson.ends, resources) for lesson in lessons]
    found, more = await around.problems(session, wanted)
    found = unplanned + found
    others = await alternatives(session, around, request.plan, resources) if found else []
    return Checked(tuple(lessons), tuple(skipped), tuple(found), tuple(others), tuple(over), more)


def bounded(lessons: int, resources: Sequence[str]) -> None:
    """:raises UserError: 422 `too_much`."""
    most = MAX_CLAIMS // len(resources)
    if lessons > most:
        raise UserError(
            422,
            "too_much",
            f"With so many classrooms a series has at most {most} lessons; end it earlier, or split it.",
        )


async def _lessons(
    session: AsyncSession, time: SchoolTime, request: Request
) -> tuple[list[Occurrence], list[Skipped], list[Problem]]:
    """The plan made out. A day without school is a problem with alternatives; a plan that is wrong is refused."""
    plan = request.plan
    try:
        lessons, skipped = time.expand(plan)
    except UserError as error:
        code = "holiday" if error.code == "no_lessons" and not plan.rule else error.code
        if code not in ("holiday", "outside_term"):
            raise
        name = await session.scalar(select(School.name).where(School.id == request.school))
        return [], [], [no_school(code, (request.school, str(name)), [plan.first])]
    return lessons, skipped, []


def _span(time: SchoolTime, plan: Plan, lessons: list[Occurrence]) -> tuple[int, int]:
    if lessons:
        return int(lessons[0].starts - NEAR), int(lessons[-1].ends + NEAR)
    noon = time.calendar.instant(plan.first, 12 * 60)
    around = dt.timedelta(days=1).total_seconds() + NEAR
    return int(noon - around), int(noon + around)


async def _own(session: AsyncSession, booking: str | None, lesson: str | None) -> list[Holding]:
    if booking is None and lesson is None:
        return []
    which = Lesson.booking == booking if lesson is None else Lesson.id == lesson
    rows = await session.execute(
        select(Claim.lesson, Claim.starts, Claim.ends, Claim.resource)
        .join(Lesson, Lesson.id == Claim.lesson)
        .where(which)
    )
    return claims.grouped(rows)
