"""What server and recorder say to each other, whole, in pieces, and as nonsense."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder import wire

ids = st.text(max_size=40)
rooms = st.text("abcXYZ019_-", min_size=1, max_size=64)
numbers = st.integers(0, 2**32 - 1)
micros = st.integers(-(2**40), 2**62)
standing = st.builds(wire.Standing, by=ids, now_us=micros)
orders = st.one_of(
    st.builds(
        wire.Begin,
        recording=numbers,
        room=rooms,
        began_ms=micros,
        began_us=micros,
        boot=ids,
        lead=ids,
        after=st.sampled_from(("server", "recorder")),
        only=st.booleans(),
        paused=st.none() | standing,
        excluded=st.dictionaries(ids, standing, max_size=3),
    ),
    st.builds(
        wire.Open,
        recording=numbers,
        track=numbers,
        id=ids,
        participant=ids,
        source=ids,
        kind=st.sampled_from(("audio", "video")),
        payload_types=st.dictionaries(st.integers(0, 127), ids, max_size=5),
        now_us=micros,
        goes_on=micros,
        since_us=st.none() | micros,
        why=st.sampled_from(("recorder", "disk")),
    ),
    st.builds(wire.Lead, recording=numbers, lead=ids),
    st.builds(wire.Shut, recording=numbers, track=numbers, id=ids, now_us=micros, lost=st.booleans()),
    st.builds(wire.Silence, track=numbers),
    st.builds(wire.Pause, recording=numbers, now_us=micros, by=ids),
    st.builds(wire.Resume, recording=numbers, now_us=micros),
    st.builds(wire.Exclude, recording=numbers, participant=ids, now_us=micros, by=ids),
    st.builds(wire.Include, recording=numbers, participant=ids, now_us=micros),
    st.builds(wire.End, recording=numbers, now_us=micros),
    st.builds(wire.Bye),
)
reports = st.builds(wire.Report, numbers, st.integers(0, 2**64 - 1), numbers, st.integers(-(2**62), 2**62))
packed = st.lists(st.tuples(st.integers(0, 2**60), st.integers(0, 2**60), st.binary(max_size=1500)), max_size=20)
batches = st.builds(wire.Packets, numbers, st.integers(0, 2**40), packed)
news = st.builds(
    wire.News,
    recording=numbers,
    begun=st.booleans(),
    ended=st.booleans(),
    absent=st.booleans(),
    trouble=ids,
    bytes=st.integers(0, 2**50),
    tracks=st.integers(0, 99),
    missing_ms=st.integers(0, 2**40),
    safe=st.dictionaries(numbers, st.integers(0, 2**60), max_size=5),
    keyframes=st.lists(numbers, max_size=5),
)
hellos = st.builds(
    wire.Hello,
    wire=st.integers(-9, 9),
    program=ids,
    server=ids,
    run=st.integers(0, 2**40),
    now_us=st.integers(-(2**62), 2**62),
    free=st.integers(-1, 2**60),
)
beats = st.builds(wire.Beat, st.integers(-(2**62), 2**62))
frames = st.one_of(orders, reports, batches, news, hellos, beats)


def encode(frame: object) -> bytes:
    if isinstance(frame, wire.Packets):
        data = b"".join(struct.pack("<qqH", index, at, len(it)) + it for index, at, it in frame.packets)
        return wire.packets(frame.track, frame.missed, data)
    if isinstance(frame, wire.Report):
        return wire.report(frame)
    if isinstance(frame, wire.Hello):
        return wire.hello(frame)
    if isinstance(frame, wire.Beat):
        return wire.beat(frame)
    return wire.news(frame) if isinstance(frame, wire.News) else wire.order(frame)  # type: ignore[arg-type]


@given(st.lists(frames, max_size=6), st.integers(1, 999))
def test_comes_out_as_it_went_in_however_it_is_cut(sent: list[object], step: int) -> None:
    data = b"".join(encode(frame) for frame in sent)
    decoder = wire.Decoder()
    heard = [frame for at in range(0, len(data), step) for frame in decoder.feed(data[at : at + step])]
    assert heard == sent


@given(st.binary(max_size=400))
def test_nonsense_is_refused_or_waited_for(data: bytes) -> None:
    decoder = wire.Decoder()
    try:
        list(decoder.feed(data))
    except wire.WireError:
        return
    assert len(decoder._held) <= len(data)


@given(frames, st.integers(0, 2**31), st.integers(0, 255))
def test_a_changed_byte_never_raises_anything_else(frame: object, at: int, value: int) -> None:
    data = bytearray(encode(frame))
    data[at % len(data)] = value
    try:
        list(wire.Decoder().feed(bytes(data)))
    except wire.WireError:
        pass


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<IB", wire.MAX_FRAME + 1, wire.PACKETS),
        struct.pack("<IB", 0, wire.ORDER),
        struct.pack("<IB", 1, 99),
        struct.pack("<IB", 1, wire.ORDER),
        struct.pack("<IB", 3, wire.ORDER) + b"[]",
        struct.pack("<IB", 5, wire.REPORT) + b"abcd",
        struct.pack("<IB", 16, wire.PACKETS) + bytes(12) + b"abc",
        struct.pack("<IB", 34, wire.PACKETS) + bytes(12) + struct.pack("<qqH", 1, 2, 4) + b"abc",
        struct.pack("<IB", 90_001, wire.ORDER) + b"[" * 90_000,
    ],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        list(wire.Decoder().feed(data))


def test_the_longest_batch_fits() -> None:
    assert wire.MAX_PACKETS * (18 + 1500) + 17 <= wire.MAX_FRAME


@pytest.mark.parametrize("room", ["", "..", "../x", "a/b", "a b", "x" * 65, "a\n"])
def test_a_room_names_a_folder_and_no_way_out_of_it(room: str) -> None:
    begin = wire.Begin.model_construct(
        recording=1, room=room, began_ms=0, began_us=0, lead="", after="server", only=False
    )
    with pytest.raises(wire.WireError):
        list(wire.Decoder().feed(wire.order(begin)))


def test_a_later_version_may_say_more_in_its_hello() -> None:
    body = b'{"wire": 9, "program": "3.0", "compression": "zstd"}'
    (hello,) = wire.Decoder().feed(struct.pack("<IB", len(body) + 1, wire.HELLO) + body)
    assert hello == wire.Hello(wire=9, program="3.0")
