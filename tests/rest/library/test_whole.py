"""The download: real film and sound in one file with the captions as they stand, made while it is sent."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from signalling.rest import library_files
from tests.rest.library.conftest import Shelf, done, left, problem


def film(path: Path, seconds: int) -> bytes:
    with av.open(str(path), "w", format="webm") as out:
        stream = out.add_stream("vp8", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.time_base = 160, 90, "yuv420p", Fraction(1, 10)
        for number in range(seconds * 10):
            frame = av.VideoFrame.from_ndarray(np.full((90, 160, 3), number % 256, np.uint8), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.read_bytes()


@pytest.fixture
async def filmed(shelf: Shelf, spool: Path, tmp_path: Path) -> Shelf:
    await shelf.put(
        shelf.lesson, "screen", film(tmp_path / "screen.webm", 5), "video/webm", offset_ms=2000, length_ms=5000
    )
    await shelf.drop("camera")
    return shelf


async def test_film_and_captions_in_one_file(filmed: Shelf, spool: Path) -> None:
    line = {"text": "今天学习分数", "version": 1}
    await filmed.staff.call("PATCH", f"/resources/{filmed.lesson}/transcript/2", json=line)
    answer = await filmed.near.http.get(f"/library/files/{filmed.lesson}/whole")
    assert (answer.status, answer.content_type) == (200, "video/matroska")
    assert (
        answer.headers["Content-Disposition"].startswith("attachment;")
        and ".mkv" in answer.headers["Content-Disposition"]
    )
    with av.open(io.BytesIO(await answer.read())) as opened:
        kinds = [stream.type for stream in opened.streams]
        assert sorted(kinds) == ["subtitle", "video"]
        said = [
            (round(float(packet.pts * packet.time_base)), bytes(packet).decode())
            for packet in opened.demux(opened.streams[kinds.index("subtitle")])
            if packet.size
        ]
    assert said == [(10, "同学们好"), (20, "今天学习分数"), (30, "把一个圆平均分成四份")]
    assert left(spool) == []


async def cut(shelf: Shelf, title: str, starts_ms: int, ends_ms: int) -> str:
    body = {"title": title, "starts_ms": starts_ms, "ends_ms": ends_ms}
    return str((await done(await shelf.teacher.call("POST", f"/resources/{shelf.lesson}/clips", json=body)))["id"])


async def test_a_clip_is_its_part_alone(filmed: Shelf) -> None:
    clip = await cut(filmed, "板书", 4000, 21_000)
    shown = await filmed.near.get(f"/resources/{clip}")
    assert shown["download"] == f"/library/files/{clip}/whole"
    answer = await filmed.near.http.get(shown["download"])
    assert answer.status == 200 and "%E6%9D%BF%E4%B9%A6.mkv" in answer.headers["Content-Disposition"]
    with av.open(io.BytesIO(await answer.read())) as opened:
        [chapter] = opened.chapters()
        lead = float(chapter["start"] * chapter["time_base"])
        times: dict[str, list[float]] = {}
        for packet in opened.demux():
            if packet.size:
                times.setdefault(packet.stream.type, []).append(float(packet.pts * packet.time_base) - lead)
    assert 0 <= lead <= 2  # the film begins 2 s before the clip, and so does its only key picture
    assert (times["video"][0], times["video"][-1]) == pytest.approx((-lead, 2.9), abs=0.02)
    assert [round(at) for at in times["subtitle"]] == [6, 16]
    empty = await cut(filmed, "后来", 20_000, 30_000)
    answer = await filmed.near.http.get(f"/library/files/{empty}/whole")
    assert await problem(answer) == (409, "nothing_to_play")


async def test_who_gets_it(filmed: Shelf) -> None:
    assert await problem(await filmed.far.http.get(f"/library/files/{filmed.lesson}/whole")) == (404, "not_found")
    head = await filmed.near.http.head(f"/library/files/{filmed.lesson}/whole")
    assert head.status == 200 and await head.read() == b""
    await filmed.drop("screen")
    answer = await filmed.near.http.get(f"/library/files/{filmed.lesson}/whole")
    assert await problem(answer) == (409, "nothing_to_play")


async def test_a_file_that_is_missing_or_damaged(filmed: Shelf, spool: Path) -> None:
    await filmed.put(filmed.lesson, "camera", b"this is no film", "video/mp4")
    answer = await filmed.near.http.get(f"/library/files/{filmed.lesson}/whole")
    assert await problem(answer) == (503, "download_broken")
    filmed.world.server.signalling.shelf.store.remove_file(f"{filmed.lesson}/camera.mp4")
    answer = await filmed.near.http.get(f"/library/files/{filmed.lesson}/whole")
    assert await problem(answer) == (404, "file_missing")
    assert left(spool) == []


async def test_so_many_at_once(filmed: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_files, "MAX_MUXED", 0)
    answer = await filmed.near.http.get(f"/library/files/{filmed.lesson}/whole")
    assert await problem(answer) == (503, "too_many_downloads")
