"""For which planned day a lesson is there, after holidays were entered, days swapped and lessons moved."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from signalling.timetable.calendar import Calendar, Term
from signalling.timetable.series import Plan
from signalling.timetable.standing import Standing, planned_days

TERM = Term("2026 秋", dt.date(2026, 9, 1), dt.date(2027, 1, 22))
FIRST = dt.date(2026, 9, 7)
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
MONDAYS = [FIRST + number * WEEK for number in range(6)]
HOLIDAY, SATURDAY, NEXT = MONDAYS[4], MONDAYS[4] + 5 * DAY, MONDAYS[5]
SERIES = Plan(FIRST, 40, "FREQ=WEEKLY;COUNT=6", period=1)
PLAIN = Calendar(ZoneInfo("Asia/Shanghai"), (TERM,))
OFF = Calendar(PLAIN.zone, (TERM,), {HOLIDAY: None})
SWAPPED = Calendar(PLAIN.zone, (TERM,), {HOLIDAY: None, SATURDAY: HOLIDAY})


def at(id: int, day: dt.date, *, coming: bool = True, moved: bool = False) -> Standing:
    return Standing(str(id), day, day.toordinal(), coming, moved)


def standing(*changed: Standing) -> list[Standing]:
    """Six lessons on Mondays, some of them otherwise."""
    by_id = {lesson.id: lesson for lesson in changed}
    return [by_id.pop(str(id), at(id, day)) for id, day in enumerate(MONDAYS)] + list(by_id.values())


def found(calendar: Calendar, *changed: Standing, plan: Plan = SERIES) -> dict[int, dt.date]:
    return {int(id): day for id, day in planned_days(standing(*changed), plan, calendar).items()}


def mondays(*without: int) -> dict[int, dt.date]:
    return {id: day for id, day in enumerate(MONDAYS) if id not in without}


def test_each_lesson_is_there_for_its_own_day() -> None:
    assert found(PLAIN) == mondays()
    assert found(PLAIN, at(2, MONDAYS[2], coming=False), at(3, MONDAYS[3], moved=True)) == mondays()


def test_a_lesson_that_was_called_off_for_a_holiday_is_there_for_none() -> None:
    assert found(OFF, at(4, HOLIDAY, coming=False)) == mondays(4)


def test_one_that_was_moved_away_from_the_holiday_is_there_for_none_either() -> None:
    assert found(OFF, at(4, HOLIDAY + 3 * DAY, moved=True)) == mondays(4)


def test_a_lesson_moved_by_hand_is_there_for_the_day_that_it_left() -> None:
    assert found(OFF, at(4, HOLIDAY, coming=False), at(2, MONDAYS[2] + DAY, moved=True)) == mondays(4)
    assert found(PLAIN, at(1, NEXT + DAY, moved=True), at(5, NEXT, moved=True)) == mondays()
    both = found(PLAIN, at(1, MONDAYS[1] - DAY, moved=True), at(4, MONDAYS[4] + DAY, moved=True))
    assert both == mondays()


def test_on_a_swapped_day_a_lesson_is_there_for_the_day_that_it_runs() -> None:
    assert found(SWAPPED, at(4, SATURDAY)) == mondays()
    assert found(SWAPPED, at(4, HOLIDAY, coming=False)) == mondays()  # swapped after it was called off


def test_an_exception_is_no_day_of_the_plan() -> None:
    plan = Plan(FIRST, 40, SERIES.rule, frozenset((MONDAYS[2],)), period=1)
    assert found(PLAIN, at(2, MONDAYS[2], coming=False), plan=plan) == mondays(2)


def test_lessons_of_an_earlier_or_longer_plan_are_there_for_their_own_days() -> None:
    later = Plan(MONDAYS[2], 40, "FREQ=WEEKLY;COUNT=3", period=1)
    assert found(PLAIN, at(1, MONDAYS[1] + DAY, moved=True), plan=later) == mondays() | {1: MONDAYS[1] + DAY}
    shorter = Plan(FIRST, 40, "FREQ=WEEKLY;COUNT=5", period=1)
    assert found(PLAIN, at(5, NEXT, coming=False), plan=shorter) == mondays()


def test_of_two_lessons_on_one_day_the_one_that_takes_place_is_there_for_it() -> None:
    assert found(PLAIN, at(6, MONDAYS[3], coming=False)) == mondays()


def test_without_the_term_lessons_are_there_for_the_days_that_they_are_on() -> None:
    assert found(Calendar(PLAIN.zone)) == mondays()
