"""A province in a database: 1,645 schools, 13,480 classes, a term of lessons; in an empty one everything is fast.

Three schools go together: class k of the first one has its lessons in its own classroom, classes k of the two others
attend them in theirs. Each k has a period of its own, so no two lessons hold the same.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.booking import load
from signalling.booking.limits import Rules
from signalling.booking.request import Receiver, Request
from signalling.db.base import Base
from signalling.db.engine import Database
from signalling.db.lessons import Booking, BookingSeat, Claim, Lesson, Seat
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, PupilClass, Region, School
from signalling.db.times import BellTable, Calendar, Period, Term
from signalling.timetable.series import Plan

SCHOOLS, CLASSES = 1645, 13_480
WEEKS = 20
FIRST = dt.date(2026, 8, 31)
"""The Monday on which the term begins."""
ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 8, 30, 12, tzinfo=ZONE).timestamp()
PERIODS = (
    (480, 520),
    (530, 570),
    (600, 640),
    (650, 690),
    (840, 880),
    (890, 930),
    (950, 990),
    (1000, 1040),
    (1050, 1090),
)
"""Minutes after midnight; class k has its lessons in period k, counted from 0."""
LESSON_DAYS = (0, 2)
"""Monday and Wednesday, so that the other days are free."""
RULES = Rules(capacity=100_000, grace_s=600)
_CHUNK = 20_000
Progress = Callable[[str], None]


def classes(school: int) -> int:
    """Of a school: some have one more."""
    each, more = divmod(CLASSES, SCHOOLS)
    return each + (school < more)


def groups() -> range:
    """The first schools of three."""
    return range(0, SCHOOLS - 2, 3)


def instant(day: dt.date, minute: int) -> int:
    return int((dt.datetime.combine(day, dt.time(), ZONE) + dt.timedelta(minutes=minute)).timestamp())


def wanted(group: int, number: int, plan: Plan, *, teacher: int | None = None) -> Request:
    """One more lesson or series of three classes. :param teacher: somebody else of the lead school."""
    return Request(
        title="数学",
        form="delivered",
        school=f"s{group}",
        teacher=f"t{group}x{number if teacher is None else teacher}",
        classroom=f"r{group}x{number}",
        lead_class=f"c{group}x{number}",
        plan=plan,
        receivers=tuple(
            Receiver(f"r{school}x{number}", f"t{school}x{number}", f"c{school}x{number}")
            for school in (group + 1, group + 2)
        ),
    )


async def fill(database: Database, progress: Progress, *, weeks: int = WEEKS) -> int:
    """:returns: how many lessons there are."""
    for table, rows in _places():
        await _insert(database, table, rows)
    slots: Counter[int] = Counter()
    lessons = 0
    await _insert(database, Booking, (row for row, _ in _bookings()))
    await _insert(
        database, BookingSeat, ({"booking": row["id"], **seat} for row, seats in _bookings() for seat in seats)
    )
    for week in range(weeks):
        made = list(_lessons(week))
        await _insert(database, Lesson, (row for row, _ in made))
        await _insert(database, Seat, ({"lesson": row["id"], **seat} for row, seats in made for seat in seats))
        await _insert(database, Claim, (claim for row, seats in made for claim in _claims(row, seats)))
        slots.update(load.changes((row["starts"], row["ends"], len(seats)) for row, seats in made))
        lessons += len(made)
        progress(f"{lessons:,} lessons of {weeks * len(made):,}")

    async def finish(session: AsyncSession) -> None:
        await load.apply(session, slots)
        await session.execute(text("ANALYZE"))

    await database.run(finish)
    return lessons


async def _insert(database: Database, table: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []

    async def write(session: AsyncSession) -> None:
        await session.execute(insert(table.__table__), batch)

    for row in rows:
        batch.append(row)
        if len(batch) == _CHUNK:
            await database.run(write)
            batch = []
    if batch:
        await database.run(write)


def _places() -> Iterator[tuple[type[Base], Iterable[dict[str, Any]]]]:
    schools = range(SCHOOLS)
    each = [(school, number) for school in schools for number in range(classes(school))]
    yield Calendar, [{"id": "year", "name": "校历", "zone": str(ZONE)}]
    last = FIRST + dt.timedelta(weeks=WEEKS) - dt.timedelta(days=1)
    yield Term, [{"id": "term", "calendar": "year", "name": "上学期", "starts": FIRST, "ends": last}]
    yield Region, [{"id": "province", "kind": "province", "name": "示例省", "path": "/province/"}]
    yield (
        School,
        (
            {"id": f"s{n}", "region": "province", "calendar": "year", "name": f"学校{n}", "kind": "both"}
            for n in schools
        ),
    )
    yield Classroom, ({"id": f"r{n}x{k}", "school": f"s{n}", "name": f"教室{k}", "kind": "both"} for n, k in each)
    yield PupilClass, ({"id": f"c{n}x{k}", "school": f"s{n}", "name": f"{k + 1}班"} for n, k in each)
    yield Person, ({"id": f"t{n}x{k}", "school": f"s{n}", "name": f"教师{n}-{k}"} for n, k in each)
    yield (
        RoleGrant,
        (
            {"id": f"g{n}x{k}", "person": f"t{n}x{k}", "role": "teacher", "kind": "school", "scope": f"s{n}"}
            for n, k in each
        ),
    )
    yield BellTable, ({"id": f"b{n}", "school": f"s{n}", "name": "作息", "starts": FIRST} for n in schools)
    yield (
        Period,
        (
            {"bell_table": f"b{n}", "number": number, "name": f"第{number}节", "starts": starts, "ends": ends}
            for n in schools
            for number, (starts, ends) in enumerate(PERIODS, 1)
        ),
    )


Row = dict[str, Any]


def _series() -> Iterator[tuple[int, int]]:
    for group in groups():
        for number in range(min(classes(school) for school in (group, group + 1, group + 2))):
            yield group, number


def _seats(group: int, number: int) -> list[Row]:
    return [
        {
            "classroom": f"r{school}x{number}",
            "part": "lead" if school == group else "receiving",
            "assistant": None if school == group else f"t{school}x{number}",
            "pupil_class": f"c{school}x{number}",
        }
        for school in (group, group + 1, group + 2)
    ]


def _bookings() -> Iterator[tuple[Row, list[Row]]]:
    for group, number in _series():
        row = {
            "id": f"k{group}x{number}",
            "state": "booked",
            "form": "delivered",
            "title": "语文",
            "school": f"s{group}",
            "teacher": f"t{group}x{number}",
            "classroom": f"r{group}x{number}",
            "rule": "FREQ=WEEKLY;BYDAY=MO,WE",
            "first": FIRST,
            "period": number + 1,
            "minutes": 40,
            "requested_by": f"t{group}x{number}",
            "requested": int(NOW),
        }
        yield row, _seats(group, number)


def _lessons(week: int) -> Iterator[tuple[Row, list[Row]]]:
    for group, number in _series():
        starts, ends = PERIODS[number]
        for weekday in LESSON_DAYS:
            day = FIRST + dt.timedelta(weeks=week, days=weekday)
            row = {
                "id": f"l{group}x{number}x{week}x{weekday}",
                "booking": f"k{group}x{number}",
                "state": "scheduled",
                "day": day,
                "period": number + 1,
                "starts": instant(day, starts),
                "ends": instant(day, ends),
                "closes": instant(day, ends) + RULES.grace_s,
                "title": "语文",
                "teacher": f"t{group}x{number}",
            }
            yield row, _seats(group, number)


def _claims(lesson: Row, seats: list[Row]) -> Iterator[Row]:
    held = [f"person:{lesson['teacher']}"]
    for seat in seats:
        held += [f"classroom:{seat['classroom']}", f"pupils:{seat['pupil_class']}"]
        held += [f"person:{seat['assistant']}"] if seat["assistant"] else []
    for resource in held:
        yield {"lesson": lesson["id"], "resource": resource, "starts": lesson["starts"], "ends": lesson["ends"]}
