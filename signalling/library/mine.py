"""What is somebody's in the library: what she added, what she taught, and where she stopped watching."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.library import Place, Resource, ResourceFile
from signalling.db.places import School
from signalling.db.upsert import insert
from signalling.library import access, addresses
from signalling.library.access import Terms
from signalling.library.seen import Viewer, find, readable

MAX_PLACES = 500
"""Of one person; the oldest are forgotten."""
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Card:
    """:ivar place_ms: where she stopped; None: she has not begun."""

    id: str
    kind: str
    state: str
    title: str
    subject: str
    grade: str
    teacher: str
    school: str
    day: dt.date
    length_ms: int
    poster: str
    rights: str
    note: str
    changed: int
    place_ms: int | None


@dataclass(frozen=True, slots=True)
class Mine:
    added: list[Card]
    taught: list[Card]
    stopped: list[Card]


async def read(session: AsyncSession, viewer: Viewer) -> Mine:
    newest = select(Resource).where(Resource.state != "removed").order_by(Resource.changed.desc(), Resource.id)
    me = viewer.person
    added = await _cards(session, newest.where(Resource.made_by == me).limit(SHOWN), me)
    taught = await _cards(session, newest.where(Resource.teacher == me).limit(SHOWN), me)
    stopped = (
        select(Resource)
        .join(Place, Place.resource == Resource.id)
        .where(Place.person == me, Resource.state == "published")
        .order_by(Place.changed.desc(), Resource.id)
        .limit(SHOWN)
    )
    return Mine(added, taught, await _cards(session, stopped, me, await access.of_person(session, me, viewer.grants)))


async def _cards(session: AsyncSession, asked: Select[Any], person: str, mine: Terms | None = None) -> list[Card]:
    rows: Sequence[Resource] = (await session.scalars(asked)).all()
    sources = {row.of or row.id for row in rows}
    origins = {row.id: row for row in await session.scalars(select(Resource).where(Resource.id.in_(sources)))}
    if mine is not None:  # what was shared then may not be any more
        shared = await readable(session, mine, [*rows, *origins.values()])
        rows = [row for row in rows if {row.id, row.of or row.id} <= shared]
    posters = set(
        await session.scalars(
            select(ResourceFile.resource).where(ResourceFile.resource.in_(sources), ResourceFile.name == "poster")
        )
    )
    schools = dict(
        (await session.execute(select(School.id, School.name).where(School.id.in_({row.school for row in rows})))).all()
    )
    at = select(Place.resource, Place.at_ms).where(Place.person == person, Place.resource.in_([row.id for row in rows]))
    places = dict((await session.execute(at)).all())
    return [
        Card(
            *(row.id, row.kind, row.state, row.title, row.subject, row.grade, row.teacher_name),
            *(schools.get(row.school or "", ""), row.day, row.length_ms),
            addresses.file(row.of or row.id, "poster") if (row.of or row.id) in posters else "",
            *(row.rights, row.note, row.changed, places.get(row.id)),
        )
        for row in rows
    ]


async def stop_at(database: Database, now: float, viewer: Viewer, id: str, at_ms: int) -> None:
    """She stopped here, or goes on watching. :raises UserError: 403, 404, 410 as `seen.find`; 422 `bad_span`."""

    async def work(session: AsyncSession) -> None:
        found = await find(session, viewer, id)
        last = found.row.ends_ms if found.origin is not None else found.row.length_ms
        if not 0 <= at_ms <= max(last, 0):
            raise UserError(422, "bad_span", f"The time line ends after {last} ms; choose a moment on it.")
        values = {"person": viewer.person, "resource": id, "at_ms": at_ms, "changed": int(now)}
        kept = insert(session, Place.__table__).values(values)
        await session.execute(
            kept.on_conflict_do_update(
                index_elements=["person", "resource"], set_={"at_ms": at_ms, "changed": int(now)}
            )
        )
        mine = select(Place.resource).where(Place.person == viewer.person)
        old = (
            await session.scalars(mine.order_by(Place.changed.desc(), Place.resource).offset(MAX_PLACES).limit(100))
        ).all()
        if old:
            await session.execute(delete(Place).where(Place.person == viewer.person, Place.resource.in_(old)))

    await database.run(work)
