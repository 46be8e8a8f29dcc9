"""Signing in and out with a password, and one's own account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, SecretStr

from mediaserver.api import UserError
from signalling.access import ADDRESS, Rule
from signalling.bodies import Body
from signalling.people import roles, sessions
from signalling.people.web import People
from signalling.places import calendars
from signalling.rest.operation import Call, Nothing, Operation

Language = Literal["zh-CN", "en"]


class SignIn(Body):
    login: str = Field(max_length=200)
    password: SecretStr = Field(max_length=1000)


class SignOut(Body):
    everywhere: bool = False


class NewPassword(Body):
    old: SecretStr = Field(max_length=1000)
    new: SecretStr = Field(max_length=1000)


class OwnChanges(Body):
    language: Language


@dataclass(frozen=True, slots=True)
class Ways:
    password: bool
    oidc: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """:ivar csrf: for the header X-CSRF-Token."""

    person: str
    csrf: str


@dataclass(frozen=True, slots=True)
class Self:
    id: str
    name: str
    login: str | None
    language: str
    school: str | None


@dataclass(frozen=True, slots=True)
class Scope:
    kind: str
    scope: str


@dataclass(frozen=True, slots=True)
class Given:
    role: str
    kind: str
    scope: str


@dataclass(frozen=True, slots=True)
class Me:
    """:ivar may: action → scopes in which it is allowed. :ivar zone: of her school's clock."""

    person: Self
    zone: str
    grants: list[Given]
    may: dict[str, list[Scope]]
    csrf: str


class MeResource:
    def __init__(self, people: People) -> None:
        self._people = people

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/login", self.ways, rule=Rule.STRANGER)
        yield Operation("POST", "/login", self.login, rule=Rule.STRANGER)
        yield Operation("POST", "/logout", self.logout)
        yield Operation("GET", "/me", self.read)
        yield Operation("PATCH", "/me", self.change)
        yield Operation("PUT", "/me/password", self.password)

    async def ways(self, call: Call[Nothing, Nothing]) -> Ways:
        """How one can sign in here, for the page that asks"""
        return Ways(password=True, oidc=self._people.has_oidc)

    async def login(self, call: Call[SignIn, Nothing]) -> SignedIn:
        """Sign in; the answer sets the cookie"""
        request, body = call.request, call.body
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise UserError(403, "other_site", "Sign in on a page of this server; another site has sent this.")
        begun = await self._people.sign_in.with_password(
            call.now,
            body.login,
            body.password.get_secret_value(),
            address=request[ADDRESS],
            agent=request.headers.get("User-Agent", ""),
            before=self._people.cookie.read(request),
        )
        call.finish.append(lambda response: self._people.cookie.set(response, begun.cookie))
        return SignedIn(begun.person, begun.csrf)

    async def logout(self, call: Call[SignOut, Nothing]) -> None:
        """Sign out, here or everywhere"""
        only = None if call.body.everywhere else call.caller.signed_in.hash
        await sessions.sign_out(call.database, call.now, call.person, only)
        call.finish.append(self._people.cookie.drop)

    async def read(self, call: Call[Nothing, Nothing]) -> Me:
        """Who is signed in, and what she may do where"""
        me, grants = call.caller.signed_in, call.caller.grants
        async with call.database.read() as session:
            zone = await calendars.zone_of(session, me.school)
        return Me(
            Self(me.person, me.name, me.login, me.language, me.school),
            zone,
            [Given(role, *scope) for role, scope in grants if role != roles.OWN],
            {action: [Scope(*scope) for scope in sorted(roles.reach(grants, action))] for action in roles.TABLE},
            me.csrf,
        )

    async def change(self, call: Call[OwnChanges, Nothing]) -> None:
        """Change the own language"""
        await self._people.accounts.set_language(call.now, call.person, call.body.language)

    async def password(self, call: Call[NewPassword, Nothing]) -> None:
        """Change the own password; all other sessions end"""
        body = call.body
        await self._people.change_password(
            call.now, call.caller, body.old.get_secret_value(), body.new.get_secret_value()
        )
