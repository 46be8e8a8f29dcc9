"""A county with lessons that were recorded, and questions that tests ask of what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from signalling.db.engine import Database
from signalling.db.lessons import Booking
from signalling.db.library import Chapter, Line, Recording, Resource, ResourceFile, Slide, Stage
from signalling.library import making
from signalling.library.queue import Queue
from signalling.library.worker import Worker
from tests.bell.county import EIGHT, MINUTE, Clock, County, add_lesson
from tests.library import hand
from tests.library.doing import record

PATIENCE_S = 60.0
LESSON = ("finalise", "pictures", "transcript", "chapters", "publish", "index")


@dataclass
class Hall:
    """:ivar folder: of recordings, and of the queue."""

    database: Database
    county: County
    clock: Clock
    folder: Path
    store: str

    async def lesson(self, starts: int = EIGHT, **recording: Any) -> str:
        """One that has ended and was recorded."""
        lesson = await add_lesson(self.database, self.county, starts, state="ended")
        values = {"state": "ended", "began": starts, "ended": starts + 40 * MINUTE, "bytes": 1000, "tracks": 2}
        async with self.database.write() as session:
            await session.execute(
                update(Booking).values(
                    subject="数学", grade="三年级", textbook="人教版", unit="分数", points=["二分之一"]
                )
            )
            session.add(Recording(lesson=lesson, **{**values, **recording}))
        record(self.folder / lesson, self.county.teacher)
        return lesson

    async def made(self, now: float | None = None) -> list[str]:
        """Resources of all lessons that have none."""
        when = self.clock() if now is None else now
        return await self.database.run(lambda session: making.make(session, 0, when))

    async def resource(self, starts: int = EIGHT) -> tuple[str, Path]:
        """Of a new lesson, and its folder."""
        lesson = await self.lesson(starts)
        [resource] = await self.made()
        return resource, self.folder / lesson

    def worker(self, *, memory_mb: int = 0, database: Database | None = None) -> Worker:
        """In this process."""
        at = database or self.database
        shop = hand.shop(at, self.folder, self.store, memory_mb=memory_mb)
        return Worker(at, Queue(self.folder), shop, self.clock)

    async def stages(self, resource: str) -> dict[str, Stage]:
        async with self.database.read() as session:
            rows = await session.scalars(select(Stage).where(Stage.resource == resource).order_by(Stage.position))
            return {row.name: row for row in rows}

    async def states(self, resource: str) -> dict[str, str]:
        return {name: stage.state for name, stage in (await self.stages(resource)).items()}

    async def states_done(self, resource: str) -> bool:
        return set((await self.states(resource)).values()) == {"done"}

    async def row(self, resource: str) -> Resource:
        async with self.database.read() as session:
            row = await session.get(Resource, resource)
        assert row is not None
        return row

    async def shown(self, resource: str) -> dict[str, Any]:
        """What pages show of it, ids and times of the work left out."""
        row = await self.row(resource)
        found: dict[str, Any] = {
            "resource": (row.state, row.title, row.subject, row.length_ms, row.note, row.gaps, row.version)
        }
        columns = {
            ResourceFile: ("name", "media_type", "bytes", "sha256", "length_ms"),
            Slide: ("number", "at_ms", "image", "text"),
            Chapter: ("number", "at_ms", "title"),
            Line: ("number", "starts_ms", "ends_ms", "text", "words", "speaker", "version"),
        }
        async with self.database.read() as session:
            for table, names in columns.items():
                rows = await session.execute(
                    select(*(getattr(table, name) for name in names)).where(table.resource == resource)
                )
                found[table.__tablename__] = sorted((tuple(row) for row in rows), key=str)
        return found

    def stored(self, resource: str) -> dict[str, int]:
        """Files in the store, without the part of their names that comes of their content."""
        folder = Path(self.store.removeprefix("file://")) / resource
        return {path.name.rpartition("-")[0]: path.stat().st_size for path in folder.iterdir()}

    def begun(self, folder: Path) -> list[str]:
        """Stages that were begun, in order."""
        return [line.split()[0] for line in _lines(folder / "begun")]

    def pid(self, folder: Path) -> int:
        """Of the process that began the last stage."""
        return int(_lines(folder / "begun")[-1].split()[1])

    def indexed(self) -> list[str]:
        return _lines(self.folder / "index")

    @contextlib.asynccontextmanager
    async def hand(self, url: str, redis: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
        """A worker in a process of its own, which is killed at the end."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.library.hand", url, str(self.folder), self.store, redis),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), PATIENCE_S) == hand.READY
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def pids_of(parent: int) -> list[int]:
    """Its children."""
    return [
        int(pid)
        for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if os.path.exists(f"/proc/{pid}")
    ]


async def until(condition: Callable[[], Any]) -> Any:
    """What a condition says when it first says something; it may be a coroutine function."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, "it does not come true"
        await asyncio.sleep(0.02)
