"""A lesson's recording as people look at it: the row, and what the manifest on this server says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from mediaserver.api import UserError
from recorder import manifest, spool
from recorder.manifest import Manifest
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson
from signalling.db.library import Recording, Resource
from signalling.recording import orders, rows

MAX_GAPS = 500


@dataclass(frozen=True, slots=True)
class TrackShown:
    """:ivar length_ms: of what is written; pauses and gaps do not count."""

    id: str
    participant: str
    source: str
    kind: str
    bytes: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class GapShown:
    """On the lesson's time line. :ivar why: as `recorder.manifest.Why`."""

    track: str
    starts_ms: int
    ends_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class RecordingShown:
    """:ivar state: `none`, `waiting` (for the teacher), `recording`, `troubled`, `paused`, `stopped` or `ended`.

    :ivar by: who gave the last order.
    :ivar began: seconds since 1970; None before it has begun. :ivar tracks: and :ivar gaps: as far as this server has
    the recording's files. :ivar elsewhere: they are on another machine, whose workers finish it.
    :ivar resource: what the library has of it.
    """

    state: str
    began: int | None
    ended: int | None
    bytes: int
    missing_ms: int
    tracks: list[TrackShown]
    gaps: list[GapShown]
    excluded: list[str]
    by: str
    trouble: str
    elsewhere: bool
    resource: str | None


async def read(database: Database, folder: Path, lesson: str) -> RecordingShown:
    """:param folder: where recordings are written. :raises UserError: 404 `not_found`."""
    async with database.read() as session:
        found = await session.get(Lesson, lesson)
        if found is None:
            raise UserError(404, "not_found", "There is no such lesson; it may have been removed from the timetable.")
        row = await session.get(Recording, lesson)
        booking = await session.get(Booking, found.booking)
        kept_as = select(Resource.id).where(Resource.lesson == lesson, Resource.state != "removed")
        resource = await session.scalar(kept_as)
    if row is None:
        state = "none" if booking is None or found.state not in rows.BEFORE_END else orders.first(booking.records)
        return RecordingShown(
            state if state == "none" else "waiting", None, None, 0, 0, [], [], [], "", "", False, resource
        )
    kept, ours = await asyncio.to_thread(lambda: (_load(folder / lesson), spool.identity(folder)))
    return RecordingShown(
        state=row.state,
        began=row.began,
        ended=row.ended,
        bytes=row.bytes,
        missing_ms=row.missing_ms,
        tracks=_tracks(kept) if kept is not None else [],
        gaps=_gaps(kept) if kept is not None else [],
        excluded=list(row.excluded),
        by=row.by,
        trouble=row.trouble,
        elsewhere=row.spool not in ("", ours),
        resource=resource,
    )


def _load(folder: Path) -> Manifest | None:
    try:
        return manifest.load(folder)
    except (UserError, OSError):
        return None


def _tracks(kept: Manifest) -> list[TrackShown]:
    return [
        TrackShown(
            id=track.id,
            participant=track.participant,
            source=track.source,
            kind=track.kind,
            bytes=sum(part.bytes for part in track.parts),
            length_ms=sum(part.duration_us for part in track.parts) // 1000,
        )
        for track in kept.tracks
    ]


def _gaps(kept: Manifest) -> list[GapShown]:
    gaps = [
        GapShown(track.id, gap.start_us // 1000, gap.end_us // 1000, gap.why)
        for track in kept.tracks
        for gap in track.gaps
    ]
    return sorted(gaps, key=lambda gap: gap.starts_ms)[:MAX_GAPS]
