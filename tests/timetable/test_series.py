"""From a booking to its lessons."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mediaserver.api import UserError
from signalling.timetable.calendar import Calendar, Period, Term
from signalling.timetable.series import MAX_LESSONS, Occurrence, Plan, Skipped, days_of, expand

TERM = Term("2026 秋", dt.date(2026, 9, 1), dt.date(2027, 1, 22))
FIRST = dt.date(2026, 9, 7)  # Monday of week 2
HOLIDAY, SATURDAY = dt.date(2026, 10, 5), dt.date(2026, 10, 10)
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
CALENDAR = Calendar(SHANGHAI, (TERM,), {HOLIDAY: None, SATURDAY: HOLIDAY, dt.date(2027, 1, 1): None})
SUMMER = (Period(1, "第一节", 480, 520), Period(2, "第二节", 530, 570))
WINTER = (Period(1, "第一节", 510, 550), Period(2, "第二节", 560, 600))
BELLS = {dt.date(2026, 9, 1): SUMMER, dt.date(2026, 10, 12): WINTER}


def plan(**values: Any) -> Plan:
    return Plan(**{"first": FIRST, "minutes": 40, "period": 1, **values})


def lessons(calendar: Calendar = CALENDAR, **values: Any) -> list[Occurrence]:
    return expand(plan(**values), calendar, BELLS)[0]


def refusal(calendar: Calendar = CALENDAR, **values: Any) -> str:
    with pytest.raises(UserError) as caught:
        lessons(calendar, **values)
    assert caught.value.status == 422
    return caught.value.code


def test_a_single_lesson() -> None:
    [lesson] = lessons()
    assert lesson.planned == lesson.day == FIRST
    assert CALENDAR.local(lesson.starts).isoformat() == "2026-09-07T08:00:00+08:00"
    assert lesson.ends - lesson.starts == 40 * 60


def test_an_endless_series_ends_with_its_term() -> None:
    days = [lesson.planned for lesson in lessons(rule="FREQ=WEEKLY;BYDAY=MO")]
    assert days == [FIRST + dt.timedelta(7 * week) for week in range(20)]
    assert days[-1] <= TERM.ends < days[-1] + dt.timedelta(7)


def test_holidays_swaps_and_exceptions() -> None:
    left_out = frozenset((FIRST + dt.timedelta(7),))
    given, skipped = expand(plan(rule="FREQ=WEEKLY;UNTIL=20261012", without=left_out), CALENDAR, BELLS)
    assert [lesson.day.isoformat()[5:] for lesson in given] == ["09-07", "09-21", "09-28", "10-10", "10-12"]
    assert [lesson.planned for lesson in given if lesson.planned != lesson.day] == [HOLIDAY]
    assert skipped == [Skipped(dt.date(2026, 9, 14), "exception")]
    friday = expand(plan(first=dt.date(2026, 12, 25), rule="FREQ=WEEKLY;COUNT=3"), CALENDAR, BELLS)
    assert friday[1] == [Skipped(dt.date(2027, 1, 1), "holiday")]
    assert len(friday[0]) == 2


def test_a_swapped_day_before_the_beginning_makes_nothing_up() -> None:
    """Sunday the 27th of September runs Monday, the 5th of October: it has no lesson of a series booked later."""
    sunday = dt.date(2026, 9, 27)
    calendar = Calendar(SHANGHAI, (TERM,), {HOLIDAY: None, sunday: HOLIDAY})
    monday = sunday + dt.timedelta(1)
    late = plan(first=monday, rule="FREQ=WEEKLY;COUNT=3")
    given, skipped = expand(late, calendar, BELLS)
    assert [lesson.day for lesson in given] == [monday, dt.date(2026, 10, 12)]
    assert skipped == [Skipped(HOLIDAY, "before")]
    early = dataclasses.replace(late, first=FIRST, rule="FREQ=WEEKLY;COUNT=5")
    assert sunday in [lesson.day for lesson in expand(early, calendar, BELLS)[0]]
    assert sunday in days_of(early, calendar) and sunday not in days_of(late, calendar)


def test_the_days_of_a_plan_are_those_of_its_lessons() -> None:
    for values in ({}, {"rule": "FREQ=WEEKLY", "weeks": "even"}, {"rule": "FREQ=DAILY;COUNT=40"}):
        made = plan(**values)
        days = {lesson.day: lesson.planned for lesson in expand(made, CALENDAR, BELLS)[0]}
        assert days_of(made, CALENDAR) == days
    assert days_of(plan(without=frozenset((FIRST,))), CALENDAR) == {}
    assert days_of(plan(), Calendar(SHANGHAI)) == {}


def test_odd_and_even_weeks_are_all_weeks() -> None:
    odd, even, both = (
        sorted(lesson.planned for lesson in lessons(rule="FREQ=WEEKLY;BYDAY=MO,WE", weeks=weeks))
        for weeks in ("odd", "even", "all")
    )
    assert sorted(odd + even) == both
    assert {TERM.week(day) % 2 for day in odd} == {1}
    assert {TERM.week(day) % 2 for day in even} == {0}


def test_a_swapped_day_keeps_the_week_it_was_planned_in() -> None:
    """Its planned Monday lies in an even week, and so does its lesson, wherever the Saturday lies."""
    assert TERM.week(HOLIDAY) % 2 == 0
    calendar = Calendar(SHANGHAI, (TERM,), {HOLIDAY: None, dt.date(2026, 10, 17): HOLIDAY})
    assert dt.date(2026, 10, 17) in [lesson.day for lesson in lessons(calendar, rule="FREQ=WEEKLY", weeks="even")]


def test_the_bell_table_of_the_day_counts() -> None:
    times = {lesson.day: CALENDAR.local(lesson.starts).strftime("%H:%M") for lesson in lessons(rule="FREQ=WEEKLY")}
    assert {time for day, time in times.items() if day < dt.date(2026, 10, 12)} == {"08:00"}
    assert {time for day, time in times.items() if day >= dt.date(2026, 10, 12)} == {"08:30"}
    assert times[SATURDAY] == "08:00"  # planned on the 5th, rung by the table of the 10th


def test_a_night_lesson_is_as_long_as_it_was_booked() -> None:
    calendar = Calendar(BERLIN, (TERM,))
    [lesson] = lessons(calendar, first=dt.date(2026, 10, 25), period=None, starts=150, minutes=90)
    assert lesson.ends - lesson.starts == 90 * 60
    assert calendar.local(lesson.ends).strftime("%H:%M") == "03:00"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"first": dt.date(2026, 8, 31)}, "outside_term"),
        ({"minutes": 4}, "bad_length"),
        ({"minutes": 241}, "bad_length"),
        ({"period": None}, "no_time"),
        ({"starts": 480}, "no_time"),
        ({"period": None, "starts": -1}, "no_time"),
        ({"period": None, "starts": 1440}, "no_time"),
        ({"period": 9}, "unknown_period"),
        ({"rule": "FREQ=SECONDLY"}, "bad_rule"),
        ({"rule": "FREQ=DAILY\nDTSTART:19000101"}, "bad_rule"),
        ({"rule": "FREQ=DAILY;INTERVAL=7;BYDAY=TU"}, "no_lessons"),
        ({"rule": "FREQ=WEEKLY;COUNT=1", "without": frozenset((FIRST,))}, "no_lessons"),
        ({"first": HOLIDAY + dt.timedelta(88)}, "no_lessons"),  # New Year's Day
        ({"weeks": "odd"}, "no_lessons"),
    ],
)
def test_refused(values: dict[str, Any], code: str) -> None:
    assert refusal(**values) == code


def test_a_period_before_the_first_bell_table() -> None:
    with pytest.raises(UserError, match="no period 1 on 2026-09-07"):
        expand(plan(), CALENDAR, {dt.date(2026, 10, 1): SUMMER})


def test_a_series_overlaps_itself_where_a_night_and_the_next_bell_table_meet() -> None:
    bells = {FIRST: (Period(1, "晚", 1430, 1470),), FIRST + dt.timedelta(1): (Period(1, "早", 10, 50),)}
    with pytest.raises(UserError, match="overlaps itself on 2026-09-08"):
        expand(plan(rule="FREQ=DAILY;COUNT=2"), CALENDAR, bells)
    assert len(expand(plan(rule="FREQ=DAILY;COUNT=2", minutes=20), CALENDAR, bells)[0]) == 2


def test_lessons_over_midnight_on_a_day_of_25_hours() -> None:
    late = {"period": None, "starts": 1430, "minutes": 240}
    found = lessons(Calendar(BERLIN, (TERM,)), first=dt.date(2026, 10, 24), rule="FREQ=DAILY;COUNT=2", **late)
    assert found[1].starts - found[0].starts == 25 * 3600


def test_a_term_too_long_and_too_many_lessons() -> None:
    long = Term("long", TERM.starts, TERM.starts + dt.timedelta(401))
    assert refusal(Calendar(SHANGHAI, (long,))) == "term_too_long"
    year = Term("year", TERM.starts, TERM.starts + dt.timedelta(400))
    daily = {"first": TERM.starts, "rule": "FREQ=DAILY"}
    assert refusal(Calendar(SHANGHAI, (year,)), **daily) == "series_too_long"
    assert len(lessons(Calendar(SHANGHAI, (year,), {year.ends: None}), **daily)) == MAX_LESSONS
