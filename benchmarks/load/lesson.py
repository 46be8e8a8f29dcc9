"""Lessons under load: one lead who publishes, and as many receivers as wanted."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

from benchmarks.load import media
from benchmarks.load.engine import Engine
from benchmarks.load.peer import Peer
from benchmarks.load.sdp import Kind
from benchmarks.servers import Server
from mediaserver.net import dtls

JOINS_AT_ONCE = 24
CONTROL_S = 0.25
START_DELAY_NS = 100_000_000
SOUND_OFFSET_NS = 7_000_000
"""Sound and picture do not begin together, and so seldom leave together."""


def new_ssrcs() -> tuple[int, int]:
    first = secrets.randbits(31) | 1
    return first, first + 1


class Crowd:
    """All peers of a benchmark: joins them, answers what the server asks of them, closes them."""

    def __init__(self, engine: Engine, server: Server) -> None:
        self.engine = engine
        self.server = server
        self._certificate = dtls.generate_certificate()
        self._by_id: dict[int, Peer] = {}
        self._answering: asyncio.Task[None] | None = None
        self._pictures = media.real_pictures() if server.decodes else media.pictures()
        self._sound = media.sound()

    # ------------------------------------------------------------ peers

    async def join(self, how: Callable[[Peer], Awaitable[None]]) -> Peer:
        """A new peer, connected with `how`. What goes wrong leaves nothing behind."""
        peer = Peer(self.engine, self._certificate)
        try:
            await how(peer)
        except BaseException:
            await peer.close(farewell=False)
            raise
        assert peer.id is not None
        self._by_id[peer.id] = peer
        return peer

    async def join_many(
        self, count: int, how: Callable[[Peer], Awaitable[None]], *, at_once: int = JOINS_AT_ONCE
    ) -> list[Peer]:
        """The first failure cancels the others and is raised."""
        gate = asyncio.Semaphore(at_once)

        async def one() -> Peer:
            async with gate:
                return await self.join(how)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one()) for _ in range(count)]
        return [task.result() for task in tasks]

    async def leave(self, peer: Peer, *, farewell: bool = True) -> None:
        if peer.id is not None:
            self._by_id.pop(peer.id, None)
        await peer.close(farewell=farewell)

    async def leave_all(self, *, farewell: bool = True) -> None:
        for peer in list(self._by_id.values()):
            await self.leave(peer, farewell=farewell)

    # ------------------------------------------------------------ lessons

    async def lead(
        self, room: str = "r0", *, how: Callable[[Peer, Sequence[int]], Awaitable[None]] | None = None
    ) -> Peer:
        """A publisher of picture and sound, not sending yet: `start` does that."""
        ssrcs = new_ssrcs()

        async def publish(peer: Peer) -> None:
            if how is None:
                await self.server.publish(peer, room, ssrcs)
            else:
                await how(peer, ssrcs)

        return await self.join(publish)

    def start(self, publishers: Iterable[Peer]) -> None:
        """Let them send. Each begins at its own moment of a frame, as in life."""
        base = time.monotonic_ns() + START_DELAY_NS
        for index, peer in enumerate(publishers):
            begin = base + index * 1_618_033 % self._pictures.frame_ns
            peer.send(self._pictures, peer.ssrcs[0], begin)
            peer.send(self._sound, peer.ssrcs[1], begin + SOUND_OFFSET_NS)

    async def receivers(
        self, count: int, room: str = "r0", kinds: Sequence[Kind] = ("video", "audio"), *, at_once: int = JOINS_AT_ONCE
    ) -> list[Peer]:
        async def subscribe(peer: Peer) -> None:
            await self.server.subscribe(peer, room, kinds)

        return await self.join_many(count, subscribe, at_once=at_once)

    # ------------------------------------------------------------ life

    async def _answer(self) -> None:
        while True:
            await asyncio.sleep(CONTROL_S)
            for peer, data in self.engine.take_control():
                if (known := self._by_id.get(peer)) is not None:
                    known.receive_check(data)

    async def __aenter__(self) -> Crowd:
        self._answering = asyncio.create_task(self._answer())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._answering is not None
        self._answering.cancel()
        await asyncio.gather(self._answering, return_exceptions=True)
        # The server is about to be stopped; a farewell from each of a thousand would only take time.
        await self.leave_all(farewell=False)


@contextlib.asynccontextmanager
async def crowd(server: Server) -> AsyncIterator[Crowd]:
    """A crowd with an engine of its own."""
    with Engine() as engine:
        async with Crowd(engine, server) as made:
            yield made
