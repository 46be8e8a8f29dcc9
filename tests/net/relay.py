"""A line between a peer and the server that loses packets: every n-th SRTP packet of media, each way."""

from __future__ import annotations

import asyncio
from typing import Any


class Relay:
    """One UDP port for the peer, one towards the server. RTCP, STUN and DTLS get through.

    :ivar up, down: lose every so many-th media packet towards the server, or towards the peer; 0 loses none.
    :ivar dead: while true nothing gets through at all.
    """

    def __init__(self) -> None:
        self.up = self.down = 0
        self.dead = False
        self.lost = 0
        self.address: tuple[Any, ...] = ()
        self._peer: tuple[Any, ...] | None = None
        self._passed = {"up": 0, "down": 0}

    async def start(self, server: tuple[Any, ...]) -> None:
        loop = asyncio.get_running_loop()
        self._outer, _ = await loop.create_datagram_endpoint(lambda: _Side(self.from_peer), local_addr=("127.0.0.1", 0))
        self._inner, _ = await loop.create_datagram_endpoint(lambda: _Side(self.from_server), remote_addr=server)
        self.address = self._outer.get_extra_info("sockname")

    def from_peer(self, data: bytes, address: tuple[Any, ...]) -> None:
        self._peer = address
        if self._gets_through(data, "up", self.up):
            self._inner.sendto(data)

    def from_server(self, data: bytes, _: object) -> None:
        if self._peer is not None and self._gets_through(data, "down", self.down):
            self._outer.sendto(data, self._peer)

    def _gets_through(self, data: bytes, way: str, every: int) -> bool:
        if self.dead:
            self.lost += 1
            return False
        if every and data[0] >= 128 and not 192 <= data[1] <= 223:
            self._passed[way] += 1
            if self._passed[way] % every == 0:
                self.lost += 1
                return False
        return True

    def close(self) -> None:
        self._outer.close()
        self._inner.close()


class _Side(asyncio.DatagramProtocol):
    def __init__(self, received) -> None:
        self.datagram_received = received
