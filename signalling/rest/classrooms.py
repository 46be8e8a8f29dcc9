"""Classrooms, and the classes of pupils that sit in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from signalling.bodies import Body, Id, Name, Short
from signalling.db.places import Classroom, PupilClass
from signalling.places import classes, classrooms
from signalling.places.classes import ClassShown
from signalling.places.classrooms import ClassroomShown
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged, after, page, select_page

MAX_SEATS = 10_000


class ClassroomsAsked(Paged):
    school: Id | None = None
    kind: classrooms.Kind | None = None
    active: bool | None = None
    q: Short = ""


class NewClassroom(Body):
    school: Id
    name: Name
    kind: classrooms.Kind
    seats: int = Field(0, ge=0, le=MAX_SEATS)


class ClassroomChanges(Body):
    """What is null stays."""

    name: Name | None = None
    kind: classrooms.Kind | None = None
    seats: int | None = Field(None, ge=0, le=MAX_SEATS)
    active: bool | None = None


class ClassesAsked(Paged):
    school: Id | None = None
    active: bool | None = None
    q: Short = ""


class NewClass(Body):
    school: Id
    name: Name
    grade: Short = ""
    size: int = Field(0, ge=0, le=MAX_SEATS)


class ClassChanges(Body):
    """What is null stays."""

    name: Name | None = None
    grade: Short | None = None
    size: int | None = Field(None, ge=0, le=MAX_SEATS)
    active: bool | None = None


class ClassroomsResource:
    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/classrooms", self.all, right="places.read", of="system")
        yield Operation("POST", "/classrooms", self.create, right="places.write", status=201, creates=True)
        yield Operation("GET", "/classrooms/{classroom}", self.read, right="places.read", of="classroom")
        yield Operation("PATCH", "/classrooms/{classroom}", self.change, right="places.write", of="classroom")

    async def all(self, call: Call[Nothing, ClassroomsAsked]) -> Page[ClassroomShown]:
        """Classrooms by name"""
        asked = call.query
        found = classrooms.rows(asked.school, asked.kind, asked.active, asked.q)
        rows = select_page(found, asked, after(asked, str, str), Classroom.name, Classroom.id)
        async with call.database.read() as session:
            shown = [ClassroomShown(*row) for row in await session.execute(rows)]
        return page(shown, asked.limit, lambda row: (row.name, row.id))

    async def create(self, call: Call[NewClassroom, Nothing]) -> ClassroomShown:
        """Make a classroom"""
        body = call.body
        await call.caller.require("places.write", "school", body.school)
        id = await classrooms.create(
            call.database,
            call.now,
            call.person,
            school=body.school,
            name=body.name,
            kind=body.kind,
            seats=body.seats,
        )
        return await self._one(call, id)

    async def read(self, call: Call[Nothing, Nothing]) -> ClassroomShown:
        """One classroom"""
        return await self._one(call, call.path("classroom"))

    async def change(self, call: Call[ClassroomChanges, Nothing]) -> ClassroomShown:
        """Change or close a classroom"""
        body, classroom = call.body, call.path("classroom")
        await classrooms.change(
            call.database,
            call.now,
            call.person,
            classroom,
            name=body.name,
            kind=body.kind,
            seats=body.seats,
            active=body.active,
        )
        return await self._one(call, classroom)

    async def _one(self, call: Call[Any, Any], id: str) -> ClassroomShown:
        async with call.database.read() as session:
            return ClassroomShown(*(await session.execute(classrooms.rows().where(Classroom.id == id))).one())


class ClassesResource:
    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/classes", self.all, right="places.read", of="system")
        yield Operation("POST", "/classes", self.create, right="places.write", status=201, creates=True)
        yield Operation("PATCH", "/classes/{class}", self.change, right="places.write", of="class")

    async def all(self, call: Call[Nothing, ClassesAsked]) -> Page[ClassShown]:
        """Classes of pupils by name"""
        asked = call.query
        found = classes.rows(asked.school, asked.active, asked.q)
        rows = select_page(found, asked, after(asked, str, str), PupilClass.name, PupilClass.id)
        async with call.database.read() as session:
            shown = [ClassShown(*row) for row in await session.execute(rows)]
        return page(shown, asked.limit, lambda row: (row.name, row.id))

    async def create(self, call: Call[NewClass, Nothing]) -> ClassShown:
        """Make a class of pupils"""
        body = call.body
        await call.caller.require("places.write", "school", body.school)
        id = await classes.create(
            call.database, call.now, call.person, school=body.school, name=body.name, grade=body.grade, size=body.size
        )
        return await self._one(call, id)

    async def change(self, call: Call[ClassChanges, Nothing]) -> ClassShown:
        """Change or close a class of pupils"""
        body, id = call.body, call.path("class")
        await classes.change(
            call.database,
            call.now,
            call.person,
            id,
            name=body.name,
            grade=body.grade,
            size=body.size,
            active=body.active,
        )
        return await self._one(call, id)

    async def _one(self, call: Call[Any, Any], id: str) -> ClassShown:
        async with call.database.read() as session:
            return ClassShown(*(await session.execute(classes.rows().where(PupilClass.id == id))).one())
