"""A real server on loopback with a fake media server behind it, and pages that talk to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from mediaserver.settings import MediaSettings
from signalling.cli.serve import Server
from signalling.config import Config
from tests.signalling.fakes import FakeMedia

WAIT_S = 5.0


class Page:
    """A WebSocket client that collects messages and waits for the one a test is after."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.read: list[dict[str, Any]] = []

    async def say(self, t: str, **fields: Any) -> None:
        await self.ws.send_json({"t": t, **fields})

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            message = await self.ws.receive_json()
        self.read.append(message)
        return message

    async def until(self, t: str, fits: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """Read on until a message of that type fits."""
        while True:
            message = await self.next()
            if message["t"] == t and fits(message):
                return message

    async def since_now(self) -> list[dict[str, Any]]:
        """Everything the server sent up to now: what comes before the answer to a ping."""
        seen = len(self.read)
        await self.say("ping", id=seen)
        await self.until("pong", lambda message: message["id"] == seen)
        return self.read[seen:-1]

    async def closed(self) -> int | None:
        """Read until the connection is closed; returns the close code."""
        async with asyncio.timeout(WAIT_S):
            while True:
                message = await self.ws.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    self.read.append(message.json())
                else:
                    return self.ws.close_code


class School:
    """A running server, an HTTP client for it, and tokens."""

    def __init__(self, server: Server, media: FakeMedia, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.media = media
        self.http = http

    def bearer(self, role: str, id: str | None = None, room: str = "r1", **more: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.server.token(room, role, id=id or role, **more)}"}

    async def post(self, path: str, role: str, body: str | bytes, id: str | None = None, **more: Any) -> Any:
        headers = {**self.bearer(role, id), "Content-Type": "application/sdp", **more.pop("headers", {})}
        return await self.http.post(path, data=body, headers=headers, **more)

    async def page(self, role: str, id: str | None = None, room: str = "r1", **more: Any) -> Page:
        """A page that has said hello; its `welcome` is unread."""
        page = await self.stranger()
        token = self.server.token(room, role, id=id or role, name=f"Name of {id or role}", **more)
        await page.say("hello", v=1, token=token)
        return page

    async def joined(self, role: str, id: str | None = None, room: str = "r1", **more: Any) -> Page:
        page = await self.page(role, id, room, **more)
        await page.until("welcome")
        return page

    async def stranger(self) -> Page:
        return Page(await self.http.ws_connect("/ws"))


@pytest.fixture
async def open_school(tmp_path: Any) -> AsyncIterator[Callable[..., Any]]:
    """Start a school with settings of the test's own."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**settings: Any) -> School:
            made: list[FakeMedia] = []

            def media(media_settings: MediaSettings, bus: Any) -> FakeMedia:
                made.append(FakeMedia(media_settings, bus))
                return made[0]

            http_settings = {"host": ["127.0.0.1"], "port": 0, "tls": "off", **settings.pop("http", {})}
            server = Server(Config(data_dir=tmp_path, http=http_settings, **settings), media=media)
            await stack.enter_async_context(server)
            base = f"http://127.0.0.1:{server.port}" if http_settings["tls"] == "off" else server.url
            http = await stack.enter_async_context(aiohttp.ClientSession(base))
            return School(server, made[0], http)

        yield start


@pytest.fixture
async def school(open_school: Callable[..., Any]) -> School:
    return await open_school()
