"""Beside a recorder on another machine: what is to be done with the lessons in its folder, and what is removed of them.

The server's sweep and shelf reach neither this machine's queue nor its folder. What is to be done is in the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy import select

from mediaserver.api import UserError
from recorder import spool
from recorder.retention import Rule
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.library import retention, work
from signalling.library.queue import Queue
from signalling.library.sweep import LIMIT, remember

log = structlog.get_logger("signalling.library")

LOOK_S = 5.0
CLEAR_EVERY = 120
"""Looks: ten minutes, and at the start."""
_ASKED = 500
"""Folders that are asked for in one query."""


class Outpost:
    """:param folder: of recordings. :param rule: what is removed of those that are finished.

    :param has_model: whether speech can be recognised on this machine. :param clock: seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        queue: Queue,
        folder: Path,
        rule: Rule,
        has_model: Callable[[], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._queue = queue
        self._folder = folder
        self._rule = rule
        self._has_model = has_model
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Returns after `stopping`."""
        looks = 0
        while not stopping.is_set():
            try:
                await self.look()
                if looks % CLEAR_EVERY == 0:
                    await self.clear()
                looks += 1
            except UserError as error:
                log.warning("outpost_waits", code=error.code, detail=error.detail)
            except Exception:
                log.exception("bug", task="outpost")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), LOOK_S)

    async def look(self) -> None:
        """:raises UserError: 503 `database_unavailable` or `queue_unavailable`; the next look finds the same."""
        now = self._clock()
        ours = await asyncio.to_thread(spool.identity, self._folder)
        if await asyncio.to_thread(self._has_model):
            await self._database.run(lambda session: work.wake(session, now, LIMIT, ours, "lessons"))
        await remember(self._database, self._queue, now, ours, "lessons")

    async def clear(self) -> int:
        """Remove what the rule and the people have removed. :returns: folders that are gone.

        :raises UserError: 503 `database_unavailable`."""
        await retention.shed(self._database, self._folder, self._rule, self._clock())
        names = await asyncio.to_thread(_folders, self._folder)
        gone = 0
        for start in range(0, len(names), _ASKED):
            asked = select(Resource.lesson).where(
                Resource.lesson.in_(names[start : start + _ASKED]), Resource.state == "removed"
            )
            async with self._database.read() as session:
                removed = [name for name in await session.scalars(asked) if name is not None]
            for name in removed:
                await asyncio.to_thread(shutil.rmtree, self._folder / name, True)
                gone += not (self._folder / name).exists()
        if gone:
            log.info("files_removed", resources=gone)
        return gone


def _folders(folder: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return []
