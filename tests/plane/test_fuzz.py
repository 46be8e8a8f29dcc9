"""Arbitrary and mutated input: nothing raises, everything is counted once, every bound holds."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Error

from mediaserver.plane.forward import Forwarder
from mediaserver.plane.interface import Address
from mediaserver.rtp import rtcp
from mediaserver.rtp.codecs import KEYFRAME_TESTS
from mediaserver.rtp.packet import RtpError, elements, pack_elements, parse_header, rewrite, unwrap_rtx
from mediaserver.rtp.sequence import extend, timestamp_delta
from tests.plane.cases_receiving import OUTCOMES
from tests.plane.conftest import PLANES
from tests.plane.helpers import (
    CAMERA,
    CAMERA_RTX,
    FIRST_SEQUENCE,
    OPUS,
    RTX,
    SETTINGS,
    VP8,
    Camera,
    Peer,
    PlaneFactory,
    World,
    key_picture,
    rtp,
)

OTHERS = Address(0, ("198.51.100.1", 9))
fuzz = settings(max_examples=150, deadline=None, derandomize=True)
on_every_plane = pytest.mark.parametrize("make", PLANES.values(), ids=PLANES)


@cache
def valid_datagrams() -> tuple[bytes, ...]:
    """Authentic ones of every kind, for the mutations. Keys are fixed, so they suit every world."""
    peer = Peer(World(Forwarder(SETTINGS)), 1)
    return (
        peer.protect(rtp(1000, 50_000, key_picture(), extensions=((1, b"0"), (2, b"abc")))),
        peer.protect(rtp(1001, 50_000, b"\x00more", padding=3, csrcs=(1, 2))),
        peer.protect(rtp(9, 50_000, b"\x03\xe7\x10\x00key", pt=RTX, ssrc=CAMERA_RTX)),
        peer.protect(rtp(1, 5, b"opus", pt=OPUS, ssrc=77, extensions=((1, b"1"), (3, b"\x9e")))),
        peer.protect_rtcp(rtcp.receiver_report(1)),
        peer.protect_rtcp(rtcp.compound(rtcp.receiver_report(1), rtcp.nack(1, 2, [3, 4, 900]))),
    )


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(valid_datagrams())))
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.integers(0, 3)):
            case 0:
                data[draw(st.integers(0, len(data) - 1))] ^= draw(st.integers(1, 255))
            case 1:
                del data[draw(st.integers(1, len(data))) :]
            case 2:
                data += draw(st.binary(max_size=20))
            case _:
                position = draw(st.integers(0, len(data) - 1))
                data[position:position] = draw(st.binary(max_size=5))
    return bytes(data)


datagrams = st.one_of(mutated(), st.binary(max_size=80), st.binary(max_size=30).map(lambda tail: b"\x80" + tail))


def busy_world(make: PlaneFactory) -> tuple[World, Peer, Peer]:
    world = World(make(SETTINGS))
    publisher, subscriber = Peer(world, 1), Peer(world, 2)
    world.camera(publisher)
    world.microphone(publisher, ssrc=None)
    world.route(subscriber, 100)
    return world, publisher, subscriber


@on_every_plane
@fuzz
@given(st.lists(st.tuples(datagrams, st.booleans()), min_size=1, max_size=12))
def test_every_datagram_has_exactly_one_outcome(make: PlaneFactory, arrivals: list[tuple[bytes, bool]]) -> None:
    world, publisher, _ = busy_world(make)
    for data, known in arrivals:
        before = sum(world.count[name] for name in OUTCOMES)
        world.receive(data, publisher.address if known else OTHERS)
        assert sum(world.count[name] for name in OUTCOMES) == before + 1
    assert world.count["rx_datagrams"] == len(arrivals)
    assert world.count["rx_bytes"] == sum(len(data) for data, _ in arrivals)


plain = st.builds(
    lambda sequence, timestamp, payload, pt, ssrc, extensions, padding, marker: rtp(
        sequence, timestamp, payload, pt=pt, ssrc=ssrc, extensions=extensions, padding=padding, marker=marker
    ),
    st.integers(0, 0xFFFF) | st.integers(990, 1200),
    st.integers(0, 2**32 - 1) | st.integers(40_000, 60_000),
    st.binary(max_size=20),
    st.sampled_from((VP8, RTX, OPUS, 33)),
    st.sampled_from((CAMERA, CAMERA_RTX, 77, 78)),
    st.lists(st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=16)), max_size=4),
    st.integers(0, 5),
    st.booleans(),
)


@on_every_plane
@fuzz
@given(st.lists(plain, min_size=1, max_size=60), st.integers(0, 40))
def test_authentic_nonsense_of_a_publisher(make: PlaneFactory, packets: list[bytes], join_at: int) -> None:
    world, publisher, subscriber = busy_world(make)
    for number, packet in enumerate(packets):
        world.later(7)
        if number == join_at:
            world.route(subscriber, 100, id=301)
        try:
            publisher.send(packet)
        except Error:
            continue  # libsrtp does not send what its receiver would not take either
        assert len(world.plane.missing(100)) <= SETTINGS.max_gaps
    assert sum(world.count[name] for name in OUTCOMES) == world.count["rx_datagrams"]
    stats = world.plane.stream_stats(100)
    assert stats.packets <= stats.expected
    assert len(world.plane.read_history(100, None, 10_000)) <= SETTINGS.video_history
    for data in subscriber.take_datagrams():
        subscriber._in.unprotect(data)  # also: no number is ever used twice


@on_every_plane
@fuzz
@given(st.lists(st.lists(st.integers(0, 0xFFFF) | st.integers(FIRST_SEQUENCE - 5, FIRST_SEQUENCE + 90), max_size=40)))
def test_arbitrary_nacks(make: PlaneFactory, requests: list[list[int]]) -> None:
    world, publisher, subscriber = busy_world(make)
    route = world.route(subscriber, 100, id=301)
    Camera(publisher).show(80, key=True)
    sent = {packet.sequence: packet.payload for packet in subscriber.take() if packet.ssrc == route.ssrc}
    for request in requests:
        world.nack(route, request)
    asked = [number for request in requests for number in request]
    answers = subscriber.take()
    assert len(answers) + world.count["drop_nack_unknown"] == len(asked)
    for answer in answers:
        assert sent[int.from_bytes(answer.payload[:2], "big")] == answer.payload[2:]


@pytest.mark.parametrize("codec", sorted(KEYFRAME_TESTS))
@fuzz
@given(st.binary(max_size=40))
def test_keyframe_tests_take_anything(codec: str, payload: bytes) -> None:
    assert KEYFRAME_TESTS[codec](payload) in (True, False)


@fuzz
@given(st.binary(max_size=60) | plain.map(lambda packet: packet[:14] + packet[15:]))
def test_offsets_stay_inside(data: bytes) -> None:
    try:
        header = parse_header(data)
        fields = elements(data, header) if header.extension_length else []
    except RtpError:
        return
    assert 12 <= header.payload <= header.end <= len(data)
    assert all(header.extension < offset <= offset + length <= header.payload for _, offset, length in fields)
    assert all(1 <= identifier <= 255 for identifier, _, _ in fields)
    written = rewrite(data, header, payload_type=1, sequence=2, timestamp=3, ssrc=4, extension=b"")
    again = parse_header(written)
    assert written[again.payload : again.end] == data[header.payload : header.end]
    unwrapped = unwrap_rtx(data, header, payload_type=1, ssrc=4)
    assert (unwrapped is None) == (header.end - header.payload < 2)


@fuzz
@given(st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=40)), max_size=6, unique_by=lambda item: item[0]))
def test_extensions_there_and_back(items: list[tuple[int, bytes]]) -> None:
    data = rtp(1, 2, b"payload", extensions=items)
    header = parse_header(data)
    found = [(i, data[offset : offset + length]) for i, offset, length in elements(data, header)]
    assert found == items
    assert len(pack_elements(items)) % 4 == 0 and data[header.payload :] == b"payload"


@given(st.integers(0, 0xFFFF), st.integers(0, 2**40))
def test_extend_is_the_nearest(sequence: int, near: int) -> None:
    index = extend(sequence, near)
    assert index & 0xFFFF == sequence and -0x8000 <= index - near < 0x8000


@given(st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1))
def test_timestamp_delta(earlier: int, delta: int) -> None:
    assert timestamp_delta(earlier + delta, earlier) == delta
