"""`tongke doctor` opens the database that `serve` would, and makes nothing in it."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

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


def test_one_that_does_not_answer() -> None:
    found = doctor.database(config("postgresql://tongke:geheim@127.0.0.1:1/tongke"))
    assert found.level == "bad" and found.text.endswith(".") and "geheim" not in found.text


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "tongke.sqlite3"
    file.write_text("no database " * 1000)
    assert doctor.database(config(f"sqlite:///{file}")).level == "bad"


def test_it_is_among_the_findings(tmp_path: Path) -> None:
    http = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
    settings = Config(data_dir=tmp_path, http=http, database={"url": "postgresql://x@127.0.0.1:1/x"})
    findings = doctor.examine(settings, dt.datetime.now(dt.UTC))
    assert next(found.level for found in findings if found.what == "Database") == "bad"
