"""A media server on loopback with peers around it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from mediaserver import api
from mediaserver.net.addresses import Port
from mediaserver.net.server import MediaServer
from mediaserver.settings import MediaSettings
from tests.net.peer import RawPeer
from tests.plane.helpers import FRAME, LEVEL, MID, OPUS, SEND_TIME, delta_picture, key_picture, rtp
from tests.relay import Relay

ROOM, HOST = "physics", "127.0.0.1"
PORT = Port(0, 9, frozenset((0,)), ())
"""For sessions that nobody connects to."""


class Bench:
    """:ivar events: all but statistics, in order."""

    def __init__(self, settings: MediaSettings, **options: int) -> None:
        self.bus = api.LocalBus()
        self.server = MediaServer(settings, self.bus, **options)
        self.events: list[api.Event] = []
        self.peers: list[RawPeer] = []
        self._lines = AsyncExitStack()
        self._news = asyncio.Event()
        self.bus.subscribe(self._heard)

    @property
    def live(self):
        return self.server.live

    @property
    def plane(self):
        return self.server._plane

    @property
    def tables(self):
        """The plane's tables themselves, for their sizes."""
        return self.server._plane._forwarder

    def counter(self, name: str) -> int:
        return self.live.stats(None).counters[name]

    def _heard(self, event: api.Event) -> None:
        if not isinstance(event, api.StatsReported):
            self.events.append(event)
        self._news.set()

    def heard(self, kind: type, **fields: object) -> list[Any]:
        """Events of that kind whose fields are as given."""
        return [
            event
            for event in self.events
            if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items())
        ]

    async def until(self, condition: Callable[[], object], timeout: float = 5.0) -> None:
        """Wait for something to become true; looked at after each event and every 10 ms."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._news.clear()
                try:
                    await asyncio.wait_for(self._news.wait(), 0.01)
                except TimeoutError:
                    continue

    async def closed(self, peer: RawPeer) -> str:
        """Wait until the peer's session is closed. Returns why."""
        await self.until(lambda: self.heard(api.SessionChanged, session=peer.session, state="closed"))
        return self.heard(api.SessionChanged, session=peer.session, state="closed")[-1].reason

    def slots(self, peer: RawPeer) -> dict[str, api.SlotState]:
        """The latest word on each slot of a subscriber; sound slots are named with a note before them."""
        told = self.heard(api.SlotsChanged, session=peer.session)
        return {("" if s.kind == "video" else "♪") + s.slot: s for s in told[-1].slots} if told else {}

    # ------------------------------------------------------------ people

    async def request(self, command: api.Command) -> Any:
        return await self.bus.request(command)

    async def offer_publish(
        self,
        participant: str,
        *lines: str,
        role: str = "lead",
        room: str = ROOM,
        takeover: bool = False,
        host="127.0.0.1",
    ) -> RawPeer:
        """A publisher whose offer was answered; it has not connected yet."""
        peer = await RawPeer.create(host)
        self.peers.append(peer)
        answer = await self.request(
            api.Publish(room, participant, role, peer.offer(*(lines or ("video", "audio"))), takeover)
        )
        peer.session = answer.session
        peer.accept(answer.answer)
        return peer

    async def publish(self, participant: str, *lines: str, **options: Any) -> Publisher:
        peer = await self.offer_publish(participant, *lines, **options)
        await peer.connect()
        return Publisher(peer, lines or ("video", "audio"))

    async def offer_watch(
        self, participant: str, *lines: str, role: str = "classroom", room: str = ROOM, host: str = HOST
    ) -> RawPeer:
        peer = await RawPeer.create(host)
        self.peers.append(peer)
        lines = lines or ("video", "video", "video", "audio", "audio")
        answer = await self.request(api.Subscribe(room, participant, role, peer.offer(*lines, direction="recvonly")))
        peer.session = answer.session
        peer.accept(answer.answer)
        return peer

    async def watch(self, participant: str, *lines: str, **options: Any) -> RawPeer:
        peer = await self.offer_watch(participant, *lines, **options)
        await peer.connect()
        await self.until(lambda: self.heard(api.SessionChanged, session=peer.session, state="connected"))
        return peer

    async def relay(self, peer: RawPeer) -> Relay:
        """A line that loses packets, between that peer and the server."""
        relay = Relay(peer.server[1])
        await self._lines.enter_async_context(relay)
        peer.server = ("127.0.0.1", relay.port)
        return relay

    async def close(self) -> None:
        await self._lines.aclose()
        await asyncio.gather(*(peer.close() for peer in self.peers))
        await self.server.stop()


@dataclass
class Publisher:
    """Sends pictures and sound of a peer. Tracks are named by their m-line's mid."""

    peer: RawPeer
    lines: tuple[str, ...]
    sequence: dict[str, int] = field(default_factory=dict)
    timestamp: dict[str, int] = field(default_factory=dict)

    @property
    def session(self) -> str:
        return self.peer.session

    def picture(self, mid: str = "0", *, key: bool = False, text: str = "") -> bytes:
        """The next picture, one packet. SSRC and m-line go together."""
        payload = (key_picture if key else delta_picture)(text or f"{mid} {self.sequence.get(mid, 0)}")
        return self._packet(mid, payload, FRAME, pt=96, extensions=((MID, mid.encode()), (SEND_TIME, b"\1\2\3")))

    def sound(self, mid: str = "1", *, level: int = 127, text: str = "voice") -> bytes:
        extensions = ((MID, mid.encode()), (LEVEL, bytes((level,))))
        return self._packet(mid, text.encode(), 960, pt=OPUS, extensions=extensions)

    def _packet(self, mid: str, payload: bytes, step: int, *, pt: int, extensions) -> bytes:
        sequence = self.sequence[mid] = self.sequence.get(mid, 100) + 1
        timestamp = self.timestamp[mid] = self.timestamp.get(mid, 0) + step
        return rtp(sequence, timestamp, payload, pt=pt, ssrc=self.ssrc(mid), marker=True, extensions=extensions)

    def ssrc(self, mid: str) -> int:
        return 0xABC000 + int(mid)

    def show(self, pictures: int = 1, mid: str = "0", *, key: bool = False) -> None:
        for number in range(pictures):
            self.peer.send_rtp(self.picture(mid, key=key and number == 0))

    def speak(self, packets: int = 1, mid: str = "1", *, level: int = 127, text: str = "voice") -> None:
        for _ in range(packets):
            self.peer.send_rtp(self.sound(mid, level=level, text=text))
