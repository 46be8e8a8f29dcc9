"""Lessons removed for their age: asked again under a lock, each with its tombstone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder import manifest as manifests
from recorder.alone import alone
from recorder.manifest import Manifest
from recorder.retention import DAY_S, Removal, Rule
from recorder.store import Store
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.library import Resource, ResourceFile, Stage
from signalling.db.records import Audit
from signalling.library import retention
from signalling.library.shelf import Shelf
from tests.library.hall import until

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


def recorded(spool: Path, *names: str) -> dict[str, Path]:
    """A part of each recording."""
    parts = {name: spool / name / "parts" / "part" for name in names}
    for name, part in parts.items():
        part.parent.mkdir(parents=True)
        part.write_bytes(bytes(100))
        manifests.save(spool / name, Manifest(room=name, began=1))
    return parts


async def states(database: Database) -> dict[str, str]:
    async with database.read() as session:
        return {row.id: row.state for row in await session.scalars(select(Resource))}


async def test_what_is_due(database: Database, tmp_path: Path) -> None:
    await shelve(database)
    recorded(tmp_path, "old", "marked", "clipped", "middle", "young", "unfinished", "upload", "unknown")
    async with database.read() as session:
        found = await retention.expired(session, RULE, NOW)
    assert found == [Removal("old", "old", "all"), Removal("unclipped", "unclipped", "all")]
    spare = await retention.spare(database, tmp_path, RULE, NOW)
    assert sorted(removal.folder for removal in spare) == ["clipped", "marked", "middle", "upload"]
    assert await retention.spare(database, tmp_path / "none", RULE, NOW) == []


async def test_parts_of_finished_lessons_go(database: Database, tmp_path: Path) -> None:
    await shelve(database)
    parts = recorded(tmp_path, "middle", "young", "unfinished", "upload")
    async with database.write() as session:
        session.add(Stage(resource="upload", name="pictures", position=1, state="running"))
    assert await retention.shed(database, tmp_path, RULE, NOW) == 100
    assert await retention.shed(database, tmp_path, RULE, NOW) == 0
    assert [name for name, part in parts.items() if not part.exists()] == ["middle"]


async def test_parts_stay_while_a_stage_works_in_the_folder(database: Database, tmp_path: Path) -> None:
    """It has read the manifest, and will write it over whatever stands there at its end."""
    await shelve(database)
    parts = recorded(tmp_path, "middle")
    with alone(tmp_path / "middle") as ours:
        assert ours and await retention.shed(database, tmp_path, RULE, NOW) == 0 and parts["middle"].exists()
        manifests.save(tmp_path / "middle", manifests.load(tmp_path / "middle"))
    assert await retention.shed(database, tmp_path, RULE, NOW) == 100
    assert "retention" in manifests.load(tmp_path / "middle").done


async def test_the_old_ones_are_buried_once(database: Database) -> None:
    await shelve(database)
    assert sorted(await retention.bury_expired(database, RULE, NOW, bury)) == ["old", "unclipped"]
    assert await retention.bury_expired(database, RULE, NOW, bury) == []
    removed = {id for id, state in (await states(database)).items() if state == "removed"}
    assert removed == {"old", "unclipped", "oldclip"}
    assert await audit.verify(database) is None


async def test_for_ever_is_for_ever(database: Database) -> None:
    await shelve(database)
    assert await retention.bury_expired(database, Rule(0, 0), NOW, bury) == []


async def test_whoever_keeps_it_at_the_last_moment_wins(database: Database) -> None:
    await shelve(database)

    async def keep_the_other(session: AsyncSession, row: Resource, now: float, actor: str) -> None:
        await bury(session, row, now, actor)
        other = await session.get_one(Resource, "unclipped")
        other.kept = True

    assert await retention.bury_expired(database, RULE, NOW, keep_the_other) == ["old"]
    assert (await states(database))["unclipped"] == "published"


async def test_the_server_removes_rows_and_files(database: Database, tmp_path: Path) -> None:
    await shelve(database)
    parts = recorded(tmp_path / "spool", "old", "middle", "young")
    url = f"file://{tmp_path}/store"
    for id in ("old", "middle"):
        Store(url).put(f"{id}/camera", parts[id])
    shelf = Shelf(url, tmp_path / "spool", database, lambda: NOW, RULE)
    await shelf.start()

    def clear() -> bool:
        left = [name for name, part in parts.items() if part.exists()]
        return left == ["young"] and [stored.key for stored in Store(url).list()] == ["middle/camera"]

    await until(clear)
    await shelf.stop()
    assert (await states(database))["old"] == "removed"
    async with database.read() as session:
        told = await session.scalars(select(Audit.subject).where(Audit.actor == retention.ACTOR))
        assert sorted(told) == ["old", "unclipped"]
