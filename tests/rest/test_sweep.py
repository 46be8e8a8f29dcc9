"""A running server clears away what is old."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, insert, select

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
