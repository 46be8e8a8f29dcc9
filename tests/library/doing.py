"""Small stages that do what real ones do to files: the results are those of one uninterrupted run, or of none.

A file `order-STAGE` in the recording's folder makes one of them behave badly, a file `hold-STAGE` lets it begin and
not go on. `begun` and `done` are lists of what happened, with process ids.
"""

from __future__ import annotations

import hashlib
import os
import resource
import time
from pathlib import Path

from mediaserver.api import UserError
from recorder import files
from recorder import transcript as transcripts
from recorder.manifest import Chapter, Manifest, Output, Part, Slide, Track
from recorder.manifest import save as save_manifest
from recorder.stages import keep as keeping
from recorder.stages.work import Work
from recorder.transcript import Line, Transcript, Word

SECOND = 1_000_000
LINES = ("今天我们学习认识分数", "请看黑板上的图形", "谁来说一说二分之一是什么意思")
CALLS = {name: f"tests.library.doing:{name}" for name in ("finalise", "pictures", "transcript", "chapters")}
CALLS["publish"] = "tests.library.doing:keep"


def record(folder: Path, lead: str, *, seconds: int = 60) -> Manifest:
    """A finished recording, as the recorder leaves it."""
    folder.mkdir(parents=True)
    part = Part(file="parts/camera-1.mkv", codec="h264", start_us=0, duration_us=seconds * SECOND, closed=True)
    made = Manifest(
        room=folder.name,
        began=1_772_409_600_000,
        lead=lead,
        length_us=seconds * SECOND,
        ended=True,
        tracks=[
            Track(id=f"{lead}-camera", participant=lead, source="camera", kind="video", parts=[part]),
            Track(id=f"{lead}-microphone", participant=lead, source="microphone", kind="audio"),
        ],
    )
    save_manifest(folder, made)
    return made


def finalise(work: Work) -> None:
    with _doing(work, "finalise"):
        _put(work, "camera", "out/camera.mp4", "video/mp4", b"pictures and sound" * 1000)


def pictures(work: Work) -> None:
    with _doing(work, "pictures"):
        _put(work, "poster", "out/poster.jpg", "image/jpeg", b"poster")
        work.manifest.slides = []
        fewer = (work.folder / "order-pictures").exists()
        work.manifest.outputs = [output for output in work.manifest.outputs if not output.name.startswith("slide-")]
        for number in (1,) if fewer else (1, 2):
            name = f"slide-{number}"
            _put(work, name, f"out/{name}.jpg", "image/jpeg", name.encode())
            work.manifest.slides.append(Slide(at_us=number * 10 * SECOND, image=name, text=f"第{number}页"))


def transcript(work: Work) -> None:
    with _doing(work, "transcript"):
        lines = []
        late = SECOND // 5 if (work.folder / "order-transcript").exists() else 0
        for number, text in enumerate(LINES):
            at = number * 5 * SECOND + late
            words = [Word(start_us=at, end_us=at + SECOND, text=text[:2])]
            lines.append(
                Line(start_us=at, end_us=at + 4 * SECOND, text=text, words=words, track=work.manifest.tracks[1].id)
            )
        heard = Transcript(model="tiny", language=work.facts.language, lines=lines)
        transcripts.save(work.folder, heard)
        work.save()


def chapters(work: Work) -> None:
    with _doing(work, "chapters"):
        heard = transcripts.load(work.folder)
        title = heard.lines[0].text if heard is not None else ""
        work.manifest.chapters = [Chapter(at_us=slide.at_us, title=title) for slide in work.manifest.slides]


def keep(work: Work, url: str, resource: str) -> None:
    with _doing(work, "publish"):
        keeping.keep(work, url, resource)


class _doing:
    """What every stage here does around what it makes."""

    def __init__(self, work: Work, name: str) -> None:
        self._work = work
        self._name = name

    def __enter__(self) -> None:
        folder = self._work.folder
        (folder / "out").mkdir(exist_ok=True)
        note(folder / "begun", f"{self._name} {os.getpid()}")
        self._work.progress(0.5)
        order = folder / f"order-{self._name}"
        if order.exists():
            _misbehave(order.read_text(), folder)
        wait(folder / f"hold-{self._name}")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._work.manifest.done[self._name] = "made"
            self._work.save()
            note(self._work.folder / "done", self._name)


def wait(hold: Path) -> None:
    while hold.exists():
        time.sleep(0.01)


def note(path: Path, line: str) -> None:
    """One write, so that two processes do not mix theirs."""
    with path.open("a") as file:
        file.write(line + "\n")


def _misbehave(how: str, folder: Path) -> None:
    if how == "abort":
        os.abort()
    if how == "exit":
        os._exit(3)
    if how == "hang":
        time.sleep(3600)
    if how == "memory":
        held = []
        while True:
            held.append(bytearray(64 << 20))
    if how == "tell":
        limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
        first = Path("/proc/self/oom_score_adj").read_text().strip()
        (folder / "told").write_text(f"{os.nice(0)} {os.environ['OMP_NUM_THREADS']} {limit} {first}")
        return
    if how in ("fewer", "later"):
        return
    if how == "talk":
        os.write(1, b"a library says what nobody asked for\n")
        return
    if how == "no_model":
        raise UserError(409, "no_model", "There is no speech model on this machine.")
    if how == "bad_model":
        raise UserError(422, "bad_model", "The speech model cannot be loaded.")
    if how == "refuse":
        raise UserError(422, "damaged", "This file is damaged; upload it again.")
    if how == "away":
        raise UserError(503, "disk_full", "No space is left for finished files: make some.")
    raise RuntimeError(how)


def _put(work: Work, name: str, file: str, media_type: str, data: bytes) -> None:
    files.replace(work.folder / file, data)
    work.manifest.put(
        Output(
            name=name,
            file=file,
            media_type=media_type,
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            duration_us=work.manifest.length_us if name == "camera" else 0,
        )
    )
