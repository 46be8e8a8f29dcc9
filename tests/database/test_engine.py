"""Transactions: what is kept, who waits for whom, what is tried again, and what a person is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import engine
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.people import Person, RoleGrant
from signalling.db.records import Lease
from tests.database.postgresql import PostgreSQL

PASSWORD = "geheim"


async def leases(database: Database) -> dict[str, int]:
    async with database.read() as session:
        return {name: until for name, until in await session.execute(select(Lease.name, Lease.until))}


async def hold(database: Database, name: str) -> None:
    async with database.write() as session:
        session.add(Lease(name=name, holder="a", until=0))


async def test_written_rows_are_read_and_failed_ones_are_not(database: Database) -> None:
    await hold(database, "bell")
    with pytest.raises(ArithmeticError):
        async with database.write() as session:
            session.add(Lease(name="broom", holder="a", until=0))
            await session.flush()
            raise ArithmeticError
    assert await leases(database) == {"bell": 0}


async def test_a_reading_session_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"):
        async with database.read() as session:
            await session.execute(insert(Lease).values(name="bell", holder="a", until=0))
    await hold(database, "bell")  # its connection still writes


async def test_a_reader_sees_one_moment(database: Database) -> None:
    await hold(database, "bell")
    async with database.read() as session:
        count = select(func.count()).select_from(Lease)
        assert await session.scalar(count) == 1
        await hold(database, "broom")
        assert await session.scalar(count) == 1
    assert len(await leases(database)) == 2


async def test_rows_refer_to_rows(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(RoleGrant(person=new_id(), role="admin", kind="system"))
    async with database.write() as session:
        person = Person(name="王老师")
        session.add(person)
        await session.flush()
        session.add(RoleGrant(person=person.id, role="admin", kind="system"))
    async with database.write() as session:
        await session.delete(await session.get(Person, person.id))
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(RoleGrant)) == 0


async def test_nobody_overwrites_what_another_wrote_meanwhile(database_url: str) -> None:
    """Two servers, forty additions: each reads, then writes."""
    async with Database(database_url) as first, Database(database_url) as second:
        await hold(first, "bell")

        async def add(session: AsyncSession) -> None:
            until = await session.scalar(select(Lease.until).where(Lease.name == "bell").with_for_update())
            assert until is not None
            await session.execute(update(Lease).values(until=until + 1))

        await asyncio.gather(*(database.run(add) for database in (first, second) for _ in range(20)))
        assert await leases(second) == {"bell": 40}


async def test_a_deadlock_is_solved_by_trying_again(database: Database) -> None:
    """On SQLite the second waits at its beginning; PostgreSQL stops one of the two."""
    await hold(database, "a")
    await hold(database, "b")
    tries = 0
    together = asyncio.Barrier(2)
    alone = database.url.get_backend_name() == "sqlite"

    async def both(session: AsyncSession, names: str) -> None:
        nonlocal tries
        tries += 1
        for name in names:
            await session.execute(update(Lease).where(Lease.name == name).values(until=Lease.until + 1))
            if name == names[0] and tries <= 2 and not alone:
                await together.wait()

    await asyncio.gather(database.run(lambda s: both(s, "ab")), database.run(lambda s: both(s, "ba")))
    assert await leases(database) == {"a": 2, "b": 2}
    assert tries == (2 if alone else 3)


async def test_a_lock_that_is_never_given_back_ends_in_a_sentence(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAIT_S", 1)
    monkeypatch.setattr(engine, "ATTEMPTS", 2)
    tries = 0
    async with Database(database_url) as holder, Database(database_url) as other:
        await hold(holder, "bell")

        async def take(session: AsyncSession) -> None:
            nonlocal tries
            tries += 1
            await session.execute(update(Lease).values(until=1))

        async with holder.write() as session:
            await session.execute(update(Lease).values(until=2))
            with pytest.raises(UserError, match="busy") as caught:
                await other.run(take)
        assert (caught.value.status, caught.value.code) == (503, "database_unavailable")
        assert await leases(other) == {"bell": 2}
        await other.run(take)
        assert await leases(holder) == {"bell": 1}


async def test_our_own_mistakes_are_not_tried_again(database: Database) -> None:
    tries = 0

    async def wrong(session: AsyncSession) -> None:
        nonlocal tries
        tries += 1
        await session.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError, match="nowhere"):
        await database.run(wrong)
    assert tries == 1


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all/tongke.sqlite3",
        f"postgresql://tongke:{PASSWORD}@127.0.0.1:9/tongke",
        f"postgresql://tongke:{PASSWORD}@/tongke?host=/nowhere",
    ],
)
async def test_away(url: str) -> None:
    async with Database(url) as database:
        for opened in (database.read, database.write):
            with pytest.raises(UserError, match="cannot be used") as caught:
                async with opened() as session:
                    await session.execute(text("SELECT 1"))
            assert caught.value.code == "database_unavailable"
            assert PASSWORD not in str(caught.value)
        assert PASSWORD not in repr(database)


async def test_no_database(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("this is a letter, not a database " * 100)
    async with Database(f"sqlite:///{tmp_path / 'a'}") as database:
        with pytest.raises(UserError, match="cannot be used"):
            await database.upgrade()


@pytest.mark.parametrize("url", ["", "mysql://a/b", "tongke.sqlite3", f"postgresql://a:{PASSWORD}@h:x/n", "sqlite+x:/"])
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(UserError, match="must look like") as caught:
        engine.parse(url)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///a", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///a", "sqlite+aiosqlite"),
        ("postgresql://h/n", "postgresql+asyncpg"),
        ("postgresql+asyncpg://h/n", "postgresql+asyncpg"),
    ],
)
def test_drivers(given: str, driver: str) -> None:
    assert engine.parse(given).drivername == driver


def test_sslmode_is_asyncpgs_ssl() -> None:
    assert engine.parse("postgresql://h/n?sslmode=require").query == {"ssl": "require"}


def test_ids_sort_by_their_second_and_are_one_apart() -> None:
    ids = [new_id(1_700_000_000 + second) for second in range(100)]
    assert ids == sorted(ids)
    assert {len(id) for id in ids} == {16}
    assert len({new_id(0) for _ in range(1000)}) == 1000


async def test_connections_that_were_cut_are_made_anew(postgresql: PostgreSQL, postgresql_template: str) -> None:
    """What a restart of PostgreSQL does to those who hold connections."""
    url = postgresql.url(postgresql.create(postgresql_template))
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid != pg_backend_pid()"
    )
    async with Database(url) as database, Database(url) as other:
        await hold(database, "bell")
        with pytest.raises(UserError, match="cannot be used"):
            async with database.write() as session:
                await session.execute(update(Lease).values(until=1))
                async with other.write() as cutting:
                    await cutting.execute(cut)
                await session.execute(update(Lease).values(until=2))
        assert await leases(database) == {"bell": 0}
        async with other.write() as cutting:
            await cutting.execute(cut)
        assert await leases(database) == {"bell": 0}
