"""What only the compiled plane has: a lock, a thread, descriptors, sends in segments."""

from __future__ import annotations

import gc
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from mediaserver.net.dtls import SrtpLibrary
from mediaserver.plane.interface import Address, Route, Stream
from mediaserver.plane.native import Engine
from mediaserver.rtp import rtcp
from tests.plane.compiled import CompiledForwarder
from tests.plane.helpers import (
    CAMERA,
    FRAME,
    OUT_VP8,
    SEND_TIME,
    SETTINGS,
    VP8,
    Camera,
    Peer,
    World,
    delta_picture,
    key_picture,
    rtp,
    srtp,
)

_UDP_GRO = 104
_SO_NO_CHECK = 11


def test_collection_that_calls_the_plane_while_it_is_read() -> None:
    """A finaliser may do so at any object the reading makes; it must not wait for its own reader."""
    world = World(CompiledForwarder(SETTINGS))
    publisher, subscriber = Peer(world, 1), Peer(world, 2)
    world.camera(publisher)
    world.route(subscriber, 100)
    camera = Camera(publisher, extensions=((SEND_TIME, b"abc"),))
    camera.show(3, key=True)
    camera.sequence += 3
    camera.show(20)
    native = world.plane.native
    publisher.send_rtcp(rtcp.receiver_report(1))
    reads = (
        lambda: native.missing(100),
        lambda: native.read_history(100, -1, 100),
        lambda: native.stream_stats(100),
        lambda: native.route_stats(300),
        lambda: native.transport_stats(1),
        native.counters,
        native.take_events,
        native.take_outbox,
    )
    hoard = [(object(),) * size for size in range(2, 11) for _ in range(2100)]  # new tuples have to be allocated
    collections = 0

    def meddle(phase: str, info: dict[str, int]) -> None:
        nonlocal collections
        if phase == "start":
            collections += 1
            native.move_transport(99, (0, ("192.0.2.9", 9)))

    def read_all() -> None:
        last = time.monotonic() + 20
        while collections <= len(reads) and time.monotonic() < last:
            for read in reads:
                read()

    thresholds = gc.get_threshold()
    thread = threading.Thread(target=read_all, daemon=True)
    gc.callbacks.append(meddle)
    gc.set_threshold(1)  # every object made may collect
    try:
        thread.start()
        thread.join(30)
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(meddle)
    assert not thread.is_alive(), "a reading call waits for itself"
    assert hoard and collections > len(reads)


@pytest.mark.parametrize("address", [(-1, ("192.0.2.1", 1)), (16, ("192.0.2.1", 1)), (0, ("192.0.2.1", 65536))])
def test_addresses_no_socket_has(address: tuple[int, tuple[str, int]]) -> None:
    engine = CompiledForwarder(SETTINGS)
    with pytest.raises(ValueError, match="no socket"):
        engine.send(Address(*address), b"x")


def test_inbox_that_nobody_empties() -> None:
    """The thread that relays goes on, and what was put in is there when somebody looks."""
    origin, mirror = Engine(replace(SETTINGS, srtp=SrtpLibrary())), Engine(replace(SETTINGS, srtp=SrtpLibrary()))
    world = World(origin)
    stream = world.camera(Peer(world, 1))
    mirror.add_stream(replace(stream, transport=0))
    origin.relay(100, mirror, 0)
    sent, publisher = 0, world.peers[0]
    while not origin.counters()["drop_relay_full"]:
        packet = rtp(sent, sent * FRAME, key_picture("x" * 1400))
        origin.receive(publisher.protect(packet), publisher.address, world.now_us)
        sent += 1
        assert sent < 10_000
    assert sent > 1000
    mirror.native.take_relayed()
    counters = mirror.counters()
    assert counters["rx_relayed"] == origin.counters()["tx_relayed"] == sent - 1
    mirror.clear()
    origin.receive(publisher.protect(rtp(sent, 0, b"x")), publisher.address, world.now_us)
    assert origin.counters()["drop_relay_stale"] == 1


# ---------------------------------------------------------------- thread and descriptors


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        yield sock


@pytest.fixture
def engine(sock: socket.socket) -> Iterator[Engine]:
    engine = Engine(replace(SETTINGS, srtp=SrtpLibrary()))
    engine.native.start([sock.fileno()])
    yield engine
    engine.clear()


def tasks() -> set[str]:
    """Threads of earlier tests may end meanwhile."""
    return set(os.listdir("/proc/self/task"))


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_dropped_without_being_closed(sock: socket.socket) -> None:
    gc.collect()
    threads, before = tasks(), descriptors()
    engine = Engine(replace(SETTINGS, srtp=SrtpLibrary()))
    engine.native.start([sock.fileno()])
    (started,) = tasks() - threads
    engine.myself = engine  # as when a listener holds the plane
    del engine
    gc.collect()
    assert started not in tasks() and descriptors() <= before


def test_starts_once(engine: Engine, sock: socket.socket) -> None:
    with pytest.raises(ValueError, match="starts once"):
        engine.native.start([sock.fileno()])
    engine.clear()
    with pytest.raises(ValueError, match="starts once"):
        engine.native.start([sock.fileno()])


def test_socket_the_plane_does_not_have(engine: Engine) -> None:
    engine.send(Address(1, ("127.0.0.1", 9)), b"x")
    assert engine.counters()["drop_send_error"] == 1


def test_forked_child(engine: Engine) -> None:
    """The thread stayed with the parent: the child can neither use the plane nor hang on it."""
    child = os.fork()
    if child == 0:
        try:
            engine.clear()
            engine.counters()
        except RuntimeError:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert engine.counters()["rx_datagrams"] == 0


# ---------------------------------------------------------------- segments


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """Takes what was sent in segments as one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.setsockopt(socket.IPPROTO_UDP, _UDP_GRO, 1)
        sock.bind(("127.0.0.1", 0))
        yield sock


PACKETS = 6
NOW = 10_000_000
Join = Callable[[Address], None]


@pytest.fixture
def join(engine: Engine) -> Join:
    """A subscriber at an address, who gets the `PACKETS` pictures of one size that the history holds, at once."""
    publisher, ids = srtp("camera", inbound=False), itertools.count(10)
    engine.add_transport(1, Address(0, ("192.0.2.1", 9)), srtp("camera", inbound=True), srtp("-", inbound=False))
    engine.add_stream(Stream(100, 1, video=True, clock_rate=90_000, payload_types={VP8: "VP8"}, ssrc=CAMERA))
    for number in range(PACKETS):
        payload = key_picture("same") if number == 0 else delta_picture("same")
        packet = publisher.protect(rtp(number, number * FRAME, payload))
        engine.receive(packet, Address(0, ("192.0.2.1", 9)), NOW)

    def join(address: Address) -> None:
        number = next(ids)
        engine.add_transport(number, address, srtp("-", inbound=True), srtp(f"{number}", inbound=False))
        engine.set_route(
            Route(number, number, 100, ssrc=number, clock_rate=90_000, payload_types={VP8: OUT_VP8}, cname="x"), NOW
        )

    return join


def datagrams(receiver: socket.socket) -> int:
    """How many arrive until all packets have; those sent in segments come as one."""
    count, missing = 0, PACKETS
    while missing:
        data = receiver.recv(65_536)
        missing -= data.count(b"\x80" + bytes((OUT_VP8,)))
        count += 1
    return count


def test_burst_in_one_send(engine: Engine, join: Join, receiver: socket.socket) -> None:
    join(Address(0, receiver.getsockname()))
    assert datagrams(receiver) == 1
    assert engine.counters()["tx_datagrams"] == PACKETS


def test_receiver_that_cannot_be_reached(engine: Engine, join: Join, receiver: socket.socket) -> None:
    """Costs its own packets, not the others' segments."""
    join(Address(0, ("255.255.255.255", 9)))  # EACCES without SO_BROADCAST
    assert engine.counters()["drop_send_error"] == PACKETS
    join(Address(0, receiver.getsockname()))
    assert datagrams(receiver) == 1


def test_path_that_takes_no_segments(engine: Engine, join: Join, receiver: socket.socket, sock: socket.socket) -> None:
    """As where they are longer than the path takes: packets go singly, and others' still in segments."""
    sock.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 1)  # EINVAL for segments
    join(Address(0, receiver.getsockname()))
    assert datagrams(receiver) == PACKETS
    sock.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 0)
    join(Address(0, receiver.getsockname()))
    assert datagrams(receiver) == 1
    counters = engine.counters()
    assert (counters["tx_datagrams"], counters["drop_send_error"]) == (2 * PACKETS, 0)
