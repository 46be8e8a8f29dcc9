"""What a planner would try next: the nearest other period of the same day, then the same period on another day.

An alternative is a plan, made out and checked like any other: all its lessons are possible.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking.claims import Holding
from signalling.booking.schooltime import SchoolTime
from signalling.booking.survey import Survey
from signalling.timetable.calendar import monday
from signalling.timetable.rule import WEEKDAYS, Rule
from signalling.timetable.series import Occurrence, Plan, period_on

MOST = 5
SAME_DAY = 3
"""So many on the same day, so that other days are seen beside them."""
NEAR_DAYS = 7
NEAR = dt.timedelta(days=NEAR_DAYS).total_seconds()
STEP_MINUTES = 5
MAX_TRIED = 48


@dataclass(frozen=True, slots=True)
class Alternative:
    """:ivar lessons: all of them, in their order."""

    plan: Plan
    lessons: tuple[Occurrence, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.plan.first.isoformat(),
            "rule": self.plan.rule,
            "without": sorted(day.isoformat() for day in self.plan.without),
            "weeks": self.plan.weeks,
            "period": self.plan.period,
            "starts": self.plan.starts,
            "minutes": self.plan.minutes,
            "begins": self.lessons[0].starts,
            "ends": self.lessons[0].ends,
            "lessons": len(self.lessons),
        }


async def alternatives(
    session: AsyncSession, survey: Survey, plan: Plan, resources: tuple[str, ...], *, since: dt.date = dt.date.min
) -> list[Alternative]:
    """At most `MOST`, none that begins before `since`; the survey must reach `NEAR` seconds to both sides."""
    try:
        begins = _begins(plan, survey.time)
    except UserError:  # no such period on that day: nothing is near it
        return []
    found: list[Alternative] = []
    chosen = [begins]
    for other, moved in _same_day(plan, survey.time, begins):
        if len(found) == SAME_DAY:
            break
        # Two times that overlap are one choice.
        if plan.period is None and any(abs(moved - begun) < plan.minutes for begun in chosen):
            continue
        alternative = await _possible(session, survey, other, resources)
        if alternative:
            found.append(alternative)
            chosen.append(moved)
    for other in _other_days(plan, survey.time):
        if len(found) == MOST:
            break
        if other.first < since:
            continue
        alternative = await _possible(session, survey, other, resources)
        if alternative:
            found.append(alternative)
    return found


async def _possible(
    session: AsyncSession, survey: Survey, plan: Plan, resources: tuple[str, ...]
) -> Alternative | None:
    try:
        lessons, _ = survey.time.expand(plan)
    except UserError:
        return None
    wanted = [Holding("", lesson.starts, lesson.ends, resources) for lesson in lessons]
    return Alternative(plan, tuple(lessons)) if await survey.possible(session, wanted) else None


def _begins(plan: Plan, time: SchoolTime) -> int:
    """Minutes after midnight. :raises UserError: 422 `unknown_period`."""
    if plan.period is None:
        return plan.starts or 0
    return period_on(time.periods, plan.first, plan.period).starts


def _same_day(plan: Plan, time: SchoolTime, begins: int) -> list[tuple[Plan, int]]:
    """Plans with their beginnings in minutes after midnight, the nearest first, within the periods of the school."""
    rung = time.rung(plan.first)
    if not rung:
        return []
    if plan.period is not None:
        own = period_on(time.periods, plan.first, plan.period)
        long_enough = min(plan.minutes, own.ends - own.starts)
        near = [
            (dataclasses.replace(plan, period=period.number), period.starts)
            for period in rung
            if period.number != plan.period and period.ends - period.starts >= long_enough
        ]
    else:
        opens, closes = min(period.starts for period in rung), max(period.ends for period in rung)
        first = -(-opens // STEP_MINUTES) * STEP_MINUTES
        near = [
            (dataclasses.replace(plan, starts=starts), starts)
            for starts in range(first, closes - plan.minutes + 1, STEP_MINUTES)
            if starts != begins
        ]
    return sorted(near, key=lambda other: (abs(other[1] - begins), other[1]))[:MAX_TRIED]


def _other_days(plan: Plan, time: SchoolTime) -> Iterator[Plan]:
    for distance in range(1, NEAR_DAYS + 1):
        for days in (distance, -distance):
            shifted = shift(plan, days)
            if shifted is not None and time.is_school_day(shifted.first):
                yield shifted


def shift(plan: Plan, days: int) -> Plan | None:
    """The plan some days later or earlier; a series only from weekday to weekday of one week, None when it cannot."""
    by = dt.timedelta(days=days)
    first = plan.first + by
    rule = plan.rule
    if rule:
        try:
            parsed = Rule.parse(rule)
        except ValueError:
            return None
        weekdays = {weekday + days for _, weekday in parsed.weekdays}
        if parsed.frequency != "WEEKLY" or monday(first) != monday(plan.first) or not weekdays <= set(range(5)):
            return None
        if weekdays:
            names = ",".join(WEEKDAYS[weekday] for weekday in sorted(weekdays))
            rule = re.sub(r"(?i)BYDAY=[^;]*", f"BYDAY={names}", rule)
        if parsed.until:
            rule = re.sub(r"(?i)UNTIL=[0-9]{8}", f"UNTIL={parsed.until + by:%Y%m%d}", rule)
    return dataclasses.replace(plan, first=first, rule=rule, without=frozenset(day + by for day in plan.without))
