"""Lessons that are removed for their age: which ones, their tombstones, and parts that nobody needs any more.

The files of what is removed altogether go as those of any removed resource do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from mediaserver.api import UserError
from recorder import manifest
from recorder.retention import Item, Removal, Rule, parts_of, removals, remove_parts
from signalling.db.engine import Database
from signalling.db.library import Resource, ResourceFile, Stage

ACTOR = "retention"
"""Of the audit log's rows."""
_BATCH = 50
_WITH_PARTS = ("lesson", "video", "audio")
Bury = Callable[[AsyncSession, Resource, float, str], Awaitable[None]]
"""Makes a locked row a tombstone and says so on the audit log: (session, row, now, actor)."""


async def due(session: AsyncSession, rule: Rule, now: float) -> list[Removal]:
    """What the rule would remove now, the oldest first: lessons, and what uploads were before they were finished."""
    return list(removals(await _items(session), rule, now))


async def bury_due(database: Database, rule: Rule, now: float, bury: Bury) -> list[str]:
    """Make what is due tombstones, each in its own transaction, at most some dozens a call.

    Whoever keeps a lesson meanwhile wins: its row is asked again under a lock.
    """
    async with database.read() as session:
        ids = [removal.id for removal in await due(session, rule, now) if removal.what == "all"][:_BATCH]
    buried = []
    for id in ids:

        async def work(session: AsyncSession, id: str = id) -> bool:
            row = await session.scalar(select(Resource).where(Resource.id == id).with_for_update())
            still = await _items(session, id)
            if row is None or not any(removal.what == "all" for removal in removals(still, rule, now)):
                return False
            await bury(session, row, now, ACTOR)
            return True

        if await database.run(work):
            buried.append(id)
    return buried


async def shed_parts(database: Database, spool: Path, rule: Rule, now: float) -> int:
    """Remove parts that are due of the recordings that lie on this machine. :returns: bytes."""
    async with database.read() as session:
        folders = [spool / removal.folder for removal in await due(session, rule, now) if removal.what == "parts"]
    return await asyncio.to_thread(_shed, folders)


def _shed(folders: Sequence[Path]) -> int:
    """What cannot be removed or read now is tried the next time; `tongke verify` tells of damaged manifests."""
    removed = 0
    for folder in folders:
        with contextlib.suppress(OSError, UserError):
            if parts_of(folder):
                removed += remove_parts(folder, manifest.load(folder))
    return removed


async def _items(session: AsyncSession, id: str | None = None) -> Sequence[Item]:
    clip = aliased(Resource)
    clips = exists().where(clip.of == Resource.id, clip.state != "removed")
    stored = exists().where(ResourceFile.resource == Resource.id)
    busy = exists().where(Stage.resource == Resource.id, Stage.state == "running")
    asked = select(Resource, clips, stored & ~busy).where(Resource.kind.in_(_WITH_PARTS), Resource.state != "removed")
    if id is not None:
        asked = asked.where(Resource.id == id)
    rows = await session.execute(asked.order_by(Resource.made))
    return [
        Item(
            row.id,
            row.lesson or row.id,
            row.made,
            row.kind != "lesson" or row.kept or clipped,
            row.state == "published" and finished,
        )
        for row, clipped, finished in rows
    ]
