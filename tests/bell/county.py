"""A small county with lessons, a clock that tests turn, and questions that tests ask the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom, Device, Region, School
from signalling.db.records import Audit
from signalling.db.times import Calendar, Term

ZONE = ZoneInfo("Asia/Shanghai")
EIGHT = 1772409600
"""Monday, 2 March 2026, 08:00 in China."""
MINUTE = 60


class Clock:
    """Seconds since 1970 and of a monotonic clock."""

    def __init__(self, wall: float = EIGHT - 3600) -> None:
        self.wall = wall
        self.steady = 1000.0

    def __call__(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def set(self, wall: float) -> None:
        """Time passes."""
        self.pass_(wall - self.wall)


@dataclass(frozen=True)
class County:
    calendar: str
    school: str
    village: str
    studio: str
    classroom: str
    teacher: str
    assistant: str
    stranger: str
    display: str
    studio_display: str
    box: str
    booking: str


async def make_county(database: Database) -> County:
    async with database.write() as session:

        async def add(row: object) -> str:
            session.add(row)
            await session.flush()
            return str(row.id)  # type: ignore[attr-defined]

        region = await add(Region(kind="county", name="某县", path="/county/"))
        calendar = await add(Calendar(name="某县校历"))
        await add(
            Term(calendar=calendar, name="2025—2026 第二学期", starts=dt.date(2026, 3, 2), ends=dt.date(2026, 7, 3))
        )
        school = await add(School(region=region, calendar=calendar, name="第一小学", kind="lead"))
        village = await add(School(region=region, calendar=calendar, name="村小", kind="receiving"))
        studio = await add(Classroom(school=school, name="录播教室", kind="lead"))
        classroom = await add(Classroom(school=village, name="三年级教室", kind="receiving"))
        teacher = await add(Person(school=school, name="教师甲"))
        assistant = await add(Person(school=village, name="教师乙"))
        stranger = await add(Person(school=village, name="教师丙"))
        display = await add(Device(classroom=classroom, kind="display", name="大屏", paired=EIGHT))
        studio_display = await add(Device(classroom=studio, kind="display", name="侧屏", paired=EIGHT))
        box = await add(Device(classroom=studio, kind="rtsp", name="录播主机", paired=EIGHT))
        booking = await add(
            Booking(
                state="booked",
                form="delivered",
                title="认识分数",
                school=school,
                teacher=teacher,
                classroom=studio,
                first=dt.date(2026, 3, 2),
                starts=480,
                minutes=40,
                requested_by=teacher,
                requested=EIGHT,
            )
        )
        people, devices = (teacher, assistant, stranger), (display, studio_display, box)
        return County(calendar, school, village, studio, classroom, *people, *devices, booking)


async def add_lessons(
    database: Database,
    county: County,
    starts: Iterable[int],
    *,
    state: str = "scheduled",
    seconds: int = 40 * MINUTE,
    grace: int = 10 * MINUTE,
    seats: bool = True,
    teacher: str | None = None,
) -> list[str]:
    lessons = [
        {
            "id": new_id(),
            "booking": county.booking,
            "state": state,
            "day": dt.datetime.fromtimestamp(start, ZONE).date(),
            "starts": start,
            "ends": start + seconds,
            "closes": start + seconds + grace,
            "title": "认识分数",
            "teacher": teacher or county.teacher,
        }
        for start in starts
    ]
    rows = []
    for lesson in lessons if seats else ():
        rows.append({"lesson": lesson["id"], "classroom": county.studio, "part": "lead", "assistant": None})
        rows.append(
            {"lesson": lesson["id"], "classroom": county.classroom, "part": "receiving", "assistant": county.assistant}
        )
    async with database.write() as session:
        await session.execute(insert(Lesson), lessons)
        if rows:
            await session.execute(insert(Seat), rows)
    return [str(lesson["id"]) for lesson in lessons]


async def add_lesson(database: Database, county: County, starts: int = EIGHT, **more: object) -> str:
    [lesson] = await add_lessons(database, county, [starts], **more)  # type: ignore[arg-type]
    return lesson


async def states(database: Database) -> dict[str, int]:
    async with database.read() as session:
        query = select(Lesson.state, func.count()).group_by(Lesson.state)
        return {state: count for state, count in await session.execute(query)}


async def lesson(database: Database, id: str) -> Lesson:
    async with database.read() as session:
        found = await session.get(Lesson, id)
    assert found is not None
    return found


async def audited(database: Database, action: str | None = None) -> list[Audit]:
    async with database.read() as session:
        query = select(Audit).order_by(Audit.number)
        return list(await session.scalars(query if action is None else query.where(Audit.action == action)))
