"""Weeks, holidays, swapped days, and nights in which the clock is set."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from signalling.timetable.calendar import Calendar, Term

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
AUTUMN = Term("2026 秋", dt.date(2026, 9, 1), dt.date(2027, 1, 22))  # begins on a Tuesday
MONDAY, SATURDAY = dt.date(2026, 10, 5), dt.date(2026, 10, 10)


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (dt.date(2026, 8, 31), 1),  # the Monday of the week in which the term starts
        (dt.date(2026, 9, 1), 1),
        (dt.date(2026, 9, 6), 1),
        (dt.date(2026, 9, 7), 2),
        (dt.date(2026, 12, 31), 18),
        (dt.date(2027, 1, 1), 18),
        (dt.date(2027, 1, 4), 19),
    ],
)
def test_weeks_of_the_term(day: dt.date, week: int) -> None:
    assert AUTUMN.week(day) == week


def test_terms() -> None:
    calendar = Calendar(SHANGHAI, (AUTUMN, Term("2027 春", dt.date(2027, 2, 22), dt.date(2027, 7, 2))))
    assert calendar.term(dt.date(2026, 9, 1)) == calendar.term(dt.date(2027, 1, 22)) == AUTUMN
    assert calendar.term(dt.date(2026, 8, 31)) is calendar.term(dt.date(2027, 1, 23)) is None
    assert calendar.term(dt.date(2027, 2, 22)) != AUTUMN


def test_a_saturday_runs_the_monday_of_the_holiday() -> None:
    calendar = Calendar(SHANGHAI, (AUTUMN,), {MONDAY: None, SATURDAY: MONDAY})
    assert list(calendar.days_running(MONDAY, AUTUMN)) == [SATURDAY]
    assert list(calendar.days_running(SATURDAY, AUTUMN)) == []
    assert calendar.runs(MONDAY) is None
    assert calendar.runs(dt.date(2026, 10, 9)) == dt.date(2026, 10, 9)


def test_two_days_may_change_places_and_one_may_be_taught_twice() -> None:
    swapped = Calendar(SHANGHAI, (AUTUMN,), {MONDAY: SATURDAY, SATURDAY: MONDAY})
    assert list(swapped.days_running(MONDAY, AUTUMN)) == [SATURDAY]
    assert list(swapped.days_running(SATURDAY, AUTUMN)) == [MONDAY]
    twice = Calendar(SHANGHAI, (AUTUMN,), {SATURDAY: MONDAY})
    assert list(twice.days_running(MONDAY, AUTUMN)) == [MONDAY, SATURDAY]


def test_a_day_outside_the_term_makes_nothing_up() -> None:
    late = AUTUMN.ends + dt.timedelta(1)
    assert list(Calendar(SHANGHAI, (AUTUMN,), {MONDAY: None, late: MONDAY}).days_running(MONDAY, AUTUMN)) == []


@pytest.mark.parametrize(
    ("day", "minute", "utc"),
    [
        (dt.date(2027, 3, 28), 90, "2027-03-28T00:30"),  # 01:30 CET
        (dt.date(2027, 3, 28), 150, "2027-03-28T01:30"),  # 02:30 does not exist: 03:30 CEST
        (dt.date(2027, 3, 28), 210, "2027-03-28T01:30"),  # 03:30 CEST
        (dt.date(2026, 10, 25), 150, "2026-10-25T00:30"),  # 02:30, the first of two
        (dt.date(2026, 10, 25), 210, "2026-10-25T02:30"),
        (dt.date(2026, 10, 25), 24 * 60, "2026-10-25T23:00"),
    ],
)
def test_nights_in_berlin(day: dt.date, minute: int, utc: str) -> None:
    instant = Calendar(BERLIN).instant(day, minute)
    assert dt.datetime.fromtimestamp(instant, dt.UTC).strftime("%Y-%m-%dT%H:%M") == utc


def test_eight_in_the_morning_is_eight_all_year() -> None:
    for zone in (SHANGHAI, BERLIN):
        calendar = Calendar(zone)
        for number in range(0, 365, 7):
            day = dt.date(2026, 9, 1) + dt.timedelta(number)
            local = calendar.local(calendar.instant(day, 480))
            assert (local.date(), local.hour, local.minute) == (day, 8, 0)
