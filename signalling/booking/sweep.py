"""What nobody needs any more is removed, so that these tables do not grow for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from signalling.db.engine import Database
from signalling.db.lessons import Load
from signalling.db.records import Notice

NOTICES_S = 180 * 86400
"""A term: whoever has not read them by then never will. The audit log keeps what happened."""
LOAD_S = 30 * 86400
"""Nobody books the past; a server that was down for a holiday still gives back what its lessons held."""
BATCH = 2000
"""Rows of one transaction: on SQLite others wait while it lasts."""


async def sweep(database: Database, now: float) -> Mapping[str, int]:
    """:returns: rows removed, by table."""
    return {
        "notice": await _remove(database, Notice, Notice.id, Notice.made < int(now) - NOTICES_S),
        "load": await _remove(database, Load, Load.slot, Load.slot < int(now) - LOAD_S),
    }


async def _remove(database: Database, table: type[Any], key: Any, old: ColumnElement[bool]) -> int:
    removed = 0
    while True:
        async with database.read() as session:  # what takes long is not done while others cannot write
            ids = (await session.scalars(select(key).where(old).limit(BATCH))).all()
        if not ids:
            return removed

        async def work(session: AsyncSession, ids: Sequence[Any] = ids) -> None:
            await session.execute(delete(table).where(key.in_(ids)).execution_options(synchronize_session=False))

        await database.run(work)
        removed += len(ids)
