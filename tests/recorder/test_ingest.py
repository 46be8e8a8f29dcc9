"""Files that people upload: what browsers play is kept as it is, what they do not is encoded, the rest is refused."""

from __future__ import annotations

import hashlib
import sys
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest

from mediaserver.api import UserError
from recorder import manifest as manifests
from recorder import room
from recorder.manifest import Manifest, Output
from recorder.probe import probe
from recorder.stages import child, ingest, keep, pictures
from recorder.stages.work import Work

SECONDS = 4


def record(path, kind: str, video: str = "", audio: str = "", seconds: float = SECONDS, pixels: str = "yuv420p"):
    with av.open(path, "w", format=kind) as output:
        streams = []
        if video:
            seen = output.add_stream(video, rate=10)
            seen.width, seen.height, seen.pix_fmt = 128, 96, pixels
            streams.append((seen, 0.1))
        if audio:
            heard = output.add_stream(audio, rate=48_000)
            heard.layout = "stereo"
            heard.codec_context.open(strict=False)
            streams.append((heard, (heard.codec_context.frame_size or 1024) / 48_000))
        for stream, length in streams:
            for number in range(int(seconds / length)):
                output.mux(stream.encode(_frame(stream, number)))
            output.mux(stream.encode(None))
    return path


def _frame(stream, number: int):
    if stream.type == "video":
        image = np.full((96, 128, 3), 20 * (number // 10) + 60, np.uint8)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=stream.pix_fmt)
        frame.pts, frame.time_base = number, Fraction(1, 10)
        return frame
    samples = stream.codec_context.frame_size or 1024
    times = (np.arange(samples) + number * samples) / 48_000
    tone = (np.sin(2 * np.pi * 440 * times) * 8000).astype(np.int16).repeat(2).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="stereo")
    frame.sample_rate = 48_000
    resampler = av.AudioResampler(format=stream.codec_context.format.name, layout="stereo", rate=48_000)
    frame = resampler.resample(frame)[0]
    frame.pts, frame.time_base = number * samples, Fraction(1, 48_000)
    return frame


@pytest.fixture
def uploaded(tmp_path):
    """A folder as it is made for an upload."""

    def make(write, name: str = "original.bin") -> Work:
        (tmp_path / "upload").mkdir(exist_ok=True)
        path = tmp_path / "upload" / name
        write(path)
        data = path.read_bytes()
        output = Output(
            name="upload", file=f"upload/{name}", media_type="video/mp4", bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )  # fmt: skip
        manifests.save(tmp_path, Manifest(room="resource1", began=1, outputs=[output]))
        return Work(tmp_path, manifests.load(tmp_path))

    return make


def codecs(path) -> list[str]:
    probed = probe(path)
    return [stream.codec for stream in (probed.video, probed.audio) if stream]


@pytest.mark.parametrize(
    ("kind", "video", "audio", "media_type", "wanted"),
    [
        ("mp4", "libx264", "aac", "video/mp4", ["h264", "aac"]),
        ("webm", "libvpx", "libopus", "video/webm", ["vp8", "opus"]),
        ("matroska", "libx264", "libopus", "video/mp4", ["h264", "opus"]),
        ("mpegts", "libx264", "aac", "video/mp4", ["h264", "aac"]),
        ("avi", "mpeg4", "mp2", "video/mp4", ["h264", "aac"]),
        ("flv", "flv", "aac", "video/mp4", ["h264", "aac"]),
        ("matroska", "libvpx", "aac", "video/webm", ["vp8", "opus"]),
        ("mp4", "", "aac", "audio/mp4", ["aac"]),
        ("ogg", "", "libopus", "audio/webm", ["opus"]),
        ("wav", "", "pcm_s16le", "audio/mp4", ["aac"]),
        ("flac", "", "flac", "audio/mp4", ["aac"]),
        ("mp4", "libx264", "", "video/mp4", ["h264"]),
    ],
)
def test_what_people_have(uploaded, kind, video, audio, media_type, wanted):
    work = uploaded(lambda path: record(path, kind, video, audio))
    ingest.run(work)
    manifest = manifests.load(work.folder)
    (made,) = manifest.outputs
    assert (made.name, made.media_type) == ("camera" if video else "sound", media_type)
    assert codecs(work.folder / made.file) == wanted
    assert abs(made.duration_us - SECONDS * 1_000_000) < 200_000
    assert [(track.source, track.parts[0].file) for track in manifest.tracks] == [
        (source, "upload/original.bin") for source, there in (("camera", video), ("microphone", audio)) if there
    ]
    with av.open(work.folder / made.file) as opened:
        assert abs(opened.duration - SECONDS * 1_000_000) < 250_000
        assert abs(sum(1 for _ in opened.decode(video=0)) - 10 * SECONDS) <= 1 if video else True
    pictures.run(work)
    assert bool(work.manifest.output("poster")) == bool(video)


def test_sound_that_is_encoded_again_stays_where_it_was(uploaded):
    """A screen recorder wrote nothing while nobody spoke."""

    def write(path):
        with av.open(path, "w", format="matroska") as output:
            heard = output.add_stream("pcm_s16le", rate=48_000)
            heard.layout = "mono"
            for number in (*range(100), *range(300, 500)):  # 20 ms each; nothing from 2 s to 6 s, a clap at 8 s
                level = 9000 if 400 <= number < 405 else 0
                frame = av.AudioFrame.from_ndarray(np.full((1, 960), level, np.int16), format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 48_000, number * 960, Fraction(1, 48_000)
                output.mux(heard.encode(frame))
            output.mux(heard.encode(None))

    work = uploaded(write)
    ingest.run(work)
    [made] = work.manifest.outputs
    with av.open(work.folder / made.file) as opened:
        loud = [float(frame.time) for frame in opened.decode(audio=0) if np.abs(frame.to_ndarray()).max() > 0.1]
    assert abs(loud[0] - 8) < 0.06 and abs(made.duration_us - 10_000_000) < 100_000


def test_colours_that_browsers_do_not_show_are_changed(uploaded):
    work = uploaded(lambda path: record(path, "mp4", "libx264", "", pixels="yuv444p"))
    ingest.run(work)
    found = probe(work.folder / work.manifest.outputs[0].file).video
    assert found is not None and found.format == "yuv420p"


def test_a_second_run_changes_nothing(uploaded):
    work = uploaded(lambda path: record(path, "mp4", "libx264", "aac"))
    ingest.run(work)
    before = {path: path.stat().st_mtime_ns for path in work.folder.rglob("*")}
    again = Work(work.folder, manifests.load(work.folder))
    ingest.run(again)
    assert before == {path: path.stat().st_mtime_ns for path in work.folder.rglob("*")}


def _cut(path, share: float, *options: str):
    record(path, "mp4", "libx264", "aac")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def _cut_with_index(path):
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        noise = np.random.default_rng(1)
        for number in range(100):
            image = noise.integers(0, 255, (96, 128, 3)).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def _damaged(path):
    record(path, "webm", "libvpx", "libopus")
    data = bytearray(path.read_bytes())
    data[300:] = np.random.default_rng(2).bytes(len(data) - 300)
    path.write_bytes(data)


HOSTILE = {
    "playlist": lambda path: path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
    "concat": lambda path: path.write_text("ffconcat version 1.0\nfile /etc/passwd\n"),
    "dash": lambda path: path.write_text("<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1/</BaseURL></MPD>"),
    "sdp": lambda path: path.write_text("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=audio 9 RTP/AVP 0\n"),
    "picture": lambda path: path.write_bytes(bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(100)),
    "svg": lambda path: path.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    "text": lambda path: path.write_text("同课" * 1000),
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(np.random.default_rng(0).bytes(100_000)),
    "cut off": lambda path: _cut(path, 0.5),
    "cut off behind its index": _cut_with_index,
    "damaged": _damaged,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_played_is_refused_and_leaves_nothing(uploaded, name):
    work = uploaded(HOSTILE[name], "original.mp4")
    with pytest.raises(UserError) as caught:
        ingest.run(work)
    assert (caught.value.status, caught.value.code) == (422, "bad_media")
    assert [path.name for path in work.folder.rglob("*") if path.is_file()] == ["manifest.json"]
    again = Work(work.folder, manifests.load(work.folder))
    with pytest.raises(UserError) as caught:
        ingest.run(again)
    assert caught.value.code == "bad_media"


def test_a_file_that_takes_for_ever_is_given_up(tmp_path, monkeypatch):
    path = record(tmp_path / "x.mp4", "mp4", "libx264", "aac")
    _as_program(
        monkeypatch, tmp_path, "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 9))\nwhile True: 1"
    )
    with pytest.raises(UserError) as caught:
        probe(path)
    assert caught.value.code == "bad_media"


@pytest.mark.parametrize("what", ["os.kill(os.getpid(), 9)", "os.kill(os.getpid(), 15)", "time.sleep(99)"])
def test_a_file_is_kept_when_it_was_not_the_files_fault(uploaded, tmp_path, monkeypatch, what):
    """The kernel took the memory back, or the machine stood still: the only copy of a film must not go for that."""
    work = uploaded(lambda path: record(path, "mp4", "libx264", "aac"))
    with monkeypatch.context() as patch:
        patch.setattr("recorder.probe.WALL_S", 2.0)
        _as_program(patch, tmp_path, f"import os, time\n{what}")
        with pytest.raises(ChildProcessError):
            ingest.run(work)
    assert (work.folder / "upload" / "original.bin").exists()
    ingest.run(Work(work.folder, manifests.load(work.folder)))


def test_the_last_room_is_left_to_lessons(uploaded, tmp_path, monkeypatch):
    """A film needs its own size again, and once more in the store: it waits, and is not thrown away."""
    work = uploaded(lambda path: record(path, "mp4", "libx264", "aac"))
    left = iter((room.RESERVE + 10, room.RESERVE - 1, 1 << 40))
    with monkeypatch.context() as patch:
        patch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=next(left)))
        with pytest.raises(UserError) as caught:
            ingest.run(work)
        assert (caught.value.status, caught.value.code) == (503, "disk_full")
        with pytest.raises(UserError), (tmp_path / "told").open("w") as told:
            child._Progress(told, tmp_path).tell(0.5)
        ingest.run(work)
    (tmp_path / "store").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=room.RESERVE + 10))
        with pytest.raises(UserError) as caught:
            keep.keep(work, f"file://{tmp_path}/store", "resource1")
    assert caught.value.code == "disk_full" and list((tmp_path / "store").rglob("*")) == []


def _as_program(monkeypatch, folder, text: str):
    """A program in the place of the one that probes."""
    (folder / "instead").write_text(f"#!{sys.executable}\n{text}\n")
    (folder / "instead").chmod(0o700)
    monkeypatch.setattr("recorder.probe.sys.executable", str(folder / "instead"))
