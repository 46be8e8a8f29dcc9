"""RTP of a tap to what the process reads: order, time, and what is no sound."""

from __future__ import annotations

import random
import struct

from recorder.speech.feed import HEAD, STRAYED_US, Feed

TYPES = {111: "opus", 63: "red", 96: "vp8"}


def rtp(timestamp: int, opus: bytes = b"\x78sound", payload_type: int = 111) -> bytes:
    return struct.pack(">BBHII", 0x80, payload_type, 1, timestamp % 2**32, 7) + opus


def read(frames: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(frames):
        captured, length = HEAD.unpack_from(frames, at)
        at += HEAD.size + length
        found.append((captured, frames[at - length : at]))
    return found


def test_time_is_the_senders_from_the_first_arrival_on_also_over_the_wrap() -> None:
    chance = random.Random(3)
    begin = 2**32 - 960 * 3
    packets = [(n, 1_000_000 + n * 20_000 + chance.randrange(80_000), rtp(begin + n * 960)) for n in range(1, 200)]
    found = read(Feed(TYPES).frames(packets))
    first = packets[0][1]
    assert [captured - first for captured, _ in found] == [n * 20_000 for n in range(199)]
    assert {opus for _, opus in found} == {b"\x78sound"}


def test_a_pause_of_the_sender_is_a_hole() -> None:
    found = read(Feed(TYPES).frames([(1, 5_000_000, rtp(0)), (2, 8_010_000, rtp(144_000))]))
    assert found[1][0] - found[0][0] == 3_000_000


def test_a_clock_that_jumps_is_set_by_the_arrival() -> None:
    feed = Feed(TYPES)
    packets = [(1, 5_000_000, rtp(0)), (2, 5_020_000, rtp(10**9)), (3, 5_040_000, rtp(10**9 + 960))]
    assert [captured for captured, _ in read(feed.frames(packets))] == [5_000_000, 5_020_000, 5_040_000]
    late = 5_060_000 + STRAYED_US + 1
    assert read(feed.frames([(4, late, rtp(10**9 + 1920))]))[0][0] == late


def test_what_is_no_sound_is_left_out() -> None:
    packets = [
        (1, 1_000_000, b""),
        (2, 1_000_000, b"\x80"),
        (3, 1_000_000, rtp(0, b"")),
        (4, 1_000_000, rtp(0, payload_type=96)),
        (5, 1_000_000, rtp(0, payload_type=63)),
        (6, 1_000_000, bytes(200)),
        (7, 1_000_000, rtp(0)),
    ]
    assert read(Feed(TYPES).frames(packets)) == [(1_000_000, b"\x78sound")]
