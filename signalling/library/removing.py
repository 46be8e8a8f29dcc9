"""Taking a resource out: a tombstone stays, so that others who listed it (OAI-PMH) hear of it; everything else goes.

First the rows, in one transaction: from then on nobody gets at anything. Then the files; until they are gone the
tombstone says so, and `clear` goes on with them after a crash or when the store was away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import and_, delete, or_, select, update
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

FILES_LEFT = "files_left"
"""`Resource.note` of a tombstone whose files are not gone yet."""
PARTS_LEFT = "parts_left"
"""Of one whose finished files are gone; what lies in another server's folder of recordings is for that one."""
_BATCH = 50
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


async def clear(database: Database, discard: Discard, spool: str = "") -> int:
    """Remove the files of tombstones, and say of how many. What cannot be removed now waits for the next time.

    :param spool: name of this server's folder of recordings.
    """
    async with database.read() as session:
        asked = select(Resource.id, Resource.lesson, Resource.spool).where(
            Resource.state == "removed",
            or_(Resource.note == FILES_LEFT, and_(Resource.note == PARTS_LEFT, here(Resource.spool, spool))),
        )
        left = (await session.execute(asked.order_by(Resource.changed).limit(_BATCH))).all()
    done: dict[str, list[str]] = {"": [], PARTS_LEFT: []}
    for id, lesson, of in left:
        try:
            await discard(id, lesson)
        except (UserError, OSError):
            continue
        done[PARTS_LEFT if spool and of not in ("", spool) else ""].append(id)
    for note, ids in done.items():
        if ids:
            async with database.write() as session:
                await session.execute(update(Resource).where(Resource.id.in_(ids)).values(note=note))
    return sum(map(len, done.values()))
