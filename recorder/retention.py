"""What is removed for its age: a rule, and what it removes of a recording's own folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from recorder import files, manifest
from recorder.manifest import Manifest

DAY_S = 86_400
NAME = "retention"
"""In `Manifest.done` when the parts are gone on purpose."""
_FOLDERS = ("parts", "upload")
What = Literal["all", "parts"]


@dataclass(frozen=True, slots=True)
class Rule:
    """As in the settings `recorder.keep_days` (0: for ever) and `recorder.keep_parts_days`."""

    keep_days: int
    keep_parts_days: int


class Item(NamedTuple):
    """:ivar folder: name of what was recorded or uploaded. :ivar made: when the lesson ended, s since 1970.

    :ivar kept: somebody marked it, or cut a clip out of it. :ivar finished: its finished files are in the store.
    """

    id: str
    folder: str
    made: float
    kept: bool
    finished: bool


class Removal(NamedTuple):
    id: str
    folder: str
    what: What


def removals(items: Iterable[Item], rule: Rule, now: float) -> Iterator[Removal]:
    """What is due. What was never finished keeps its parts, however old they are: nothing else is left of it."""
    for item in items:
        age = (now - item.made) / DAY_S
        if rule.keep_days and not item.kept and age >= rule.keep_days:
            yield Removal(item.id, item.folder, "all")
        elif item.finished and age >= rule.keep_parts_days:
            yield Removal(item.id, item.folder, "parts")


def parts_of(folder: Path) -> int:
    """Bytes of what was written while the lesson went on and is still there."""
    return sum(path.stat().st_size for name in _FOLDERS for path in (folder / name).glob("*") if path.is_file())


def remove_parts(folder: Path, known: Manifest) -> int:
    """:returns: bytes. First the manifest says so, then they go; what a killed process leaves goes the next time.

    :raises OSError: not all of them are gone.
    """
    if NAME not in known.done:
        known.done[NAME] = "parts"
        manifest.save(folder, known)
    size = parts_of(folder)
    for name in _FOLDERS:
        if (folder / name).exists():
            shutil.rmtree(folder / name)
    files.sync_folder(folder)
    return size
