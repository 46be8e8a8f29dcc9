"""A county whose library holds a lesson with all that belongs to one, and people who share in it or do not."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy.orm import undefer

from signalling.db.library import Chapter, Line, Resource, ResourceFile, Slide
from signalling.db.people import RoleGrant
from signalling.db.places import Classroom, Region, School
from tests.devices.conftest import Person, World, clock, open_world, problem, world

__all__ = ["clock", "open_world", "problem", "world"]

LENGTH_MS = 60_000
CAMERA = bytes(range(256)) * 12_000
"""More than one piece of the store's."""


@dataclass
class Shelf:
    """:ivar lesson: id of the resource. :ivar staff: of its school, :ivar teacher: of it, :ivar near: a teacher of
    another school of its county, :ivar far: one of another county."""

    world: World
    lesson: str
    staff: Person
    teacher: Person
    near: Person
    far: Person

    async def put(self, resource: str, name: str, data: bytes, media_type: str, **more: Any) -> None:
        """A finished file, as `publish` leaves it."""
        suffix = "".join(filter(str.isalnum, media_type.rpartition("/")[2]))
        key = f"{resource}/{name}.{suffix}"
        path = self.world.server.signalling.shelf.spool / "file"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.world.server.signalling.shelf.store.put(key, path)
        path.unlink()
        sha256 = hashlib.sha256(data).hexdigest()
        async with self.world.database.write() as session:
            row = {"resource": resource, "name": name, "key": key, "media_type": media_type, "sha256": sha256}
            session.add(ResourceFile(**row, bytes=len(data), **more))

    async def drop(self, name: str) -> None:
        async with self.world.database.write() as session:
            await session.delete(await session.get_one(ResourceFile, (self.lesson, name)))

    async def row(self, id: str) -> Resource:
        async with self.world.database.read() as session:
            return await session.get_one(Resource, id, options=[undefer(Resource.text)])

    async def set(self, id: str, **values: Any) -> None:
        async with self.world.database.write() as session:
            row = await session.get_one(Resource, id)
            for name, value in values.items():
                setattr(row, name, value)


Add = Callable[..., Awaitable[str]]


async def add(world: World, **values: Any) -> str:
    row = {
        **{"kind": "lesson", "state": "published", "title": "认识分数", "subject": "数学", "grade": "三年级"},
        **{"teacher": "t0", "teacher_name": "教师甲", "school": "s0", "region": "county", "day": dt.date(2026, 9, 8)},
        **{"length_ms": LENGTH_MS, "made": 100, "changed": 100, "published": 100},
    }
    async with world.database.write() as session:
        made = Resource(**{**row, **values})
        session.add(made)
        await session.flush()
        return made.id


@pytest.fixture
async def shelf(world: World) -> Shelf:
    database = world.database
    async with database.write() as session:
        session.add(Region(id="west", parent="city", kind="county", name="西县", path="/city/west/"))
        await session.flush()
        session.add(School(id="west0", region="west", calendar="other", name="西县小学", kind="receiving"))
        await session.flush()
        session.add(Classroom(id="westr", school="west0", name="录播教室", kind="both"))
    id = await add(world)
    async with database.write() as session:
        session.add_all(
            Line(resource=id, number=n, starts_ms=n * 10_000, ends_ms=n * 10_000 + 4000, text=text,
                 words={"words": [[n * 10_000, n * 10_000 + 500, text[:2]]]}, speaker="教师甲")
            for n, text in ((1, "同学们好"), (2, "今天学习 <分数> & 小数"), (3, "把一个圆平均分成四份"))
        )  # fmt: skip
        session.add_all(
            Slide(resource=id, number=n, at_ms=at, image=f"slide-{n}", text=f"第{n}页")
            for n, at in ((1, 0), (2, 25_000))
        )
        session.add(Chapter(resource=id, number=1, at_ms=0, title="导入"))
    shelf = Shelf(
        world,
        id,
        await world.somebody("staff", "school", "s0"),
        await world.sign_in("t0"),
        await world.somebody("teacher", "school", "s1"),
        await world.somebody("teacher", "school", "west0"),
    )
    async with database.write() as session:
        session.add(RoleGrant(person="t0", role="teacher", kind="school", scope="s0"))
    await shelf.put(id, "camera", CAMERA, "video/mp4", width=640, height=360, length_ms=LENGTH_MS)
    await shelf.put(id, "poster", b"\xff\xd8poster", "image/jpeg", width=320, height=180)
    return shelf


async def done(answer: aiohttp.ClientResponse) -> Any:
    """The document of what went well."""
    assert answer.status in (200, 201, 204), await answer.text()
    return None if answer.status == 204 else await answer.json()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.002)


@pytest.fixture
def spool(shelf: Shelf) -> Path:
    """The folder of recordings, with nothing in it."""
    folder = shelf.world.server.signalling.shelf.spool
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def left(spool: Path) -> list[str]:
    """Everything that lies in it, also while a server takes some of it away."""
    return sorted(
        os.path.relpath(os.path.join(at, name), spool)
        for at, folders, files in os.walk(spool)
        for name in folders + files
        if name not in (".uploads", ".spool")
    )


async def refused(person: Person, method: str, path: str, **more: Any) -> tuple[int, str]:
    return await problem(await person.call(method, path, **more))
