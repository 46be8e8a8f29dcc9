"""What a stage is given: a folder with a manifest, and what the booking says of the lesson."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from recorder import manifest
from recorder.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Facts:
    """:ivar names: of people and places that may be spoken. :ivar language: BCP 47."""

    title: str = ""
    subject: str = ""
    grade: str = ""
    textbook: str = ""
    unit: str = ""
    points: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    language: str = "zh-CN"


@dataclass(slots=True)
class Work:
    """:ivar folder: on a local disk, with the manifest and every file that it names.

    :ivar progress: is told how much of the stage is done, 0 … 1, at most some times a second. It may raise: the stage
        ends at once, and what it has saved is there when it is run again.
    """

    folder: Path
    manifest: Manifest
    facts: Facts = Facts()
    progress: Callable[[float], None] = field(default=lambda part: None)

    def save(self) -> None:
        manifest.save(self.folder, self.manifest)


Stage = Callable[[Work], None]
"""Raises UserError for what no second try would mend (its sentence is shown beside the lesson); anything else is tried
again. Writes files under other names first and renames them, then the manifest."""
