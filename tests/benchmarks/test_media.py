"""The generator's packets, read by the server's own parsers."""

from __future__ import annotations

import time

import pytest

from benchmarks.load import media, srtp
from benchmarks.load.engine import PICTURE, SOUND, Engine
from benchmarks.load.peer import new_socket
from mediaserver.rtp.codecs import vp8_keyframe
from mediaserver.rtp.packet import elements, parse_header

from .conftest import line, until

PICTURE_SSRC, SOUND_SSRC = 0x1234, 0x9876


async def packets(engine: Engine, loop: media.Loop, ssrc: int, count: int, **spec: int) -> list[bytes]:
    """The first packets the engine sends of a loop, decrypted."""
    key = srtp.new_key()
    tap = srtp.session(key, outbound=False)
    received: list[bytes] = []
    with new_socket() as sending, new_socket() as receiving:
        sending.connect(receiving.getsockname())
        peer = engine.add_peer(sending.fileno(), None, srtp.session(key, outbound=True))
        engine.add_track(
            peer,
            loop.spec(ssrc=ssrc, payload_type=96, **{"send_time_id": 3, "level_id": 0, **spec},
                      start_ns=time.monotonic_ns()),
        )  # fmt: skip

        def enough() -> bool:
            try:
                while len(received) < count:
                    data = receiving.recv(2048)
                    if not 192 <= data[1] <= 223:
                        received.append(tap.unprotect(data))
            except BlockingIOError:
                return False
            return True

        await until(enough)
        engine.remove_peer(peer)
    return received


@pytest.mark.parametrize("burst", [False, True])
async def test_pictures_are_vp8_to_the_server(engine: Engine, burst: bool) -> None:
    engine.set_burst(burst)
    sent = await packets(engine, media.pictures(), PICTURE_SSRC, 13)
    headers = [parse_header(packet) for packet in sent]
    assert [header.marker for header in headers] == [*[False] * 5, True, *[False] * 5, True, False]
    assert [header.sequence for header in headers] == [(PICTURE_SSRC + index) & 0xFFFF for index in range(13)]
    assert [header.timestamp for header in headers] == [0] * 6 + [3600] * 6 + [7200]
    assert {header.ssrc for header in headers} == {PICTURE_SSRC} and {header.payload_type for header in headers} == {96}
    assert {len(packet) for packet in sent} == {1100}
    payloads = [packet[header.payload : header.end] for packet, header in zip(sent, headers, strict=True)]
    assert [vp8_keyframe(payload) for payload in payloads] == [True] + [False] * 12
    pictures = [int.from_bytes(payload[2:4], "big") for payload in payloads]
    assert pictures == [0x8000] * 6 + [0x8001] * 6 + [0x8002]
    assert all(elements(packet, header)[0][0] == 3 for packet, header in zip(sent, headers, strict=True))


async def test_every_packet_carries_its_time(engine: Engine) -> None:
    before = time.time_ns()
    for loop, kind in ((media.pictures(), PICTURE), (media.sound(), SOUND)):
        [packet, *_] = await packets(engine, loop, PICTURE_SSRC, 1, level_id=1 if kind else 0)
        header = parse_header(packet)
        stamp = packet[header.payload + media.STAMP_OFFSET :][: media.STAMP_SIZE]
        assert int.from_bytes(stamp[:2], "little") == kind
        assert before <= int.from_bytes(stamp[8:], "little") <= time.time_ns()


async def test_sound_has_a_level(engine: Engine) -> None:
    [packet, *_] = await packets(engine, media.sound(), SOUND_SSRC, 1, level_id=1)
    header = parse_header(packet)
    assert [(number, length) for number, _, length in elements(packet, header)] == [(3, 3), (1, 1)]
    assert header.end - header.payload == media.SOUND_PAYLOAD


def test_real_pictures_begin_with_a_keyframe() -> None:
    loop = media.real_pictures(seconds=0.4)
    assert len(loop.frames) == 10 and not loop.stamped
    assert [vp8_keyframe(frame[0]) for frame in loop.frames] == [True] + [False] * 9
    assert all(not vp8_keyframe(payload) for frame in loop.frames for payload in frame[1:])
    assert max(len(payload) for frame in loop.frames for payload in frame) <= media.PICTURE_PAYLOAD


async def test_counts_what_arrives_and_measures_its_delay(engine: Engine) -> None:
    with line(engine) as direct:
        spec = {"payload_type": 96, "send_time_id": 3, "level_id": 0, "start_ns": time.monotonic_ns()}
        engine.add_track(direct.sender, media.pictures().spec(ssrc=PICTURE_SSRC, **spec))
        await until(lambda: engine.seen(direct.receiver).packets >= 60)
        totals = engine.totals()
        assert totals["received"] == totals["expected"] and totals["duplicates"] == totals["undecryptable"] == 0
        delays = engine.take_delays()
        assert len(delays[PICTURE]) >= 60 // 16 and len(delays[SOUND]) == 0
        assert (delays[PICTURE] > 0).all()
        seen = engine.seen(direct.receiver)
        assert 0 < time.time_ns() - seen.last_ns < time.time_ns() - seen.first_ns < 10**11


async def test_lost_packets_are_gaps_and_asked_for_again(engine: Engine) -> None:
    engine.set_loss(0.2)
    with line(engine) as direct:
        spec = {"payload_type": 96, "send_time_id": 3, "level_id": 0, "start_ns": time.monotonic_ns()}
        engine.add_track(direct.sender, media.pictures().spec(ssrc=PICTURE_SSRC, **spec))
        await until(lambda: engine.seen(direct.receiver).packets >= 100)
        totals = engine.totals()
    assert 0 < totals["dropped"] < totals["sent"] / 2 + totals["dropped"]
    assert totals["expected"] - totals["received"] in range(totals["dropped"] - 8, totals["dropped"] + 1)
    assert totals["asked_again"] > 0
