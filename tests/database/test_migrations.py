"""Tables come and go with the migrations, and are those of the models."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest
from sqlalchemy import func, inspect, select, text

from mediaserver.api import UserError
from signalling.db import migrate
from signalling.db.audit import NOTHING
from signalling.db.engine import Database
from signalling.db.records import AuditHead
from signalling.db.schema import metadata


async def tables(database: Database) -> set[str]:
    found: set[str] = set()
    await database.migrate(lambda connection: found.update(inspect(connection).get_table_names()))
    return found - {"alembic_version"}


async def test_up_down_and_up_again(empty_url: str) -> None:
    async with Database(empty_url) as database:
        await database.upgrade()
        assert await tables(database) == set(metadata.tables)
        await database.migrate(migrate.downgrade)
        assert await tables(database) == set()
        await database.upgrade()
        assert await tables(database) == set(metadata.tables)
        async with database.read() as session:
            assert (await session.execute(select(AuditHead.number, AuditHead.hash))).all() == [(0, NOTHING)]


async def test_models_and_migrations_agree(database: Database) -> None:
    found: list[object] = []
    await database.migrate(lambda connection: found.extend(migrate.differences(connection)))
    assert found == []


async def test_a_difference_is_seen(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("ALTER TABLE lease ADD COLUMN surprise INTEGER"))
    found: list[object] = []
    await database.migrate(lambda connection: found.extend(migrate.differences(connection)))
    assert len(found) == 1


async def test_servers_that_start_together_upgrade_once(empty_url: str) -> None:
    code = "from signalling.cli import main; main(['database', 'upgrade'])"
    environ = {**os.environ, "TONGKE_DATABASE__URL": empty_url}
    servers = [await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environ) for _ in range(3)]
    assert [await server.wait() for server in servers] == [0, 0, 0]
    async with Database(empty_url) as database:
        await database.require_current()
        async with database.read() as session:
            assert await session.scalar(select(func.count()).select_from(AuditHead)) == 1


async def test_upgrades_in_one_process_stand_in_line(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(4)]
    try:
        await asyncio.gather(*(database.upgrade() for database in databases))
        assert [await database.check() for database in databases] == ["current"] * 4
    finally:
        for database in databases:
            await database.close()


async def test_states(empty_url: str) -> None:
    async with Database(empty_url) as database:
        assert await database.check() == "empty"
        with pytest.raises(UserError, match="run tongke database upgrade"):
            await database.require_current()
        await database.upgrade()
        assert await database.check() == "current"
        await database.require_current()


async def test_a_newer_database_is_left_alone(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (database.check, database.upgrade):
        with pytest.raises(UserError, match=r"newer version of Tongke \(its tables are at '9999'") as caught:
            await refused()
        assert caught.value.code == "database_newer"


async def test_a_step_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    def fail(connection: object) -> None:
        migrate.upgrade(connection)  # type: ignore[arg-type]
        raise ArithmeticError

    async with Database(empty_url) as database:
        with pytest.raises(ArithmeticError):
            await database.migrate(fail)
        assert await tables(database) == set()
        assert await database.check() == "empty"
