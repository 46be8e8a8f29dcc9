"""Last contact of devices: thousands of displays say every half minute that they are there, and the database hears it
in batches. Between two of them it waits in memory, one entry for each device.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.places import Device
from signalling.metrics import Metrics

MAX_WAITING = 20_000
"""Devices whose contact is not written yet, such as while the database is away."""
BATCH = 500
LEAST_S, MOST_S = 20.0, 60.0
BEATS_PER_S = 50
"""What a server should have to answer; more displays are told to come less often."""
BELL_NEAR_S = 120.0
SPREAD = 0.15
ONLINE_S = 120
"""A device is taken for lost after so long: the longest time between two beats, and that until the next batch."""


@dataclass(slots=True)
class Heard:
    """What is to be written. :ivar state: and :ivar preflight: None: as it was."""

    seen: int
    state: Mapping[str, Any] | None = None
    preflight: Mapping[str, Any] | None = None


class Contacts:
    def __init__(self, database: Database, metrics: Metrics, chance: Callable[[], float] = random.random) -> None:
        self._database = database
        self._metrics = metrics
        self._chance = chance
        self._waiting: dict[str, Heard] = {}
        self._online = 0

    def heard(
        self,
        device: str,
        now: float,
        *,
        state: Mapping[str, Any] | None = None,
        preflight: Mapping[str, Any] | None = None,
    ) -> None:
        waiting = self._waiting.get(device)
        if waiting is None:
            if len(self._waiting) >= MAX_WAITING:
                self._metrics.contacts_dropped.inc()
                return
            waiting = self._waiting[device] = Heard(int(now))
        waiting.seen = int(now)
        waiting.state = waiting.state if state is None else state
        waiting.preflight = waiting.preflight if preflight is None else preflight

    def waiting(self, device: str) -> Heard | None:
        """What this server has heard of a device and not written yet."""
        return self._waiting.get(device)

    def again(self, now: float, next_bell: float | None) -> float:
        """In how many seconds a display should come again; sooner before a bell, and never all at once.

        :param next_bell: seconds since 1970.
        """
        seconds = min(max(self._online / BEATS_PER_S, LEAST_S), MOST_S)
        if next_bell is not None and next_bell - now <= BELL_NEAR_S:
            seconds = LEAST_S
        return round(seconds * (1 + SPREAD * (2 * self._chance() - 1)), 1)

    async def write(self, now: float) -> int:
        """Write what was heard, and say of how many devices.

        :raises UserError: 503 `database_unavailable`; what was not written is kept.
        """
        written = 0
        devices = sorted(self._waiting)
        for first in range(0, len(devices), BATCH):
            batch = {device: self._waiting.pop(device) for device in devices[first : first + BATCH]}
            try:
                await self._database.run(lambda session, batch=batch: _write(session, batch))  # type: ignore[misc]
            except (UserError, asyncio.CancelledError):
                for device, before in batch.items():
                    self._take_back(device, before)
                raise
            except Exception:  # it would spoil every batch from now on
                self._metrics.contacts_dropped.inc(len(batch))
                raise
            self._metrics.contacts_written.inc(len(batch))
            written += len(batch)
        query = select(func.count()).select_from(Device).where(heard_lately(now))
        async with self._database.read() as session:
            self._online = await session.scalar(query) or 0
        self._metrics.devices_online.set(self._online)
        return written

    def _take_back(self, device: str, before: Heard) -> None:
        """What could not be written, under what was heard since."""
        since = self._waiting.setdefault(device, before)
        since.state = before.state if since.state is None else since.state
        since.preflight = before.preflight if since.preflight is None else since.preflight


def is_lately(seen: int | None, now: float) -> bool:
    """Whether a device that was heard then is there now. What a clock that was ahead has written says nothing."""
    return seen is not None and now - ONLINE_S < seen <= now + ONLINE_S


def heard_lately(now: float) -> ColumnElement[bool]:
    """The same of the column."""
    return and_(Device.seen > int(now) - ONLINE_S, Device.seen <= int(now) + ONLINE_S)


def latest(heard: Heard | None, seen: int | None, now: float) -> int | None:
    """When a device was heard last. :param heard: by this server. :param seen: as it is written."""
    if heard is None or (seen is not None and heard.seen <= seen <= now + ONLINE_S):
        return seen
    return heard.seen


async def _write(session: AsyncSession, values: Mapping[str, Heard]) -> None:
    """In the order of ids, so that two servers do not wait for each other."""
    connection = await session.connection()
    for name in ("seen", "state", "preflight"):
        rows = [
            {"of": device, "value": getattr(heard, name), "at": heard.seen}
            for device, heard in values.items()
            if getattr(heard, name) is not None
        ]
        if not rows:
            continue
        # Another server may have heard the same display later; much later was a clock that was ahead.
        at = bindparam("at", type_=Device.seen.type)
        newer = or_(Device.seen.is_(None), Device.seen <= at, Device.seen > at + ONLINE_S)
        column = Device.__table__.c[name]
        writing = (
            update(Device.__table__)
            .where(Device.__table__.c.id == bindparam("of"), newer)
            .values({name: bindparam("value", type_=column.type)})
        )
        await connection.execute(writing, rows)
