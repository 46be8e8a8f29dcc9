"""What stands before every route for people who are signed in: who is it, did her own page send this, may she."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from mediaserver.api import UserError
from signalling.access import ADDRESS
from signalling.db.engine import READERS, Database
from signalling.people import roles, sessions
from signalling.people.accounts import forbidden
from signalling.people.cookies import Cookie
from signalling.people.refusals import Refusals
from signalling.people.roles import Chain, Grant
from signalling.people.scopes import Scopes
from signalling.people.sessions import SignedIn
from signalling.people.throttle import network

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
CSRF_HEADER = "X-CSRF-Token"


class Caller:
    """The signed-in person of a request, in `request[CALLER]`.

    :ivar person: her id, for `actor`. :ivar grants: `own` included, as they were when the request came.
    :ivar scopes: what something lies within, as far as this request has asked.
    """

    def __init__(self, signed_in: SignedIn, scopes: Scopes) -> None:
        self.signed_in = signed_in
        self.scopes = scopes

    @property
    def person(self) -> str:
        return self.signed_in.person

    @property
    def grants(self) -> tuple[Grant, ...]:
        return self.signed_in.grants

    def may(self, action: str, chain: Chain) -> bool:
        return roles.allowed(self.grants, action, chain)

    async def allows(self, action: str, kind: str = "system", id: str = "") -> bool:
        """Whether she may do this to a thing. :param kind: as for `scopes.find`. :raises UserError: 404 `not_found`."""
        return self.may(action, await self.scopes.chain(action, kind, id))

    async def require(self, action: str, kind: str = "system", id: str = "") -> None:
        """:raises UserError: 403 `forbidden`, which the door puts on the audit log, or 404 `not_found`."""
        if not await self.allows(action, kind, id):
            raise forbidden(action)


CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


class Door:
    def __init__(self, database: Database, cookie: Cookie, refusals: Refusals, clock: Callable[[], float]) -> None:
        self._database = database
        self._cookie = cookie
        self._refusals = refusals
        self._clock = clock
        self._line = asyncio.Semaphore(READERS // 2)

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request in and go with it: the refusals of its handler are written down too."""
        signed_in: SignedIn | None = None
        try:
            async with self._line:  # whoever waits here is not sent away; the other half is for the handlers
                signed_in = await sessions.find(self._database, self._clock(), self._cookie.read(request))
            if signed_in is None:
                raise UserError(401, "signed_out", "This needs you to be signed in; sign in and try again.")
            if request.method not in SAFE_METHODS and not _repeats(request, signed_in.csrf):
                raise UserError(403, "csrf", f"The request lacks the {CSRF_HEADER} of this session; reload the page.")
            if signed_in.due:
                with contextlib.suppress(UserError):  # a busy database: the next request will write it
                    await sessions.touch(self._database, self._clock(), signed_in.hash)
            request[CALLER] = Caller(signed_in, Scopes(self._database))
            return await handler(request)
        except UserError as error:
            if error.status in (401, 403):
                await self._note(request, signed_in, error)
            raise

    async def _note(self, request: web.Request, signed_in: SignedIn | None, error: UserError) -> None:
        resource = request.match_info.route.resource
        detail = {
            "route": f"{request.method} {resource.canonical if resource is not None else ''}",
            "of": " ".join(request.match_info.values())[:64].encode("ascii", "backslashreplace").decode(),
            "code": error.code,
            **{key: value for key, value in error.extra.items() if key == "action"},
        }
        person = signed_in.person if signed_in is not None else None
        await self._refusals.note(
            self._clock(),
            "access.refused",
            person or "unknown",
            detail,
            address=network(request[ADDRESS]),
            person=person,
        )


def _repeats(request: web.Request, csrf: str) -> bool:
    said = request.headers.get(CSRF_HEADER, "")
    return hmac.compare_digest(said.encode("utf-8", "replace"), csrf.encode())
