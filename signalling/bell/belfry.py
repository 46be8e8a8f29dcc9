"""The bell with everything that hangs on it, put together for one server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from signalling.bell import belated
from signalling.bell.belated import Belated
from signalling.bell.doors import Doors
from signalling.bell.evidence import Evidence
from signalling.bell.pulse import Pulse
from signalling.bell.ringing import Bell
from signalling.config import BellConfig
from signalling.db.engine import Database
from signalling.metrics import Metrics
from signalling.rooms import Rooms


class Belfry:
    """Lessons' rooms have doors from its making on; time passes for them between `start` and `stop`.

    :param clock: seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        rooms: Rooms,
        settings: BellConfig,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.bell = Bell(database, clock, settings, metrics=metrics)
        self.doors = Doors(database, rooms, self.bell.order)
        self.evidence = Evidence(database, self.doors.begins, clock, settings.evidence_s)
        self._belated = Pulse("evidence", Belated(database, clock).look, belated.EVERY_S, metrics)
        self._watch = Pulse("rooms", self._look, settings.tick_s, metrics)
        self.bell.before_beat = self.doors.report
        self.bell.listeners.append(self.doors.hear)
        rooms.admit = self.doors.admit
        rooms.witness = self.evidence

    def start(self) -> None:
        self.bell.start()
        self._watch.start()
        self._belated.start()

    async def stop(self) -> None:
        """What was measured is written, and another server may ring at once.

        :raises UserError: 503 `database_unavailable`: what was not written is lost.
        """
        await asyncio.gather(self._watch.stop(), self._belated.stop())
        ended = await asyncio.gather(self.bell.stop(), self.evidence.flush(), return_exceptions=True)
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    async def _look(self) -> None:
        try:
            await self.doors.look()
        finally:
            await self.evidence.beat()
