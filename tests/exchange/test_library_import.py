"""A list of resources is written when its turn comes, at that time, and in a moment."""

from __future__ import annotations

import io
import itertools
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from signalling.db.engine import Database
from signalling.db.library import Resource, Stage
from signalling.db.people import Person
from signalling.exchange.library_import import import_library
from signalling.exchange.report import Report
from signalling.library.uploads import Uploads
from tests.people.conftest import NOW, audit_rows, seed_county

HOUR = 3600


@pytest.fixture
async def school(database: Database) -> str:
    lead = (await seed_county(database)).lead
    async with database.write() as session:
        session.add(Person(id="t0", name="管理员", login="boss", school=lead))
    return lead


async def import_(database: Database, school: str, folder: Path, text: str, clock: object) -> Report:
    uploads = Uploads(folder / "recording", 1 << 20, 0)
    opener = partial(io.BytesIO, text.encode())
    return await import_library(database, opener, school, folder, uploads, clock, "t0")  # type: ignore[arg-type]


async def test_what_is_published_late_says_so(database: Database, school: str, tmp_path: Path) -> None:
    """Else who harvests what has changed since the hour before never hears of it."""
    ticks = itertools.count(int(NOW), HOUR)
    report = await import_(database, school, tmp_path, "title,url\n分数,https://example.org/1\n", lambda: next(ticks))
    assert report.written
    last = next(ticks) - HOUR
    async with database.read() as session:
        row = (await session.scalars(select(Resource))).one()
    assert (row.made, row.changed, row.published) == (last, last, last) and last > NOW


async def test_a_long_list_is_written_with_few_statements(database: Database, school: str, tmp_path: Path) -> None:
    lines = [
        f"第{number}课,https://example.org/{number},{'数学' if number % 2 else ''},{'教师甲' if number % 3 else ''}"
        for number in range(300)
    ]
    said: list[str] = []
    engine = database._writing.sync_engine

    def heard(connection: object, cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", heard)
    try:
        text = "\n".join(("title,url,subject,teacher", *lines))
        report = await import_(database, school, tmp_path, text, lambda: NOW)
    finally:
        event.remove(engine, "before_cursor_execute", heard)
    assert report.written and len(said) < 30, said
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Resource)) == 300
        assert await session.scalar(select(func.count()).select_from(Stage)) == 300
        named = select(Resource.subject, Resource.teacher_name).where(Resource.title == "第5课")
        assert (await session.execute(named)).one() == ("数学", "教师甲")
    assert len([row for row in await audit_rows(database) if row[1] == "resource.created"]) == 300
