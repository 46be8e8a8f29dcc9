"""What the index is given of resources: rows, lines and slides, some hundred resources with a handful of questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from recorder.search.document import Record, Shown, Spoken
from signalling.db.library import Line, Resource, ResourceFile, Slide
from signalling.db.places import School
from signalling.library import access
from signalling.library.access import Home

BATCH = 100
POSTER = "poster"
PUBLISHED = "published"
MAX_LINES = 20_000
"""Of one resource; more than anybody says in a day."""
MAX_TEXT = 400_000
"""Characters of a document's text."""
_COPIED = (
    *("id", "version", "kind", "title", "day", "description", "subject", "grade", "term", "textbook", "unit", "form"),
    *("teacher_name", "length_ms", "made"),
)
_WITH_TEXT = undefer(Resource.text)


async def after(session: AsyncSession, last: str, limit: int) -> list[Resource]:
    """Published resources in the order of their ids, from behind `last` on."""
    asked = select(Resource).where(Resource.id > last, Resource.state == PUBLISHED).order_by(Resource.id).limit(limit)
    return list(await session.scalars(asked.options(_WITH_TEXT)))


async def with_clips(session: AsyncSession, ids: Sequence[str]) -> list[Resource]:
    """Resources in whatever state, and the clips of them: what is said in a clip is its origin's."""
    asked = select(Resource).where(Resource.id.in_(ids) | Resource.of.in_(ids))
    rows = await session.scalars(asked.options(_WITH_TEXT))
    return list(rows)


async def records(session: AsyncSession, rows: Sequence[Resource]) -> list[Record]:
    """Of those that are to be found; a clip whose origin is not published is left out."""
    wanted = [row for row in rows if row.state == PUBLISHED]
    origins = {row.id: row for row in await _among(session, {row.of for row in wanted if row.of})}
    wanted = [row for row in wanted if not row.of or (row.of in origins and origins[row.of].state == PUBLISHED)]
    sources = {row.of or row.id for row in wanted}
    homes = await access.homes(session, [*wanted, *origins.values()])
    schools = await _names(session, {row.school for row in wanted if row.school})
    lines, slides = await _lines(session, sources), await _slides(session, sources)
    posters = await _posters(session, sources)
    made = []
    for row in wanted:
        source = row.of or row.id
        origin = origins.get(row.of or "")
        spoken = [
            Spoken(line.starts_ms, line.text)
            for line in lines.get(source, ())
            if _within(row, line.starts_ms, line.ends_ms)
        ]
        seen = [slide for slide in slides.get(source, ()) if _within(row, slide.at_ms, slide.at_ms)]
        made.append(
            Record(
                **{name: getattr(row, name) for name in _COPIED},
                **{"teacher": row.teacher or "", "school": row.school or "", "points": tuple(row.points)},
                **{"school_name": schools.get(row.school or "", ""), "regions": homes[row.id].path},
                **{"allow": _terms(row, homes), "origin_allow": _terms(origin, homes) if origin is not None else None},
                **{"has": _has(spoken, seen), "files": source, "poster": POSTER if source in posters else ""},
                **{"text": row.text[:MAX_TEXT], "speech": tuple(spoken)},
                slides=tuple(Shown(slide.at_ms, slide.image, slide.text) for slide in seen),
            )
        )
    return made


def _terms(row: Resource, homes: Mapping[str, Home]) -> access.Terms:
    return access.terms(row.rights, homes[row.id], (row.made_by, row.teacher))


def _within(row: Resource, starts_ms: int, ends_ms: int) -> bool:
    return not row.of or (ends_ms > row.starts_ms and starts_ms < row.ends_ms)


def _has(spoken: Sequence[Spoken], slides: Sequence[Slide]) -> tuple[str, ...]:
    """Captions are made from the lines as they stand."""
    return (*(("transcript", "captions") if spoken else ()), *(("slides",) if slides else ()))


async def _among(session: AsyncSession, ids: Iterable[str]) -> list[Resource]:
    return list(await session.scalars(select(Resource).where(Resource.id.in_(ids)))) if ids else []


async def _names(session: AsyncSession, schools: set[str]) -> dict[str, str]:
    rows = await session.execute(select(School.id, School.name).where(School.id.in_(schools)))
    return {id: name for id, name in rows}


async def _lines(session: AsyncSession, ids: set[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    rows = await session.execute(
        select(Line.resource, Line.starts_ms, Line.ends_ms, Line.text)
        .where(Line.resource.in_(ids))
        .order_by(Line.resource, Line.starts_ms, Line.number)
    )
    for line in rows:
        kept = found.setdefault(line.resource, [])
        if len(kept) < MAX_LINES:
            kept.append(line)
    return found


async def _slides(session: AsyncSession, ids: set[str]) -> dict[str, list[Slide]]:
    """Those that stand on the time line; pages of a document are in its text."""
    found: dict[str, list[Slide]] = {}
    shown = select(Slide).where(Slide.resource.in_(ids), Slide.image != "")
    rows = await session.scalars(shown.order_by(Slide.resource, Slide.number))
    for slide in rows:
        found.setdefault(slide.resource, []).append(slide)
    return found


async def _posters(session: AsyncSession, ids: set[str]) -> frozenset[str]:
    asked = select(ResourceFile.resource).where(ResourceFile.resource.in_(ids), ResourceFile.name == POSTER)
    return frozenset(await session.scalars(asked))
