"""The reference plane over real sockets on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from mediaserver.plane import load_plane
from mediaserver.plane.interface import Address, ControlPacket, Kind, PlaneSettings
from mediaserver.plane.reference import ReferencePlane
from tests.plane.helpers import SETTINGS, Camera, Peer, World, key_picture, rtp

HOSTS = ("127.0.0.1", "::1")


class Control:
    """What the plane told, and a way to wait for it."""

    def __init__(self) -> None:
        self.events: list[ControlPacket] = []
        self.batches: list[int] = []
        self._news = asyncio.Event()

    def __call__(self, batch: list[ControlPacket]) -> None:
        self.events += batch
        self.batches.append(len(batch))
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def running(settings: PlaneSettings = SETTINGS) -> AsyncIterator[tuple[ReferencePlane, Control, list]]:
    plane, control = ReferencePlane(settings), Control()
    bound = plane.open(HOSTS, 0)
    plane.start(control)
    try:
        yield plane, control, bound
    finally:
        plane.close()


@pytest.fixture(params=HOSTS)
def client(request: pytest.FixtureRequest):
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((request.param, 0))
        yield sock


async def receive(sock: socket.socket) -> bytes:
    async with asyncio.timeout(5):
        return await asyncio.get_running_loop().sock_recv(sock, 2000)


async def test_one_port_for_both_families() -> None:
    async with running() as (_, _, bound):
        assert [host for host, _ in bound] == list(HOSTS)
        assert len({port for _, port in bound}) == 1 and bound[0][1] > 0


async def test_media_there_and_back(client: socket.socket) -> None:
    async with running() as (plane, control, bound):
        host = client.getsockname()[0]
        address = Address(HOSTS.index(host), client.getsockname())
        world = World(plane._forwarder)
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        for peer in (publisher, subscriber):
            plane.move_transport(peer.id, address)
        plane.move_transport(1, address)
        world.camera(publisher)
        plane.set_route(replace(world.route(subscriber, None), stream=100))
        await control.until(lambda: any(e.kind is Kind.KEYFRAME_WANTED for e in control.events))
        client.sendto(publisher.protect(rtp(1, 0, key_picture())), (host, bound[0][1]))
        subscriber.datagrams = [await receive(client)]
        assert [packet.payload for packet in subscriber.take()] == [key_picture()]
        plane.retransmit(300, [0x1235])
        plane.sender_report(100, 1, 2)
        plane.send_rtcp(2, bytes.fromhex("80c9000100000001"))
        subscriber.datagrams = [await receive(client) for _ in range(3)]
        assert len(subscriber.take_rtcp()) == 2
        assert plane.route_stats(300).retransmitted == 1
        assert plane.transport_stats(1).rx_packets == plane.stream_stats(100).packets == 1
        assert len(plane.read_history(100, None, 9)) == 1
        assert plane.missing(100) == []
        plane.remove_route(300)
        plane.remove_stream(100)
        plane.remove_transport(1)
        assert plane.route_stats(300) is plane.stream_stats(100) is plane.transport_stats(1) is None


async def test_events_of_calls_come_from_the_loop_not_from_the_call() -> None:
    async with running() as (plane, control, _):
        world = World(plane._forwarder)
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        spec = world.route(subscriber, None)
        world.take_events()
        plane.set_route(replace(spec, stream=100))
        plane.set_route(replace(spec, stream=None))
        plane.set_route(replace(spec, stream=100))
        assert control.events == []
        await control.until(lambda: bool(control.events))
        assert control.batches == [2]


async def test_kernel_that_refuses_is_counted() -> None:
    async with running() as (plane, _, bound):
        plane.send(Address(0, ("127.0.0.1", 0)), b"nobody has port 0")
        plane.send(Address(0, ("127.0.0.1", bound[0][1])), bytes(70_000))
        assert plane.counters()["drop_send_error"] == 2


async def test_full_socket_buffer_is_counted() -> None:
    async with running() as (plane, _, _):

        class Full:
            def sendto(self, data: bytes, address: object) -> None:
                raise BlockingIOError

        real = plane._sockets[0]
        plane._sockets[0] = Full()
        plane.send(Address(0, ("127.0.0.1", 9)), b"x")
        plane._sockets[0] = real
        assert plane.counters()["drop_send_full"] == 1


async def test_port_in_use_in_one_family_only_leaves_nothing_bound() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
        other.bind(("::1", 0))
        port = other.getsockname()[1]
        plane = ReferencePlane(SETTINGS)
        with pytest.raises(OSError):
            plane.open(HOSTS, port)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", port))


def test_address_of_a_family_the_machine_lacks() -> None:
    plane = ReferencePlane(SETTINGS)
    bound = plane.open(("2001:db8::5", "127.0.0.1"), 0)  # no machine has this one; EADDRNOTAVAIL
    assert [host for host, _ in bound] == ["127.0.0.1"]
    plane.close()
    with pytest.raises(OSError):
        ReferencePlane(SETTINGS).open(("2001:db8::5",), 0)


async def test_close_twice_and_calls_afterwards() -> None:
    async with running() as (plane, control, bound):
        world = World(plane._forwarder)
        peer = Peer(world, 1)
        world.camera(peer)
        spec = world.route(Peer(world, 2), 100)
        plane.set_route(replace(spec, stream=None))
        plane.set_route(spec)
        plane.close()
        plane.close()
        plane.send(Address(0, ("127.0.0.1", bound[0][1])), b"farewell that comes too late")
        plane.remove_transport(1)
        await asyncio.sleep(0)
        assert control.events == plane._forwarder.outbox == []
        assert plane.counters()["tx_datagrams"] == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(bound[0])


async def test_camera_over_the_plane_counts_what_it_sends(client: socket.socket) -> None:
    async with running() as (plane, _, _):
        world = World(plane._forwarder)
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        plane.move_transport(2, Address(HOSTS.index(client.getsockname()[0]), client.getsockname()))
        world.camera(publisher)
        route = world.route(subscriber, None)
        camera = Camera(publisher)
        camera.show(5, key=True)
        plane._clock = lambda: world.now_us
        plane.set_route(replace(route, stream=100))
        assert len([await receive(client) for _ in range(5)]) == 5
        counters = plane.counters()
        assert (counters["tx_rtp"], counters["tx_datagrams"], counters["tx_replayed"]) == (5, 5, 4)


def test_choice_of_plane() -> None:
    assert load_plane("auto", SETTINGS).name == load_plane("reference", SETTINGS).name == "reference"
    with pytest.raises(RuntimeError, match=r"media\.plane"):
        load_plane("native", SETTINGS)
