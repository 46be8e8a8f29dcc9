"""Lessons of a series as they stand now: for which planned day each of them is there.

A lesson keeps the day on which it is taught, not the one that it was planned for. That one is found again by the plan
it came of, made out on the calendar as it is now: holidays may have been entered, days swapped, lessons moved by hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from signalling.timetable.calendar import Calendar
from signalling.timetable.series import Plan, days_of


@dataclass(frozen=True, slots=True)
class Standing:
    """A lesson. :ivar coming: it will take place. :ivar moved: it was changed by hand, perhaps to another day."""

    id: str
    day: dt.date
    starts: int
    coming: bool
    moved: bool


def planned_days(lessons: Sequence[Standing], plan: Plan, calendar: Calendar) -> dict[str, dt.date]:
    """Lesson → the planned day that it is there for. Those for which there is none any more are left out: of a day that
    became a holiday or an exception.

    :param lessons: all of the series. :param plan: that they came of; those before its first day came of another one.
    """
    days = days_of(plan, calendar)
    free = dict(days)
    found: dict[str, dt.date] = {}
    waiting = []
    for lesson in sorted(lessons, key=lambda it: (it.moved, not it.coming, it.starts, it.id)):
        if lesson.day in free:
            found[lesson.id] = free.pop(lesson.day)
        else:
            waiting.append(lesson)
    elsewhere = {planned: day for day, planned in free.items()}
    for lesson in waiting:  # those moved by hand come last: each of them left a day that is free now
        day: dt.date | None = None
        if not lesson.moved:
            day = elsewhere.get(lesson.day)  # it was planned here, and this day is taught on another one
        elif free:
            day = min(free, key=lambda day: (abs(day - lesson.day), day))
        if day is not None and day in free:
            found[lesson.id] = free.pop(day)
        elif lesson.day not in days and not (lesson.moved and lesson.day >= plan.first):
            planned = calendar.runs(lesson.day)
            if planned is not None and planned not in plan.without:
                found[lesson.id] = planned  # of an earlier plan, or of a longer one
    return found
