"""Signing in and out over HTTP, one's own account, and the door before everything that needs somebody signed in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from aiohttp import web
from pydantic import Field, SecretStr

from mediaserver.api import UserError
from signalling import access, bodies
from signalling.access import ADDRESS, Rule
from signalling.config import Config
from signalling.db.engine import Database
from signalling.people import oidc, refusals, roles, sessions
from signalling.people.accounts import Accounts
from signalling.people.cookies import Cookie
from signalling.people.door import CALLER, Door
from signalling.people.oidc import FLOW_S, Oidc
from signalling.people.passwords import Passwords
from signalling.people.provider import Provider
from signalling.people.refusals import Refusals
from signalling.people.roles import TABLE
from signalling.people.sessions import ABSOLUTE_S, Begun
from signalling.people.signin import SignIn
from signalling.people.throttle import Memory, Throttle

log = structlog.get_logger("signalling.people")

SWEEP_S = 60.0
PASSWORD_LIMITS = {"person": "10 per 10 minute"}
_NO_STORE = {"Cache-Control": "no-store"}
_CALLBACK = "/oidc/callback"


class SignInBody(bodies.Body):
    login: str = Field(max_length=200)
    password: SecretStr = Field(max_length=1000)


class SignOutBody(bodies.Body):
    everywhere: bool = False


class PasswordBody(bodies.Body):
    old: SecretStr = Field(max_length=1000)
    new: SecretStr = Field(max_length=1000)


class People:
    """:ivar door: for `access.make_guard`. :ivar accounts: for those who manage them."""

    def __init__(self, config: Config, database: Database, secret: bytes, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        storage = Memory(clock)
        self._passwords = Passwords()
        # With counters of their own: a flood of refusals does not push failed sign-ins out of the others.
        self._refusals = Refusals(database, Throttle("refusals", clock, refusals.LIMITS, Memory(clock)))
        self._sign_in = SignIn(database, self._passwords, self._refusals, clock, storage)
        self._old_passwords = Throttle("old-password", clock, PASSWORD_LIMITS, storage)
        secure = config.http.tls != "off" or (config.http.public_url or "").startswith("https:")
        self._cookie = Cookie("tongke", secure=secure, max_age=ABSOLUTE_S)
        self._flow = Cookie("tongke-oidc", secure=secure, max_age=FLOW_S)
        self._scheme = "https" if secure else "http"
        self._public_url = config.http.public_url
        self.accounts = Accounts(database, self._passwords)
        self.door = Door(database, self._cookie, self._refusals, clock)
        self._oidc = _oidc(config, database, self._refusals, Throttle("oidc", clock, oidc.LIMITS, storage), secret)
        self._sweeping: asyncio.Task[None] | None = None

    @property
    def cookie_name(self) -> str:
        """Of the session."""
        return self._cookie.name

    def add_routes(self, app: web.Application) -> None:
        access.add(app, Rule.STRANGER, "GET", "/api/v1/login", self.ways)
        access.add(app, Rule.STRANGER, "POST", "/api/v1/login", self.login)
        access.add(app, Rule.PERSON, "POST", "/api/v1/logout", self.logout)
        access.add(app, Rule.PERSON, "GET", "/api/v1/me", self.me)
        access.add(app, Rule.PERSON, "PUT", "/api/v1/me/password", self.password)
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
            await self._refusals.flush(self._clock())

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self._refusals.flush(self._clock())
                await sessions.sweep(self._database, self._clock())
            except UserError as error:
                log.warning("sweep", code=error.code)
            except Exception:
                log.exception("sweep")

    # ------------------------------------------------------------ routes

    async def ways(self, request: web.Request) -> web.Response:
        """How one can sign in here, for the page that asks."""
        return web.json_response({"password": True, "oidc": self._oidc is not None}, headers=_NO_STORE)

    async def login(self, request: web.Request) -> web.Response:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise UserError(403, "other_site", "Sign in on a page of this server; another site has sent this.")
        body = await bodies.read(request, SignInBody)
        begun = await self._sign_in.with_password(
            self._clock(),
            body.login,
            body.password.get_secret_value(),
            address=request[ADDRESS],
            agent=request.headers.get("User-Agent", ""),
            before=self._cookie.read(request),
        )
        response = web.json_response({"person": begun.person, "csrf": begun.csrf}, headers=_NO_STORE)
        self._cookie.set(response, begun.cookie)
        return response

    async def logout(self, request: web.Request) -> web.Response:
        body = await bodies.read(request, SignOutBody)
        caller = request[CALLER]
        await sessions.sign_out(
            self._database, self._clock(), caller.person, None if body.everywhere else caller.signed_in.hash
        )
        response = web.Response(status=204, headers=_NO_STORE)
        self._cookie.drop(response)
        return response

    async def me(self, request: web.Request) -> web.Response:
        caller = request[CALLER]
        signed_in = caller.signed_in
        document = {
            "person": {
                "id": signed_in.person,
                "name": signed_in.name,
                "login": signed_in.login,
                "language": signed_in.language,
                "school": signed_in.school,
            },
            "grants": [
                {"role": grant.role, "kind": grant.scope.kind, "scope": grant.scope.id}
                for grant in caller.grants
                if grant.role != roles.OWN
            ],
            "may": {
                action: [{"kind": kind, "scope": id} for kind, id in sorted(roles.reach(caller.grants, action))]
                for action in TABLE
            },
            "csrf": signed_in.csrf,
        }
        return web.json_response(document, headers=_NO_STORE)

    async def password(self, request: web.Request) -> web.Response:
        body = await bodies.read(request, PasswordBody)
        caller = request[CALLER]
        await self._old_passwords.check(person=caller.person)
        try:
            await self.accounts.set_password(
                self._clock(),
                caller.person,
                caller.person,
                body.new.get_secret_value(),
                old=body.old.get_secret_value(),
                keep=caller.signed_in.hash,
            )
        except UserError as error:
            if error.code == "wrong_password":
                await self._old_passwords.failed(person=caller.person)
            raise
        return web.Response(status=204, headers=_NO_STORE)

    async def oidc_start(self, request: web.Request) -> web.Response:
        address, flow = await self._configured().start(self._clock(), self._redirect_uri(request))
        response = _redirect(address)
        self._flow.set(response, flow)
        return response

    async def oidc_callback(self, request: web.Request) -> web.Response:
        begun: Begun = await self._configured().finish(
            self._clock(),
            request.query,
            self._flow.read(request),
            self._redirect_uri(request),
            address=request[ADDRESS],
            agent=request.headers.get("User-Agent", ""),
            before=self._cookie.read(request),
        )
        response = _redirect("/login?arrived=1")  # which goes on to where she wanted to
        self._flow.drop(response)
        self._cookie.set(response, begun.cookie)
        return response

    def _configured(self) -> Oidc:
        if self._oidc is None:
            raise UserError(404, "not_found", "This server has no sign-in service; sign in with a password.")
        return self._oidc

    def _redirect_uri(self, request: web.Request) -> str:
        # A forged Host does no harm: the provider sends browsers to registered addresses alone.
        return f"{self._public_url or f'{self._scheme}://{request.host}'}{_CALLBACK}"


def _redirect(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address, **_NO_STORE})


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
