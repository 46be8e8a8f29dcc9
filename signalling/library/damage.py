"""Who meets a fault in the index looks whether its files are whole: damaged ones are marked, and made again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from recorder.search import checks, index
from recorder.search.index import Missing

log = structlog.get_logger("signalling.library.index")

EVERY_S = 60.0
"""All files are read for it: whatever people search for, that happens so often at most."""
NAMED = 10
PAUSES_S = (60.0, 3600.0)
"""After a rebuild that damage made necessary, or that failed, the next such one waits; at last for so long."""
QUIET_S = 86_400.0
"""What happens so long after the last time has nothing to do with it."""


class Inspector:
    """Threads may share one. :param folder: of the index."""

    def __init__(self, folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._looked: tuple[Path, float] | None = None
        self._names: list[str] = []

    def look(self) -> None:
        """Returns where nothing is wrong with the files, so that the fault is the program's.

        :raises Missing: `damaged`, or whatever is wrong by now."""
        with self._lock:
            place, now = index.current(self._folder), self._monotonic()
            if self._looked is None or self._looked[0] != place or now - self._looked[1] >= EVERY_S:
                self._names = checks.damaged(place)
                self._looked = place, self._monotonic()
                if self._names:
                    self._mark(place)
                    raise Missing("damaged")
            if self._names:
                raise Missing("damaged")

    def _mark(self, place: Path) -> None:
        log.error("index_damaged", folder=place.name, count=len(self._names), files=self._names[:NAMED])
        try:
            index.mark(place)
        except OSError as error:
            log.error("index_not_marked", folder=place.name, reason=error.strerror)
        else:
            self._looked, self._names = None, []


class Rest:
    """So that a disk or a record that breaks each new index does not keep a machine busy. :ivar times: in a row."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.times = 0
        self._monotonic = monotonic
        self._last = self._until = float("-inf")

    def count(self) -> None:
        """One begins, or has failed."""
        now = self._monotonic()
        self.times = 1 if now - self._last >= QUIET_S else min(self.times + 1, 16)
        first, longest = PAUSES_S
        self._last, self._until = now, now + min(first * 2 ** (self.times - 1), longest)

    def left_s(self) -> float:
        """Until the next one may begin."""
        return max(self._until - self._monotonic(), 0.0)
