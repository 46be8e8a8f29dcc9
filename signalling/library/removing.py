"""Taking a resource out: a tombstone stays, so that others who listed it (OAI-PMH) hear of it; everything else goes.

First the rows, in one transaction: from then on nobody gets at anything. Then the files; until they are gone the
tombstone says so, and `clear` goes on with them after a crash or when the store was away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import and_, delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.library import (
    Chapter,
    Comment,
    Line,
    LineVersion,
    Place,
    Resource,
    ResourceFile,
    Slide,
    Stage,
    here,
)
from signalling.library.seen import REMOVE, Viewer, find
from signalling.library.work import LEASE_S

FILES_LEFT = "files_left"
"""`Resource.note` of a tombstone whose files are not gone yet."""
PARTS_LEFT = "parts_left"
"""Of one whose finished files are gone; what lies in another server's folder of recordings is for that one, and what
lies on a disk that is away for later."""
LINGER_S = 2 * LEASE_S
_BATCH = 50
_AWAY = 10
"""Failures one after the other: the store is away."""
Discard = Callable[[str, str | None], Awaitable[None]]
"""Removes the files of a resource, given its id and its lesson's; does nothing when there are none."""


async def remove(database: Database, now: float, viewer: Viewer, id: str) -> None:
    """With its clips. :raises UserError: 403, 404, 410 as `seen.find`."""

    async def work(session: AsyncSession) -> None:
        found = await find(session, viewer, id, REMOVE, lock=True)
        await bury(session, found.row, now, viewer.person)

    await database.run(work)


async def bury(session: AsyncSession, row: Resource, now: float, actor: str) -> None:
    """:param row: locked."""
    clips = list(
        await session.scalars(
            select(Resource.id).where(Resource.of == row.id, Resource.state != "removed").order_by(Resource.id)
        )
    )
    ids = [row.id, *clips]
    for table in (ResourceFile, Slide, Chapter, LineVersion, Line, Comment, Place, Stage):
        await session.execute(delete(table).where(table.resource.in_(ids)))
    await session.execute(
        update(Resource)
        .where(Resource.id.in_(ids))
        .values(
            state="removed",
            changed=int(now),
            version=Resource.version + 1,
            withdrawn=or_(Resource.withdrawn, and_(Resource.rights == "public", Resource.published.is_not(None))),
            **{"description": "", "text": "", "url": "", "points": [], "gaps": {}, "note": ""},
        )
    )
    if row.of is None:
        await session.execute(update(Resource).where(Resource.id == row.id).values(note=FILES_LEFT))
    detail = {"kind": row.kind, "title": row.title, "school": row.school, "clips": len(clips)}
    await audit.append(session, int(now), actor, "resource.removed", row.id, detail)


async def clear(database: Database, now: float, discard: Discard, spool: str = "") -> int:
    """Remove the files of tombstones, and say of how many. What cannot be removed now waits for the next time.

    Whoever works on a resource while it is taken out may still put files into the store: it is looked at once more when
    no lease of that time holds. :param spool: name of this server's folder of recordings; empty: its disk is away, and
    what lies in it is removed when it is back.
    """
    done, failed = 0, 0
    last = (-1, "")
    while failed < _AWAY and (left := await _left(database, last, spool)):
        last = (left[-1].changed, left[-1].id)
        gone: dict[str, list[str]] = {"": [], PARTS_LEFT: []}
        for id, lesson, changed, of in left:
            try:
                await discard(id, lesson)
            except (UserError, OSError):
                failed += 1
                continue
            failed = 0
            if changed <= now - LINGER_S:
                gone[PARTS_LEFT if of not in ("", spool) else ""].append(id)
        for note, ids in gone.items():
            if ids:
                async with database.write() as session:
                    await session.execute(update(Resource).where(Resource.id.in_(ids)).values(note=note))
        done += sum(map(len, gone.values()))
    return done


async def _left(database: Database, after: tuple[int, str], spool: str) -> Sequence[Any]:
    asked = select(Resource.id, Resource.lesson, Resource.changed, Resource.spool).where(
        Resource.state == "removed",
        or_(Resource.note == FILES_LEFT, and_(Resource.note == PARTS_LEFT, here(Resource.spool, spool))),
        tuple_(Resource.changed, Resource.id) > tuple_(*after),
    )
    async with database.read() as session:
        return (await session.execute(asked.order_by(Resource.changed, Resource.id).limit(_BATCH))).all()
