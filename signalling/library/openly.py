"""What is public, for programs elsewhere: in the order in which it changed, with what is public no more."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.library import Resource, ResourceFile
from signalling.db.places import Region, School

PUBLIC = and_(Resource.rights == "public", Resource.state == "published")
NEWEST = 50
"""In a feed."""
Mark = tuple[int, str]
"""`changed` and id of the last one that is known."""


@dataclass(frozen=True, slots=True)
class Item:
    """:ivar gone: it is public no more; nothing but its id, place and time may be told.
    :ivar media_types: of its files that play or are read."""

    row: Resource
    gone: bool
    school: str
    path: tuple[str, ...]
    media_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """:ivar kind: `school` or `region`."""

    kind: str
    id: str
    name: str


async def place(session: AsyncSession, id: str) -> Place | None:
    if (school := await session.get(School, id)) is not None:
        return Place("school", id, school.name)
    if (region := await session.get(Region, id)) is not None:
        return Place("region", id, region.name)
    return None


async def places(session: AsyncSession) -> Sequence[Place]:
    """Schools and regions of which something is or was public, in the order of their ids."""
    seen = or_(PUBLIC, Resource.withdrawn)
    schools = await session.execute(
        select(School.id, School.name).where(School.id.in_(select(Resource.school).where(seen).distinct()))
    )
    found = [Place("school", id, name) for id, name in schools]
    paths = await session.scalars(
        select(Region.path).where(Region.id.in_(select(Resource.region).where(seen).distinct()))
    )
    above = {part for path in paths for part in _parts(path)}
    regions = await session.execute(select(Region.id, Region.name).where(Region.id.in_(above)))
    found += [Place("region", id, name) for id, name in regions]
    return sorted(found, key=lambda it: (it.kind, it.id))


async def listed(
    session: AsyncSession,
    limit: int,
    after: Mark | None = None,
    since: int | None = None,
    until: int | None = None,
    of: Place | None = None,
) -> Sequence[Item]:
    """What became public, changed, or ceased to be public, the oldest change first.

    :param since, until: seconds since 1970, both inclusive. :param of: only of this school or region.
    """
    asked = select(Resource).order_by(Resource.changed, Resource.id).limit(limit)
    if after is not None:
        asked = asked.where(tuple_(Resource.changed, Resource.id) > tuple_(*after))
    if since is not None:
        asked = asked.where(Resource.changed >= since)
    if until is not None:
        asked = asked.where(Resource.changed <= until)
    asked = within(asked, of)
    # One question for each of the two indexes.
    public = (await session.scalars(asked.where(PUBLIC))).all()
    gone = (await session.scalars(asked.where(Resource.withdrawn, ~PUBLIC))).all()
    both = heapq.merge(public, gone, key=lambda row: (row.changed, row.id))
    return await _items(session, [row for row, _ in zip(both, range(limit), strict=False)])


async def one(session: AsyncSession, id: str) -> Item | None:
    row = await session.scalar(select(Resource).where(Resource.id == id, or_(PUBLIC, Resource.withdrawn)))
    return None if row is None else (await _items(session, [row]))[0]


async def newest(session: AsyncSession, of: Place) -> Sequence[Item]:
    asked = within(select(Resource).where(PUBLIC), of)
    rows = (await session.scalars(asked.order_by(Resource.changed.desc(), Resource.id).limit(NEWEST))).all()
    return await _items(session, rows)


async def earliest(session: AsyncSession) -> int | None:
    """The oldest change that is listed."""
    found = await listed(session, 1)
    return found[0].row.changed if found else None


def within(asked: Select[Any], of: Place | None) -> Select[Any]:
    if of is None:
        return asked
    if of.kind == "school":
        return asked.where(Resource.school == of.id)
    below: ColumnElement[bool] = Region.path.contains(f"/{of.id}/")
    return asked.where(Resource.region.in_(select(Region.id).where(below)))


async def _items(session: AsyncSession, rows: Sequence[Resource]) -> list[Item]:
    ids = {row.id for row in rows}
    schools = {row.school for row in rows if row.school}
    regions = {row.region for row in rows if row.region}
    names = dict((await session.execute(select(School.id, School.name).where(School.id.in_(schools)))).all())
    paths = dict((await session.execute(select(Region.id, Region.path).where(Region.id.in_(regions)))).all())
    types: dict[str, set[str]] = {id: set() for id in ids}
    files = select(ResourceFile.resource, ResourceFile.media_type).where(ResourceFile.resource.in_(ids))
    for id, media_type in await session.execute(files):
        if media_type.startswith(("video/", "audio/", "application/")):
            types[id].add(media_type)
    return [
        Item(
            row,
            not (row.rights == "public" and row.state == "published"),
            names.get(row.school or "", ""),
            tuple(_parts(paths.get(row.region or "", ""))),
            tuple(sorted(types[row.id])),
        )
        for row in rows
    ]


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]
