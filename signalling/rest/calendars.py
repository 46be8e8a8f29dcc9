"""School calendars: terms and special days; and a school's bell tables and days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from signalling.bodies import Body, IsoDay, Name, Query, Short
from signalling.db.times import Calendar
from signalling.exchange.calendar_import import Proposal, propose
from signalling.people import roles
from signalling.people.accounts import forbidden
from signalling.places import bells, calendars, days, schoolday
from signalling.places.bells import TableShown
from signalling.places.calendars import CalendarShown, TermShown
from signalling.places.schoolday import SchoolDay
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged, after, page, select_page
from signalling.timetable.calendar import Period, SpecialDay

MAX_BODY = 1 << 20
"""All the special days of a calendar, or all the bell tables of a school."""


class CalendarsAsked(Paged):
    q: Short = ""


class NewCalendar(Body):
    name: Name
    zone: Short = "Asia/Shanghai"


class CalendarChanges(Body):
    name: Name


class Day(Body):
    """`runs`: the day whose timetable it runs; null: no school."""

    day: IsoDay
    runs: IsoDay | None = None
    name: str = Field("", max_length=120, pattern=r"^[^\x00]*$")


class Days(Body):
    """All special days of the calendar."""

    days: list[Day] = Field(max_length=days.MAX_DAYS)


class NewTerm(Body):
    name: Name
    starts: IsoDay
    ends: IsoDay


class TermChanges(Body):
    """What is null stays."""

    name: Name | None = None
    starts: IsoDay | None = None
    ends: IsoDay | None = None


class Span(Query):
    first: IsoDay
    last: IsoDay


class BellPeriod(Body):
    """Minutes after midnight."""

    number: int = Field(ge=1, le=bells.MAX_NUMBER)
    name: Short
    starts: int = Field(ge=0, le=1440)
    ends: int = Field(ge=0, le=1440)


class NewTable(Body):
    """`starts`: the first day on which it is rung."""

    name: Name
    starts: IsoDay
    periods: list[BellPeriod] = Field(max_length=bells.MAX_PERIODS)


class Tables(Body):
    """All bell tables of the school; those that ring already may be left out and stay."""

    tables: list[NewTable] = Field(max_length=bells.MAX_TABLES)


class DayAsked(Query):
    day: IsoDay | None = Field(None, description="today by the school's clock when it is left out")


@dataclass(frozen=True, slots=True)
class CalendarRead:
    """:ivar may_write: that of a county is changed by the county, although its schools see it."""

    id: str
    name: str
    zone: str
    terms: list[TermShown]
    days: list[SpecialDay]
    may_write: bool


class CalendarsResource:
    def operations(self) -> Iterable[Operation]:
        one, term = "/calendars/{calendar}", "/calendars/{calendar}/terms/{term}"
        read, write = "times.read", "times.write"
        yield Operation("GET", "/calendars", self.all, right=read, of="system")
        yield Operation("POST", "/calendars", self.create, right=write, status=201, creates=True)
        yield Operation("GET", one, self.read, right=read, of="calendar")
        yield Operation("PATCH", one, self.change, right=write, of="calendar")
        yield Operation("PUT", f"{one}/days", self.days, right=write, of="calendar", body_bytes=MAX_BODY)
        yield Operation("GET", f"{one}/proposal", self.proposal, right=read, of="calendar")
        yield Operation("POST", f"{one}/terms", self.add_term, right=write, of="calendar", status=201, creates=True)
        yield Operation("PATCH", term, self.change_term, right=write, of="calendar")
        yield Operation("DELETE", term, self.remove_term, right=write, of="calendar")

    async def all(self, call: Call[Nothing, CalendarsAsked]) -> Page[CalendarShown]:
        """Calendars by name"""
        asked = call.query
        rows = select_page(calendars.rows(asked.q), asked, after(asked, str, str), Calendar.name, Calendar.id)
        async with call.database.read() as session:
            shown = [CalendarShown(*row) for row in await session.execute(rows)]
        return page(shown, asked.limit, lambda row: (row.name, row.id))

    async def create(self, call: Call[NewCalendar, Nothing]) -> CalendarRead:
        """Make a calendar, for schools of a region to follow"""
        kinds = {scope.kind for scope in roles.reach(call.caller.grants, "times.write")}
        if kinds.isdisjoint(("system", "region")):
            raise forbidden("times.write")
        body = call.body
        id = await calendars.create(call.database, call.now, call.person, name=body.name, zone=body.zone)
        return await self._whole(call, id)

    async def read(self, call: Call[Nothing, Nothing]) -> CalendarRead:
        """A calendar with its terms and special days"""
        return await self._whole(call, call.path("calendar"))

    async def change(self, call: Call[CalendarChanges, Nothing]) -> CalendarRead:
        """Rename a calendar"""
        calendar = call.path("calendar")
        await calendars.rename(call.database, call.now, call.person, calendar, call.body.name)
        return await self._whole(call, calendar)

    async def days(self, call: Call[Days, Nothing]) -> CalendarRead:
        """Replace the special days of a calendar"""
        calendar = call.path("calendar")
        wanted = [SpecialDay(it.day, it.runs, it.name) for it in call.body.days]
        await days.set_days(call.database, call.now, call.person, calendar, wanted)
        return await self._whole(call, calendar)

    async def proposal(self, call: Call[Nothing, Span]) -> Proposal:
        """China's public holidays and working weekends, to look through; nothing is saved"""
        return propose(call.query.first, call.query.last)

    async def add_term(self, call: Call[NewTerm, Nothing]) -> CalendarRead:
        """Add a term"""
        body, calendar = call.body, call.path("calendar")
        await calendars.add_term(
            call.database, call.now, call.person, calendar, name=body.name, starts=body.starts, ends=body.ends
        )
        return await self._whole(call, calendar)

    async def change_term(self, call: Call[TermChanges, Nothing]) -> CalendarRead:
        """Rename a term, or move its first or last day"""
        body, calendar = call.body, call.path("calendar")
        await calendars.change_term(
            call.database,
            call.now,
            call.person,
            calendar,
            call.id("term"),
            name=body.name,
            starts=body.starts,
            ends=body.ends,
        )
        return await self._whole(call, calendar)

    async def remove_term(self, call: Call[Nothing, Nothing]) -> None:
        """Remove a term without lessons"""
        await calendars.remove_term(call.database, call.now, call.person, call.path("calendar"), call.id("term"))

    async def _whole(self, call: Call[Any, Any], id: str) -> CalendarRead:
        async with call.database.read() as session:
            whole = await calendars.whole(session, id)
        return CalendarRead(
            whole.id,
            whole.name,
            whole.zone,
            whole.terms,
            whole.days,
            await call.caller.allows("times.write", "calendar", id),
        )


class BellsResource:
    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/schools/{school}/bells", self.all, right="times.read", of="school")
        yield Operation(
            "PUT", "/schools/{school}/bells", self.replace, right="times.write", of="school", body_bytes=MAX_BODY
        )
        yield Operation("GET", "/schools/{school}/day", self.day, right="times.read", of="school")

    async def all(self, call: Call[Nothing, Nothing]) -> list[TableShown]:
        """A school's bell tables, in the order of their first days"""
        async with call.database.read() as session:
            return await bells.tables(session, call.path("school"))

    async def replace(self, call: Call[Tables, Nothing]) -> list[TableShown]:
        """Replace a school's bell tables, where no lesson's time is changed by it"""
        wanted = [
            bells.Table(it.name, it.starts, [Period(p.number, p.name, p.starts, p.ends) for p in it.periods])
            for it in call.body.tables
        ]
        return await bells.replace(call.database, call.now, call.person, call.path("school"), wanted)

    async def day(self, call: Call[Nothing, DayAsked]) -> SchoolDay:
        """What kind of day it is at a school, and when its bell rings"""
        async with call.database.read() as session:
            return await schoolday.school_day(session, call.path("school"), call.now, call.query.day)
