"""Claps of several senders through a recording, and by how much sound and picture of each are apart in its files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.clap import media
from benchmarks.clap.line import Device, Network, Skew
from recorder import manifest
from recorder.manifest import Track
from recorder.recording import Recording

ZERO_US = 1_000_000_000
BATCH_S = 0.25
CAMERA_S, SOUND_S = 0.045, 0.005
"""From capture to sending."""


@dataclass
class Sender:
    name: str
    skew: Skew
    camera: Device
    sound: Device
    claps: list[tuple[float, float]] = field(default_factory=list)
    """When the white picture and the burst were captured, on the server's clock, in s."""


@dataclass
class Measured:
    """All in ms, one for each clap. :ivar lip: sound before (+) or after (-) the picture, as errors.

    :ivar absolute: of the picture on the lesson's time line, the least way included.
    """

    lip: list[float]
    absolute: list[float]
    cpu_s: float = 0.0
    found: int = 0
    clapped: int = 0


def record(
    folder: Path,
    seconds: int,
    skews: dict[str, Skew],
    *,
    network: Network,
    every_s: int = 60,
    told: Callable[[int], None] = lambda second: None,
) -> tuple[dict[str, Sender], float]:
    """:returns: the senders, and the CPU seconds that the recording took."""
    now_us = ZERO_US
    recording = Recording(folder, "clap", 1_767_225_600_000, "teacher", lambda: now_us, began_us=ZERO_US)
    senders = {}
    for number, (name, skew) in enumerate(skews.items()):
        camera = Device(90_000, 3000, skew.camera, 96, CAMERA_S, network, skew, 10 * number + 1)
        sound = Device(48_000, 960, skew.sound, 111, SOUND_S, network, skew, 10 * number + 2)
        senders[name] = Sender(name, skew, camera, sound)
        for source, kind, codec in (("camera", "video", {96: "VP8"}), ("microphone", "audio", {111: "opus"})):
            recording.open(f"{name}-{source}", name, source, kind, now_us)
            recording.payload_types(f"{name}-{source}", codec)
    tapes = {name: _Tapes(sender, seconds, every_s) for name, sender in senders.items()}
    spent = 0.0
    for batch in range(int(seconds / BATCH_S)):
        end_s = (batch + 1) * BATCH_S
        made = {}
        for name, sender in senders.items():
            made[f"{name}-camera"] = _microseconds(sender.camera.until(end_s, tapes[name].pictures))
            made[f"{name}-microphone"] = _microseconds(sender.sound.until(end_s, tapes[name].sound))
        reports = list(_reports(senders, batch))
        now_us = ZERO_US + int(end_s * 1e6) + 200_000
        began = time.process_time()
        for track, packets in made.items():
            recording.packets(track, packets, 0)
        for track, report in reports:
            recording.report(track, report.ntp, report.rtp, ZERO_US + int(report.at_s * 1e6))
        recording.tick(now_us)
        spent += time.process_time() - began
        if batch % int(60 / BATCH_S) == 0:
            told(int(end_s))
    recording.close(now_us)
    return senders, spent


def _microseconds(packets: Iterator[tuple[int, float, bytes]]) -> list[tuple[int, int, bytes]]:
    return [(index, ZERO_US + int(at * 1e6), data) for index, at, data in packets]


def _reports(senders: dict[str, Sender], batch: int) -> Iterator[tuple[str, object]]:
    """Every second of the camera, every five of the microphone, as Chromium sends them."""
    for name, sender in senders.items():
        for source, device, seconds in (("camera", sender.camera, 1), ("microphone", sender.sound, 5)):
            if batch % int(seconds / BATCH_S) == 1:
                report = device.report(batch * BATCH_S)
                if report is not None:
                    yield f"{name}-{source}", report


class _Tapes:
    """Payloads by frame number: seconds encoded once, put one after the other."""

    def __init__(self, sender: Sender, seconds: int, every_s: int) -> None:
        self.pictures = _Pictures(media.second_of_pictures(None))
        self.sound = _Loop(media.second_of_sound(None))
        for second in range(every_s // 2, seconds - 5, every_s):
            flash = sender.camera.first_after(second)
            click = sender.sound.first_after(sender.camera.captured_s(flash))
            self.pictures.put(flash, media.FPS, media.second_of_pictures(flash % media.FPS))
            self.sound.put(click, media.PACKETS, media.second_of_sound(click % media.PACKETS))
            sender.claps.append((sender.camera.captured_s(flash), sender.sound.captured_s(click)))


class _Loop:
    def __init__(self, second: list[bytes]) -> None:
        self._second = second
        self._other: dict[int, bytes] = {}

    def put(self, frame: int, each: int, second: list[bytes]) -> None:
        first = frame - frame % each
        self._other |= {first + number: data for number, data in enumerate(second)}

    def __getitem__(self, frame: int) -> bytes:
        return self._other.get(frame) or self._second[frame % len(self._second)]


class _Pictures(_Loop):
    """With a payload descriptor (RFC 7741 §4.2): each picture fits into a packet."""

    def __getitem__(self, frame: int) -> bytes:
        return b"\x90\x80" + (0x8000 | frame & 0x7FFF).to_bytes(2, "big") + super().__getitem__(frame)


def measure(folder: Path, senders: dict[str, Sender]) -> dict[str, Measured]:
    """Reads the files back: what shows and sounds at which moment of the lesson."""
    kept = manifest.load(folder)
    delay_s = media.codec_delay()
    found = {}
    for name, sender in senders.items():
        pictures = list(_seen(folder, kept.track(f"{name}-camera"), media.flashes))
        sounds = list(_seen(folder, kept.track(f"{name}-microphone"), lambda path: media.clicks(path, delay_s)))
        measured = Measured([], [], clapped=len(sender.claps))
        for flash_s, click_s in sender.claps:
            flash = _nearest(pictures, flash_s)
            click = _nearest(sounds, click_s)
            if flash is None or click is None:
                continue  # the clap's packets were lost
            measured.found += 1
            measured.lip.append(1000 * ((flash - click) - (flash_s - click_s)))
            measured.absolute.append(1000 * (flash - flash_s))
        found[name] = measured
    return found


def _nearest(times: list[float], wanted: float) -> float | None:
    near = min(times, key=lambda time: abs(time - wanted), default=None)
    return near if near is not None and abs(near - wanted) < 5 else None


def _seen(folder: Path, track: Track | None, events: Callable[[Path], Iterator[float]]) -> Iterator[float]:
    """Moments on the lesson's time line, by the parts' sync points, straight lines between them."""
    assert track is not None
    for part in track.parts:
        for time_s in events(folder / part.file):
            yield on_line(part.sync, round(time_s * 1e6), part.start_us) / 1e6


def on_line(points: list[manifest.Sync], pts_us: int, start_us: int) -> int:
    if not points:
        return start_us + pts_us
    after = next((number for number, point in enumerate(points) if point.pts_us > pts_us), len(points))
    low, high = (points[max(0, min(after, len(points) - 1) - 1)], points[min(after, len(points) - 1)])
    if low.pts_us == high.pts_us:
        return low.at_us + pts_us - low.pts_us
    return low.at_us + (pts_us - low.pts_us) * (high.at_us - low.at_us) // (high.pts_us - low.pts_us)
