"""A resource as a page needs it: all of it in one document. Times are milliseconds on its time line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.library import Chapter, Line, Place, Resource, ResourceFile, Slide
from signalling.db.places import School
from signalling.library import addresses
from signalling.library.seen import ADD, EDIT, READ, REMOVE, Found, Viewer, visible

MAX_CLIPS = 200
"""Shown of one resource."""
_DOWNLOADS = ("document", "upload")
"""Names of files that are given as they are; anything that plays is muxed into one."""
_NAMES = {"zh": "中文", "en": "English"}


@dataclass(frozen=True, slots=True)
class May:
    edit: bool
    remove: bool
    clip: bool
    comment: bool
    correct: bool


@dataclass(frozen=True, slots=True)
class TrackShown:
    """:ivar name: `camera`, `screen`, `sound-…`. :ivar offset_ms: where its time 0 lies on the time line."""

    name: str
    url: str
    media_type: str
    width: int
    height: int
    offset_ms: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class CaptionsShown:
    language: str
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class SlideShown:
    at_ms: int
    image: str
    text: str


@dataclass(frozen=True, slots=True)
class ChapterShown:
    at_ms: int
    title: str


@dataclass(frozen=True, slots=True)
class GapShown:
    starts_ms: int
    ends_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class StripShown:
    """Small pictures of the whole length in one. :ivar every_ms: between two. :ivar width: of each, in pixels."""

    url: str
    columns: int
    rows: int
    every_ms: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ClipShown:
    id: str
    title: str
    starts_ms: int
    ends_ms: int


@dataclass(frozen=True, slots=True)
class ResourceShown:
    """:ivar of: of a clip: what it shows a part of, from `starts_ms` to `ends_ms` of that one's time line, on which all
    times here are. :ivar kept: no rule removes it for its age. :ivar place_ms: where the reader stopped.
    :ivar download: empty: there is nothing to take along."""

    id: str
    kind: str
    state: str
    title: str
    description: str
    subject: str
    grade: str
    term: str
    textbook: str
    unit: str
    points: list[str]
    form: str
    teacher: str | None
    teacher_name: str
    school: str | None
    school_name: str
    region: str | None
    day: dt.date
    language: str
    rights: str
    licence: str
    lesson: str | None
    of: str | None
    starts_ms: int
    ends_ms: int
    length_ms: int
    url: str
    note: str
    made: int
    changed: int
    published: int | None
    version: int
    kept: bool
    may: May
    place_ms: int | None
    tracks: list[TrackShown]
    poster: str
    captions: list[CaptionsShown]
    download: str
    slides: list[SlideShown]
    chapters: list[ChapterShown]
    gaps: list[GapShown]
    strip: StripShown | None
    clips: list[ClipShown]


_COPIED = (
    *("id", "kind", "state", "title", "description", "subject", "grade", "term", "textbook", "unit", "points", "form"),
    *("teacher", "teacher_name", "school", "region", "day", "language", "rights", "licence", "lesson", "of"),
    *("starts_ms", "ends_ms", "length_ms", "url", "note", "made", "changed", "published", "version", "kept"),
)


async def show(session: AsyncSession, found: Found) -> ResourceShown:
    row, source = found.row, found.source
    files = await _files(session, source.id)
    place = await session.get(Place, (found.viewer.person, row.id))
    span = (row.starts_ms, row.ends_ms) if found.origin is not None else None
    return ResourceShown(
        **{name: getattr(row, name) for name in _COPIED},
        school_name=(await session.scalar(select(School.name).where(School.id == row.school)) or "")
        if row.school
        else "",
        may=_may(found),
        place_ms=place.at_ms if place is not None else None,
        tracks=_tracks(source.id, files),
        poster=addresses.file(source.id, "poster") if any(file.name == "poster" for file in files) else "",
        captions=await _captions(session, row, source),
        download=_download(row, source, files),
        slides=await _slides(session, source.id, span),
        chapters=await _chapters(session, source.id, span),
        gaps=_gaps(source, span),
        strip=_strip(source, files),
        clips=await _clips(session, found.viewer, source.id),
    )


def _may(found: Found) -> May:
    published = found.row.state == "published"
    return May(
        edit=found.may(EDIT),
        remove=found.may(REMOVE),
        clip=published and found.source.length_ms > 0 and found.viewer.has(ADD),
        comment=published and found.may(READ),
        correct=found.may(EDIT) and found.origin is None,
    )


async def _files(session: AsyncSession, id: str) -> Sequence[ResourceFile]:
    return (
        await session.scalars(select(ResourceFile).where(ResourceFile.resource == id).order_by(ResourceFile.name))
    ).all()


def plays(file: ResourceFile) -> bool:
    """Whether it is a track of the player, and not the whole in one file or what was uploaded."""
    return file.media_type.startswith(("video/", "audio/")) and file.name not in (addresses.WHOLE, *_DOWNLOADS)


def _tracks(id: str, files: Sequence[ResourceFile]) -> list[TrackShown]:
    return [
        TrackShown(
            *(file.name, addresses.file(id, file.name), file.media_type),
            *(file.width, file.height, file.offset_ms, file.length_ms),
        )
        for file in files
        if plays(file)
    ]


async def _captions(session: AsyncSession, row: Resource, source: Resource) -> list[CaptionsShown]:
    if await session.scalar(select(Line.number).where(Line.resource == source.id).limit(1)) is None:
        return []
    language = source.language.partition("-")[0] or "zh"
    return [CaptionsShown(language, addresses.captions(row.id, language), _NAMES.get(language, language))]


def _download(row: Resource, source: Resource, files: Sequence[ResourceFile]) -> str:
    if any(plays(file) for file in files):
        return addresses.file(row.id, addresses.WHOLE)
    if row.of is not None:
        return ""
    names = {file.name for file in files}
    return next((addresses.file(source.id, name) for name in _DOWNLOADS if name in names), "")


async def _slides(session: AsyncSession, id: str, span: tuple[int, int] | None) -> list[SlideShown]:
    rows = (await session.scalars(select(Slide).where(Slide.resource == id).order_by(Slide.at_ms, Slide.number))).all()
    shown = [SlideShown(row.at_ms, addresses.file(id, row.image) if row.image else "", row.text) for row in rows]
    return _standing(shown, span)


async def _chapters(session: AsyncSession, id: str, span: tuple[int, int] | None) -> list[ChapterShown]:
    rows = await session.scalars(select(Chapter).where(Chapter.resource == id).order_by(Chapter.at_ms, Chapter.number))
    return _standing([ChapterShown(row.at_ms, row.title) for row in rows], span)


T = TypeVar("T", SlideShown, ChapterShown)


def _standing(items: list[T], span: tuple[int, int] | None) -> list[T]:
    """Those of a part: what begins in it, and what stands when it begins."""
    if span is None:
        return items
    first = max((at for at, item in enumerate(items) if item.at_ms <= span[0]), default=0)
    return [item for item in items[first:] if item.at_ms < span[1]]


def _gaps(source: Resource, span: tuple[int, int] | None) -> list[GapShown]:
    starts, ends = span or (0, source.length_ms or 2**53)
    gaps = [GapShown(it["starts_ms"], it["ends_ms"], it["why"]) for it in source.gaps.get("gaps", ())]
    return [gap for gap in gaps if gap.ends_ms > starts and gap.starts_ms < ends]


def _strip(source: Resource, files: Sequence[ResourceFile]) -> StripShown | None:
    laid: dict[str, Any] | None = source.gaps.get("strip")
    if laid is None or all(file.name != "strip" for file in files):
        return None
    sizes = (int(laid[name]) for name in ("columns", "rows", "every_ms", "width", "height"))
    return StripShown(addresses.file(source.id, "strip"), *sizes)


async def _clips(session: AsyncSession, viewer: Viewer, id: str) -> list[ClipShown]:
    """A clip may be shared with fewer than what it was cut out of."""
    rows = await session.scalars(
        select(Resource)
        .where(Resource.of == id, Resource.state == "published")
        .order_by(Resource.starts_ms, Resource.id)
        .limit(MAX_CLIPS)
    )
    hers = await visible(session, viewer, rows.all())
    return [ClipShown(row.id, row.title, row.starts_ms, row.ends_ms) for row in hers]
