"""The index follows the database: what changed is put into it, and what was lost is made again.

`resource.version` counts what is searched, `resource.indexed` is the version that the index holds: where they differ
there is something to do, whoever made the change and whichever process died over it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from recorder.search import index
from recorder.search.document import Record
from recorder.search.index import Batch, Missing, Rebuild, Writer
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.library import search_documents
from signalling.library.search_documents import PUBLISHED

log = structlog.get_logger("signalling.library.index")

LOOK_S = 1.0
"""How soon a correction is found at the latest, where nothing else is to be done."""
AWAY_S = 10.0
COMMIT_EVERY = 5000
"""Records of a rebuild between two commits."""

Progress = Callable[[int, int], None]
"""How many of how many."""


class Indexer:
    """:param folder: of the index, on a local disk. Several may work on one: batches of one wait for the other's."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._writer = Writer(folder)

    async def put(self, resource: str) -> None:
        """Index a resource and its clips as they are in the database now; done twice, it changes nothing.

        :raises UserError: 503 `index_busy`, `index_missing`, `database_unavailable`: try again.
        """
        await self._put([resource])

    async def catch_up(self) -> int:
        """Put some of what changed. How many there were; call it again until there is none.

        :raises UserError: as `put`."""
        async with self._database.read() as session:
            stale = list(await session.execute(_stale().limit(search_documents.BATCH)))
        if not stale:
            return 0
        try:
            holds = await asyncio.to_thread(index.holds, self._folder)
        except Missing as error:
            raise missing(error) from None
        held = {id: version for id, version, state in stale if state == PUBLISHED and holds.has(id, version)}
        if held:
            await self._mark(held)
        if rest := [id for id, *_ in stale if id not in held]:
            try:
                await self._put(rest)
            except UserError:
                raise
            except Exception:
                await self._put_each(rest)
        return len(stale)

    async def ensure(self) -> bool:
        """Make the index where there is none that can be read; whether there was none."""
        try:
            await asyncio.to_thread(lambda: index.opened(index.current(self._folder)))
        except Missing as error:
            log.warning("index_rebuilding", reason=error.reason)
            await self.rebuild()
            return True
        return False

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep it in step until `stopping`: what a worker does beside its stages."""
        while not stopping.is_set():
            wait = LOOK_S
            try:
                await self.ensure()
                if await self.catch_up():
                    continue
            except UserError as error:
                log.warning("index_waits", code=error.code, detail=error.detail)
                wait = AWAY_S
            except Exception:
                log.exception("bug", task="index")
                wait = AWAY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), wait)

    async def rebuild(self, progress: Progress = lambda done, total: None) -> int:
        """Build it beside the one in use, which is searched and written meanwhile; how many records it has.

        :raises UserError: 503 `index_busy`, when somebody else does it; `database_unavailable`.
        """
        async with contextlib.AsyncExitStack() as stack:
            rebuild: Rebuild = await _entered(stack, self._writer.rebuilding())
            done = await self._fill(rebuild, progress)
            async with contextlib.AsyncExitStack() as over:
                touched: list[str] = await _entered(over, rebuild.taking_over())
                for first in range(0, len(touched), search_documents.BATCH):
                    some = touched[first : first + search_documents.BATCH]
                    async with self._database.read() as session:
                        rows = await search_documents.with_clips(session, some)
                        records = await search_documents.records(session, rows)
                    await asyncio.to_thread(_write, rebuild.batch, {*some, *(row.id for row in rows)}, records)
        return done

    async def _fill(self, rebuild: Rebuild, progress: Progress) -> int:
        async with self._database.read() as session:
            total = await session.scalar(select(func.count()).where(Resource.state == PUBLISHED)) or 0
        done, last = 0, ""
        async with contextlib.AsyncExitStack() as stack:
            batch: Batch = await _entered(stack, rebuild.batch())
            progress(0, total)
            while True:
                async with self._database.read() as session:
                    rows = await search_documents.after(session, last, search_documents.BATCH)
                    records = await search_documents.records(session, rows)
                if not rows:
                    return done
                await asyncio.to_thread(lambda: [batch.add(record) for record in records])  # noqa: B023
                if done // COMMIT_EVERY != (done + len(rows)) // COMMIT_EVERY:
                    await asyncio.to_thread(batch.commit)
                done, last = done + len(rows), rows[-1].id
                progress(done, max(done, total))

    async def _put(self, ids: Sequence[str]) -> None:
        async with self._database.read() as session:
            rows = await search_documents.with_clips(session, ids)
            records = await search_documents.records(session, rows)
        try:
            await asyncio.to_thread(_write, self._writer.batch, {*ids, *(row.id for row in rows)}, records)
        except Missing as error:
            raise missing(error) from None
        await self._mark({row.id: row.version for row in rows})

    async def _put_each(self, ids: Sequence[str]) -> None:
        """One that cannot be indexed does not keep the others waiting: it is left out until it changes."""
        for id in ids:
            try:
                await self._put([id])
            except UserError:
                raise
            except Exception:
                log.exception("bug", task="index", resource=id)
                async with self._database.read() as session:
                    version = await session.scalar(select(Resource.version).where(Resource.id == id))
                await self._mark({id: version or 0})

    async def _mark(self, versions: Mapping[str, int]) -> None:
        async def work(session: AsyncSession) -> None:
            for id, version in sorted(versions.items()):
                await session.execute(update(Resource).where(Resource.id == id).values(indexed=version))

        await self._database.run(work)


async def begin(database: Database, folder: Path) -> None:
    """Where nothing is published yet, a search finds nothing: no index is lost. Else a worker makes what is missing.

    :raises UserError: 503 `database_unavailable`.
    """
    async with database.read() as session:
        if await session.scalar(select(Resource.id).where(Resource.state == PUBLISHED).limit(1)) is not None:
            return
    try:
        await asyncio.to_thread(index.current, folder)
    except Missing:
        try:
            await asyncio.to_thread(index.make, folder)
        except (UserError, OSError) as error:  # a worker is at it, or will say the same of the disk
            log.warning("index_not_begun", error=str(error))


def missing(error: Missing) -> UserError:
    return UserError(
        503,
        "index_missing",
        f"The search index is {error.reason} and is made again by a worker, or by tongke index rebuild; try later.",
    )


def _stale():  # type: ignore[no-untyped-def]
    """By the index over nothing but these rows, which the database takes for this condition alone."""
    return select(Resource.id, Resource.version, Resource.state).where(text("indexed < version")).order_by(Resource.id)


def _write(batch: Callable[[], contextlib.AbstractContextManager[Batch]], ids: set[str], records: list[Record]) -> None:
    """Those of `ids` that have no record are taken out."""
    with batch() as into:
        for id in sorted(ids - {record.id for record in records}):
            into.remove(id)
        for record in records:
            into.put(record)


async def _entered(stack: contextlib.AsyncExitStack, manager):  # type: ignore[no-untyped-def]
    """Enter it on a thread, since it may wait for a lock or for tantivy; it is left on a thread, too."""
    value = await asyncio.to_thread(manager.__enter__)

    async def leave(*error: object) -> bool | None:
        return await asyncio.to_thread(manager.__exit__, *error)

    stack.push_async_exit(leave)
    return value
