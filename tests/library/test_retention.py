"""Lessons removed for their age: asked again under a lock, each with its tombstone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder import manifest as manifests
from recorder.manifest import Manifest
from recorder.retention import DAY_S, Removal, Rule
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.library import Resource, ResourceFile, Stage
from signalling.library import retention

NOW = 1_800_000_000
RULE = Rule(keep_days=100, keep_parts_days=7)


def resource(id: str, days: int, kind: str = "lesson", **more: object) -> Resource:
    made = NOW - days * DAY_S
    return Resource(
        id=id, kind=kind, state="published", title="第三单元", day=dt.date(2026, 11, 2), made=made, changed=made, **more
    )


async def shelve(database: Database) -> None:
    rows = [
        resource("old", 200),
        resource("marked", 200, kept=True),
        resource("clipped", 200),
        resource("clip", 150, "clip", of="clipped"),
        resource("unclipped", 190),
        resource("oldclip", 150, "clip", of="unclipped"),
        resource("young", 3),
        resource("middle", 30),
        resource("unfinished", 30),
        resource("upload", 200, "video"),
    ]
    next(row for row in rows if row.id == "oldclip").state = "removed"
    async with database.write() as session:
        session.add_all(row for row in rows if row.of is None)
        await session.flush()
        session.add_all(row for row in rows if row.of is not None)
        session.add_all(
            ResourceFile(resource=id, name="camera", key=f"{id}/camera", media_type="video/mp4", bytes=1, sha256="0")
            for id in ("old", "marked", "clipped", "unclipped", "young", "middle", "upload")
        )


async def bury(session: AsyncSession, row: Resource, now: float, actor: str) -> None:
    row.state = "removed"
    await audit.append(session, int(now), actor, "resource.removed", row.id)


async def states(database: Database) -> dict[str, str]:
    async with database.read() as session:
        return {row.id: row.state for row in await session.scalars(select(Resource))}


async def test_what_is_due(database: Database) -> None:
    await shelve(database)
    async with database.read() as session:
        found = await retention.due(session, RULE, NOW)
    assert sorted(found) == [
        Removal("clipped", "clipped", "parts"),
        Removal("marked", "marked", "parts"),
        Removal("middle", "middle", "parts"),
        Removal("old", "old", "all"),
        Removal("unclipped", "unclipped", "all"),
        Removal("upload", "upload", "parts"),
    ]


async def test_parts_of_finished_lessons_go(database: Database, tmp_path: Path) -> None:
    await shelve(database)
    parts = {name: tmp_path / name / "parts" / "part" for name in ("middle", "young", "unfinished", "upload")}
    for name, part in parts.items():
        part.parent.mkdir(parents=True)
        part.write_bytes(bytes(100))
        manifests.save(tmp_path / name, Manifest(room=name, began=1))
    async with database.write() as session:
        session.add(Stage(resource="upload", name="pictures", position=1, state="running"))
    assert await retention.shed_parts(database, tmp_path, RULE, NOW) == 100
    assert await retention.shed_parts(database, tmp_path, RULE, NOW) == 0
    assert [name for name, part in parts.items() if not part.exists()] == ["middle"]


async def test_the_old_ones_are_buried_once(database: Database) -> None:
    await shelve(database)
    assert sorted(await retention.bury_due(database, RULE, NOW, bury)) == ["old", "unclipped"]
    assert await retention.bury_due(database, RULE, NOW, bury) == []
    removed = {id for id, state in (await states(database)).items() if state == "removed"}
    assert removed == {"old", "unclipped", "oldclip"}
    assert await audit.verify(database) is None


async def test_for_ever_is_for_ever(database: Database) -> None:
    await shelve(database)
    assert await retention.bury_due(database, Rule(0, 0), NOW, bury) == []


async def test_whoever_keeps_it_at_the_last_moment_wins(database: Database) -> None:
    await shelve(database)

    async def keep_the_other(session: AsyncSession, row: Resource, now: float, actor: str) -> None:
        await bury(session, row, now, actor)
        other = await session.get_one(Resource, "unclipped")
        other.kept = True

    assert await retention.bury_due(database, RULE, NOW, keep_the_other) == ["old"]
    assert (await states(database))["unclipped"] == "published"
