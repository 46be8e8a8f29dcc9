"""A UDP relay on loopback that can be a bad line: it cuts, loses and delays.

    client ──▶ relay port ──▶ one socket per client ──▶ server

The kernel the tests run on need not have netem, and a relay is the same everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

Lose = Callable[[int, bytes], bool]
"""(number of the datagram in its direction, datagram) → whether it is lost."""

MAX_CLIENTS = 64


def every(nth: int) -> Lose:
    """Lose every `nth` SRTP packet of media; STUN, DTLS and RTCP get through."""
    media = 0

    def lose(number: int, data: bytes) -> bool:
        nonlocal media
        if data[0] < 128 or 192 <= data[1] <= 223:
            return False
        media += 1
        return media % nth == 0

    return lose


def lose_nothing(number: int, data: bytes) -> bool:
    return False


class _Port(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Any], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._received(data, addr)


class Relay:
    """:ivar cut: nothing passes in either direction. :ivar delay: seconds, one way each.
    :ivar up, down: decide over datagrams towards the server and from it.
    """

    def __init__(self, server_port: int, host: str = "127.0.0.1") -> None:
        self._server = (host, server_port)
        self._clients: dict[Any, asyncio.DatagramTransport] = {}
        self._opening: set[Any] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._front: asyncio.DatagramTransport | None = None
        self._count = {"up": 0, "down": 0}
        self.cut = False
        self.delay = 0.0
        self.up: Lose = lose_nothing
        self.down: Lose = lose_nothing
        self.lost = 0
        self.port = 0

    async def __aenter__(self) -> Relay:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Port(self._from_client), local_addr=(self._server[0], 0)
        )
        self.port = self._front.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for transport in (self._front, *self._clients.values()):
            if transport is not None:
                transport.close()

    def _from_client(self, data: bytes, client: Any) -> None:
        back = self._clients.get(client)
        if back is not None:
            self._pass("up", self.up, data, lambda: back.sendto(data, self._server))
        elif client not in self._opening and len(self._clients) < MAX_CLIENTS:
            # The first datagram is given up; every protocol above sends it again.
            self._opening.add(client)
            task = asyncio.get_running_loop().create_task(self._open(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self, client: Any) -> None:
        self._clients[client], _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Port(lambda data, _: self._from_server(data, client)), local_addr=(self._server[0], 0)
        )
        self._opening.discard(client)

    def _from_server(self, data: bytes, client: Any) -> None:
        front = self._front
        if front is not None:
            self._pass("down", self.down, data, lambda: front.sendto(data, client))

    def _pass(self, way: str, lose: Lose, data: bytes, send: Callable[[], None]) -> None:
        number = self._count[way]
        self._count[way] += 1
        if self.cut or lose(number, data):
            self.lost += 1
        elif self.delay:
            asyncio.get_running_loop().call_later(self.delay, send)
        else:
            send()
