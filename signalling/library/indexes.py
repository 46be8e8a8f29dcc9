"""The indexes that follow a database. Each is a folder with a name, as a folder of recordings has one: several servers
may search, and each has its index on a local disk.

Whoever puts a version of a resource into an index marks it (`Resource.indexed`) and leaves every other index an
`IndexLag`, which goes when that one holds it, too. Where there is one index, as nearly everywhere, there are none.

An index that nobody kept for `FORGET_S` is forgotten, and its lags with it; should it come back, it is new, and one
that is new is made from the whole database before anything is marked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from recorder import spool
from signalling.db.engine import Database
from signalling.db.library import IndexLag, Resource, SearchIndex
from signalling.db.upsert import insert

FILE = ".index"
SEEN_S = 3600
FORGET_S = 7 * 86_400


def known(folder: Path) -> str:
    """Empty: whoever keeps an index does not keep one here. Blocks."""
    return spool.known(folder, FILE)


def named(folder: Path) -> str:
    """Made with the first call. Empty: it cannot be. Blocks."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return spool.UNKNOWN
    return spool.identity(folder, FILE)


async def enrol(database: Database, name: str, now: float) -> bool:
    """From now on changes are kept for it. Whether it has all that was there before.

    :raises UserError: 503 `database_unavailable`.
    """
    async with database.read() as session:
        row = await session.get(SearchIndex, name)
    if row is not None and abs(now - row.seen) < SEEN_S:
        return row.whole

    async def work(session: AsyncSession) -> bool:
        await session.execute(delete(SearchIndex).where(SearchIndex.seen < int(now) - FORGET_S, _not(name)))
        values = {"name": name, "seen": int(now), "whole": False}
        adding = insert(session, SearchIndex.__table__).values(values)
        await session.execute(adding.on_conflict_do_update(index_elements=["name"], set_={"seen": int(now)}))
        return bool(await session.scalar(select(SearchIndex.whole).where(SearchIndex.name == name)))

    return await database.run(work)


async def is_whole(database: Database, name: str) -> None:
    """It was made of everything since it was enrolled. :raises UserError: 503 `database_unavailable`."""
    async with database.write() as session:
        await session.execute(update(SearchIndex).where(SearchIndex.name == name).values(whole=True))


def late(name: str) -> Select[Any]:
    """Id, version and state of what other indexes hold already."""
    rows = select(Resource.id, Resource.version, Resource.state).join(IndexLag, IndexLag.resource == Resource.id)
    return rows.where(IndexLag.index == name).order_by(IndexLag.resource)


async def mark(session: AsyncSession, name: str, versions: Mapping[str, int]) -> None:
    """An index holds these versions of resources."""
    others = (await session.scalars(select(SearchIndex.name).where(_not(name)).order_by(SearchIndex.name))).all()
    lags = await session.scalar(select(IndexLag.resource).where(IndexLag.index == name).limit(1)) is not None
    for id, version in sorted(versions.items()):
        # Who marks what is marked already adds nothing: the others have been told of it.
        marked: Any = await session.execute(
            update(Resource).where(Resource.id == id, Resource.indexed != version).values(indexed=version)
        )
        if others and marked.rowcount:
            values = [{"index": other, "resource": id, "version": version} for other in others]
            adding = insert(session, IndexLag.__table__).values(values)
            newer = {"version": adding.excluded.version}
            await session.execute(adding.on_conflict_do_update(index_elements=["index", "resource"], set_=newer))
        if lags:
            held = (IndexLag.index == name, IndexLag.resource == id, IndexLag.version <= version)
            await session.execute(delete(IndexLag).where(*held))


def _not(name: str) -> ColumnElement[bool]:
    return SearchIndex.name != name
