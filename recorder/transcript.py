"""The transcript of one recording: `transcript.json` beside its manifest."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from recorder import files

NAME = "transcript.json"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Word(_Model):
    start_us: int
    end_us: int
    text: str


class Line(_Model):
    """A sentence or less, on the lesson's time line. :ivar track: whose sound it is, as `manifest.Track.id`."""

    start_us: int
    end_us: int
    text: str
    words: list[Word] = Field(default_factory=list)
    track: str = ""


class Transcript(_Model):
    """:ivar model: name and checksum of what heard it.
    :ivar made_from: digest of the sound and of what was known of it, see `Manifest.done`.

    :ivar heard_us: so far it holds everything that was said; -1 when it is whole.
    :ivar tracks: where each track that was begun goes on, in µs of the lesson's time line.
    :ivar device: what heard it ran on. :ivar dropped: what was left out, as `recorder.speech.clean.Dropped` counts.
    """

    model: str = ""
    device: str = ""
    made_from: str = ""
    language: str = ""
    heard_us: int = -1
    tracks: dict[str, int] = Field(default_factory=dict)
    lines: list[Line] = Field(default_factory=list)
    dropped: dict[str, int] = Field(default_factory=dict)


def load(folder: Path) -> Transcript | None:
    """None when there is none. :raises ValueError: it is damaged."""
    try:
        return Transcript.model_validate_json((folder / NAME).read_bytes())
    except FileNotFoundError:
        return None


def save(folder: Path, transcript: Transcript) -> None:
    """:raises OSError: the old one stays."""
    files.replace(folder / NAME, transcript.model_dump_json(exclude_defaults=True).encode())
