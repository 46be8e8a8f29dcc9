"""`/ws`: one connection per page, typed messages both ways (docs/protocol.md, "WebSocket /ws").

Nothing waits for a slow page: what is sent goes into a bounded queue that a task of the connection
empties. Numbers that will be sent again in two seconds are dropped when it is half full; a page that
lets it fill up is closed and comes back with a fresh `welcome`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from mediaserver.api import UserError
from signalling import commands, messages, tokens
from signalling.metrics import Metrics
from signalling.rooms import Rooms
from signalling.tokens import Claims

log = structlog.get_logger("signalling.ws")

HELLO_TIMEOUT_S = 10.0
HEARTBEAT_S = 15.0
QUEUE = 512
CLOSE_TIMEOUT_S = 1.0
MAX_STRANGERS = 256
"""Connections that have not said hello yet, over all addresses."""
REFUSED = {401: 4401, 403: 4403, 503: int(WSCloseCode.TRY_AGAIN_LATER)}
"""Close codes by the status that the same refusal has over HTTP; 4400 for all others."""
BURST, PER_SECOND = 60, 20
"""A page may send so many messages at once, and so many per second in the long run."""


class Connection:
    """A page that said hello. `send` and `finish` never block; `run` writes until the end."""

    def __init__(self, ws: web.WebSocketResponse, claims: Claims, metrics: Metrics, abort: Callable[[], None]) -> None:
        """:param abort: cuts the transport of a page that does not even read its `bye`."""
        self.claims = claims
        self._ws = ws
        self._abort = abort
        self._deadline: asyncio.TimerHandle | None = None
        self._metrics = metrics
        self._queue: deque[str] = deque()
        self._wake = asyncio.Event()
        self._close: tuple[int, bytes] | None = None

    def send(self, text: str, *, droppable: bool = False) -> None:
        if self._close is not None:
            return
        if droppable and len(self._queue) >= QUEUE // 2:
            self._metrics.ws_dropped.labels("backlog").inc()
            return
        if len(self._queue) >= QUEUE:
            self._metrics.ws_dropped.labels("slow_page").inc(len(self._queue))
            self._queue.clear()
            self.finish(WSCloseCode.TRY_AGAIN_LATER, "too_slow", retry_after_ms=1000)
            return
        self._queue.append(text)
        self._wake.set()

    def finish(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        if self._close is not None:
            return
        self._queue.append(messages.Bye(reason=reason, retry_after_ms=retry_after_ms).text())
        self._close = (code, reason.encode())
        self._metrics.ws_closed.labels(str(int(code))).inc()
        self._deadline = asyncio.get_running_loop().call_later(2 * CLOSE_TIMEOUT_S, self._abort)
        self._wake.set()

    async def run(self) -> None:
        """Write what is queued, in order; returns when the `bye` is out."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                await self._ws.send_str(self._queue.popleft())
            if self._close is not None:
                return

    async def close(self) -> None:
        """The closing handshake, when `finish` asked for one."""
        if self._close is not None:
            code, reason = self._close
            await self._ws.close(code=code, message=reason)
        if self._deadline is not None:
            self._deadline.cancel()

    @property
    def finishing(self) -> bool:
        return self._close is not None


class Allowance:
    """Token bucket; `now` in seconds of any clock."""

    def __init__(self, burst: float, per_second: float, now: float) -> None:
        self._burst, self._rate, self._level, self._at = burst, per_second, burst, now

    def take(self, now: float) -> bool:
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


class WebSockets:
    """The handler of `/ws` and the list of connections that a shutdown has to close."""

    def __init__(
        self, rooms: Rooms, secret: bytes, metrics: Metrics, *, hello_timeout: float = HELLO_TIMEOUT_S
    ) -> None:
        self._rooms = rooms
        self._secret = secret
        self._metrics = metrics
        self._hello_timeout = hello_timeout
        self._strangers = 0
        self._draining: int | None = None
        self._open: set[asyncio.Task[Any]] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self._strangers >= MAX_STRANGERS:
            self._metrics.ws_dropped.labels("strangers").inc()
            raise UserError(503, "too_many_sessions", "Too many pages connect at once; try again in a moment.")
        ws = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=messages.MAX_BYTES, timeout=CLOSE_TIMEOUT_S, compress=False
        )
        await ws.prepare(request)
        self._strangers += 1
        try:
            claims = await self._greet(ws)
        finally:
            self._strangers -= 1
        handler = asyncio.current_task()
        if claims is not None and handler is not None:
            self._open.add(handler)
            try:
                await self._serve(request, ws, claims)
            finally:
                self._open.discard(handler)
        return ws

    async def drain(self, retry_after_ms: int) -> None:
        """Say `bye` to every page, now and from now on; returns when all are gone or a second has passed."""
        self._draining = retry_after_ms
        for page in self._rooms.pages():
            page.finish(WSCloseCode.SERVICE_RESTART, "restarting", retry_after_ms)
        if self._open:
            await asyncio.wait(self._open, timeout=CLOSE_TIMEOUT_S)

    async def _greet(self, ws: web.WebSocketResponse) -> Claims | None:
        """The verified claims of the first message; None when the connection was closed instead."""
        try:
            first = await ws.receive(timeout=self._hello_timeout)
            if first.type is not WSMsgType.TEXT:
                raise messages.BadMessage("no hello")
            hello = messages.parse(first.data)
            if not isinstance(hello, messages.Hello):
                raise messages.BadMessage("hello comes first")
            claims = tokens.verify(self._secret, hello.token, now=self._rooms.clock())
            await self._rooms.admit(claims)
        except (messages.BadMessage, TimeoutError):
            await self._refuse(ws, 4400, "bad_request")
        except UserError as error:
            await self._refuse(ws, REFUSED.get(error.status, 4400), error.code, error.extra.get("retry_after_ms"))
        else:
            return claims
        return None

    async def _refuse(
        self, ws: web.WebSocketResponse, code: int, reason: str, retry_after_ms: int | None = None
    ) -> None:
        if not ws.closed:
            self._metrics.ws_closed.labels(str(code)).inc()
            await ws.send_str(messages.Bye(reason=reason, retry_after_ms=retry_after_ms).text())
            await ws.close(code=code, message=reason.encode())

    async def _serve(self, request: web.Request, ws: web.WebSocketResponse, claims: Claims) -> None:
        transport = request.transport
        page = Connection(ws, claims, self._metrics, transport.abort if transport else _nothing)
        if self._draining is not None:
            page.finish(WSCloseCode.SERVICE_RESTART, "restarting", self._draining)
        else:
            self._rooms.join(page)
            log.info("joined", room=claims.room, participant=claims.participant, role=claims.role)
        reader = asyncio.create_task(self._read(ws, page), name="ws-reader")
        writer = asyncio.create_task(page.run(), name="ws-writer")
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._rooms.leave(page)
            # aiohttp completes the closing handshake only when nobody else reads.
            reader.cancel()
            if not page.finishing:
                writer.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)
            await page.close()
            log.info("left", room=claims.room, participant=claims.participant, code=ws.close_code)

    async def _read(self, ws: web.WebSocketResponse, page: Connection) -> None:
        loop = asyncio.get_running_loop()
        allowance = Allowance(BURST, PER_SECOND, loop.time())
        async for message in ws:
            if page.finishing:
                return
            if message.type is not WSMsgType.TEXT:
                page.finish(4400, "bad_request")
                return
            if not allowance.take(loop.time()):
                self._metrics.ws_dropped.labels("flood").inc()
                page.finish(4400, "too_many_messages", retry_after_ms=5000)
                return
            await self._one(page, message.data)

    async def _one(self, page: Connection, text: str) -> None:
        kind: str | None = None
        try:
            message = messages.parse(text)
            kind = message.t
            if isinstance(message, messages.Hello):
                raise UserError(400, "bad_request", "This connection has said hello already.")
            self._metrics.ws_received.labels(kind).inc()
            await commands.obey(self._rooms, page, message)
        except messages.BadMessage:
            page.finish(4400, "bad_request")
        except UserError as error:
            self._metrics.ws_dropped.labels("refused").inc()
            re = error.extra.get("re", kind)
            page.send(messages.Error(code=error.code, detail=error.detail, re=re).text())
        except Exception:
            log.exception("bug", t=kind)
            detail = "The server made a mistake; try again, and report it if it stays."
            page.send(messages.Error(code="internal", detail=detail, re=kind).text())


def _nothing() -> None:
    """A connection without a transport is closed already."""
