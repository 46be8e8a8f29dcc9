"""The index follows the database: what changed is put into it, and what was lost is made again.

`resource.version` counts what is searched, `resource.indexed` is the version that an index holds: where they differ
there is something to do, whoever made the change and whichever process died over it. Which indexes there are, and what
of it each has still to do: `indexes`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import func, select, text

from mediaserver.api import UserError
from recorder.search import index
from recorder.search.document import Record
from recorder.search.index import Batch, Missing, Rebuild, Unfit, Writer, guarded
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.library import indexes, search_documents
from signalling.library.damage import Inspector, Rest
from signalling.library.search_documents import PUBLISHED

T = TypeVar("T")

log = structlog.get_logger("signalling.library.index")

LOOK_S = 1.0
"""How soon a correction is found at the latest, where nothing else is to be done."""
AWAY_S = 10.0
COMMIT_EVERY = 5000
"""Records of a rebuild between two commits."""
NAMED = 10
BEHIND = "behind"
"""An index of which the database knows nothing, or no more: changes went by."""
ELSEWHERE = "index_elsewhere"
Progress = Callable[[int, int], None]
"""How many of how many."""


class Indexer:
    """:param folder: of the index, on a local disk. Several may work on one: batches of one wait for the other's.

    :param guest: it keeps the index that somebody made there, and makes none where nobody would search it.
    :param clock: seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        guest: bool = False,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._folder = folder
        self._guest = guest
        self._clock = clock
        self._writer = Writer(folder)
        self._inspector = Inspector(folder, monotonic)
        self._rest = Rest(monotonic)

    async def put(self, resource: str) -> bool:
        """Index a resource and its clips as they are in the database now; done twice, it changes nothing.

        A guest without an index says whether another has followed.
        :raises UserError: 503 `index_busy`, `index_missing`, `database_unavailable`: try again.
        """
        if not await self._is_here():
            async with self._database.read() as session:
                asked = _stale().where(Resource.id == resource)
                return (await session.execute(asked)).first() is None
        await self._put([resource])
        return True

    async def catch_up(self) -> int:
        """Put some of what changed. How many there were; call it again until there is none.

        :raises UserError: as `put`."""
        name = await asyncio.to_thread(indexes.known, self._folder)
        async with self._database.read() as session:
            stale = list(await session.execute(_stale().limit(search_documents.BATCH)))
            if not stale:
                stale = list(await session.execute(indexes.late(name).limit(search_documents.BATCH)))
        if not stale:
            return 0
        wanted = {id: version for id, version, state in stale if state == PUBLISHED}
        held = await self._told(_held, self._folder, wanted)
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
        """Make the index where there is none that can be read and has everything; whether there was none.

        :raises UserError: 503 `index_missing`: what was made is damaged again, or could not be made: later.
        """
        whole = await indexes.enrol(self._database, await self._named(), self._clock())
        try:
            await asyncio.to_thread(lambda: index.opened(index.current(self._folder)))
            if whole:
                return False
            reason = BEHIND
        except Missing as error:
            reason = error.reason
        if self._rest.left_s() > 0:
            raise missing(Missing(reason))
        if reason == "damaged":
            self._rest.count()
        log.warning("index_rebuilding", reason=reason, in_a_row=self._rest.times)
        try:
            await self.rebuild()
        except UserError:
            raise
        except Exception:
            self._rest.count()
            raise
        return True

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep it in step until `stopping`: what a worker does beside its stages."""
        said = ""
        while not stopping.is_set():
            wait = LOOK_S
            try:
                if not await self._is_here():
                    if said != ELSEWHERE:
                        said = ELSEWHERE
                        log.info(said, folder=str(self._folder))
                    await _pause(stopping, AWAY_S)
                    continue
                await self.ensure()
                if await self.catch_up():
                    continue
                said = ""
            except UserError as error:
                if error.code != said:
                    said = error.code
                    log.warning("index_waits", code=error.code, detail=error.detail, rest_s=round(self._rest.left_s()))
                wait = AWAY_S
            except Exception:
                log.exception("bug", task="index")
                wait = AWAY_S
            await _pause(stopping, wait)

    async def rebuild(self, progress: Progress = lambda done, total: None) -> int:
        """Build it beside the one in use, which is searched and written meanwhile; how many records it has.

        :raises UserError: 503 `index_busy`, when somebody else does it; `database_unavailable`.
        """
        name = await self._named()
        await indexes.enrol(self._database, name, self._clock())
        async with contextlib.AsyncExitStack() as stack:
            rebuild: Rebuild = await _entered(stack, self._writer.rebuilding())
            unfit: list[Unfit] = []
            done = await self._fill(rebuild, progress, unfit)
            async with contextlib.AsyncExitStack() as over:
                touched: list[str] = await _entered(over, rebuild.taking_over())
                for first in range(0, len(touched), search_documents.BATCH):
                    some = touched[first : first + search_documents.BATCH]
                    async with self._database.read() as session:
                        rows = await search_documents.with_clips(session, some)
                        records = await search_documents.records(session, rows)
                    await _on_thread(_write, rebuild.batch, {*some, *(row.id for row in rows)}, records, unfit)
        await indexes.is_whole(self._database, name)
        if unfit:
            log.error(
                "index_leaves_out", count=len(unfit), resources=[it.id for it in unfit[:NAMED]], reason=unfit[0].why
            )
        return done

    async def _fill(self, rebuild: Rebuild, progress: Progress, unfit: list[Unfit]) -> int:
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
                await _on_thread(_each, batch.add, records, unfit)
                if done // COMMIT_EVERY != (done + len(rows)) // COMMIT_EVERY:
                    await _on_thread(batch.commit)
                done, last = done + len(rows), rows[-1].id
                progress(done, max(done, total))

    async def _put(self, ids: Sequence[str]) -> None:
        async with self._database.read() as session:
            rows = await search_documents.with_clips(session, ids)
            records = await search_documents.records(session, rows)
        await self._told(_write, self._writer.batch, {*ids, *(row.id for row in rows)}, records)
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

    async def _told(self, work: Callable[..., T], *args: Any) -> T:
        """Done on a thread; what goes wrong with files that are not whole is their fault."""
        try:
            try:
                return await _on_thread(work, *args)
            except (Missing, UserError, Unfit):
                raise
            except Exception:
                await asyncio.to_thread(self._inspector.look)
                raise
        except Missing as error:
            raise missing(error) from None

    async def _mark(self, versions: Mapping[str, int]) -> None:
        name = await self._named()
        await self._database.run(lambda session: indexes.mark(session, name, versions))

    async def _is_here(self) -> bool:
        return not self._guest or bool(await asyncio.to_thread(indexes.known, self._folder))

    async def _named(self) -> str:
        """:raises UserError: 503 `index_missing`."""
        name = await asyncio.to_thread(indexes.known if self._guest else indexes.named, self._folder)
        if not name:
            raise missing(Missing("lost"))
        return name


async def begin(database: Database, folder: Path, now: float) -> None:
    """This server searches the index in a folder: whoever works beside it keeps it.

    Where nothing is published yet, a search finds nothing: no index is lost. Else a worker makes what is missing.
    :raises UserError: 503 `database_unavailable`.
    """
    if not (name := await asyncio.to_thread(indexes.named, folder)):
        log.warning("index_not_begun", error=f"{folder} cannot be written")
        return
    whole = await indexes.enrol(database, name, now)
    async with database.read() as session:  # after its name: from then on nothing is marked without it
        if await session.scalar(select(Resource.id).where(Resource.state == PUBLISHED).limit(1)) is not None:
            return
    if whole:
        with contextlib.suppress(Missing):
            await asyncio.to_thread(index.current, folder)
            return
    try:
        await asyncio.to_thread(index.make, folder)
    except (UserError, OSError) as error:  # a worker is at it, or will say the same of the disk
        log.warning("index_not_begun", error=str(error))
        return
    await indexes.is_whole(database, name)


def missing(error: Missing) -> UserError:
    return UserError(
        503,
        "index_missing",
        f"The search index is {error.reason} and is made again by a worker, or by tongke index rebuild; try later.",
    )


def _stale():  # type: ignore[no-untyped-def]
    """By the index over nothing but these rows, which the database takes for this condition alone."""
    return select(Resource.id, Resource.version, Resource.state).where(text("indexed < version")).order_by(Resource.id)


def _held(folder: Path, versions: Mapping[str, int]) -> dict[str, int]:
    holds = index.holds(folder)
    return {id: version for id, version in versions.items() if holds.has(id, version)}


def _write(
    batch: Callable[[], contextlib.AbstractContextManager[Batch]],
    ids: set[str],
    records: list[Record],
    unfit: list[Unfit] | None = None,
) -> None:
    """Those of `ids` that have no record are taken out."""
    with batch() as into:
        for id in sorted(ids - {record.id for record in records}):
            into.remove(id)
        _each(into.put, records, unfit)


def _each(do: Callable[[Record], None], records: Iterable[Record], unfit: list[Unfit] | None) -> None:
    """:param unfit: those that cannot be indexed are left out and put there; without it they end it."""
    for record in records:
        try:
            do(record)
        except Unfit as error:
            if unfit is None:
                raise
            unfit.append(error)


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


async def _on_thread(work: Callable[..., T], *args: Any) -> T:
    """:raises Panic: tantivy's, which is no `Exception` and would end the whole process."""
    return await asyncio.to_thread(guarded, functools.partial(work, *args))


async def _entered(stack: contextlib.AsyncExitStack, manager):  # type: ignore[no-untyped-def]
    """Enter it on a thread, since it may wait for a lock or for tantivy; it is left on a thread, too."""
    value = await _on_thread(manager.__enter__)

    async def leave(*error: object) -> bool | None:
        return await _on_thread(manager.__exit__, *error)

    stack.push_async_exit(leave)
    return value
