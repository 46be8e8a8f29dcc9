"""What a person was told: read, counted, and forgotten after half a year."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.booking.request import plain
from signalling.db.engine import Database
from signalling.db.records import Notice

MAX_IDS = 200


@dataclass(frozen=True, slots=True)
class Told:
    """:ivar kind: the sentence's name, whose blanks `facts` fills. Instants: seconds since 1970."""

    id: str
    kind: str
    lesson: str | None
    facts: Mapping[str, Any]
    made: int
    read: int | None


async def told(
    session: AsyncSession, person: str, limit: int, *, unread: bool = False, after: tuple[int, str] | None = None
) -> list[Told]:
    """The newest first. :param after: (made, id) of the last one of the page before."""
    columns = [getattr(Notice, name) for name in ("id", "kind", "lesson", "facts", "made", "read")]
    query = select(*columns).where(Notice.person == person)
    if unread:
        query = query.where(Notice.read.is_(None))
    if after is not None:
        query = query.where(tuple_(Notice.made, Notice.id) < tuple_(*after))
    query = query.order_by(Notice.made.desc(), Notice.id.desc()).limit(limit)
    return [Told(*row) for row in await session.execute(query)]


async def unread(session: AsyncSession, person: str) -> int:
    query = select(func.count()).where(Notice.person == person, Notice.read.is_(None))
    return await session.scalar(query) or 0


async def mark_read(database: Database, person: str, now: float, ids: Collection[str] | None = None) -> int:
    """She has seen these; hers alone count. :param ids: None: all of them. :returns: how many are unread now."""
    plain(*(ids or ()))

    async def work(session: AsyncSession) -> int:
        mine = update(Notice).where(Notice.person == person, Notice.read.is_(None))
        if ids is not None:
            mine = mine.where(Notice.id.in_(ids))
        await session.execute(mine.values(read=int(now)).execution_options(synchronize_session=False))
        return await unread(session, person)

    return await database.run(work)
