"""What is public, for programs elsewhere: in the order in which it changed, with what is public no more."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, exists, or_, select, true, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.library import Resource, ResourceFile
from signalling.db.places import Region, School

PUBLIC = and_(Resource.rights == "public", Resource.state == "published")
NEWEST = 50
"""In a feed."""
AT_ONCE = 100
"""Places of one question; SQLite puts at most 500 together."""
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
    schools = await session.execute(select(School.id, School.name).where(_any_of(Resource.school == School.id)))
    found = [Place("school", id, name) for id, name in schools]
    paths = await session.scalars(select(Region.path).where(_any_of(Resource.region == Region.id)))
    above = {part for path in paths for part in _parts(path)}
    regions = await session.execute(select(Region.id, Region.name).where(Region.id.in_(above)))
    found += [Place("region", id, name) for id, name in regions]
    return sorted(found, key=lambda it: (it.kind, it.id))


def _any_of(here: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(exists().where(here, PUBLIC), exists().where(here, Resource.withdrawn))


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
    bounds: list[ColumnElement[bool]] = []
    if after is not None:
        bounds.append(tuple_(Resource.changed, Resource.id) > tuple_(*after))
    if since is not None:
        bounds.append(Resource.changed >= since)
    if until is not None:
        bounds.append(Resource.changed <= until)
    there = await _places(session, of)
    # One question for each of the two indexes.
    public = await _first(session, [PUBLIC, *bounds], there, limit)
    gone = await _first(session, [Resource.withdrawn, ~PUBLIC, *bounds], there, limit)
    both = heapq.merge(public, gone)
    return await _items(session, [id for (_, id), _ in zip(both, range(limit), strict=False)])


async def one(session: AsyncSession, id: str) -> Item | None:
    known = await session.scalar(select(Resource.id).where(Resource.id == id, or_(PUBLIC, Resource.withdrawn)))
    return None if known is None else (await _items(session, [known]))[0]


async def newest(session: AsyncSession, of: Place) -> Sequence[Item]:
    found = await _first(session, [PUBLIC], await _places(session, of), NEWEST, newest=True)
    return await _items(session, [id for _, id in found])


async def earliest(session: AsyncSession) -> int | None:
    """The oldest change that is listed."""
    found = await listed(session, 1)
    return found[0].row.changed if found else None


async def _places(session: AsyncSession, of: Place | None) -> Sequence[ColumnElement[bool]]:
    """What all of it lies in, each in the order of an index: a place with little must not be looked for in all."""
    if of is None:
        return [true()]
    if of.kind == "school":
        return [Resource.school == of.id]
    below = await session.scalars(select(Region.id).where(Region.path.contains(f"/{of.id}/")))
    return [Resource.region == id for id in below]


async def _first(
    session: AsyncSession,
    wanted: Sequence[ColumnElement[bool]],
    there: Sequence[ColumnElement[bool]],
    limit: int,
    *,
    newest: bool = False,
) -> list[Mark]:
    """:param there: of one of these. :param newest: the last change first."""
    found: list[Mark] = []
    for start in range(0, len(there), AT_ONCE):
        rows = await session.execute(asked(wanted, there[start : start + AT_ONCE], limit, newest=newest))
        found += [(changed, id) for changed, id in rows]
    return sorted(found, reverse=newest)[:limit]


def asked(
    wanted: Sequence[ColumnElement[bool]], there: Sequence[ColumnElement[bool]], limit: int, *, newest: bool = False
) -> CompoundSelect[Any]:
    """The first of each place."""
    order = (Resource.changed.desc(), Resource.id.desc()) if newest else (Resource.changed, Resource.id)
    first = select(Resource.changed, Resource.id).where(*wanted).order_by(*order).limit(limit)
    return union_all(*(select(first.where(place).subquery()) for place in there))


async def _items(session: AsyncSession, ids: Sequence[str]) -> list[Item]:
    """In their order."""
    found = {row.id: row for row in await session.scalars(select(Resource).where(Resource.id.in_(ids)))}
    rows = [found[id] for id in ids]
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
