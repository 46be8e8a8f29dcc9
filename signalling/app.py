"""The HTTP side put together: routes with their rules, middlewares, security headers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy import select

from mediaserver import api
from signalling import access, metrics
from signalling.access import DATABASE, RULES, Rule
from signalling.bell.passes import Passes
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.records import AuditHead
from signalling.devices.service import Devices
from signalling.hooks.webhooks import Webhooks
from signalling.library import indexing, retention
from signalling.library.searches import Searches
from signalling.library.shelf import Shelf
from signalling.library.uploads import Uploads
from signalling.metrics import Metrics
from signalling.pages import Pages
from signalling.people.web import People
from signalling.problems import problems
from signalling.recording.recordings import Recordings
from signalling.rest import scratch
from signalling.rest.api import Api
from signalling.rest.audit import AuditResource
from signalling.rest.bookings import BookingsResource
from signalling.rest.calendars import BellsResource, CalendarsResource
from signalling.rest.classroom import ClassroomResource
from signalling.rest.classrooms import ClassesResource, ClassroomsResource
from signalling.rest.device import DeviceResource
from signalling.rest.devices import DevicesResource
from signalling.rest.exports import ExportsResource
from signalling.rest.feeds import FeedsResource
from signalling.rest.imports import ImportsResource
from signalling.rest.jobs import Jobs
from signalling.rest.ledger import LedgerResource
from signalling.rest.lessons import LessonsResource
from signalling.rest.library_files import LibraryFiles
from signalling.rest.library_search import LibrarySearchResource
from signalling.rest.me import MeResource
from signalling.rest.notices import NoticesResource
from signalling.rest.open_library import OpenLibrary
from signalling.rest.pairing import PairingResource
from signalling.rest.people import PeopleResource
from signalling.rest.places import RegionsResource, SchoolsResource
from signalling.rest.rating import RatingResource
from signalling.rest.recording import RecordingResource
from signalling.rest.resources import LibraryResource
from signalling.rest.rooms import RoomsResource
from signalling.rest.series import SeriesResource
from signalling.rest.stages import StagesResource
from signalling.rest.transcripts import TranscriptsResource
from signalling.rest.uploads import UploadsResource
from signalling.rest.webhooks import WebhooksResource
from signalling.rest.week import WeekResource
from signalling.rooms import Rooms
from signalling.whip import CORS, MAX_BODY, Resource
from signalling.ws import WebSockets

log = structlog.get_logger("signalling.http")

RETRY_AFTER_MS = 2000
TICK_S = 1.0
READY_S = 3.0
"""A database that takes longer to answer is none to send people to."""
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")


class Signalling:
    """Everything behind the HTTP port except the sockets.

    `start` begins the clock of the rooms, `drain` refuses what is new and says good-bye, `stop` ends the rest.
    The database is opened before and closed after it; handlers find it in `request.app[DATABASE]`.

    :ivar people: accounts and who is signed in. :ivar passes: for whoever enters a lesson.
    :ivar recordings: of lessons; they begin when somebody starts them with a media server's taps.
    """

    def __init__(
        self,
        config: Config,
        bus: api.Bus,
        secret: bytes,
        database: Database,
        *,
        ca_file: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.metrics = Metrics()
        self.rooms = Rooms(bus, self.metrics, clock)
        self.sockets = WebSockets(self.rooms, secret, self.metrics)
        self.people = People(config, database, secret, clock)
        self.devices = Devices(database, config.bell, secret, self.people.refusals, self.metrics, clock)
        self._bus = bus
        self._database = database
        self._ca_file = ca_file
        self._clock = clock
        self._ready = False
        self._ticking: asyncio.Task[None] | None = None
        guard = access.make_guard(
            secret, config.http, clock, {Rule.PERSON: self.people.door, Rule.DEVICE: self.devices.door}
        )
        self.app = app = web.Application(client_max_size=MAX_BODY, middlewares=[self._account, problems, guard])
        app[RULES] = {}
        app[DATABASE] = database
        app.on_response_prepare.append(_headers)
        Resource(self.rooms, "whip", config.media.ice_servers).add_routes(app)
        Resource(self.rooms, "whep", config.media.ice_servers).add_routes(app)
        self.passes = Passes(database, secret)
        self.recordings = Recordings(
            database, self.rooms, self.metrics, config.recording_dir, config.recorder.enabled, clock
        )
        self._imports = Jobs()
        self._index_dir = config.index_dir
        self.searches = Searches(config.index_dir)
        rules = config.bell.rules()
        rule = retention.Rule(config.recorder.keep_days, config.recorder.keep_parts_days)
        self.shelf = Shelf(config.library_url, config.recording_dir, database, clock, rule)
        uploads = Uploads(config.recording_dir, config.recorder.max_upload_mb << 20)
        resources = [
            RoomsResource(self.rooms),
            MeResource(self.people),
            RegionsResource(),
            SchoolsResource(),
            ClassroomsResource(),
            ClassesResource(),
            CalendarsResource(),
            BellsResource(),
            PeopleResource(self.people.accounts, config.oidc.issuer),
            BookingsResource(rules),
            SeriesResource(rules),
            LessonsResource(config.bell, self.passes),
            WeekResource(rules),
            NoticesResource(),
            LedgerResource(),
            RatingResource(config.bell),
            FeedsResource(config.http, secret),
            ImportsResource(self._imports, rules, uploads, config.import_dir, clock),
            ExportsResource(),
            AuditResource(),
            PairingResource(self.devices),
            DevicesResource(self.devices),
            DeviceResource(self.devices, self.passes),
            ClassroomResource(self.devices),
            RecordingResource(self.recordings),
            WebhooksResource(Webhooks(database, secret, config.webhooks.allow)),
            LibrarySearchResource(self.searches),
            LibraryResource(self.shelf.discard),
            TranscriptsResource(),
            UploadsResource(uploads),
            StagesResource(),
        ]
        self.api = Api(database, resources, self.people.cookie.name, clock)
        self.api.add_routes(app)
        self.people.add_routes(app)
        LibraryFiles(self.shelf).add_routes(app)
        OpenLibrary(config.http, clock).add_routes(app)
        access.add(app, Rule.HELLO, "GET", "/ws", self.sockets.handle)
        access.add(app, Rule.PUBLIC, "GET", "/healthz", self._healthz)
        access.add(app, Rule.PUBLIC, "GET", "/readyz", self._readyz)
        access.add(app, Rule.PUBLIC, "GET", "/ca.crt", self._ca)
        access.add(app, Rule.NETWORK, "GET", "/metrics", self._metrics)
        Pages(config.http.pages_dir).add_routes(app)

    async def start(self) -> None:
        self._ticking = asyncio.create_task(self._tick(), name="rooms-tick")
        await self.people.start()
        await self.devices.start()
        await self.api.start()
        await indexing.begin(self._database, self._index_dir, self._clock())
        await self.searches.start()
        await self.shelf.start()
        if left := await asyncio.to_thread(scratch.sweep):
            log.info("files_removed", files=left)
        self._set_ready(True)

    async def drain(self) -> None:
        """`/readyz` turns 503, the media server takes nothing new, every page hears `bye`."""
        self._set_ready(False)
        await self._bus.request(api.Drain())
        await self.sockets.drain(RETRY_AFTER_MS)

    async def stop(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self._imports.stop()
        await self.searches.stop()
        await self.shelf.stop()
        await self.api.stop()
        await self.devices.stop()
        await self.people.stop()

    def _set_ready(self, ready: bool) -> None:
        self._ready = ready
        self.metrics.ready.set(ready)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.rooms.tick()
            except Exception:
                log.exception("tick")

    # ------------------------------------------------------------ small routes

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _readyz(self, request: web.Request) -> web.Response:
        if not self._ready:
            raise api.UserError(503, "draining", "The server is starting or about to stop; try again in a moment.")
        try:
            async with asyncio.timeout(READY_S), self._database.read() as session:
                await session.execute(select(AuditHead.number))
        except TimeoutError:
            raise api.UserError(
                503, "database_unavailable", "The database does not answer; check that it runs and has little to do."
            ) from None
        return web.Response(text="ok")

    async def _ca(self, request: web.Request) -> web.StreamResponse:
        if self._ca_file is None:
            raise api.UserError(
                404, "not_found", "This server did not make its own CA; its certificate comes from files."
            )
        headers = {"Content-Type": "application/x-x509-ca-cert", "Content-Disposition": 'attachment; filename="ca.crt"'}
        return web.FileResponse(self._ca_file, headers=headers)

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=self.metrics.render(), headers={"Content-Type": metrics.CONTENT_TYPE})

    @web.middleware
    async def _account(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Access log and metrics by route; addresses of sessions are secrets and never appear."""
        began = time.monotonic()
        status = 499  # the client went away
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            seconds = time.monotonic() - began
            resource = request.match_info.route.resource
            route = resource.canonical if resource is not None else "none"
            method = request.method if request.method in _METHODS else "other"
            self.metrics.http_requests.labels(method, route, status).inc()
            if route != "/ws":
                self.metrics.http_seconds.labels(route).observe(seconds)
            log.debug("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    """Security headers on every answer, CORS on WHIP's and WHEP's whatever they say."""
    headers = response.headers
    # 'self' alone does not cover WebSockets in every browser that is still in use.
    host = request.headers.get("Host", "")
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        f"media-src 'self' blob: mediastream:; connect-src 'self'{sockets}; font-src 'self'; worker-src 'self' blob:; "
        f"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.path.startswith(("/whip/", "/whep/")):
        for name, value in CORS.items():
            headers.setdefault(name, value)
