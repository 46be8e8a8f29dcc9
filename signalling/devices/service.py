"""Devices put together for one server: their door, their days, and what is done from time to time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from mediaserver.api import UserError
from signalling.config import BellConfig
from signalling.db.engine import Database
from signalling.devices import door, pairing
from signalling.devices.boxes import Boxes
from signalling.devices.contacts import Contacts
from signalling.devices.days import Days
from signalling.devices.door import DeviceDoor
from signalling.metrics import Metrics
from signalling.people.refusals import Refusals
from signalling.people.throttle import Memory, Throttle

log = structlog.get_logger("signalling.devices")

WRITE_S = 15.0
SWEEP_EVERY = 4
"""Writings."""
LIMITS = {
    "pairings": "60 per 10 minute",
    "codes": "10 per 10 minute",
    "lines": "60 per 10 minute",
    "phones": "60 per 10 minute",
    "reports": "20 per 10 minute",
    "boxes": "20 per 10 minute",
}


class Devices:
    """:ivar door: for `access.make_guard`. :ivar limits: with the keys of `LIMITS`: addresses that make pairings,
    people who type wrong codes, devices that test their line or let phones in, participants who report from a
    classroom, people who open boxes. :ivar secret: of the server."""

    def __init__(
        self,
        database: Database,
        bell: BellConfig,
        secret: bytes,
        refusals: Refusals,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self.secret = secret
        self.door = DeviceDoor(database, refusals, Throttle("device", clock, door.LIMITS, Memory(clock)), clock)
        self.limits = Throttle("devices", clock, LIMITS, Memory(clock))
        self.contacts = Contacts(database, metrics)
        self.days = Days(database, bell.open_before_minutes * 60)
        self.boxes = Boxes()
        self._database = database
        self._clock = clock
        self._working: asyncio.Task[None] | None = None

    async def take(self, why: str, **keys: str) -> None:
        """Count something that is limited whether it succeeds or not. :param why: what there was too much of.

        :raises UserError: 429 `too_many_attempts`.
        """
        if not await self.limits.take(**keys):
            raise UserError(429, "too_many_attempts", f"{why}; try again in some minutes.", retry_after=60)

    async def start(self) -> None:
        self._working = asyncio.create_task(self._work(), name="devices")

    async def stop(self) -> None:
        """The database must still be open."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        with contextlib.suppress(UserError):
            await self.contacts.write(self._clock())

    async def _work(self) -> None:
        beat = 0
        while True:
            try:
                await self.contacts.write(self._clock())
                if beat % SWEEP_EVERY == 0:
                    await pairing.sweep(self._database, self._clock())
            except UserError as error:
                log.warning("devices", code=error.code)
            except Exception:
                log.exception("devices")
            beat += 1
            await asyncio.sleep(WRITE_S)
