"""Several planes that look like one: whose socket is whose, and when a mirror comes and goes."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from mediaserver.net.dtls import SrtpLibrary
from mediaserver.plane.group import PlaneGroup
from mediaserver.plane.interface import COUNTERS, Address, Kind, Relaying, Route, Stream
from mediaserver.plane.native import NativePlane
from mediaserver.plane.reference import ReferencePlane
from tests.plane.helpers import (
    CAMERA,
    OUT_VP8,
    SETTINGS,
    VP8,
    Packet,
    consecutive,
    delta_picture,
    key_picture,
    rtp,
    sequences,
    srtp,
)
from tests.plane.test_reference_sockets import HOSTS, Control, receive

PLANES = {
    "native": lambda: NativePlane(replace(SETTINGS, max_events=1000, srtp=SrtpLibrary())),
    "reference": lambda: ReferencePlane(replace(SETTINGS, max_events=1000)),
}
N = 3


@dataclass
class Far:
    """A peer with a socket, whose transport is on the plane of the address it sends to."""

    id: int
    sock: socket.socket
    server: tuple[str, int]

    def __post_init__(self) -> None:
        self._in = srtp(f"down {self.id}", inbound=True)
        self._out = srtp(f"up {self.id}", inbound=False)

    def send(self, packet: bytes) -> None:
        self.sock.sendto(self._out.protect(packet), self.server)

    async def take(self, n: int) -> list[Packet]:
        return [Packet.of(self._in.unprotect(await receive(self.sock))) for _ in range(n)]


class Group:
    def __init__(self, planes: list[Relaying]) -> None:
        self.planes = planes
        self.plane = PlaneGroup(planes)
        self.control = Control()
        self.bound = self.plane.open(HOSTS, 0)
        self.plane.start(self.control)
        self.peers: list[Far] = []

    def join(self, id: int, number: int) -> Far:
        """On plane `number`, over IPv4."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        address = Address(number * len(HOSTS), sock.getsockname())
        self.plane.add_transport(id, address, srtp(f"up {id}", inbound=True), srtp(f"down {id}", inbound=False))
        self.peers.append(Far(id, sock, self.bound[address.socket]))
        return self.peers[-1]

    def camera(self, publisher: Far, id: int = 100) -> Stream:
        spec = Stream(id, publisher.id, video=True, clock_rate=90_000, payload_types={VP8: "VP8"}, ssrc=CAMERA)
        self.plane.add_stream(spec)
        return spec

    def route(self, subscriber: Far, stream: int | None, id: int = 300) -> None:
        self.plane.set_route(
            Route(id, subscriber.id, stream, ssrc=id, clock_rate=90_000, payload_types={VP8: OUT_VP8}, cname="c")
        )

    def streams(self) -> list[bool]:
        """Which planes know of stream 100."""
        return [plane.stream_stats(100) is not None for plane in self.planes]


@pytest.fixture(params=sorted(PLANES))
async def group(request: pytest.FixtureRequest) -> AsyncIterator[Group]:
    made = Group([PLANES[request.param]() for _ in range(N)])
    yield made
    made.plane.close()
    made.plane.close()
    for peer in made.peers:
        peer.sock.close()


async def test_sockets_are_numbered_through(group: Group) -> None:
    assert len(group.bound) == N * len(HOSTS)
    for number, (host, port) in enumerate(group.bound):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.bind((host, 0))
            sock.sendto(bytes((0, number)), (host, port))
            await group.control.until(lambda n=number: len(group.control.events) == n + 1)
            event = group.control.events[-1]
            assert (event.kind, event.data, event.address.socket) == (Kind.STUN, bytes((0, number)), number)
            group.plane.send(event.address, b"answer")
            assert await receive(sock) == b"answer"
    counters = group.plane.counters()
    assert counters.keys() == COUNTERS.keys()
    assert counters["rx_stun"] == len(group.bound)


async def test_from_one_plane_to_the_others(group: Group) -> None:
    publisher, near, far, farther = group.join(1, 0), group.join(2, 0), group.join(3, 1), group.join(4, 2)
    group.camera(publisher)
    for peer in (near, far, farther):
        group.route(peer, 100, id=300 + peer.id)
    publisher.send(rtp(1, 0, key_picture()))
    for number in range(2, 9):
        publisher.send(rtp(number, number * 3000, delta_picture()))
    for peer in (near, far, farther):
        assert consecutive(sequences(await peer.take(8)))
        assert group.plane.route_stats(300 + peer.id).packets == 8
        assert group.plane.transport_stats(peer.id).tx_packets == 8
    assert group.plane.stream_stats(100).packets == 8
    assert group.plane.counters()["tx_relayed"] == 16
    assert len(group.plane.read_history(100, None, 99)) == 8 and group.plane.missing(100) == []
    started = {(Kind.STARTED, 300 + peer.id) for peer in (near, far, farther)}
    await group.control.until(lambda: started <= {(event.kind, event.route) for event in group.control.events})
    group.plane.sender_report(100, 1 << 32, 0)
    for peer in (near, far, farther):
        assert (await receive(peer.sock))[1] == 200
    group.plane.retransmit(303, [0])
    assert (await receive(far.sock))[1] & 0x7F == OUT_VP8


async def test_late_joiner_far_away(group: Group) -> None:
    publisher, far = group.join(1, 2), group.join(2, 1)
    group.camera(publisher)
    for number in range(4):
        publisher.send(rtp(number, number * 3000, (delta_picture if number else key_picture)()))
    publisher.send(rtp(9, 0, delta_picture()))  # the gap is told: by then all is there
    await group.control.until(lambda: any(event.kind is Kind.GAP for event in group.control.events))
    group.route(far, 100)
    assert len(await far.take(5)) == 5
    assert [e for e in group.control.events if e.kind is Kind.KEYFRAME_WANTED] == []
    assert group.plane.missing(100) != []


async def test_mirror_lives_as_long_as_its_routes(group: Group) -> None:
    publisher, one, two = group.join(1, 0), group.join(2, 1), group.join(3, 1)
    group.camera(publisher)
    assert group.streams() == [True, False, False]
    group.route(one, 100, id=300)
    group.route(two, 100, id=301)
    group.route(two, 100, id=301)
    assert group.streams() == [True, True, False]
    group.route(one, None, id=300)
    assert group.streams() == [True, True, False]
    group.plane.remove_route(301)
    group.plane.remove_route(301)
    assert group.streams() == [True, False, False]
    group.route(one, 100, id=300)
    group.plane.remove_transport(one.id)
    group.plane.remove_transport(one.id)
    assert group.streams() == [True, False, False]
    assert group.plane.route_stats(300) is None and group.plane.transport_stats(one.id) is None


@pytest.mark.parametrize("how", ["stream", "transport", "again"])
async def test_stream_takes_its_mirrors_along(group: Group, how: str) -> None:
    publisher, far = group.join(1, 1), group.join(2, 0)
    spec = group.camera(publisher)
    group.route(far, 100)
    if how == "stream":
        group.plane.remove_stream(100)
        group.plane.remove_stream(100)
    elif how == "transport":
        group.plane.remove_transport(publisher.id)
    else:
        group.plane.add_stream(spec)
    assert group.streams() == [False, how == "again", False]
    if how != "again":
        assert group.plane.stream_stats(100) is None
        assert group.plane.missing(100) == group.plane.read_history(100, None, 9) == []
    group.route(far, 100)  # as control does when the stream is there again
    assert group.streams() == [how == "again", how == "again", False]


async def test_what_is_not_there(group: Group) -> None:
    gone = group.join(9, 1)
    group.plane.remove_transport(9)
    group.route(gone, 100)
    group.plane.send_rtcp(9, bytes(8))
    group.plane.retransmit(300, [1])
    group.plane.sender_report(100, 0, 0)
    assert group.plane.transport_stats(9) is group.plane.route_stats(300) is None
    with pytest.raises(KeyError):
        group.plane.add_stream(Stream(100, 9, video=True, clock_rate=90_000, payload_types={}))


async def test_transport_stays_on_its_plane(group: Group) -> None:
    publisher, other = group.join(1, 0), group.join(2, 1)
    group.camera(publisher)
    group.route(other, 100)
    group.plane.move_transport(other.id, Address(0, other.sock.getsockname()))
    group.plane.move_transport(99, Address(0, other.sock.getsockname()))
    publisher.send(rtp(1, 0, key_picture()))
    assert len(await other.take(1)) == 1
    moved = group.join(3, 1)
    group.plane.remove_transport(3)
    group.plane.move_transport(other.id, Address(len(HOSTS), moved.sock.getsockname()))
    publisher.send(rtp(2, 0, delta_picture()))
    assert await receive(moved.sock)


async def test_port_in_use(group: Group) -> None:
    second = PlaneGroup([PLANES["reference"](), PLANES["reference"]()])
    with pytest.raises(OSError):
        second.open(HOSTS, group.bound[0][1] - 1)  # the first plane gets it, the second does not
    second.close()
