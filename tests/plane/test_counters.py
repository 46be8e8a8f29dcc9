"""Every counter of a plane can be provoked, and is provoked here: a name that never counts is a lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mediaserver.plane.interface import COUNTERS, Address, Stream
from mediaserver.plane.reference import ReferencePlane
from mediaserver.rtp import rtcp
from tests.plane.cases_consent import PASSWORD, USERNAME, check
from tests.plane.helpers import (
    CAMERA_RTX,
    FIRST_SEQUENCE,
    MICROPHONE,
    MID,
    OPUS,
    RTX,
    SETTINGS,
    VP8,
    Camera,
    Peer,
    World,
    delta_picture,
    key_picture,
    rtp,
    rtx,
)

STRANGER = Address(0, ("198.51.100.1", 9))


def consenting(world: World) -> None:
    peer = Peer(world, 1)
    world.plane.set_consent(1, USERNAME.encode(), PASSWORD.encode())
    world.receive(bytes(check()), peer.address)


def pair(world: World, **route: object) -> tuple[Peer, Peer]:
    publisher, subscriber = Peer(world, 1), Peer(world, 2)
    world.camera(publisher)
    world.route(subscriber, 100, **route)
    return publisher, subscriber


def streaming(world: World, pictures: int = 3) -> Camera:
    camera = Camera(pair(world)[0])
    camera.show(pictures, key=True)
    return camera


def from_stranger(data: bytes) -> Callable[[World], None]:
    return lambda world: world.receive(data, STRANGER)


def from_publisher(*packets: bytes, **route: object) -> Callable[[World], None]:
    def provoke(world: World) -> None:
        publisher, _ = pair(world, **route)
        for packet in packets:
            publisher.send(packet)

    return provoke


def raw_from_publisher(data: bytes) -> Callable[[World], None]:
    return lambda world: world.receive(data, pair(world)[0].address)


def duplicate(world: World) -> None:
    publisher, _ = pair(world)
    world.receive(publisher.send(rtp(1, 0, key_picture())), publisher.address)


def joiner(world: World) -> None:
    streaming(world)
    world.route(Peer(world, 3), 100, id=301)


def jump(world: World) -> None:
    camera = streaming(world)
    camera.sequence += 4000
    camera.show()


def late(world: World) -> None:
    publisher, _ = pair(world)
    old = publisher.protect(rtp(1, 0, delta_picture()))
    publisher.send(rtp(100, 0, delta_picture()))
    world.receive(old, publisher.address)


def before_start(world: World) -> None:
    publisher = Peer(world, 1)
    world.microphone(publisher)
    world.route(Peer(world, 2), 200)
    for number in (2, 1):
        publisher.send(rtp(number, 960 * number, b"x", pt=OPUS, ssrc=MICROPHONE))


def report(world: World) -> None:
    streaming(world)
    world.plane.sender_report(100, 1, 2)


def rtx_too_early(world: World) -> None:
    publisher = Peer(world, 1)
    world.camera(publisher, ssrc=None)
    publisher.send(rtx(1, rtp(7, 0, key_picture())))


def many_ssrcs(world: World) -> None:
    publisher, _ = pair(world)
    for number in range(SETTINGS.max_ssrcs + 1):
        publisher.send(rtp(1, 0, key_picture(), ssrc=5000 + number, extensions=((MID, b"0"),)))


def relaying(world: World) -> None:
    publisher, _ = pair(world)
    world.plane.relay(100, type(world.plane)(SETTINGS), 0)
    Camera(publisher).show(key=True)


def mirrored(world: World) -> None:
    world.plane.add_stream(Stream(100, 0, video=True, clock_rate=90_000, payload_types={VP8: "VP8"}))
    world.plane.relayed(100, 0x10000, world.now_us, rtp(0, 0, key_picture()))


def unheard(world: World) -> None:
    for _ in range(SETTINGS.max_events + 1):
        world.plane.receive(b"\0" * 20, Address(0, ("192.0.2.9", 9)), world.now_us)


PROVOKED: dict[str, Callable[[World], None]] = {
    "rx_datagrams": from_stranger(b"\x00"),
    "rx_bytes": from_stranger(b"\x00"),
    "rx_stun": from_stranger(b"\x00"),
    "rx_consent": consenting,
    "rx_dtls": from_stranger(b"\x16"),
    "rx_rtp": from_publisher(rtp(1, 0, key_picture())),
    "rx_rtcp": lambda world: pair(world)[0].send_rtcp(rtcp.pli(1, 2)),
    "rx_reports": lambda world: pair(world)[0].send_rtcp(rtcp.receiver_report(1)),
    "rx_rtx": from_publisher(rtp(2, 0, key_picture()), rtx(1, rtp(1, 0, key_picture()))),
    "tx_rtp": from_publisher(rtp(1, 0, key_picture())),
    "tx_rtx": lambda world: (streaming(world), world.plane.retransmit(300, [FIRST_SEQUENCE], world.now_us)),
    "tx_replayed": joiner,
    "tx_rtcp": report,
    "tx_relayed": relaying,
    "rx_relayed": mirrored,
    "switches": from_publisher(rtp(1, 0, key_picture())),
    "history_resets": jump,
    "drop_empty": from_stranger(b""),
    "drop_too_long": from_stranger(b"\x80" + bytes(SETTINGS.max_datagram)),
    "drop_first_byte": from_stranger(b"\xff"),
    "drop_unknown_address": from_stranger(b"\x80" + bytes(20)),
    "drop_malformed_rtp": raw_from_publisher(b"\x80\x00\x00"),
    "drop_malformed_rtcp": raw_from_publisher(b"\x80\xc8\x00"),
    "drop_srtp": raw_from_publisher(b"\x80" + bytes(40)),
    "drop_srtcp": raw_from_publisher(b"\x80\xc8" + bytes(40)),
    "drop_ssrc_limit": many_ssrcs,
    "drop_unknown_ssrc": from_publisher(rtp(1, 0, b"x", ssrc=9, pt=50)),
    "drop_payload_type": from_publisher(rtp(1, 0, b"x", pt=50)),
    "drop_duplicate": duplicate,
    "drop_too_old": late,
    "drop_rtx_padding": from_publisher(rtp(1, 0, b"", pt=RTX, ssrc=CAMERA_RTX, padding=9)),
    "drop_rtx_unknown": rtx_too_early,
    "drop_gap_overflow": from_publisher(rtp(1, 0, key_picture()), rtp(20, 0, delta_picture())),
    "drop_no_payload_type": from_publisher(rtp(1, 0, key_picture()), payload_types={}),
    "drop_waiting_keyframe": from_publisher(rtp(1, 0, delta_picture())),
    "drop_before_start": before_start,
    "drop_event_overflow": unheard,
    "drop_relay_stale": lambda world: world.plane.relayed(100, 0x10000, world.now_us, rtp(0, 0, b"x")),
    "drop_nack_unknown": lambda world: (streaming(world), world.plane.retransmit(300, [7], world.now_us)),
    "drop_protect": from_publisher(rtp(1, 0, key_picture("x" * 1400)), constants=((9, b"m" * 100),)),
}


@pytest.mark.parametrize("name", sorted(PROVOKED))
def test_provoked(world: World, name: str) -> None:
    PROVOKED[name](world)
    assert world.count[name] > 0


class Socket:
    """:param outcome: what sending comes to."""

    def __init__(self, outcome: type[Exception] | None) -> None:
        self.outcome = outcome

    def sendto(self, data: bytes, address: object) -> None:
        if self.outcome is not None:
            raise self.outcome

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        pass


SENT: dict[str, type[Exception] | None] = {
    "tx_datagrams": None,
    "tx_bytes": None,
    "drop_send_full": BlockingIOError,
    "drop_send_error": OSError,
}
"""Counted where a socket is at hand, and what it does."""


COMPILED = {"drop_relay_full"}
"""The reference hands packets over by a call, which is never too full: see test_native.py."""


@pytest.mark.parametrize("name", sorted(SENT))
def test_sent(name: str) -> None:
    plane = ReferencePlane(replace(SETTINGS, batch=1))
    plane._sockets = [Socket(SENT[name])]
    plane.send(STRANGER, b"hello")
    counters = plane.counters()
    assert {other for other in SENT if counters[other]} == ({name} if SENT[name] else {"tx_datagrams", "tx_bytes"})


def test_no_counter_is_left_out() -> None:
    assert PROVOKED.keys() | SENT.keys() | COMPILED == COUNTERS.keys()


def test_every_counter_says_what_it_counts() -> None:
    assert all(
        text and name.partition("_")[0] in ("rx", "tx", "drop", "history", "switches")
        for name, text in COUNTERS.items()
    )
