"""A receiver of webhooks, as somebody else would write it from the specification alone."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    raw: bytes
    peer: object
    """Address and port that it came from."""

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.raw)

    def is_signed(self, secret: str) -> bool:
        """Standard Webhooks, "Signature scheme"."""
        key = base64.b64decode(secret.split("_", 1)[1])
        content = self.headers["webhook-id"] + "." + self.headers["webhook-timestamp"] + "." + self.raw.decode()
        wanted = base64.b64encode(hmac.new(key, content.encode(), hashlib.sha256).digest()).decode()
        return f"v1,{wanted}" in self.headers["webhook-signature"].split(" ")


class Receiver:
    """:ivar got: all requests. :ivar answers: what the next ones are answered; then 204."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answers: list[int | Answer] = []
        self.open = asyncio.Event()
        """Set when what hangs may end."""
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        self.open.set()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> Receiver:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def hang(self, _: web.Request) -> web.StreamResponse:
        await self.open.wait()
        return web.Response(status=204)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        self.got.append(Got(request.path, headers, await request.read(), peer))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, int):
            return web.Response(status=answer, text="" if answer == 204 else f"answer {answer}")
        return await answer(request)
