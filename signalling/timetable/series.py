"""From a booking to its lessons: a rule, its exceptions, odd and even weeks, periods or clock times.

RRULE and EXDATE are those of RFC 5545 §3.3.10 and §3.8.5.1; `rule.py` says which rules are taken.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mediaserver.api import UserError
from signalling.timetable.calendar import Calendar, Period, Term
from signalling.timetable.rule import Rule

Weeks = Literal["all", "odd", "even"]
MAX_LESSONS = 400
"""Of one series: two a day for a whole term."""
MIN_MINUTES, MAX_MINUTES = 5, 240
MAX_TERM = dt.timedelta(days=400)
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Plan:
    """When a booking takes place. :ivar rule: empty for a single lesson.
    :ivar period: number in the lead school's bell table; None: `starts`, in minutes after midnight, counts."""

    first: dt.date
    minutes: int
    rule: str = ""
    without: frozenset[dt.date] = frozenset()
    weeks: Weeks = "all"
    period: int | None = None
    starts: int | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """:ivar planned: the day of the timetable; `day` is another one where days were swapped.
    :ivar starts: and :ivar ends: seconds since 1970."""

    planned: dt.date
    day: dt.date
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A planned day on which there is no lesson. :ivar why: `before`: its timetable runs on a day before the series
    begins (调休)."""

    planned: dt.date
    why: Literal["holiday", "exception", "before"]


def expand(
    plan: Plan, calendar: Calendar, periods: Mapping[dt.date, Sequence[Period]]
) -> tuple[list[Occurrence], list[Skipped]]:
    """All lessons of a booking in their order, and the planned days left out.

    A series without an end goes to the end of the term in which it begins.

    :param periods: bell tables by the first day they are rung.
    :raises UserError: 422 with a sentence, when the plan cannot be carried out as it stands.
    """
    term = calendar.term(plan.first)
    if term is None:
        raise UserError(422, "outside_term", f"{plan.first} lies in no term; choose a day in a term, or add the term.")
    if term.ends - term.starts > MAX_TERM:
        raise UserError(422, "term_too_long", f"A term has at most {MAX_TERM.days} days; check the calendar.")
    if not MIN_MINUTES <= plan.minutes <= MAX_MINUTES:
        raise UserError(422, "bad_length", f"A lesson lasts {MIN_MINUTES} to {MAX_MINUTES} minutes.")
    if (plan.period is None) == (plan.starts is None):
        raise UserError(422, "no_time", "A booking names a period or a time of day, one of the two.")
    if plan.starts is not None and not 0 <= plan.starts < DAY_MINUTES:
        raise UserError(422, "no_time", "The time of day lies between 00:00 and 23:59.")
    lessons: list[Occurrence] = []
    skipped: list[Skipped] = []
    wanted = _planned(plan, term)
    if not wanted:
        raise UserError(422, "no_lessons", "The rule meets no day of the term; check its weekdays, weeks and end.")
    for planned in wanted:
        if planned in plan.without:
            skipped.append(Skipped(planned, "exception"))
            continue
        running = list(calendar.days_running(planned, term))
        days = [day for day in running if day >= plan.first]
        if not days:
            skipped.append(Skipped(planned, "before" if running else "holiday"))
        lessons += [_occurrence(plan, calendar, periods, planned, day) for day in days]
    if not lessons:
        raise UserError(422, "no_lessons", "No lesson comes of this: every day of it is a holiday or left out.")
    if len(lessons) > MAX_LESSONS:
        raise UserError(422, "series_too_long", f"A series has at most {MAX_LESSONS} lessons; end it earlier.")
    lessons.sort(key=lambda lesson: lesson.starts)
    for earlier, later in itertools.pairwise(lessons):
        if later.starts < earlier.ends:
            raise UserError(422, "overlaps_itself", f"The series overlaps itself on {later.day}; change its rule.")
    return lessons, skipped


def days_of(plan: Plan, calendar: Calendar) -> dict[dt.date, dt.date]:
    """Of a plan that was carried out once, by the calendar as it is now: day → the planned day that is taught on it.
    None where its term is gone."""
    term = calendar.term(plan.first)
    if term is None:
        return {}
    return {
        day: planned
        for planned in _planned(plan, term)
        if planned not in plan.without
        for day in calendar.days_running(planned, term)
        if day >= plan.first
    }


def _planned(plan: Plan, term: Term) -> list[dt.date]:
    days: Iterable[dt.date] = _by_rule(plan, term) if plan.rule else (plan.first,)
    return [day for day in days if plan.weeks == "all" or (term.week(day) % 2 == 1) == (plan.weeks == "odd")]


def _by_rule(plan: Plan, term: Term) -> Iterator[dt.date]:
    try:
        rule = Rule.parse(plan.rule)
    except ValueError:
        raise UserError(
            422,
            "bad_rule",
            "The rule must be FREQ=DAILY, WEEKLY or MONTHLY; it may name weekdays or days of the month, an interval "
            "and an end (RFC 5545, section 3.3.10).",
        ) from None
    return rule.days(plan.first, term.ends)


def _occurrence(
    plan: Plan, calendar: Calendar, periods: Mapping[dt.date, Sequence[Period]], planned: dt.date, day: dt.date
) -> Occurrence:
    if plan.period is None:
        assert plan.starts is not None
        starts = calendar.instant(day, plan.starts)
    else:
        starts = calendar.instant(day, period_on(periods, day, plan.period).starts)
    # Real minutes, also in the night in which the clock is set: the lesson is as long as it was booked.
    return Occurrence(planned, day, starts, starts + plan.minutes * 60)


def period_on(periods: Mapping[dt.date, Sequence[Period]], day: dt.date, number: int) -> Period:
    """The period by the bell table that is rung on `day`.

    :raises UserError: 422 `unknown_period`.
    """
    begun = [first for first in periods if first <= day]
    rung = periods[max(begun)] if begun else ()
    found = next((period for period in rung if period.number == number), None)
    if found is None:
        raise UserError(422, "unknown_period", f"The school has no period {number} on {day}; check its bell table.")
    return found
