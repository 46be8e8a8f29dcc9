"""What is known of one recording: `manifest.json` beside its files. The recorder writes it, each stage adds its part.

Times are µs on the lesson's time line, which begins at `Manifest.began` and is the server's monotonic clock; offsets of
senders' clocks are in `Part.sync`. What did not arrive is a `Gap`: nothing is stretched over it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from mediaserver.api import UserError
from recorder import files

NAME = "manifest.json"
VERSION = 1

Why = Literal["network", "recorder", "disk", "paused", "excluded", "server", "silent"]
"""Of a gap: packets that never came; the recorder was away or too slow; nothing could be written; `paused` and
`excluded` by command; the media server was away; the publisher sent nothing although she was there."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Sync(_Model):
    """What has presentation time `pts_us` in a part was captured at `at_us` of the lesson (RTCP sender reports)."""

    pts_us: int
    at_us: int


class Part(_Model):
    """One file of a track, playable by itself. A new one begins with another codec, picture size (H.264), publisher
    session or after a crash.

    :ivar file: below the recording's folder. :ivar codec: `opus`, `vp8`, `h264`, `vp9` or `av1`.
    :ivar start_us: where its presentation time 0 lies in the lesson, as far as arrival tells; `sync` says it exactly.
    :ivar sha256: of the closed file; empty while it is written or after a crash, until it is finalised.
    :ivar ssrc: of its packets. :ivar rtp: their time stamp at presentation time 0: by both a recorder that was killed
        goes on in it.
    """

    file: str
    codec: str
    start_us: int
    duration_us: int = 0
    width: int = 0
    height: int = 0
    bytes: int = 0
    sha256: str = ""
    closed: bool = False
    ssrc: int = 0
    rtp: int = 0
    sync: list[Sync] = Field(default_factory=list)


class Gap(_Model):
    start_us: int
    end_us: int
    why: Why


class Track(_Model):
    """:ivar id: `{participant}-{source}`, safe in file names. :ivar source: `camera`, `screen` or `microphone`.

    :ivar over: its publisher ended it, and has not come again since: nothing of it is missing.
    """

    id: str
    participant: str
    source: str
    kind: Literal["audio", "video"]
    parts: list[Part] = Field(default_factory=list)
    gaps: list[Gap] = Field(default_factory=list)
    over: bool = False


class Spell(_Model):
    """A stretch of the lesson that was not recorded by somebody's order."""

    start_us: int
    end_us: int | None = None
    by: str


class Span(NamedTuple):
    """A part of the lesson, µs of its time line."""

    starts_us: int
    ends_us: int


class Output(_Model):
    """A finished file. :ivar name: its role: `camera`, `screen`, `poster`, `slide-3`, `captions-zh`, `whole` …

    :ivar offset_us: where its presentation time 0 lies on the lesson's time line.
    :ivar participant: who is seen or heard in it.
    """

    name: str
    file: str
    media_type: str
    bytes: int
    sha256: str
    duration_us: int = 0
    width: int = 0
    height: int = 0
    offset_us: int = 0
    participant: str = ""


class Slide(_Model):
    """A picture that stood on the screen from `at_us` on. :ivar image: an `Output.name`."""

    at_us: int
    image: str
    text: str = ""


class Chapter(_Model):
    at_us: int
    title: str = ""
    slide: int | None = None


class Manifest(_Model):
    """:ivar room: the lesson's id. :ivar began: Unix time of the time line's zero, in ms.

    :ivar boot: of the server that records, since it was switched on; empty: not known. :ivar zero_us: monotonic time of
        the time line's zero there. Whoever goes on there knows how late it is, whatever became of the clock meanwhile.
    :ivar lead: the participant who leads the lesson; when it is finalised, who led most of it.
    :ivar leads: all who did. :ivar length_us: of the time line; 0 while it goes on.
    :ivar done: stages whose results are in here, with the SHA-256 of what each was made from.
    """

    version: int = VERSION
    room: str
    began: int
    boot: str = ""
    zero_us: int = 0
    lead: str = ""
    leads: list[str] = Field(default_factory=list)
    length_us: int = 0
    ended: bool = False
    tracks: list[Track] = Field(default_factory=list)
    pauses: list[Spell] = Field(default_factory=list)
    excluded: dict[str, list[Spell]] = Field(default_factory=dict)
    outputs: list[Output] = Field(default_factory=list)
    slides: list[Slide] = Field(default_factory=list)
    chapters: list[Chapter] = Field(default_factory=list)
    pages: list[str] = Field(default_factory=list)
    """What stands on each page of a document or slide of a presentation."""
    done: dict[str, str] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
    """Codes of what the people should know, such as `no_model`."""

    def track(self, id: str) -> Track | None:
        return next((track for track in self.tracks if track.id == id), None)

    def output(self, name: str) -> Output | None:
        return next((output for output in self.outputs if output.name == name), None)

    def put(self, output: Output) -> None:
        """In the place of the one with its name."""
        self.outputs = [other for other in self.outputs if other.name != output.name] + [output]


def load(folder: Path) -> Manifest:
    """:raises UserError: 404 `no_recording`; 422 `bad_manifest`, when it is damaged or of a later version."""
    try:
        text = (folder / NAME).read_bytes()
    except FileNotFoundError:
        raise UserError(404, "no_recording", f"There is no recording in {folder.name}.") from None
    try:
        version = json.loads(text).get("version")
        if version == VERSION:
            return Manifest.model_validate_json(text)
        reason = f"it is of version {version!r}, this program knows {VERSION}"
    except (ValueError, AttributeError):
        reason = "it is damaged"
    raise UserError(422, "bad_manifest", f"The manifest of {folder.name} cannot be read: {reason}.")


def save(folder: Path, manifest: Manifest) -> None:
    """:raises OSError: the old one stays."""
    kept = {"version": manifest.version} | manifest.model_dump(mode="json", exclude_defaults=True)
    files.replace(folder / NAME, json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode())
