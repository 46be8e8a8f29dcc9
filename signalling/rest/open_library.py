"""What is public of the library, for catalogues (OAI-PMH) and feed readers (RSS): no one needs to be signed in."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from mediaserver.api import UserError
from signalling import access, bodies
from signalling.access import DATABASE, Rule, origin
from signalling.config import HttpConfig
from signalling.library import oai, openly, rss
from signalling.library.oai import Repository
from signalling.people.scopes import is_id

NAME = "同课 Tongke"
OAI = "/oai"
_FORM = "application/x-www-form-urlencoded"
MAX_ARGUMENTS = 20
AT_ONCE = 2
"""Of all who ask, so that those who are signed in find the database free."""
WAITING = 16
"""Who stand in line; who comes then is asked to come again."""


class OpenLibrary:
    def __init__(self, http: HttpConfig, clock: Callable[[], float]) -> None:
        self._http = http
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asking = 0
        # Identifiers stay the same, by whatever name the server is called.
        self._host = urlsplit(http.public_url or "").hostname or next(iter(http.public_names), "tongke")

    def add_routes(self, app: web.Application) -> None:
        access.add(app, Rule.PUBLIC, "GET", OAI, self.oai)
        access.add(app, Rule.PUBLIC, "POST", OAI, self.oai)
        access.add(app, Rule.PUBLIC, "GET", "/feeds/library/{place}.rss", self.rss)

    async def oai(self, request: web.Request) -> web.Response:
        """Arguments stand in the address or, by POST, in a form (§3.1.1)."""
        said = request.query_string
        if request.method == "POST":
            body = await bodies.receive(request)
            if body and request.content_type != _FORM:
                raise UserError(415, "not_a_form", f"Send the arguments as {_FORM}.")
            said = body.decode("utf-8", "replace")
        try:
            given = parse_qsl(said, keep_blank_values=True, max_num_fields=MAX_ARGUMENTS)
        except ValueError:
            raise UserError(400, "bad_request", "There are too many arguments; see the OAI protocol.") from None
        given = [(name, value.replace("\0", "�")) for name, value in given]
        base = origin(self._http, request)
        at = Repository(NAME, base + OAI, base, self._host)
        async with self._turn(), request.app[DATABASE].read() as session:
            text = await oai.answer(session, at, given, self._clock())
        return web.Response(body=text, content_type=oai.CONTENT_TYPE, charset="utf-8")

    async def rss(self, request: web.Request) -> web.Response:
        id = request.match_info["place"]
        async with self._turn(), request.app[DATABASE].read() as session:
            place = await openly.place(session, id) if is_id(id) else None
            if place is None:
                raise UserError(404, "not_found", "There is no such school or region; see its page.")
            items = await openly.newest(session, place)
        base = origin(self._http, request)
        body = await asyncio.to_thread(rss.write, place, items, base, base + request.path)
        headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": "public, max-age=300"}
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=rss.CONTENT_TYPE, charset="utf-8", headers=headers)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """:raises UserError: 503 `open_library_busy`."""
        if self._asking >= AT_ONCE + WAITING:
            raise UserError(
                503, "open_library_busy", "Many programs read the library right now; ask again in a moment."
            )
        self._asking += 1
        try:
            async with self._turns:
                yield
        finally:
            self._asking -= 1
