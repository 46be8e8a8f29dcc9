"""Payloads to frames: what hostile ones do, and what the codecs' heads say."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.frames import opus, vp9
from recorder.frames.assembly import PICTURES, Assembler
from recorder.frames.av1 import Av1
from recorder.frames.bits import Bits, BitsError, leb128, read_leb128
from recorder.frames.h264 import H264, split
from tests.recorder import encode
from tests.recorder.scene import tape

CODECS = sorted(PICTURES)


@pytest.mark.parametrize("codec", CODECS)
@given(payloads=st.lists(st.binary(max_size=60), min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_no_payload_raises(codec, payloads):
    depacketizer = PICTURES[codec]()
    frame = depacketizer.frame(payloads)
    assert frame is None or frame.data
    assert -1 <= depacketizer.picture_id(payloads[0]) < 1 << 15


@pytest.mark.parametrize("codec", CODECS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_to_real_payloads_raises(codec, data):
    """Cut, flipped, dropped, doubled: a frame or none, and a head is never larger than what pictures can be."""
    frames = tape(codec)
    payloads = encode.payloads(codec, frames[data.draw(st.integers(0, 40))], 7)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(payloads) - 1))
        kind = data.draw(st.sampled_from(("cut", "flip", "double", "swap")))
        payload = bytearray(payloads[at])
        place = data.draw(st.integers(0, min(40, max(0, len(payload) - 1))))
        if kind == "cut":
            payload = payload[:place]
        elif kind == "flip" and payload:
            payload[place] ^= 1 << data.draw(st.integers(0, 7))
        payloads[at] = bytes(payload)
        if kind == "double":
            payloads.insert(at, payloads[at])
        elif kind == "swap":
            payloads.reverse()
    frame = PICTURES[codec]().frame(payloads)
    if frame is not None and frame.start is not None:
        assert 0 < frame.start.width <= 65536 and 0 < frame.start.height <= 65536


@given(
    packets=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 5), st.booleans(), st.binary(max_size=20)), max_size=40
    ),
    codec=st.sampled_from(CODECS),
)
@settings(deadline=None)
def test_an_assembler_takes_anything_and_counts_it(packets, codec):
    drops: Counter[str] = Counter()
    assembler = Assembler(codec, drops)
    index = 0
    whole = 0
    for step, timestamp, marker, payload in packets:
        index += 1 + step // 20
        whole += len(assembler.add(index, timestamp, marker, payload))
    assert whole <= len(packets)
    assert all(count >= 0 for count in drops.values())


@pytest.mark.parametrize("codec", CODECS)
@given(lost=st.sets(st.integers(0, 400), max_size=20))
@settings(max_examples=30, deadline=None)
def test_what_comes_out_after_losses_can_be_decoded(codec, lost):
    """Every frame that comes out has all that it refers to: runs begin with a key frame and have no hole."""
    frames = tape(codec)[:60]
    drops: Counter[str] = Counter()
    assembler = Assembler(codec, drops)
    index, order = 0, []
    for number, data in enumerate(frames):
        payloads = encode.payloads(codec, data, number)
        for at, payload in enumerate(payloads):
            index += 1
            if index not in lost:
                for stamp, frame in assembler.add(index, number, at == len(payloads) - 1, payload):
                    order.append((stamp, frame.start is not None))
    for (before, _), (number, key) in itertools.pairwise(order):
        assert key or number == before + 1
    assert not order or order[0][1]


@pytest.mark.parametrize("codec", CODECS)
def test_a_key_frame_tells_its_size(codec):
    frame = PICTURES[codec]().frame(encode.payloads(codec, tape(codec)[0], 0))
    assert (frame.start.width, frame.start.height) == (160, 120)


@pytest.mark.parametrize(
    "unit", [b"\x38\x00\x00", b"\x38\x00\x09abc", b"\x5c", b"\x5c\x45ab", b"\x1d\x85abc", b"\xe5a"]
)
def test_h264_refuses_what_is_cut_or_not_of_its_modes(unit):
    assert split([unit]) is None


def test_h264_without_parameter_sets_is_no_place_to_start():
    idr = next(unit for unit in encode.annex_b(tape("h264")[0]) if unit[0] & 0x1F == 5)
    assert H264().frame([idr]) is None


def test_spatial_layers_of_vp9_become_a_superframe():
    """VP9 bitstream specification, annex B: marker, sizes, marker."""
    key = tape("vp9")[0]
    payloads = [*encode.payloads("vp9", key, 0), bytes((0x08 | 0x04 | 0x40,)) + tape("vp9")[1]]
    frame = vp9.Vp9().frame(payloads)
    assert frame.data.startswith(key)
    assert frame.data[-1] == frame.data[-10] == 0b110_11_001
    assert [int.from_bytes(frame.data[at : at + 4], "little") for at in (-9, -5)] == [len(key), len(tape("vp9")[1])]


def test_av1_elements_with_sizes_are_as_good_as_counted_ones():
    payloads = encode.payloads("av1", tape("av1")[0], 0)
    units = [payload[1:] for payload in payloads if not payload[0] & 0xC0]
    if len(units) == len(payloads):
        sized = bytes((0x08,)) + b"".join(leb128(len(unit)) + unit for unit in units)
        assert Av1().frame([sized]) == Av1().frame(payloads)


@given(payload=st.binary(max_size=80))
@settings(deadline=None)
def test_redundancy_of_any_kind_is_read_or_refused(payload):
    found = opus.blocks(payload)
    assert found is None or sum(len(data) for _, data in found) <= len(payload)
    assert 0 <= opus.length(payload) <= 5760


@pytest.mark.parametrize(
    ("toc", "samples"),
    [(b"\x00", 480), (b"\x18", 2880), (b"\x60", 480), (b"\x80", 120), (b"\xf8", 960), (b"\xfb\x03", 2880)],
)
def test_length_of_opus_packets(toc, samples):
    assert opus.length(toc) == samples


def test_real_opus_is_of_twenty_milliseconds():
    assert {opus.length(packet) for packet in tape("opus")} == {960}


@given(st.integers(0, (1 << 32) - 1))
@settings(deadline=None)
def test_leb128_comes_back(value):
    assert read_leb128(leb128(value), 0) == (value, len(leb128(value)))


@given(st.binary(max_size=8), st.lists(st.integers(1, 20), max_size=10))
@settings(deadline=None)
def test_bits_end_with_an_error(data, widths):
    bits = Bits(data)
    left = 8 * len(data)
    for width in widths:
        if width > left:
            with pytest.raises(BitsError):
                bits.take(width)
            return
        assert bits.take(width) < 1 << width
        left -= width
