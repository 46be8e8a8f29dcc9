"""Why lessons cannot be as they are wanted: a code, facts that a page says in its own language, an English sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.lessons import Booking, Lesson
from signalling.db.people import Person
from signalling.db.places import Classroom, Device, PupilClass, School
from signalling.timetable.calendar import Calendar
from signalling.timetable.slots import Clash

MAX_PROBLEMS = 20
"""Shown; of more only the number is said."""
_BUSY = {"person": "assistant_busy", "classroom": "classroom_busy", "pupils": "pupils_busy", "device": "device_busy"}
_NAMES: Mapping[str, Any] = {"person": Person, "classroom": Classroom, "pupils": PupilClass, "device": Device}


@dataclass(frozen=True, slots=True)
class Problem:
    """:ivar facts: JSON; instants are seconds since 1970, days are ISO dates."""

    code: str
    facts: Mapping[str, Any]
    sentence: str

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "facts": dict(self.facts), "detail": self.sentence}


def conflict(problems: Sequence[Problem], more: int, alternatives: Iterable[Mapping[str, Any]]) -> UserError:
    """409 `conflict` whose extra fields carry the problems and what would be free instead."""
    first = problems[0].sentence
    others = len(problems) + more - 1
    rest = f" (and {others} more problem{'s' if others > 1 else ''})" if others else ""
    return UserError(
        409,
        "conflict",
        f"{first.rstrip('.')}{rest}; choose another time, or change who and what takes part.",
        problems=[problem.as_json() for problem in problems],
        more=more,
        alternatives=[dict(alternative) for alternative in alternatives],
    )


async def busy(
    session: AsyncSession, clashes: Sequence[Clash], teachers: Iterable[str], calendar: Calendar
) -> list[Problem]:
    """Who or what is held by which lesson when. :param teachers: who teaches the wanted lessons.
    :param calendar: in whose local time the sentences speak."""
    if not clashes:
        return []
    names = await _names(session, {clash.wanted.resource for clash in clashes})
    lessons = {
        row.id: row
        for row in await session.execute(
            select(Lesson.id, Lesson.title, Lesson.booking, Person.name.label("teacher"), School.name.label("school"))
            .join(Booking, Booking.id == Lesson.booking)
            .join(Person, Person.id == Lesson.teacher)
            .join(School, School.id == Booking.school)
            .where(Lesson.id.in_({clash.held.lesson for clash in clashes}))
        )
    }
    teaching = {f"person:{teacher}" for teacher in teachers}
    problems = []
    for wanted, held in ((clash.wanted, clash.held) for clash in clashes):
        code = "teacher_busy" if wanted.resource in teaching else _BUSY[wanted.resource.partition(":")[0]]
        lesson, name = lessons[held.lesson], names[wanted.resource]
        facts = {
            "resource": wanted.resource,
            "name": name,
            "lesson": held.lesson,
            "booking": lesson.booking,
            "title": lesson.title,
            "teacher": lesson.teacher,
            "school": lesson.school,
            "starts": held.starts,
            "ends": held.ends,
            "wanted_starts": wanted.starts,
            "wanted_ends": wanted.ends,
        }
        when = f"{calendar.local(held.starts):%Y-%m-%d %H:%M} to {calendar.local(held.ends):%H:%M}"
        problems.append(Problem(code, facts, f"{name} is taken by the lesson {lesson.title} from {when}."))
    return problems


async def _names(session: AsyncSession, resources: Iterable[str]) -> dict[str, str]:
    ids: dict[str, list[str]] = {}
    for resource in resources:
        kind, _, id = resource.partition(":")
        ids.setdefault(kind, []).append(id)
    names: dict[str, str] = {}
    for kind, wanted in ids.items():
        table = _NAMES[kind]
        rows = await session.execute(select(table.id, table.name).where(table.id.in_(wanted)))
        names |= {f"{kind}:{id}": name for id, name in rows}
    return names


def past(starts: int, lessons: int, calendar: Calendar) -> Problem:
    return Problem(
        "past",
        {"starts": starts, "lessons": lessons},
        f"A lesson would have begun at {calendar.local(starts):%Y-%m-%d %H:%M}, which is over.",
    )


def no_school(code: str, school: tuple[str, str], days: Sequence[dt.date]) -> Problem:
    """:param code: `holiday` or `outside_term`. :param school: id and name. :param days: at least one."""
    why = {"holiday": "has a holiday", "outside_term": "is in no term"}[code]
    others = f" and on {len(days) - 1} more of these days" if len(days) > 1 else ""
    shown = [day.isoformat() for day in days[:MAX_PROBLEMS]]
    return Problem(
        code,
        {"school": school[0], "name": school[1], "days": shown, "count": len(days)},
        f"{school[1]} {why} on {days[0]}{others}.",
    )


def capacity(instant: int, classrooms: int, limit: int, calendar: Calendar) -> Problem:
    return Problem(
        "capacity",
        {"starts": instant, "classrooms": classrooms, "limit": limit},
        f"At {calendar.local(instant):%Y-%m-%d %H:%M} {classrooms} classrooms would be connected, and the machines "
        f"carry {limit}.",
    )
