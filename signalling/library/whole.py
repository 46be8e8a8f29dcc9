"""A resource in one file to take home, written by a process of its own while it is read: `recorder.whole`.

It gets a folder for itself, with a manifest and a transcript made of the rows, so that corrections are in it, and with
the files: links where the store is on a local disk, copies where it is elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from recorder import manifest, transcript
from recorder.manifest import Manifest, Output, Span
from signalling.bell import holder
from signalling.db.base import new_id
from signalling.db.library import Chapter, Line, ResourceFile
from signalling.library import document
from signalling.library.seen import Found
from signalling.library.shelf import Shelf
from signalling.library.transcript import rows
from signalling.library.uploads import INCOMING, RESERVE

PROGRAM = "recorder.whole"
MEDIA_TYPE = "video/matroska"
SUFFIX = ".mkv"
NICE = 10
_PIPE = 1 << 18


class Wanted(NamedTuple):
    """:ivar made: of a file `0`, `1` … for each of `files`. :ivar span: of a clip: its part of all that."""

    made: Manifest
    spoken: transcript.Transcript
    files: Sequence[ResourceFile]
    span: Span | None


async def gather(session: AsyncSession, found: Found) -> Wanted:
    """:raises UserError: 409 `nothing_to_play`."""
    of = found.source.id
    asked = select(ResourceFile).where(ResourceFile.resource == of).order_by(ResourceFile.name)
    row = found.row
    part = (row.starts_ms, row.ends_ms) if found.origin is not None else None
    files = [file for file in await session.scalars(asked) if document.plays(file) and _reaches(file, part)]
    if not files:
        raise UserError(409, "nothing_to_play", "There is nothing to download: it has neither film nor sound.")
    chapters = await session.scalars(select(Chapter).where(Chapter.resource == of).order_by(Chapter.at_ms))
    made = Manifest(
        room=of,
        began=0,
        length_us=found.source.length_ms * 1000,
        ended=True,
        outputs=[
            Output(
                name=file.name,
                file=f"{number}",
                media_type=file.media_type,
                bytes=file.bytes,
                sha256=file.sha256,
                offset_us=file.offset_ms * 1000,
            )
            for number, file in enumerate(files)
        ],
        chapters=[manifest.Chapter(at_us=chapter.at_ms * 1000, title=chapter.title) for chapter in chapters],
    )
    lines = [_line(line) for line in await session.scalars(rows(found))]
    spoken = transcript.Transcript(language=found.source.language, lines=lines)
    span = Span(part[0] * 1000, part[1] * 1000) if part is not None else None
    return Wanted(made, spoken, files, span)


def _reaches(file: ResourceFile, part: tuple[int, int] | None) -> bool:
    """Into a part, ms. Of a file whose length nobody knows it is found out when it is read."""
    return part is None or (
        file.offset_ms < part[1] and (not file.length_ms or file.offset_ms + file.length_ms > part[0])
    )


def _line(line: Line) -> transcript.Line:
    return transcript.Line(start_us=line.starts_ms * 1000, end_us=line.ends_ms * 1000, text=line.text)


@contextlib.asynccontextmanager
async def writing(shelf: Shelf, wanted: Wanted) -> AsyncIterator[asyncio.StreamReader]:
    """What the process writes; it is ended with the context.

    :raises UserError: 404 `file_missing`; 503 `disk_full`, `store_unavailable`.
    """
    folder = shelf.spool / INCOMING / f"{holder.new_name()}-{new_id()}"
    try:
        await asyncio.to_thread(_lay_out, shelf, folder, wanted)
        process = await asyncio.create_subprocess_exec(
            *("nice", "-n", str(NICE), sys.executable, "-m", PROGRAM, str(folder)),
            *(map(str, wanted.span) if wanted.span is not None else ()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_PIPE,
        )
        try:
            assert process.stdout is not None
            yield process.stdout
            if await process.wait():
                raise UserError(503, "download_broken", "The file could not be made to its end; try again later.")
        finally:
            if process.returncode is None:
                process.kill()
                await asyncio.shield(asyncio.ensure_future(process.wait()))
    except OSError:
        raise UserError(503, "disk_full", "The server has no room for the file; tell who looks after it.") from None
    finally:
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))


def _lay_out(shelf: Shelf, folder: Path, wanted: Wanted) -> None:
    folder.mkdir(parents=True)
    manifest.save(folder, wanted.made)
    transcript.save(folder, wanted.spoken)
    for number, file in enumerate(wanted.files):
        local = shelf.store.local(file.key)
        if local is not None:
            (folder / f"{number}").symlink_to(local)
            continue
        if shutil.disk_usage(folder).free < file.bytes + RESERVE:
            raise UserError(503, "disk_full", "The server has no room for the file; tell who looks after it.")
        shelf.store.fetch(file.key, folder / f"{number}")
