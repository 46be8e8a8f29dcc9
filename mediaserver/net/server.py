"""The media server: one shard per core that may carry packets, and which room lives on which.

Everything but the packet planes' own threads runs on one event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from mediaserver import api
from mediaserver.net.shard import Shard
from mediaserver.settings import MediaSettings


class MediaServer:
    """:param bus: its commands are answered here, and it carries the events away.

    :ivar port: UDP port of the first shard; the others have the ports after it.
    """

    def __init__(self, settings: MediaSettings, bus: api.LocalBus) -> None:
        self._bus = bus
        self.shards = [Shard(settings, bus, self._total, self.counters) for _ in range(settings.threads)]
        self._draining = False
        self.port = 0

    @property
    def plane_name(self) -> str:
        return self.shards[0].plane_name

    async def start(self) -> None:
        """Bind the UDP ports and answer commands. `OSError` when one is taken; nothing stays bound then."""
        try:
            for number, shard in enumerate(self.shards):
                shard.open(number)
        except OSError:
            await self.stop()
            raise
        self.port = self.shards[0].port
        for shard in self.shards:
            shard.start()
        self._bus.serve(self.handle)

    async def stop(self) -> None:
        """Tell every peer, wait shortly for the farewells to leave, free everything. Twice is once."""
        self._draining = True
        await asyncio.gather(*(shard.stop() for shard in self.shards))

    def handle(self, command: api.Command) -> object:
        """Answer one command. Raises `UserError`."""
        match command:
            case api.Drain():
                self._draining = True
                return None
            case api.GetStats():
                return self._stats(command)
            case api.CloseSession() | api.RestartIce():
                return self._shard_of_session(command.session).handle(command)
            case api.Publish() | api.Subscribe() if self._draining:
                raise api.UserError(503, "draining", "The server is shutting down; try again in a moment.")
        return self._shard_of_room(command.room).handle(command)

    def _shard_of_room(self, room: str) -> Shard:
        """Where the room lives; a new one goes where the fewest sessions are."""
        for shard in self.shards:
            if room in shard.live.rooms:
                return shard
        return min(self.shards, key=lambda shard: len(shard.live.sessions))

    def _shard_of_session(self, session: str) -> Shard:
        return next((shard for shard in self.shards if session in shard.live.sessions), self.shards[0])

    def _stats(self, command: api.GetStats) -> api.StatsReported:
        if command.room is not None:
            return self._shard_of_room(command.room).live.stats(command.room)
        every = [shard.live.stats(None) for shard in self.shards]
        return api.StatsReported(None, tuple(one for part in every for one in part.sessions), self.counters())

    def _total(self) -> int:
        return sum(len(shard.live.sessions) for shard in self.shards)

    def counters(self) -> dict[str, int]:
        """Of all shards together."""
        total: Counter[str] = Counter()
        for shard in self.shards:
            total.update(shard.live.counters())
        return dict(total)
