"""Searches of a serving process: on threads of their own, few of them, so that what is live is not kept waiting.

tantivy lets go of the interpreter while it searches; what is left to Python is some milliseconds a page of hits.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from mediaserver.api import UserError
from recorder.search import analysis, fold
from recorder.search.index import Missing, guarded
from recorder.search.searching import Library, Results, Suggestion
from signalling.library.damage import Inspector
from signalling.library.indexing import missing

T = TypeVar("T")

THREADS = 2
WAITING = 32
"""Searches that stand in line; who comes then is asked to come again."""
LIMIT_S = 5.0


class Searches:
    """:param folder: of the index; there may be none yet."""

    def __init__(
        self, folder: Path, *, threads: int = THREADS, waiting: int = WAITING, limit_s: float = LIMIT_S
    ) -> None:
        self._library = Library(folder)
        self._inspector = Inspector(folder)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="search")
        self._places = threads + waiting
        self._taken = 0
        self._limit_s = limit_s

    async def start(self) -> None:
        """Dictionaries are read on a thread before somebody waits for them."""
        asyncio.get_running_loop().run_in_executor(self._threads, _warm)

    async def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def search(self, *args: Any, **kwargs: Any) -> Results:
        """As `Library.search`. :raises UserError: 503 `index_missing`, `search_busy`, `search_slow`."""
        return await self._run(functools.partial(self._library.search, *args, **kwargs))

    async def suggest(self, text: str, allow: frozenset[str]) -> list[Suggestion]:
        """As `Library.suggest`. :raises UserError: as `search`."""
        return await self._run(functools.partial(self._library.suggest, text, allow))

    async def _run(self, work: Callable[[], T]) -> T:
        if self._taken >= self._places:
            raise UserError(503, "search_busy", "Too many people search right now; try again in a moment.")
        self._taken += 1
        doing = asyncio.get_running_loop().run_in_executor(self._threads, self._look, work)
        doing.add_done_callback(self._done)  # a search that nobody waits for any more keeps its place until it ends
        try:
            async with asyncio.timeout(self._limit_s):
                return await asyncio.shield(doing)
        except TimeoutError:
            raise UserError(
                503, "search_slow", "The search took too long; try again with fewer or longer words."
            ) from None
        except Missing as error:
            raise missing(error) from None

    def _look(self, work: Callable[[], T]) -> T:
        """Whatever goes wrong with files that are not whole is their fault, and mended by a worker."""
        try:
            return guarded(work)
        except Missing:
            raise
        except Exception:
            self._inspector.look()
            raise

    def _done(self, doing: asyncio.Future[Any]) -> None:
        self._taken -= 1
        if not doing.cancelled():
            doing.exception()  # told to whoever waits; when nobody does, it is no news


def _warm() -> None:
    fold.folded("同課")
    analysis.words("同课")
    analysis.is_syllable("tong")
    analysis.span("同课")
