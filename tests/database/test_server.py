"""The server and its database: made at the start, refused when it is newer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mediaserver.api import UserError
from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db.engine import Database
from tests.signalling.fakes import FakeMedia


def settings(tmp_path: Path, url: str) -> Config:
    local: dict[str, Any] = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
    return Config(data_dir=tmp_path, http=local, database={"url": url})


async def test_a_server_makes_its_tables(empty_url: str, tmp_path: Path) -> None:
    async with Server(settings(tmp_path, empty_url), media=FakeMedia):
        async with Database(empty_url) as database:
            await database.require_current()


async def test_a_server_leaves_a_newer_database_alone(database: Database, database_url: str, tmp_path: Path) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError, match="newer version"):
        await Server(settings(tmp_path, database_url), media=FakeMedia).start()
