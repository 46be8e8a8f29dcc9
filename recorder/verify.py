"""Whether files are what they were when they were finished."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from mediaserver.api import UserError
from recorder import manifest, media, retention
from recorder.store import Store

Why = Literal["damaged", "missing", "surplus", "unreadable"]
"""`surplus`: nothing tells of it. `unreadable`: a manifest, so nothing is known of its files."""
FOLDERS = ("parts", "out", "upload")
Told = Callable[[int], None]
"""Is given numbers of bytes that have been looked at."""


class Finding(NamedTuple):
    """:ivar what: path or key."""

    why: Why
    what: str


class Expected(NamedTuple):
    """:ivar sha256: empty for a file that is still written: it must only be there."""

    name: str
    bytes: int
    sha256: str


def recordings(folder: Path) -> list[Path]:
    """Folders of recordings below the one that they are written to."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def size_of(folder: Path) -> int:
    """Bytes that `recording` will look at, as far as the manifest can be read."""
    try:
        return sum(one.bytes for one in _expected(folder) if (folder / one.name).exists())
    except UserError:
        return 0


def recording(folder: Path, told: Told, sizes_only: bool = False) -> Iterator[Finding]:
    """One recording's files, which may be written meanwhile. :raises OSError: the disk cannot be read."""
    # First the files, then the manifest: a part that is begun in between is in it.
    there = {
        f"{name}/{path.name}" for name in FOLDERS if (folder / name).is_dir() for path in (folder / name).iterdir()
    }
    try:
        expected = list(_expected(folder))
    except UserError:
        yield Finding("unreadable", f"{folder.name}/{manifest.NAME}")
        return
    for one in expected:
        path = folder / one.name
        if not path.is_file():
            yield Finding("missing", f"{folder.name}/{one.name}")
        elif one.sha256 and not _whole(path, one, sizes_only):
            yield Finding("damaged", f"{folder.name}/{one.name}")
        told(one.bytes)
    known = {one.name for one in expected}
    for name in sorted(there - known):
        if not name.endswith(".new"):
            yield Finding("surplus", f"{folder.name}/{name}")


def stored(store: Store, expected: Iterable[Expected], told: Told, sizes_only: bool = False) -> Iterator[Finding]:
    """The store against what the database tells of it. :raises UserError: 503 `store_unavailable`."""
    there = {one.key: one.bytes for one in store.list()}
    for one in expected:
        size = there.pop(one.name, None)
        if size is None:
            yield Finding("missing", one.name)
            told(one.bytes)
        elif size != one.bytes:
            yield Finding("damaged", one.name)
            told(one.bytes)
        elif sizes_only:
            told(one.bytes)
        elif store.sha256(one.name, told) != one.sha256:
            yield Finding("damaged", one.name)
    yield from (Finding("surplus", key) for key in sorted(there))


def _expected(folder: Path) -> Iterator[Expected]:
    """:raises UserError: 404, 422: the manifest cannot be read."""
    known = manifest.load(folder)
    seen = set()
    if retention.NAME not in known.done:
        for part in (part for track in known.tracks for part in track.parts):
            if part.file not in seen:
                seen.add(part.file)
                yield Expected(part.file, part.bytes, part.sha256)
    for output in known.outputs:
        yield Expected(output.file, output.bytes, output.sha256)


def _whole(path: Path, one: Expected, sizes_only: bool) -> bool:
    return path.stat().st_size == one.bytes and (sizes_only or media.sha256(path) == one.sha256)
