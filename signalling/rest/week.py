"""The timetable of a week, and when people and rooms are free together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import Field

from signalling.bodies import Body, Id, IsoDay, Line, Query
from signalling.booking import free, schooltime, week
from signalling.booking.free import MAX_RESOURCES, Search, Slot
from signalling.booking.limits import Rules
from signalling.booking.week import LessonShown, View
from signalling.rest.operation import Call, Nothing, Operation
from signalling.timetable.calendar import monday


class WeekQuery(Query):
    view: View
    id: Id
    first: IsoDay | None = Field(None, description="without it this week's Monday")
    days: int = 7


@dataclass(frozen=True, slots=True)
class Today:
    """:ivar day: today in the zone of the timetable. :ivar now: seconds since 1970."""

    day: dt.date
    now: int


@dataclass(frozen=True, slots=True)
class Week:
    """:ivar zone: IANA name; the days and the page are in its time."""

    first: dt.date
    days: int
    zone: str
    lessons: Sequence[LessonShown]
    today: Today


class FreeBody(Body):
    """`resources` are `person:…`, `classroom:…`, `pupils:…`, `device:…`; the holidays of their schools count."""

    school: Id = Field(description="the lead school, whose days and periods count")
    resources: tuple[Line, ...] = Field(min_length=1, max_length=MAX_RESOURCES)
    minutes: int
    first: IsoDay
    last: IsoDay
    by_period: bool = True


class WeekResource:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/week", self.week)
        yield Operation("POST", "/free", self.free)

    async def week(self, call: Call[Nothing, WeekQuery]) -> Week:
        """The timetable of a classroom, a teacher, a class of pupils or a school"""
        query = call.query
        async with call.database.read() as session:
            school = await week.school_of(session, query.view, query.id)
            zone = await schooltime.zone(session, school)
        kind, id = {"teacher": ("person", query.id), "pupils": ("school", school or "")}.get(
            query.view, (query.view, query.id)
        )
        await call.caller.require("booking.read", kind, id)
        today = dt.datetime.fromtimestamp(call.now, zone).date()
        first = query.first or monday(today)
        async with call.database.read() as session:
            lessons = await week.week(session, query.view, query.id, first, query.days)
        return Week(first, query.days, zone.key, lessons, Today(today, int(call.now)))

    async def free(self, call: Call[FreeBody, Nothing]) -> list[Slot]:
        """When these people and rooms are free together"""
        body = call.body
        await call.caller.require("booking.request", "school", body.school)
        resources = frozenset(body.resources)
        async with call.database.read() as session:
            schools = await free.schools_of(session, resources)
            search = Search(body.school, resources, body.minutes, body.first, body.last, schools, body.by_period)
            return await free.find(session, search, call.now, rules=self._rules)
