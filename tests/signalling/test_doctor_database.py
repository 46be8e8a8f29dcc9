"""`tongke doctor` opens the database that `serve` would, and makes nothing in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from signalling.cli import doctor
from signalling.config import Config
from signalling.db.engine import Database


def config(url: str) -> Config:
    return Config(database={"url": url})


def test_one_of_this_version(database_url: str) -> None:
    found = doctor.database(config(database_url))
    assert found.level == "ok" and "this version" in found.text


def test_one_without_tables(empty_url: str) -> None:
    assert doctor.database(config(empty_url)).level == "ok"


def test_one_that_is_not_there_yet(tmp_path: Path) -> None:
    found = doctor.database(Config(data_dir=tmp_path / "var"))
    assert found.level == "ok" and "none yet" in found.text
    assert not (tmp_path / "var").exists()


def test_one_of_a_newer_version(database_url: str) -> None:
    async def newer() -> None:
        async with Database(database_url) as database, database.write() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    asyncio.run(newer())
    found = doctor.database(config(database_url))
    assert found.level == "bad" and "newer version" in found.text


@pytest.mark.parametrize("url", ["postgresql://tongke:geheim@127.0.0.1:1/tongke", "mysql://tongke:geheim@x/y"])
def test_one_that_does_not_answer(url: str) -> None:
    found = doctor.database(config(url))
    assert found.level == "bad" and found.text.endswith(".") and "geheim" not in found.text


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "tongke.sqlite3"
    file.write_text("no database " * 1000)
    assert doctor.database(config(f"sqlite:///{file}")).level == "bad"


def test_it_is_among_the_findings(tmp_path: Path) -> None:
    pages = tmp_path / "dist"
    pages.mkdir()
    http = {"host": ["127.0.0.1"], "port": 0, "pages_dir": str(pages)}
    settings = Config(data_dir=tmp_path, http=http, database={"url": "postgresql://x@127.0.0.1:1/x"})
    now = doctor.datetime.datetime.now(doctor.datetime.UTC)
    assert ("bad", "Database") in {(found.level, found.what) for found in doctor.examine(settings, now)}
