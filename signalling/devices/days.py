"""What a display is told with each beat: its day, when it is another one than it has."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from pydantic import TypeAdapter

from signalling.db.engine import Database
from signalling.devices import day
from signalling.devices.day import Day
from signalling.devices.door import READERS, Known

MAX_KEPT = 20_000
"""Devices whose last day is remembered, by its etag."""
REFRESH_S = 300
"""What `day.mark` does not show (names, periods, holidays) is noticed after so long."""
_DAY = TypeAdapter(Day)


@dataclass(frozen=True, slots=True)
class Told:
    """:ivar day: None: the display has it. :ivar next_bell: when the next lesson opens or begins today."""

    etag: str
    day: Day | None
    next_bell: int | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """:ivar device: as it was shown. :ivar bells: when lessons of the day open and begin, in order."""

    device: Known
    date: dt.date
    mark: day.Mark
    etag: str
    made: float
    bells: tuple[int, ...]

    def next_bell(self, now: float) -> int | None:
        return next((bell for bell in self.bells if bell > now), None)


class Days:
    """:param open_before_s: as the bell has it."""

    def __init__(self, database: Database, open_before_s: int) -> None:
        self._database = database
        self._open_before_s = open_before_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._line = asyncio.Semaphore(READERS)

    async def tell(self, device: Known, seen: str, now: float) -> Told:
        """:param seen: the etag of the day that the display has; empty: none."""
        date = day.today(device.zone, now)
        kept = self._kept.get(device.id)
        shown: Day | None = None
        async with self._line, self._database.read() as session:
            mark = await day.mark(session, device.classroom, device.zone, date)
            same = kept is not None and (kept.device, kept.date, kept.mark) == (device, date, mark)
            if kept is None or not same or now - kept.made >= REFRESH_S or kept.etag != seen:
                shown = await day.load(session, device, date, self._open_before_s)
        if shown is not None:
            etag = hashlib.sha256(_DAY.dump_json(shown)).hexdigest()[:24]
            bells = {bell for it in shown.lessons if it.state != "cancelled" for bell in (it.opens, it.starts)}
            kept = _Kept(device, date, mark, etag, now, tuple(sorted(bells)))
            self._keep(kept)
        assert kept is not None
        return Told(kept.etag, shown if kept.etag != seen else None, kept.next_bell(now))

    def _keep(self, kept: _Kept) -> None:
        self._kept[kept.device.id] = kept
        self._kept.move_to_end(kept.device.id)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
