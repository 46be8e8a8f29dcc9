"""The transcript as it stands: read, and corrected by hand. What a line was before is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.library import Line, LineVersion
from signalling.db.people import Person
from signalling.library.editing import changed_meanwhile
from signalling.library.seen import EDIT, Found, Viewer, find

MAX_TEXT = 2000
MAX_LINES = 50_000
"""Shown of one resource: a day of speech has fewer."""
MAX_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class LineShown:
    """:ivar words: each as `[start_ms, end_ms, text]`; none of a corrected line: nobody knows their times.
    :ivar version: above 1 it was corrected."""

    number: int
    starts_ms: int
    ends_ms: int
    text: str
    words: list[list[Any]]
    speaker: str
    version: int


@dataclass(frozen=True, slots=True)
class TranscriptShown:
    """:ivar model: empty: it was not heard by a machine, or nobody kept by which."""

    language: str
    model: str
    lines: list[LineShown]


@dataclass(frozen=True, slots=True)
class VersionShown:
    """:ivar text: what the line was. :ivar by: who corrected it, :ivar at: when, seconds since 1970."""

    version: int
    text: str
    by: str | None
    by_name: str
    at: int


def rows(found: Found) -> Select[Any]:
    """Of a clip those that are spoken in it."""
    asked = select(Line).where(Line.resource == found.source.id).order_by(Line.starts_ms, Line.number).limit(MAX_LINES)
    if found.origin is not None:
        asked = asked.where(Line.ends_ms > found.row.starts_ms, Line.starts_ms < found.row.ends_ms)
    return asked


async def read(session: AsyncSession, found: Found) -> TranscriptShown:
    lines = [shown(line) for line in await session.scalars(rows(found))]
    return TranscriptShown(found.source.language, found.source.gaps.get("model", ""), lines)


def shown(line: Line) -> LineShown:
    words = line.words.get("words", [])
    return LineShown(line.number, line.starts_ms, line.ends_ms, line.text, words, line.speaker, line.version)


async def correct(
    database: Database, now: float, viewer: Viewer, id: str, number: int, text: str, version: int
) -> LineShown:
    """:param version: of the line, that was seen.

    :raises UserError: 403, 404, 410 as `seen.find`; 409 `changed_meanwhile`, `not_of_a_clip`; 422 `bad_text`.
    """
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if not 1 <= len(text) <= MAX_TEXT:
        raise UserError(422, "bad_text", f"A line has 1 to {MAX_TEXT} characters; write what was said.")

    async def work(session: AsyncSession) -> LineShown:
        found = await find(session, viewer, id, EDIT, lock=True)
        if found.origin is not None:
            raise UserError(409, "not_of_a_clip", "A clip's transcript is that of the whole; correct it there.")
        line = await session.get(Line, (id, number))
        if line is None:
            raise _no_line()
        if line.version != version:
            raise changed_meanwhile()
        if line.text == text:
            return shown(line)
        kept = {"resource": id, "number": number, "version": line.version, "text": line.text}
        session.add(LineVersion(**kept, by=viewer.person, at=int(now)))
        line.text, line.version, line.words = text, line.version + 1, {}
        found.row.version, found.row.changed = found.row.version + 1, int(now)
        await session.flush()
        detail = {"line": number, "version": line.version}
        await audit.append(session, int(now), viewer.person, "resource.corrected", id, detail)
        return shown(line)

    return await database.run(work)


async def versions(session: AsyncSession, found: Found, number: int) -> Sequence[VersionShown]:
    """What it was before, the latest first. :raises UserError: 404 `not_found`."""
    if await session.get(Line, (found.source.id, number)) is None:
        raise _no_line()
    asked = (
        select(LineVersion, Person.name)
        .outerjoin(Person, Person.id == LineVersion.by)
        .where(LineVersion.resource == found.source.id, LineVersion.number == number)
        .order_by(LineVersion.version.desc())
        .limit(MAX_VERSIONS)
    )
    return [VersionShown(it.version, it.text, it.by, name or "", it.at) for it, name in await session.execute(asked)]


def _no_line() -> UserError:
    return UserError(404, "not_found", "The transcript has no such line; load it again.")
