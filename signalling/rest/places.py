"""Regions and the schools in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from signalling.bodies import Body, Id, Name, Short
from signalling.db.places import Region, School
from signalling.people.accounts import forbidden
from signalling.people.door import Caller
from signalling.places import regions, schools
from signalling.places.regions import RegionShown
from signalling.places.schools import SchoolShown
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged, after, page, select_page


class RegionsAsked(Paged):
    parent: Id | None = None
    q: Short = ""


class NewRegion(Body):
    parent: Id | None = None
    kind: regions.Kind
    name: Name


class RegionChanges(Body):
    name: Name


class SchoolsAsked(Paged):
    region: Id | None = None
    kind: schools.Kind | None = None
    active: bool | None = None
    q: Short = ""


class NewSchool(Body):
    region: Id
    calendar: Id
    name: Name
    kind: schools.Kind
    approves: bool = False


class SchoolChanges(Body):
    """What is null stays."""

    name: Name | None = None
    kind: schools.Kind | None = None
    approves: bool | None = None
    calendar: Id | None = None
    active: bool | None = None


class RegionsResource:
    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/regions", self.all, right="places.read", of="system")
        yield Operation("POST", "/regions", self.create, right="places.write", status=201, creates=True)
        yield Operation("PATCH", "/regions/{region}", self.change, right="places.write", of="region")
        yield Operation("DELETE", "/regions/{region}", self.remove, right="places.write", of="region")

    async def all(self, call: Call[Nothing, RegionsAsked]) -> Page[RegionShown]:
        """Regions by name"""
        asked = call.query
        rows = select_page(regions.rows(asked.parent, asked.q), asked, after(asked, str, str), Region.name, Region.id)
        async with call.database.read() as session:
            shown = [RegionShown(*row) for row in await session.execute(rows)]
        return page(shown, asked.limit, lambda row: (row.name, row.id))

    async def create(self, call: Call[NewRegion, Nothing]) -> RegionShown:
        """Make a region"""
        body = call.body
        await call.caller.require("places.write", "region" if body.parent else "system", body.parent or "")
        id = await regions.create(
            call.database, call.now, call.person, parent=body.parent, kind=body.kind, name=body.name
        )
        return await self._one(call, id)

    async def change(self, call: Call[RegionChanges, Nothing]) -> RegionShown:
        """Rename a region"""
        region = call.path("region")
        await regions.rename(call.database, call.now, call.person, region, call.body.name)
        return await self._one(call, region)

    async def remove(self, call: Call[Nothing, Nothing]) -> None:
        """Remove a region that nothing lies in"""
        await regions.remove(call.database, call.now, call.person, call.path("region"))

    async def _one(self, call: Call[Any, Any], id: str) -> RegionShown:
        async with call.database.read() as session:
            return RegionShown(*(await session.execute(regions.rows().where(Region.id == id))).one())


class SchoolsResource:
    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/schools", self.all, right="places.read", of="system")
        yield Operation("POST", "/schools", self.create, right="places.write", status=201, creates=True)
        yield Operation("GET", "/schools/{school}", self.read, right="places.read", of="school")
        yield Operation("PATCH", "/schools/{school}", self.change, right="places.write", of="school")

    async def all(self, call: Call[Nothing, SchoolsAsked]) -> Page[SchoolShown]:
        """Schools by name, also those of the regions within `region`"""
        asked = call.query
        found = schools.rows(asked.region, asked.kind, asked.active, asked.q)
        rows = select_page(found, asked, after(asked, str, str), School.name, School.id)
        async with call.database.read() as session:
            shown = [SchoolShown(*row) for row in await session.execute(rows)]
        return page(shown, asked.limit, lambda row: (row.name, row.id))

    async def create(self, call: Call[NewSchool, Nothing]) -> SchoolShown:
        """Make a school"""
        body = call.body
        await call.caller.require("places.write", "region", body.region)
        await _may_follow(call.caller, body.calendar, "region", body.region)
        id = await schools.create(
            call.database,
            call.now,
            call.person,
            region=body.region,
            calendar=body.calendar,
            name=body.name,
            kind=body.kind,
            approves=body.approves,
        )
        return await self._one(call, id)

    async def read(self, call: Call[Nothing, Nothing]) -> SchoolShown:
        """One school"""
        return await self._one(call, call.path("school"))

    async def change(self, call: Call[SchoolChanges, Nothing]) -> SchoolShown:
        """Change or close a school"""
        body, school = call.body, call.path("school")
        if body.calendar is not None:
            await _may_follow(call.caller, body.calendar, "school", school)
        await schools.change(
            call.database,
            call.now,
            call.person,
            school,
            name=body.name,
            kind=body.kind,
            approves=body.approves,
            calendar=body.calendar,
            active=body.active,
        )
        return await self._one(call, school)

    async def _one(self, call: Call[Any, Any], id: str) -> SchoolShown:
        async with call.database.read() as session:
            return SchoolShown(*(await session.execute(schools.rows().where(School.id == id))).one())


async def _may_follow(caller: Caller, calendar: str, kind: str, id: str) -> None:
    """A calendar is changed by those who have all of its schools: who adds one from elsewhere takes it from others,
    and so has to be one of them."""
    within = await caller.scopes.chain("times.write", "calendar", calendar)
    place = await caller.scopes.chain("times.write", kind, id)
    if not set(within) <= set(place) and not caller.may("times.write", within):
        raise forbidden("times.write")
