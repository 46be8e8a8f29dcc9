"""Every plane over real sockets on loopback: what a bare core does not have."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from mediaserver.net.dtls import SrtpLibrary
from mediaserver.plane.interface import COUNTERS, Address, Kind, Plane
from mediaserver.plane.native import NativePlane
from mediaserver.plane.reference import ReferencePlane
from tests.plane.helpers import SETTINGS, srtp
from tests.plane.test_reference_sockets import HOSTS, Control, receive

MakePlane = Callable[[], Plane]
PLANES: dict[str, MakePlane] = {
    "native": lambda: NativePlane(replace(SETTINGS, max_events=1000, srtp=SrtpLibrary())),
    "reference": lambda: ReferencePlane(replace(SETTINGS, max_events=1000)),
}


@pytest.fixture(params=sorted(PLANES))
def make(request: pytest.FixtureRequest) -> MakePlane:
    return PLANES[request.param]


@pytest.fixture(params=HOSTS)
def client(request: pytest.FixtureRequest):
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((request.param, 0))
        yield sock


@asynccontextmanager
async def running(make: MakePlane) -> AsyncIterator[tuple[Plane, Control, list[tuple[str, int]]]]:
    plane, control = make(), Control()
    bound = plane.open(HOSTS, 0)
    plane.start(control)
    try:
        yield plane, control, bound
    finally:
        plane.close()


async def test_datagrams_in_and_out(make: MakePlane, client: socket.socket) -> None:
    async with running(make) as (plane, control, bound):
        assert len({port for _, port in bound}) == 1
        host = client.getsockname()[0]
        for text in (b"\x00one", b"\x14two", b"\xffthree", b"\x01four"):
            client.sendto(text, (host, bound[0][1]))
        await control.until(lambda: len(control.events) == 3)
        assert [(event.kind, event.data) for event in control.events] == [
            (Kind.STUN, b"\x00one"),
            (Kind.DTLS, b"\x14two"),
            (Kind.STUN, b"\x01four"),
        ]
        assert control.events[0].address == Address(HOSTS.index(host), client.getsockname())
        plane.send(control.events[0].address, b"answer")
        assert await receive(client) == b"answer"
        counters = plane.counters()
        assert counters.keys() == COUNTERS.keys()
        assert (counters["rx_datagrams"], counters["drop_first_byte"]) == (4, 1)


async def test_longer_than_the_path_and_a_flood(make: MakePlane, client: socket.socket) -> None:
    async with running(make) as (plane, control, bound):
        target = (client.getsockname()[0], bound[0][1])
        client.sendto(b"\x80" + bytes(SETTINGS.max_datagram), target)
        for number in range(200):
            client.sendto(bytes((0, number)), target)
        await control.until(lambda: len(control.events) == 200)
        assert [event.data[1] for event in control.events] == list(range(200))
        assert plane.counters()["drop_too_long"] == 1


async def test_port_in_use(make: MakePlane) -> None:
    async with running(make) as (_, _, bound):
        second = make()
        with pytest.raises(OSError) as caught:
            second.open(HOSTS, bound[0][1])
        assert caught.value.errno == errno.EADDRINUSE
        second.close()


async def test_close_twice_and_the_port_is_free(make: MakePlane) -> None:
    async with running(make) as (plane, control, bound):
        plane.add_transport(1, Address(0, ("127.0.0.1", 9)), srtp("a", inbound=True), srtp("b", inbound=False))
        plane.close()
        plane.close()
        plane.send(Address(0, ("127.0.0.1", 9)), b"farewell that comes too late")
        plane.send_rtcp(1, bytes(8))
        plane.remove_transport(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(bound[0])
        assert control.events == []


async def test_never_started(make: MakePlane) -> None:
    plane = make()
    plane.open(HOSTS, 0)
    plane.close()
    make().close()
