"""Accounts and roles, and the teachers that a booking may name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import Field, SecretStr

from signalling.bodies import Body, Id, Name, Query, Short
from signalling.db.people import Person
from signalling.people import directory, roles
from signalling.people.accounts import Accounts, forbidden
from signalling.people.directory import PersonShown, TeacherShown
from signalling.people.roles import SYSTEM, Kind, Role
from signalling.rest.me import Language
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged, after, page, select_page


class PeopleAsked(Paged):
    q: Short = ""
    school: Id | None = None
    role: Role | None = None


class NewPerson(Body):
    """`password` can be set later; without `login` nobody signs in."""

    name: Name
    login: str | None = Field(None, max_length=200)
    password: SecretStr | None = Field(None, max_length=1000)
    school: Id | None = None
    language: Language = "zh-CN"


class PersonChanges(Body):
    """What is null stays. `subject`: who the person is to the sign-in service; empty: nobody any more. `issuer`: of
    another service than that of this server."""

    name: Name | None = None
    login: str | None = Field(None, max_length=200)
    language: Language | None = None
    active: bool | None = None
    issuer: str | None = Field(None, max_length=200)
    subject: str | None = Field(None, max_length=200)


class NewPassword(Body):
    password: SecretStr = Field(max_length=1000)


class Grant(Body):
    """`scope`: id of a region, school or classroom; empty for the system."""

    role: Role
    kind: Kind
    scope: str = Field("", pattern=r"^[0-9A-Za-z]{0,16}$")


class GrantNamed(Query):
    role: Role
    kind: Kind
    scope: str = Field("", pattern=r"^[0-9A-Za-z]{0,16}$")


class TeachersAsked(Paged):
    school: Id | None = None
    q: Short = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """:ivar changed: false when it was so before."""

    changed: bool


class PeopleResource:
    """What an account's change needs is asked again by `Accounts`, in the transaction that makes it.

    :param issuer: of the sign-in service of this server."""

    def __init__(self, accounts: Accounts, issuer: str | None) -> None:
        self._accounts = accounts
        self._issuer = issuer

    def operations(self) -> Iterable[Operation]:
        one, write, grant = "/people/{person}", "people.write", "role.grant"
        yield Operation("GET", "/people", self.all, right="people.read")
        # Takes no Idempotency-Key: a fast hash of the body, and so of the password, would be kept with it.
        yield Operation("POST", "/people", self.create, right=write, status=201)
        yield Operation("GET", one, self.read, right="people.read", of="person")
        yield Operation("PATCH", one, self.change, right=write, of="person")
        yield Operation("PUT", f"{one}/password", self.password, right=write, of="person")
        yield Operation("POST", f"{one}/grants", self.grant, right=grant)
        yield Operation("DELETE", f"{one}/grants", self.revoke, right=grant)
        yield Operation("GET", "/teachers", self.teachers, right="booking.request")

    async def all(self, call: Call[Nothing, PeopleAsked]) -> Page[PersonShown]:
        """People by name, as far as one may see them"""
        asked = call.query
        reach = roles.reach(call.caller.grants, "people.read")
        found = directory.people(reach, school=asked.school, role=asked.role, q=asked.q)
        rows = select_page(found, asked, after(asked, str, str), Person.name, Person.id)
        async with call.database.read() as session:
            shown = await directory.shown(session, rows)
        return page(shown, asked.limit, lambda row: (row.name, row.id))

    async def create(self, call: Call[NewPerson, Nothing]) -> PersonShown:
        """Make an account"""
        body = call.body
        await call.caller.require("people.write", "school" if body.school else "system", body.school or "")
        id = await self._accounts.create(
            call.now,
            call.person,
            name=body.name,
            login=body.login,
            password=body.password.get_secret_value() if body.password is not None else None,
            school=body.school,
            language=body.language,
        )
        return await self._one(call, id)

    async def read(self, call: Call[Nothing, Nothing]) -> PersonShown:
        """One person"""
        return await self._one(call, call.path("person"))

    async def change(self, call: Call[PersonChanges, Nothing]) -> PersonShown:
        """Rename a person, change the language, link the sign-in service, put the account out of use or back"""
        body, person = call.body, call.path("person")
        await self._accounts.change(
            call.now,
            call.person,
            person,
            name=body.name,
            login=body.login,
            language=body.language,
            active=body.active,
            issuer=self._issuer if body.subject is not None and body.issuer is None else body.issuer,
            subject=body.subject,
        )
        return await self._one(call, person)

    async def password(self, call: Call[NewPassword, Nothing]) -> None:
        """Set another's password; all of her sessions end"""
        if call.path("person") == call.person:
            raise forbidden("people.write")  # one's own needs the old one
        new = call.body.password.get_secret_value()
        await self._accounts.set_password(call.now, call.person, call.path("person"), new)

    async def grant(self, call: Call[Grant, Nothing]) -> Changed:
        """Give a role"""
        body = call.body
        return Changed(
            await self._accounts.grant(call.now, call.person, call.path("person"), body.role, body.kind, body.scope)
        )

    async def revoke(self, call: Call[Nothing, GrantNamed]) -> Changed:
        """Take a role away"""
        asked = call.query
        return Changed(
            await self._accounts.revoke(call.now, call.person, call.path("person"), asked.role, asked.kind, asked.scope)
        )

    async def teachers(self, call: Call[Nothing, TeachersAsked]) -> Page[TeacherShown]:
        """Who may teach or assist in a booking"""
        if not roles.reach(call.caller.grants, "booking.request"):
            raise forbidden("booking.request")
        asked = call.query
        rows = select_page(
            directory.teachers(asked.school, asked.q), asked, after(asked, str, str), Person.name, Person.id
        )
        async with call.database.read() as session:
            shown = [TeacherShown(id, name, school, at or "") for id, name, school, at in await session.execute(rows)]
        return page(shown, asked.limit, lambda row: (row.name, row.id))

    async def _one(self, call: Call[Any, Any], id: str) -> PersonShown:
        async with call.database.read() as session:
            return (await directory.shown(session, directory.people((SYSTEM,)).where(Person.id == id)))[0]
