"""Notices are read by whoever they are for, and what is old is removed."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

from signalling.booking import inbox, sweep
from signalling.booking.sweep import LOAD_S, NOTICES_S
from signalling.db.engine import Database
from signalling.db.lessons import Load
from signalling.db.records import Notice
from tests.booking.county import NOW, book, claims_are_right, request


async def tell(database: Database, person: str, *made: int) -> None:
    async with database.write() as session:
        rows = [{"id": f"{person}{at:014}", "person": person, "kind": "moved", "facts": {}, "made": at} for at in made]
        await session.execute(insert(Notice), rows)


async def seen(database: Database, person: str, **more: object) -> list[int]:
    async with database.read() as session:
        return [it.made for it in await inbox.told(session, person, 10, **more)]  # type: ignore[arg-type]


async def test_read_and_counted(county: Database) -> None:
    await tell(county, "t0", 1, 2, 3)
    await tell(county, "p0", 4)
    assert await seen(county, "t0") == [3, 2, 1]
    assert await seen(county, "t0", after=(3, f"t0{3:014}")) == [2, 1]
    ids = [f"t0{2:014}", f"p0{4:014}", "nothing"]
    assert await inbox.mark_read(county, "t0", NOW, ids) == 2
    assert await seen(county, "t0", unread=True) == [3, 1]
    async with county.read() as session:
        assert await inbox.unread(session, "p0") == 1
        (second,) = [it for it in await inbox.told(session, "t0", 10) if it.made == 2]
    assert second.read == NOW
    assert await inbox.mark_read(county, "t0", NOW + 1) == 0
    async with county.read() as session:
        assert {it.read for it in await inbox.told(session, "t0", 10)} == {NOW, NOW + 1}


async def test_what_is_old_is_removed(county: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BATCH", 2)
    await book(county, request())
    now = NOW + 10
    await tell(county, "p3", *range(now - NOTICES_S - 5, now - NOTICES_S + 2))
    async with county.write() as session:
        old = [{"slot": (now - LOAD_S) // 300 * 300 - 300 * n, "classrooms": 1} for n in range(5)]
        await session.execute(insert(Load), old)
    assert await sweep.sweep(county, now) == {"notice": 5, "load": 5}
    assert await seen(county, "p3") == [now - NOTICES_S + 1, now - NOTICES_S]
    assert await sweep.sweep(county, now) == {"notice": 0, "load": 0}
    async with county.read() as session:
        assert await session.scalar(select(func.count()).select_from(Notice)) == 7
    await claims_are_right(county)
