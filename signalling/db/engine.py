"""Connections and transactions, alike on SQLite and on PostgreSQL.

A reading transaction sees one snapshot and cannot write. A writing one holds SQLite's write lock from its beginning
(`BEGIN IMMEDIATE`): a transaction that asks for the lock only after it has read is refused when another wrote between.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from mediaserver.api import UserError
from signalling.db import migrate
from signalling.db.failures import Failure, failure, unavailable

T = TypeVar("T")

READ, WRITE = "BEGIN", "BEGIN IMMEDIATE"
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
WAIT_S = 2.0
"""For a lock or for a free connection."""
CONNECT_S = 5.0
"""For a new connection: at the bell every core may be busy, and each takes PostgreSQL a process."""
MIGRATION_WAIT_S = 60.0
"""A server that starts while another one migrates stands in line so long."""
STATEMENT_S = 30
ATTEMPTS = 4
READERS = 8
_PAUSE_S = 0.005


def parse(url: str) -> URL:
    """`sqlite:///path` or `postgresql://…`, with or without the driver's name.

    :raises UserError: 400 `bad_config`; the sentence does not show the URL, which may hold a password.
    """
    try:
        parsed = make_url(url)
        driver = DRIVERS[parsed.get_backend_name()]
    except (ArgumentError, KeyError, ValueError):
        raise UserError(
            400, "bad_config", "The setting database.url must look like sqlite:///path or postgresql://user@host/name."
        ) from None
    query = dict(parsed.query)
    if "sslmode" in query:  # libpq's name for what asyncpg calls ssl
        query["ssl"] = query.pop("sslmode")
    return parsed.set(drivername=driver, query=query)


class Commits:
    """:ivar tried: writing transactions that were committed, or of which nobody knows."""

    tried = 0


_COMMITS: ContextVar[Commits | None] = ContextVar("commits", default=None)


@contextlib.contextmanager
def commits() -> Iterator[Commits]:
    """Counts the commits of everything that is awaited inside; so does whoever counts around it."""
    counted, around = Commits(), _COMMITS.get()
    token = _COMMITS.set(counted)
    try:
        yield counted
    finally:
        _COMMITS.reset(token)
        if around is not None:
            around.tried += counted.tried


class Database:
    """One database, and the only place that opens transactions on it.

    :ivar url: prints without its password.
    """

    def __init__(self, url: str) -> None:
        self.url = parse(url)
        self._sqlite = self.url.get_backend_name() == "sqlite"
        if self._sqlite:
            # One writer at a time is all SQLite takes: its pool of one is the line they stand in, in order of arrival.
            self._writing = _sqlite(self.url, WRITE, 1, wait_s=WAIT_S)
            self._reading = _sqlite(self.url, READ, READERS, wait_s=WAIT_S)
            self._engines: tuple[AsyncEngine, ...] = (self._writing, self._reading)
        else:
            self._writing = _postgresql(self.url)
            self._reading = self._writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._engines = (self._writing,)

    def __repr__(self) -> str:
        return f"Database({self.url})"

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session on one snapshot. :raises UserError: 503 `database_unavailable`."""
        with unavailable():
            async with AsyncSession(self._reading, expire_on_commit=False) as session, session.begin():
                yield session

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed at the end, or rolled back by an exception.

        :raises UserError: 503 `database_unavailable`, also when others were in the way: `run` tries again.
        """
        with unavailable():
            async with self._transaction() as session:
                yield session

    async def run(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Do `work` in a writing transaction, from the start again when the database took others' work first.

        A connection that breaks is not tried again: nobody knows whether its commit arrived.

        :raises UserError: 503 `database_unavailable` after `ATTEMPTS` times, or when the database is away.
        """
        with unavailable():
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    async with self._transaction() as session:
                        result = await work(session)
                    return result
                except Exception as error:
                    if failure(error) is not Failure.CONFLICT or attempt == ATTEMPTS:
                        raise
                # Those who collided do not start again together.
                await asyncio.sleep(random.uniform(0.01, 0.05) * attempt)
        raise AssertionError("the last attempt returns or raises")

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        commits, tried = _COMMITS.get(), 0
        try:
            async with AsyncSession(self._writing, expire_on_commit=False) as session, session.begin():
                yield session
                tried = 1
                if commits is not None:
                    commits.tried += tried
        except Exception as error:
            if commits is not None and failure(error) is Failure.CONFLICT:
                commits.tried -= tried  # the database says that it was not done
            raise

    async def upgrade(self) -> None:
        """Bring the tables to this program's state. Servers that start together do it one after the other.

        :raises UserError: 409 `database_newer`, 503 `database_unavailable`.
        """
        await self.migrate(migrate.upgrade)

    async def check(self) -> migrate.State:
        """Whether the tables are those of this program. :raises UserError: as `upgrade`."""
        with unavailable():
            async with self._reading.connect() as connection:
                return await connection.run_sync(migrate.check)

    async def require_current(self) -> None:
        """:raises UserError: 409 `database_old`: there are tables or columns that this program misses."""
        if await self.check() != "current":
            raise UserError(
                409, "database_old", "The database has no tables of this version; run tongke database upgrade."
            )

    async def migrate(self, step: Callable[[Connection], None]) -> None:
        """Run `step` in one transaction that excludes every other one of its kind."""
        with unavailable():
            async with self._migrating() as connection:
                await connection.run_sync(step)

    @contextlib.asynccontextmanager
    async def _migrating(self) -> AsyncIterator[AsyncConnection]:
        if self._sqlite:
            Path(self.url.database or "").parent.mkdir(parents=True, exist_ok=True)
            engine = _sqlite(self.url, WRITE, 1, wait_s=MIGRATION_WAIT_S, foreign_keys=False)
            try:
                async with engine.begin() as connection:
                    yield connection
                    if (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first():
                        raise RuntimeError("a migration left a row without the one it refers to")
            finally:
                await engine.dispose()
        else:
            async with self._writing.begin() as connection:
                await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{MIGRATION_WAIT_S:.0f}s'")
                await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({migrate.LOCK})")
                yield connection

    async def close(self) -> None:
        for engine in self._engines:
            await engine.dispose()

    async def __aenter__(self) -> Database:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _write_ahead(connection: sqlite3.Connection, wait_s: float) -> None:
    """Switch the file to WAL, once for good. SQLite does not wait for a lock here: while another connection makes the
    same new file, it is refused at once, whatever `busy_timeout` says.
    """
    last = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > last:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _sqlite(url: URL, begin: str, connections: int, *, wait_s: float, foreign_keys: bool = True) -> AsyncEngine:
    """An engine that begins transactions itself: Python's sqlite3 would begin them late and never IMMEDIATE.

    https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#enabling-non-legacy-sqlite-transactional-modes-with-the-sqlite3-or-aiosqlite-driver
    """
    engine = create_async_engine(url, pool_size=connections, max_overflow=0, pool_timeout=wait_s)
    pragmas = (
        f"busy_timeout = {wait_s * 1000:.0f}",
        "synchronous = NORMAL",
        f"foreign_keys = {foreign_keys:d}",
        f"query_only = {begin == READ:d}",
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def connecting(*_: object) -> None:
        # A file that cannot be opened fails here: aiosqlite's thread would report it to an event loop that may have
        # ended over it (aiosqlite 0.22).
        with contextlib.closing(sqlite3.connect(str(url.database))) as connection:
            _write_ahead(connection, wait_s)

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        try:
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            connection.close()  # the pool does not know it yet
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(url: URL) -> AsyncEngine:
    settings = {
        "application_name": "tongke",
        "lock_timeout": f"{WAIT_S:.0f}s",
        "statement_timeout": f"{STATEMENT_S}s",
        "idle_in_transaction_session_timeout": f"{STATEMENT_S}s",
    }
    return create_async_engine(
        url,
        pool_size=READERS,
        max_overflow=READERS,
        pool_timeout=WAIT_S,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_S, "server_settings": settings},
    )
