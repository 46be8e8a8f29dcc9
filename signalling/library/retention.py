"""Lessons that are removed for their age, their tombstones, and parts that nobody needs any more.

The files of what is removed altogether go as those of any removed resource do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from mediaserver.api import UserError
from recorder import manifest
from recorder.alone import alone
from recorder.retention import DAY_S, Item, Removal, Rule, parts_of, removals, remove_parts
from recorder.spool import identity
from signalling.db.engine import Database
from signalling.db.library import Resource, ResourceFile, Stage, here

ACTOR = "retention"
"""Of the audit log's rows."""
BATCH = 50
"""Lessons that are removed in one go."""
_ASKED = 500
"""Folders that are asked for in one query."""
Bury = Callable[[AsyncSession, Resource, float, str], Awaitable[None]]
"""Makes a locked row a tombstone and says so on the audit log: (session, row, now, actor)."""


async def expired(session: AsyncSession, rule: Rule, now: float, limit: int | None = None) -> list[Removal]:
    """Lessons that the rule removes altogether now, the oldest first."""
    if not rule.keep_days:
        return []
    old = Resource.made <= now - rule.keep_days * DAY_S
    found = await _items(session, Resource.kind == "lesson", Resource.kept.is_(False), ~_clipped(), old, limit=limit)
    return [removal for removal in removals(found, rule, now) if removal.what == "all"]


async def bury_expired(database: Database, rule: Rule, now: float, bury: Bury) -> list[str]:
    """Make tombstones of them, each in its own transaction, at most `BATCH` a call.

    Whoever keeps a lesson meanwhile wins: its row is asked again under a lock.
    """
    async with database.read() as session:
        ids = [removal.id for removal in await expired(session, rule, now, BATCH)]
    buried = []
    for id in ids:

        async def work(session: AsyncSession, id: str = id) -> bool:
            row = await session.scalar(select(Resource).where(Resource.id == id).with_for_update())
            still = await _items(session, Resource.id == id)
            if row is None or not any(removal.what == "all" for removal in removals(still, rule, now)):
                return False
            await bury(session, row, now, ACTOR)
            return True

        if await database.run(work):
            buried.append(id)
    return buried


async def spare(database: Database, spool: Path, rule: Rule, now: float) -> list[Removal]:
    """Recordings in a folder of this machine whose parts the rule removes now. What lies here of a lesson that went on
    elsewhere stays: it is in nothing that was published."""
    folders, ours = await asyncio.to_thread(lambda: (_with_parts(spool), identity(spool)))
    found: list[Removal] = []
    for start in range(0, len(folders), _ASKED):
        names = folders[start : start + _ASKED]
        async with database.read() as session:
            named = or_(Resource.lesson.in_(names), Resource.id.in_(names))
            items = await _items(session, named, here(Resource.spool, ours))
        found += [removal for removal in removals(items, rule, now) if removal.what == "parts"]
    return found


async def shed(database: Database, spool: Path, rule: Rule, now: float) -> int:
    """Remove those parts. :returns: bytes."""
    folders = [spool / removal.folder for removal in await spare(database, spool, rule, now)]
    return await asyncio.to_thread(_shed, folders)


def _with_parts(spool: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return sorted(path.name for path in spool.iterdir() if not path.name.startswith(".") and parts_of(path))
    return []


def _shed(folders: Sequence[Path]) -> int:
    """What cannot be removed or read now is tried the next time; `tongke verify` tells of damaged manifests.

    So is what a stage was begun in since it was asked: it would write its manifest over ours, which says that the
    parts are gone on purpose.
    """
    removed = 0
    for folder in folders:
        with contextlib.suppress(OSError, UserError), alone(folder) as ours:
            if ours:
                removed += remove_parts(folder, manifest.load(folder))
    return removed


def _clipped() -> ColumnElement[bool]:
    clip = aliased(Resource)
    return exists().where(clip.of == Resource.id, clip.state != "removed")


async def _items(session: AsyncSession, *which: ColumnElement[bool], limit: int | None = None) -> list[Item]:
    """Recorded lessons and uploads; of the latter only parts are ever removed for their age."""
    stored = exists().where(ResourceFile.resource == Resource.id)
    busy = exists().where(Stage.resource == Resource.id, Stage.state == "running")
    asked = (
        select(Resource, _clipped().label("clipped"), (stored & ~busy).label("finished"))
        .where(Resource.kind.in_(("lesson", "video", "audio")), Resource.state != "removed", *which)
        .order_by(Resource.made)
        .limit(limit)
    )
    return [
        Item(
            row.id,
            row.lesson or row.id,
            row.made,
            kept=row.kind != "lesson" or row.kept or clipped,
            finished=row.state == "published" and finished,
        )
        for row, clipped, finished in await session.execute(asked)
    ]
