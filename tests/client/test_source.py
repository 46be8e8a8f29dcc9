"""Files and streams on their way out: what a WebRTC peer receives of them."""

from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiortc.mediastreams import MediaStreamError

from mediaserver.api import UserError
from signalling.client import source as source_module
from signalling.client.annexb import IDR, PPS, SPS, nal_type, split_nals
from signalling.client.demux import Demuxer
from signalling.client.http import SignallingClient
from signalling.client.publisher import Publisher
from signalling.client.source import Source
from signalling.client.watcher import Watcher
from tests.client.answerer import Answerer
from tests.client.media import make_file
from tests.client.rtsp_server import RtspServer
from tests.client.waiting import eventually

QUICK = (0.05, 0.2)


def pictures_of(path: Path) -> list[list[bytes]]:
    demuxer = Demuxer(str(path))
    try:
        return [split_nals(unit.payload) for unit in demuxer if unit.kind == "video"]
    finally:
        demuxer.close()


def received_nals(answerer: Answerer) -> list[bytes]:
    """NAL units of the RTP packets that arrived, reassembled here (RFC 6184), in order of sequence numbers."""
    nals: list[bytes] = []
    for packet in sorted(answerer.packets["video"], key=lambda packet: packet.sequence_number):
        payload = packet.payload
        kind = payload[0] & 0x1F
        if kind == 24:
            at = 1
            while at < len(payload):
                size = int.from_bytes(payload[at : at + 2], "big")
                nals.append(payload[at + 2 : at + 2 + size])
                at += 2 + size
        elif kind == 28:
            if payload[1] & 0x80:
                nals.append(bytes([payload[0] & 0xE0 | payload[1] & 0x1F]))
            nals[-1] += payload[2:]
        else:
            nals.append(payload)
    return nals


async def test_a_file_arrives_bit_by_bit(tmp_path: Path, client: SignallingClient, answerer: Answerer) -> None:
    path = make_file(tmp_path / "a.mp4", audio="aac", frames=25)
    source = await Source.open(str(path))
    async with source, Publisher(client, "demo", source.tracks()):
        assert "VP8" not in answerer.offers[0]
        expected = [nal for picture in pictures_of(path) for nal in picture]
        await answerer.until(lambda: len(received_nals(answerer)) >= len(expected))
        assert received_nals(answerer) == expected
        await answerer.until(lambda: len(answerer.packets["audio"]) > 40)
        await asyncio.wait_for(source.ended.wait(), 5)


async def test_vp8_and_opus_of_a_file_are_seen_and_heard(
    tmp_path: Path, client: SignallingClient, answerer: Answerer
) -> None:
    path = make_file(tmp_path / "a.webm", "libvpx", audio="libopus", frames=25)
    source = await Source.open(str(path), loop=True)
    async with source, Publisher(client, "demo", source.tracks()):
        assert "H264" not in answerer.offers[0]
        async with Watcher(client, "demo", videos=1) as watcher:
            slot = await watcher.frames("main", 40)  # more than the file has: it began again
            assert (slot.width, slot.height) == (320, 240)
            await watcher.audible("program")


async def test_a_file_is_paced_by_its_time_stamps(tmp_path: Path) -> None:
    path = make_file(tmp_path / "a.mp4", frames=50)
    loop = asyncio.get_running_loop()
    async with await Source.open(str(path)) as source:
        (track,) = source.tracks()
        begin = loop.time()
        packets = [await track.recv() for _ in range(15)]
        took = loop.time() - begin
        assert [packet.pts for packet in packets] == [3600 * i for i in range(15)]
        assert took >= 14 / 25 - 0.02


async def test_a_repeated_file_goes_on_in_time(tmp_path: Path) -> None:
    path = make_file(tmp_path / "a.mp4", frames=5)
    async with await Source.open(str(path), loop=True) as source:
        (track,) = source.tracks()
        stamps = [(await track.recv()).pts for _ in range(12)]
        assert stamps == [3600 * i for i in range(12)]


async def test_new_tracks_begin_with_the_latest_keyframe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_file(tmp_path / "a.mp4", frames=50)
    async with await Source.open(str(path)) as source:
        await source.tracks()[0].recv()
        await eventually(lambda: len(source._queues["video"]) >= 15)
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + 0.55)
        monkeypatch.setattr(source_module, "time", later)  # as after a pause in which a publisher reconnected
        packet = await source.tracks()[0].recv()
        assert IDR in [nal_type(nal) for nal in split_nals(bytes(packet))]
        assert packet.pts == 10 * 3600


async def test_what_nobody_fetches_is_dropped_up_to_a_keyframe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_QUEUE", 12)
    path = make_file(tmp_path / "a.mp4", frames=25)
    async with await Source.open(str(path)) as source:
        track = source.tracks()[0]
        packets = [await track.recv()]
        await asyncio.wait_for(source.ended.wait(), 5)
        assert source.dropped > 0
        with pytest.raises(MediaStreamError):
            while True:
                packets.append(await track.recv())
        assert len(packets) + source.dropped == 25
        for before, after in itertools.pairwise(packets):
            types = [nal_type(nal) for nal in split_nals(bytes(after))]
            assert after.pts == before.pts + 3600 or IDR in types


async def test_rtsp_is_seen_and_comes_back_after_a_restart(
    tmp_path: Path, client: SignallingClient, answerer: Answerer
) -> None:
    sentences: list[str] = []
    path = make_file(tmp_path / "a.mp4", frames=50)
    async with RtspServer(pictures_of(path)) as box:
        source = await Source.open(box.url, say=sentences.append, backoff=QUICK)
        async with source, Publisher(client, "demo", source.tracks()) as publisher:
            async with Watcher(client, "demo", videos=1, audios=0) as watcher:
                await watcher.frames("main", 10)
                types = [nal_type(nal) for nal in received_nals(answerer)]
                assert types[:2] == [SPS, PPS] and IDR in types  # though the box gave the sets in its SDP alone
                await box.stop()
                await box.start()
                await answerer.until(lambda: source.reconnects == 1)
                await watcher.frames("main", 10)
            assert not publisher.lost.is_set()
            assert answerer.deleted == ["s2"]  # the watcher's; the publisher's session was kept
        assert any(sentence.endswith("is back.") for sentence in sentences)
        assert box.plays == 2


async def test_a_box_that_is_off_is_waited_for(tmp_path: Path) -> None:
    box = RtspServer(pictures_of(make_file(tmp_path / "a.mp4", frames=25)))
    await box.start()
    await box.stop()
    sentences: list[str] = []
    opening = asyncio.create_task(Source.open(box.url, say=sentences.append, backoff=QUICK))
    await eventually(lambda: sentences)
    await box.start()
    async with await opening as source:
        assert source.video == "H264"
    await box.stop()
    assert "cannot be opened" in sentences[0]


async def test_a_wrong_password_is_said_without_showing_it(tmp_path: Path) -> None:
    pictures = pictures_of(make_file(tmp_path / "a.mp4", frames=25))
    async with RtspServer(pictures, credentials="teacher:chalk") as box:
        with pytest.raises(UserError) as caught:
            await Source.open(box.url.replace("127", "teacher:wrong-one@127", 1))
        assert caught.value.code == "source_refused"
        assert "wrong-one" not in caught.value.detail
        async with await Source.open(box.url.replace("127", "teacher:chalk@127", 1)) as source:
            (track,) = source.tracks()
            assert (await track.recv()).size > 0
