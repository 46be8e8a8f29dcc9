"""A running server clears away what is old."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, insert, select

from signalling.booking import sweep
from signalling.booking.sweep import NOTICES_S
from signalling.db.engine import Database
from signalling.db.records import Notice
from signalling.rest import api
from signalling.rest.api import Api
from tests.booking.county import NOW, fill


async def test_old_notices_go(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "SWEEP_S", 0.02)
    await fill(database)
    async with database.write() as session:
        rows = [
            {"id": f"n{at}", "person": "t0", "kind": "moved", "facts": {}, "made": at}
            for at in (NOW - NOTICES_S - 1, NOW)
        ]
        await session.execute(insert(Notice), rows)
    running = Api(database, [], "tongke", lambda: NOW)
    await running.start()
    try:
        async with asyncio.timeout(10):
            left = 2
            while left == 2:
                await asyncio.sleep(0.02)
                async with database.read() as session:
                    left = await session.scalar(select(func.count()).select_from(Notice)) or 0
    finally:
        await running.stop()
    assert left == 1


async def test_while_nothing_is_old_nobody_waits_for_it(database: Database) -> None:
    """A long table is not read by whoever alone may write."""
    await fill(database)
    async with asyncio.timeout(3), database.write() as session:
        await session.execute(select(1))  # from here on others wait, on SQLite
        assert await sweep.sweep(database, NOW) == {"notice": 0, "load": 0}
