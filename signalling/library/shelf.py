"""The store of finished files and the folder of recordings, as the server has them: opened when they are first needed,
so that a store which is away keeps nobody from starting."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import structlog

from mediaserver.api import UserError
from recorder.retention import Rule
from recorder.spool import identity
from recorder.store import Store
from signalling.db.engine import Database
from signalling.library import removing, retention, uploads

log = structlog.get_logger("signalling.library")

CLEAR_S = 600.0


class Shelf:
    """:param url: of the store. :ivar spool: folder of recordings and uploads, on a local disk.

    :param rule: what is removed for its age; None: nothing. `start` begins to do so, and to remove the files of what
        was taken out, and of uploads that came to nothing; `discard` makes it look again now.
    """

    def __init__(
        self, url: str, spool: Path, database: Database, clock: Callable[[], float], rule: Rule | None = None
    ) -> None:
        self._rule = rule
        self.spool = spool
        self._url = url
        self._database = database
        self._clock = clock
        self._store: Store | None = None
        self._asked = asyncio.Event()
        self._clearing: asyncio.Task[None] | None = None

    @property
    def store(self) -> Store:
        """:raises UserError: 503 `store_unavailable`."""
        if self._store is None:
            self._store = Store(self._url)
        return self._store

    def discard(self) -> None:
        self._asked.set()

    async def start(self) -> None:
        self._clearing = asyncio.create_task(self._clear(), name="library-clear")

    async def stop(self) -> None:
        if self._clearing is not None:
            self._clearing.cancel()
            await asyncio.gather(self._clearing, return_exceptions=True)

    async def remove(self, resource: str, lesson: str | None) -> None:
        """All files of a resource. :raises UserError, OSError: some are left."""
        await asyncio.to_thread(self._remove, resource, lesson)

    def _remove(self, resource: str, lesson: str | None) -> None:
        self.store.remove(resource)
        for name in {resource, lesson or resource}:
            shutil.rmtree(self.spool / name, ignore_errors=True)
            if (self.spool / name).exists():
                raise OSError(f"files are left of {name}")

    async def _clear(self) -> None:
        while True:
            self._asked.clear()
            try:
                if self._rule is not None:
                    await self._age(self._rule)
                ours = await asyncio.to_thread(identity, self.spool)
                cleared = await removing.clear(self._database, self._clock(), self.remove, ours)
                unfinished = await asyncio.to_thread(uploads.sweep_incoming, self.spool)
                unfinished += await uploads.sweep_unknown(self._database, self.spool, self._clock())
                if cleared or unfinished:
                    log.info("files_removed", resources=cleared, uploads=unfinished)
            except UserError as error:
                log.warning("clear", code=error.code)
            except Exception:
                log.exception("clear")
            try:
                async with asyncio.timeout(CLEAR_S):
                    await self._asked.wait()
            except TimeoutError:
                pass

    async def _age(self, rule: Rule) -> None:
        now = self._clock()
        buried = await retention.bury_expired(self._database, rule, now, removing.bury)
        freed = await retention.shed(self._database, self.spool, rule, now)
        if buried or freed:
            log.info("aged", resources=len(buried), parts_bytes=freed)
