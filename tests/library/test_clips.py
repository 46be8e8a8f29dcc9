"""A clip and its origin, changed at the same moment by two people."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.db.people import Person
from signalling.library import editing
from signalling.library.seen import Viewer
from signalling.people.roles import SYSTEM, Grant, Scope
from tests.library.shelf import shelve
from tests.people.conftest import NOW, seed_county

HERS = Viewer("jia", (Grant("staff", SYSTEM), Grant("own", Scope("person", "jia"))))


async def waits(database: Database) -> bool:
    """Whether somebody waits for a lock that another has; on SQLite who writes next stands in line anyway."""
    if database.url.get_backend_name() == "sqlite":
        return True
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with database.read() as session:
        return bool(await session.scalar(text(asked)))


async def test_a_clip_is_not_widened_while_its_origin_is_narrowed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = await seed_county(database)
    async with database.write() as session:
        session.add(Person(id="jia", name="教师甲"))
    await shelve(database, county, "whole", "认识分数", made_by="jia", published=1)
    cut = {"kind": "clip", "of": "whole", "ends_ms": 5000, "rights": "own", "made_by": "jia", "published": 1}
    await shelve(database, county, "part", "四分之一", **cut)
    widening: list[asyncio.Task[Resource]] = []
    carry = editing._carry_to_clips

    async def meanwhile(*said: Any) -> None:
        """Her origin is narrowed and not yet committed."""
        if not widening:
            change = editing.change(database, NOW, HERS, "part", 1, {"rights": "public"})
            widening.append(asyncio.create_task(change))
            async with asyncio.timeout(20):
                while not (widening[0].done() or await waits(database)):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        await carry(*said)

    monkeypatch.setattr(editing, "_carry_to_clips", meanwhile)
    await editing.change(database, NOW, HERS, "whole", 1, {"rights": "school"})
    with pytest.raises(UserError, match="shared with nobody"):
        await widening[0]
    async with database.read() as session:
        assert (await session.get_one(Resource, "part")).rights == "own"
