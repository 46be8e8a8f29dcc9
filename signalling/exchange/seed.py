"""A believable county to try things with: one lead school, twelve village schools, two weeks of lessons.

The same seed and the same `now` give the same rows, ids included. Classrooms have no displays yet: those are paired.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import load
from signalling.booking.limits import Rules
from signalling.db import audit
from signalling.db.base import Base, new_id
from signalling.db.engine import Database
from signalling.db.lessons import Booking, BookingSeat, Claim, Lesson, Seat
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, PupilClass, Region, School
from signalling.db.times import BellTable, Calendar, CalendarDay, Period, Term
from signalling.exchange import seed_county
from signalling.exchange.seed_county import LEAD_SCHOOL, VILLAGES, ZONE
from signalling.timetable import calendar as timetable
from signalling.timetable.series import Occurrence, Plan, Weeks, expand

DAYS = 14
OPENED_BEFORE_S = 600
"""How long before a lesson that is over its room had opened."""
BELL_S = 40 * 60
_ORDER: Sequence[type[Base]] = (
    *(Calendar, Term, CalendarDay, Region, School, BellTable, Period, Classroom, PupilClass, Person, RoleGrant),
    *(Booking, BookingSeat, Lesson, Seat, Claim),
)
_SUBJECTS = (("英语", "Unit 3 At the farm"), ("音乐", "节奏与旋律"), ("美术", "家乡的桥"), ("科学", "水的三态变化"),
             ("语文", "古诗两首"), ("数学", "认识分数"))  # fmt: skip


@dataclass(frozen=True)
class Seeded:
    """:ivar rows: by table. :ivar bell: id of the lesson that starts soon, where one was asked for."""

    rows: Mapping[str, int]
    bell: str | None


@dataclass(frozen=True)
class _Series:
    """:ivar teacher: and :ivar villages: by number. :ivar weekdays: as in RRULE. :ivar period: or `starts`."""

    form: str
    title: str
    teacher: int
    room: str
    villages: Sequence[int]
    weekdays: str
    period: int | None = None
    starts: int | None = None
    minutes: int = 40
    subject: str = ""
    grade: int = 0
    village_room: str = "同步教室"
    weeks: Weeks = "all"


async def seed(
    database: Database,
    now: float,
    actor: str,
    *,
    rules: Rules = Rules(),
    number: int = 1,
    bell_in: int | None = None,
    bell_s: int = BELL_S,
    beside_others: bool = False,
) -> Seeded:
    """Fill the database.

    :param rules: of the server that will ring the lessons.
    :param number: another one gives other ids and other pairs of schools.
    :param bell_in: seconds from `now` to the start of one more lesson, which lasts `bell_s` seconds.
    :param beside_others: also into a database that has schools, people or bookings.
    :raises UserError: 409 `database_not_empty`, `seeded_already`; 503 as `Database.run`.
    """
    plan = _Seed(now, number, rules)
    bell = plan.bell(int(now) + bell_in, bell_s) if bell_in is not None else None
    rows = plan.rows()
    counts = {table.__tablename__: len(rows.get(table, ())) for table in _ORDER}

    async def write(session: AsyncSession) -> None:
        if not beside_others:
            for known in (School.id, Person.id, Booking.id, Calendar.id):
                if await session.scalar(select(known).limit(1)) is not None:
                    raise UserError(
                        409,
                        "database_not_empty",
                        "The database holds schools or people already; a made-up county goes into an empty one.",
                    )
        for table in _ORDER:
            if rows.get(table):
                await session.execute(insert(table.__table__), rows[table])  # type: ignore[arg-type]
        await load.apply(session, load.changes(plan.classrooms()))
        await audit.append(session, int(now), actor, "demo_seeded", "county", {"number": number, "rows": counts})

    try:
        await database.run(write)
    except IntegrityError:
        raise UserError(409, "seeded_already", "Some of the made-up people are there already.") from None
    return Seeded(counts, bell)


class _Seed:
    def __init__(self, now: float, number: int, rules: Rules) -> None:
        chance = random.Random(number)
        self._ids: Callable[[], str] = partial(new_id, now, chance.getrandbits)
        self._now = int(now)
        self._rules = rules
        zone = ZoneInfo(ZONE)
        self._today = dt.datetime.fromtimestamp(self._now, zone).date()
        self._county = seed_county.build(self._today, self._ids)
        self._calendar = timetable.Calendar(zone, self._county.terms, self._county.days)
        self._villages = chance.sample(range(len(VILLAGES)), len(VILLAGES))
        """Which village is meant by a number."""
        self._held: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def rows(self) -> seed_county.Rows:
        for series in self._timetable():
            self._book(series)
        return self._county.rows

    def bell(self, starts: int, seconds: int) -> str:
        """One more lesson, whatever day it is; call it first, and the timetable makes room for it."""
        day = self._calendar.local(starts)
        minute = day.hour * 60 + day.minute
        series = _Series(
            form="delivered",
            title="天气的观测",
            teacher=9,
            room="录播教室3",
            villages=(0, 1),
            weekdays="",
            starts=minute,
            minutes=-(-seconds // 60),
            subject="科学",
            grade=4,
            village_room="多媒体教室",
        )
        booking = self._booking(series, day.date(), rule="")
        # It begins at a second, which no plan says: as a lesson that was moved by hand.
        lesson = self._lesson(series, booking, Occurrence(day.date(), day.date(), starts, starts + seconds))
        self._county.rows[Lesson][-1]["moved"] = True
        assert lesson is not None
        return lesson

    def _timetable(self) -> Sequence[_Series]:
        delivered = [
            _Series(
                form="delivered",
                title=title,
                teacher=number,
                room=f"录播教室{number % 3 + 1}",
                villages=(2 * number, 2 * number + 1),
                weekdays="MO,WE" if number < 3 else "TU,TH",
                period=2 + number % 3,
                subject=subject,
                grade=3 + number % 4,
                weeks="odd" if number == 5 else "all",
            )
            for number, (subject, title) in enumerate(_SUBJECTS)
        ]
        return [
            *delivered,
            _Series("master", "名师示范：古诗两首", 6, "录播教室1", (0, 3, 6, 9), "FR", period=7, subject="语文"),
            _Series("channel", "第一小学课堂：家乡的桥", 7, "报告厅", (), "TU", period=6, subject="美术"),
            _Series("preparation", "下周备课", 6, "报告厅", (1, 4, 7), "WE", starts=1000, minutes=60, subject="语文"),
            _Series(
                "mass", "国旗下的一课", 8, "报告厅", range(12), "MO", starts=450, minutes=20, subject="德育", grade=5
            ),
        ]

    def _book(self, series: _Series) -> None:
        first = timetable.monday(self._today)
        last = first + dt.timedelta(days=DAYS - 1)
        term = self._calendar.term(self._today)
        assert term is not None  # seed_county made it so
        first = max(first, term.starts)
        rule = f"FREQ=WEEKLY;BYDAY={series.weekdays};UNTIL={last:%Y%m%d}"
        plan = Plan(first, series.minutes, rule, frozenset(), series.weeks, series.period, series.starts)
        periods = {
            term.starts: [timetable.Period(number, "", *times) for number, times in enumerate(seed_county.PERIODS, 1)]
            for term in self._county.terms
        }
        try:
            occurrences, _ = expand(plan, self._calendar, periods)
        except UserError:
            return  # holidays all through
        booking = self._booking(series, first, rule)
        made = [self._lesson(series, booking, occurrence) for occurrence in occurrences]
        if not any(made):
            self._county.rows[Booking].pop()
            self._county.rows[BookingSeat] = [
                seat for seat in self._county.rows[BookingSeat] if seat["booking"] != booking
            ]

    def _booking(self, series: _Series, first: dt.date, rule: str) -> str:
        county = self._county
        id = self._ids()
        county.add(
            Booking,
            id=id,
            state="booked",
            form=series.form,
            title=series.title,
            school=county.schools[LEAD_SCHOOL],
            teacher=self._teacher(series),
            classroom=county.classrooms[LEAD_SCHOOL, series.room],
            rule=rule,
            weeks=series.weeks,
            first=first,
            period=series.period,
            starts=series.starts,
            minutes=series.minutes,
            subject=series.subject,
            grade=f"{seed_county.NUMERALS[series.grade - 1]}年级" if series.grade else "",
            records=series.form != "preparation",
            requested_by=county.people["教务员"],
            requested=self._now,
            decided_by=county.people["教务员"],
            decided=self._now,
        )
        for seat in self._seats(series):
            county.add(BookingSeat, booking=id, **seat)
        return id

    def _lesson(self, series: _Series, booking: str, when: Occurrence) -> str | None:
        """A lesson, its seats and what it holds; None where somebody in it has another one."""
        seats = self._seats(series)
        resources = self._resources(series, seats)
        if any(starts < when.ends and when.starts < ends for held in resources for starts, ends in self._held[held]):
            return None
        id = self._ids()
        closes = when.ends + self._rules.grace_s
        over = closes <= self._now
        done = {"opened": when.starts - OPENED_BEFORE_S, "live": when.starts, "ended": when.ends} if over else {}
        self._county.add(
            Lesson,
            id=id,
            booking=booking,
            state="ended" if over else "scheduled",
            day=when.day,
            period=series.period,
            starts=when.starts,
            ends=when.ends,
            closes=closes,
            title=series.title,
            teacher=self._teacher(series),
            **{name: done.get(name) for name in ("opened", "live", "ended")},
            moved=False,
        )
        for seat in seats:
            self._county.add(Seat, lesson=id, **seat)
        for resource in resources:
            self._held[resource].append((when.starts, when.ends))
            if not over:  # a lesson that has ended holds nothing
                self._county.add(Claim, lesson=id, resource=resource, starts=when.starts, ends=when.ends)
        return id

    def classrooms(self) -> list[tuple[int, int, int]]:
        """(starts, ends, 1) of every classroom that a lesson to come holds, for the load of the machines."""
        claims = self._county.rows.get(Claim, ())
        return [(row["starts"], row["ends"], 1) for row in claims if row["resource"].startswith("classroom:")]

    def _teacher(self, series: _Series) -> str:
        return self._county.people[f"教师{seed_county.TEACHERS[series.teacher]}"]

    def _seats(self, series: _Series) -> list[dict[str, Any]]:
        county = self._county
        grade = f"{seed_county.NUMERALS[series.grade - 1]}年级" if series.grade else None
        lead = county.classes[LEAD_SCHOOL, f"{grade}1班"] if grade else None
        room = county.classrooms[LEAD_SCHOOL, series.room]
        seats = [{"classroom": room, "part": "lead", "assistant": None, "pupil_class": lead}]
        for number in series.villages:
            village = self._villages[number]
            school = f"{VILLAGES[village]}村小学"
            seats.append(
                {
                    "classroom": county.classrooms[school, series.village_room],
                    "part": "receiving",
                    "assistant": county.people[f"辅助教师{seed_county.ASSISTANTS[village]}"],
                    "pupil_class": county.classes[school, grade] if grade else None,
                }
            )
        return seats

    def _resources(self, series: _Series, seats: Sequence[Mapping[str, Any]]) -> list[str]:
        resources = {f"person:{self._teacher(series)}"}
        for seat in seats:
            resources.add(f"classroom:{seat['classroom']}")
            resources |= {f"person:{seat['assistant']}"} if seat["assistant"] else set()
            resources |= {f"pupils:{seat['pupil_class']}"} if seat["pupil_class"] else set()
        return sorted(resources)
