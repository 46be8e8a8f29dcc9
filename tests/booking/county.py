"""A small county: a lead school, three village schools, their classrooms, teachers, classes and calendar.

Ids are short words, so that tests read: `t…` teachers of the lead school, `a…` assistants, `r…` classrooms, `c…`
classes of pupils; the number is the school's, 0 the lead school.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.booking import book as booking
from signalling.booking.claims import HOLDING
from signalling.booking.limits import Rules
from signalling.booking.load import SLOT_S
from signalling.booking.request import Receiver, Request
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Claim, Lesson, Load, Seat
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, Device, PupilClass, Region, School
from signalling.db.times import BellTable, Calendar, CalendarDay, Period, Term
from signalling.timetable.series import Plan

ZONE = ZoneInfo("Asia/Shanghai")
RULES = Rules(grace_s=300)
PERIODS = {1: (480, 520), 2: (530, 570), 3: (580, 620), 4: (630, 670), 5: (840, 880), 6: (890, 930)}
TUESDAY = dt.date(2026, 9, 8)
"""The second week of the term, which begins on Tuesday, 1 September 2026."""
WEEKLY = "FREQ=WEEKLY;COUNT=3"


def at(day: dt.date, hour: int, minute: int = 0) -> int:
    return int(dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).timestamp())


NOW = at(dt.date(2026, 9, 5), 12)

ROWS: list[tuple[type[Any], list[dict[str, Any]]]] = [
    (
        Region,
        [
            {"id": "city", "kind": "city", "name": "某市", "path": "/city/"},
            {"id": "county", "parent": "city", "kind": "county", "name": "某县", "path": "/city/county/"},
        ],
    ),
    (Calendar, [{"id": "year", "name": "某县校历"}, {"id": "other", "name": "另一校历"}]),
    (
        Term,
        [
            {"id": id, "calendar": id, "name": "秋季学期", "starts": dt.date(2026, 9, 1), "ends": dt.date(2027, 1, 15)}
            for id in ("year", "other")
        ],
    ),
    (
        CalendarDay,
        [{"calendar": "year", "day": dt.date(2026, 10, day), "runs": None, "name": "国庆节"} for day in range(1, 8)]
        # A working Saturday that runs the Wednesday lost to the holiday, and a day off of another county's schools.
        + [
            {"calendar": "year", "day": dt.date(2026, 10, 10), "runs": dt.date(2026, 10, 7), "name": "调休"},
            {"calendar": "other", "day": dt.date(2026, 9, 15), "runs": None, "name": "运动会"},
        ],
    ),
    (
        School,
        [
            {"id": f"s{n}", "region": "county", "calendar": "year", "name": name, "kind": kind}
            for n, name, kind in (
                (0, "第一小学", "lead"),
                (1, "第一村小", "receiving"),
                (2, "第二村小", "receiving"),
                (3, "第三村小", "receiving"),
            )
        ],
    ),
    (
        Classroom,
        [
            {"id": "r0", "school": "s0", "name": "主讲教室", "kind": "lead"},
            {"id": "r00", "school": "s0", "name": "第二主讲教室", "kind": "both"},
            *({"id": f"r{n}", "school": f"s{n}", "name": "接收教室", "kind": "receiving"} for n in (1, 2, 3)),
        ],
    ),
    (
        PupilClass,
        [{"id": f"c{n}", "school": f"s{n}", "name": "三年级1班", "grade": "三年级", "size": 30} for n in range(4)],
    ),
    (
        Device,
        [
            {"id": "box", "classroom": "r00", "kind": "rtsp", "name": "录播主机", "paired": 0},
            {"id": "screen", "classroom": "r0", "kind": "display", "name": "大屏", "paired": 0},
        ],
    ),
    (
        Person,
        [
            {"id": "t0", "school": "s0", "name": "教师甲"},
            {"id": "t00", "school": "s0", "name": "教师乙"},
            *({"id": f"a{n}", "school": f"s{n}", "name": f"辅助教师{n}"} for n in (1, 2, 3)),
            *({"id": f"p{n}", "school": f"s{n}", "name": f"教务{n}"} for n in range(4)),
        ],
    ),
    (
        RoleGrant,
        [{"id": f"g{n}", "person": f"p{n}", "role": "planner", "kind": "school", "scope": f"s{n}"} for n in range(4)],
    ),
    (BellTable, [{"id": "bell", "school": "s0", "name": "作息时间", "starts": dt.date(2026, 9, 1)}]),
    (
        Period,
        [
            {"bell_table": "bell", "number": number, "name": f"第{number}节", "starts": starts, "ends": ends}
            for number, (starts, ends) in PERIODS.items()
        ],
    ),
]


async def fill(database: Database) -> None:
    async with database.write() as session:
        for table, rows in ROWS:
            keys = {key for row in rows for key in row}
            await session.execute(insert(table), [{key: row.get(key) for key in keys} for row in rows])


def series(**changes: Any) -> Plan:
    """Three Tuesdays in the first period."""
    return replace(Plan(TUESDAY, 40, WEEKLY, period=1), **changes)


def single(day: dt.date = TUESDAY, period: int | None = 1, **changes: Any) -> Plan:
    return replace(Plan(day, 40, period=period), **changes)


def request(**changes: Any) -> Request:
    """一托二: the lead school and two village schools."""
    usual = Request(
        title="三年级数学",
        form="delivered",
        school="s0",
        teacher="t0",
        classroom="r0",
        plan=series(),
        receivers=(Receiver("r1", "a1", "c1"), Receiver("r2", "a2", "c2")),
        lead_class="c0",
        subject="数学",
    )
    return replace(usual, **changes)


def elsewhere(**changes: Any) -> Request:
    """A lesson that has nobody and nothing in common with `request`."""
    return request(**{"teacher": "t00", "classroom": "r00", "lead_class": None, **changes}, receivers=(Receiver("r3"),))


async def book(
    database: Database, wanted: Request, actor: str = "p0", now: float = NOW, *, rules: Rules = RULES, **more: Any
) -> booking.Booked:
    return await booking.book(database, wanted, actor, now, rules=rules, **more)


async def lessons_of(database: Database, booking: str) -> list[Lesson]:
    """In the order of their time."""
    async with database.read() as session:
        rows = await session.scalars(select(Lesson).where(Lesson.booking == booking).order_by(Lesson.starts, Lesson.id))
        return list(rows)


async def set_lesson(database: Database, lesson: str, **values: Any) -> None:
    """What the bell does."""
    async with database.write() as session:
        row = await session.get_one(Lesson, lesson)
        for name, value in values.items():
            setattr(row, name, value)


async def consistent(database: Database) -> None:
    """What must be so at all times."""
    await claims_are_right(database)
    assert await audit.verify(database) is None


async def claims_are_right(database: Database) -> None:
    """Claims and load, worked out anew from the lessons."""
    async with database.read() as session:
        held = {
            tuple(row) for row in await session.execute(select(Claim.lesson, Claim.resource, Claim.starts, Claim.ends))
        }
        assert held == await _needed(session)
        by_resource = defaultdict(list)
        for _, resource, starts, ends in held:
            by_resource[resource].append((starts, ends))
        for times in by_resource.values():
            times.sort()
            assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(times)), times
        load = {slot: count for slot, count in await session.execute(select(Load.slot, Load.classrooms)) if count}
        wanted = Counter(
            slot
            for _, resource, starts, ends in held
            if resource.startswith("classroom:")
            for slot in range(starts // SLOT_S * SLOT_S, ends, SLOT_S)
        )
        assert load == dict(wanted)


async def _needed(session: AsyncSession) -> set[tuple[str, str, int, int]]:
    needed = set()
    rows = (
        await session.execute(
            select(Lesson, Booking, Seat)
            .join(Booking, Booking.id == Lesson.booking)
            .join(Seat, Seat.lesson == Lesson.id)
            .where(Lesson.state.in_(HOLDING))
        )
    ).all()
    for lesson, booked, seat in rows:
        pupils = seat.pupil_class if booked.form in ("delivered", "mass") else None
        for kind, id in (
            ("person", lesson.teacher),
            ("person", seat.assistant),
            ("classroom", seat.classroom),
            ("pupils", pupils),
            ("device", booked.device),
        ):
            if id:
                needed.add((lesson.id, f"{kind}:{id}", lesson.starts, max(lesson.ends, lesson.extended or 0)))
    return needed
