"""All that signing in needs, put together: accounts, sessions, the door, and the way over an OpenID provider.

What is asked over `/api/v1` is in signalling/rest/me.py.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import urlencode

import structlog
from aiohttp import web

from mediaserver.api import UserError
from signalling import access
from signalling.access import ADDRESS, Rule
from signalling.config import Config
from signalling.db.engine import Database
from signalling.people import oidc, refusals, sessions
from signalling.people.accounts import Accounts
from signalling.people.cookies import Cookie
from signalling.people.door import Caller, Door
from signalling.people.oidc import FLOW_S, Oidc
from signalling.people.passwords import Passwords
from signalling.people.provider import Provider
from signalling.people.refusals import Refusals
from signalling.people.sessions import ABSOLUTE_S, Begun
from signalling.people.signin import SignIn
from signalling.people.throttle import Memory, Throttle

log = structlog.get_logger("signalling.people")

SWEEP_S = 60.0
PASSWORD_LIMITS = {"person": "10 per 10 minute"}
_NO_STORE = {"Cache-Control": "no-store"}
_CALLBACK = "/oidc/callback"


class People:
    """:ivar door: for `access.make_guard`. :ivar accounts: for those who manage them.
    :ivar sign_in: with a password. :ivar cookie: of the session. :ivar refusals: for other doors."""

    def __init__(self, config: Config, database: Database, secret: bytes, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        storage = Memory(clock)
        self._passwords = Passwords()
        # With counters of their own: a flood of refusals does not push failed sign-ins out of the others.
        self.refusals = Refusals(database, Throttle("refusals", clock, refusals.LIMITS, Memory(clock)))
        self.sign_in = SignIn(database, self._passwords, self.refusals, clock, storage)
        self._old_passwords = Throttle("old-password", clock, PASSWORD_LIMITS, storage)
        secure = config.http.tls != "off" or (config.http.public_url or "").startswith("https:")
        self.cookie = Cookie("tongke", secure=secure, max_age=ABSOLUTE_S)
        self._flow = Cookie("tongke-oidc", secure=secure, max_age=FLOW_S)
        self._http = config.http
        self.accounts = Accounts(database, self._passwords)
        self.door = Door(database, self.cookie, self.refusals, clock)
        self._oidc = _oidc(config, database, self.refusals, Throttle("oidc", clock, oidc.LIMITS, storage), secret)
        self._sweeping: asyncio.Task[None] | None = None

    def add_routes(self, app: web.Application) -> None:
        access.add(app, Rule.STRANGER, "GET", "/oidc/start", self.oidc_start)
        access.add(app, Rule.STRANGER, "GET", _CALLBACK, self.oidc_callback)

    async def start(self) -> None:
        self._sweeping = asyncio.create_task(self._sweep(), name="people-sweep")

    async def stop(self) -> None:
        """The database must still be open."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        if self._oidc is not None:
            await self._oidc.provider.close()
        self._passwords.close()
        with contextlib.suppress(UserError):
            await self.refusals.flush(self._clock())

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self.refusals.flush(self._clock())
                await sessions.sweep(self._database, self._clock())
            except UserError as error:
                log.warning("sweep", code=error.code)
            except Exception:
                log.exception("sweep")

    @property
    def has_oidc(self) -> bool:
        return self._oidc is not None

    async def change_password(self, now: float, caller: Caller, old: str, new: str) -> None:
        """One's own; all other sessions of the person end.

        :raises UserError: as `Accounts.set_password`; 429 `too_many_attempts`.
        """
        await self._old_passwords.check(person=caller.person)
        try:
            await self.accounts.set_password(
                now, caller.person, caller.person, new, old=old, keep=caller.signed_in.hash
            )
        except UserError as error:
            if error.code == "wrong_password":
                await self._old_passwords.failed(person=caller.person)
            raise

    # ------------------------------------------------------------ routes

    # A browser navigates to both, so what goes wrong is said by the page with the other way to sign in.

    async def oidc_start(self, request: web.Request) -> web.Response:
        oidc = self._configured()
        try:
            address, flow = await oidc.start(self._clock(), self._redirect_uri(request))
        except UserError as error:
            return _told(error)
        response = _redirect(address)
        self._flow.set(response, flow)
        return response

    async def oidc_callback(self, request: web.Request) -> web.Response:
        oidc = self._configured()
        try:
            begun: Begun = await oidc.finish(
                self._clock(),
                request.query,
                self._flow.read(request),
                self._redirect_uri(request),
                address=request[ADDRESS],
                agent=request.headers.get("User-Agent", ""),
                before=self.cookie.read(request),
            )
        except UserError as error:
            return _told(error)
        response = _redirect("/login?arrived=1")  # which goes on to where she wanted to
        self._flow.drop(response)
        self.cookie.set(response, begun.cookie)
        return response

    def _configured(self) -> Oidc:
        if self._oidc is None:
            raise UserError(404, "not_found", "This server has no sign-in service; sign in with a password.")
        return self._oidc

    def _redirect_uri(self, request: web.Request) -> str:
        # A forged Host does no harm: the provider sends browsers to registered addresses alone.
        return f"{access.origin(self._http, request)}{_CALLBACK}"


def _redirect(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address, **_NO_STORE})


def _told(error: UserError) -> web.Response:
    wait = error.extra.get("retry_after")
    query = {"problem": error.code, **({"retry_after": wait} if wait is not None else {})}
    return _redirect(f"/login?{urlencode(query)}")


def _oidc(config: Config, database: Database, refusals: Refusals, throttle: Throttle, secret: bytes) -> Oidc | None:
    settings = config.oidc
    if settings.issuer is None or settings.client_id is None:
        return None
    client_secret = settings.client_secret.get_secret_value() if settings.client_secret is not None else None
    provider = Provider(settings.issuer, settings.client_id, client_secret)
    return Oidc(
        database,
        provider,
        refusals,
        throttle,
        secret,
        scopes=settings.scopes,
        create=settings.create,
        school=settings.school,
    )
