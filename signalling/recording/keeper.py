"""Brings what is recorded in line with what the rows say, and the rows and the rooms with what is recorded.

Once a second, and after each order: lessons whose teacher is live are begun, orders obeyed, those that are over ended.
Nothing is remembered that is not on a row or in the recorder, so a server that comes back goes on where the other one
stopped. While the database is away recordings go on as they are.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal, Protocol

import structlog

from recorder import spool
from signalling import messages
from signalling.bell.pulse import Pulse
from signalling.db.engine import Database
from signalling.db.library import Recording
from signalling.metrics import Metrics
from signalling.recording import orders, rows
from signalling.recording.rows import Row, Written
from signalling.rooms import Rooms

log = structlog.get_logger("signalling.recording")

TICK_S = 1.0
WRITE_S = 10.0
"""How a recording grows is on its row after so long; what is wrong with it at once."""
SWEEP_S = 60.0
LOST_S = 300
"""A recording whose files are nowhere is given up so long after its lesson."""
ELSEWHERE_S = 7 * 86_400
"""One whose files are on another machine, which never came back to close it, after so long."""
_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{16}")
"""What `db.base.new_id` makes: rooms that are lessons'."""

Shown = Literal["recording", "paused", "troubled", "off"]
STATES: tuple[Shown, ...] = ("recording", "paused", "troubled")


class State(Protocol):
    """See `recorder.capture.State`."""

    @property
    def begun(self) -> bool: ...
    @property
    def trouble(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def tracks(self) -> int: ...
    @property
    def missing_ms(self) -> int: ...
    @property
    def ended(self) -> bool: ...
    @property
    def absent(self) -> bool: ...


class Recorder(Protocol):
    """See `recorder.capture.Capture`. No call waits."""

    @property
    def deaths(self) -> int: ...
    @property
    def missed(self) -> int: ...
    @property
    def rooms(self) -> list[str]: ...
    def state(self, room: str) -> State | None: ...
    def excluded(self, room: str) -> frozenset[str]: ...
    def oldest(self, room: str) -> float | None: ...
    def begin(self, room: str, *, back: bool, only: bool = False) -> None: ...
    def pause(self, room: str, by: str) -> None: ...
    def resume(self, room: str) -> None: ...
    def exclude(self, room: str, participant: str, by: str) -> None: ...
    def include(self, room: str, participant: str) -> None: ...
    def end(self, room: str) -> None: ...


class Keeper:
    """:param folder: name of the folder in which the recorder writes, `spool.UNKNOWN` where it cannot be asked; may
    block. :param clock: seconds since 1970."""

    def __init__(
        self,
        database: Database,
        rooms: Rooms,
        recorder: Recorder,
        folder: Callable[[], str],
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._recorder = recorder
        self._folder = folder
        self._metrics = metrics
        self._clock = clock
        self._looking = asyncio.Lock()
        self._told: dict[str, str] = {}
        """Rooms → what is shown there."""
        self._finished: dict[str, State] = {}
        """Recordings that are whole and whose rows do not say so yet."""
        self._wrote: dict[str, float] = {}
        self._swept: float | None = None
        self._left: set[str] = set()
        self._absent: set[str] = set()
        """Of these, what the recorder has nothing of; it is asked again after each sweep."""
        self._hurried: set[str] = set()
        self._deaths = self._missed = 0
        self._spool = spool.UNKNOWN
        self._claimed: set[str] = set()
        """Rooms that were begun here, and whose rows do not say yet where their files are."""
        self._woken: asyncio.Task[None] | None = None
        self._pulse = Pulse("recordings", self.look, TICK_S, metrics)

    def start(self) -> None:
        self._pulse.start()

    async def stop(self) -> None:
        await self._pulse.stop()
        if self._woken is not None:
            self._woken.cancel()
            await asyncio.gather(self._woken, return_exceptions=True)

    def changed(self, room: str, state: State) -> None:
        """For `Capture`: something happened to a recording."""
        if state.absent:
            self._absent.add(room)
        elif state.ended:
            self._finished[room] = state
        if self._woken is None or self._woken.done():
            self._woken = asyncio.create_task(self._pulse.beat(), name="recording-changed")

    async def hurry(self, lesson: str) -> None:
        """Its order was changed; in force when this returns, or as soon as the database answers again."""
        self._hurried.add(lesson)
        await self._pulse.beat()

    async def look(self) -> None:
        """:raises UserError: 503 `database_unavailable`."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        now = self._clock()
        if self._spool == spool.UNKNOWN:
            self._spool = await asyncio.to_thread(self._folder)
        await self._sweep(now)
        live = {name for name, room in self._rooms.rooms.items() if room.lesson.state in ("live", "interrupted")}
        names = {name for name in live if _ID.fullmatch(name)}
        names |= {*self._recorder.rooms, *self._told, *self._finished, *self._left, *self._hurried}
        if names:
            async with self._database.read() as session:
                found = await rows.read(session, names)
            self._hurried.difference_update(names)
            await self._settle(found, live, now)
        self._count()

    async def _sweep(self, now: float) -> None:
        """Once a minute: recordings that were left open when a server died."""
        if self._swept is None or now - self._swept >= SWEEP_S:
            async with self._database.read() as session:
                self._left = set(await rows.left_open(session, self._spool, now - ELSEWHERE_S))
            self._absent.clear()
            self._swept = now

    async def _settle(self, found: list[Row], live: set[str], now: float) -> None:
        new: list[Recording] = []
        written: list[Written] = []
        for row in found:
            if row.lesson in self._finished and not self._is_here(row):
                log.warning("recording_left_here", lesson=row.lesson, elsewhere=row.spool)
                self._forget(row.lesson)
            if row.over:
                self._end(row)
            elif row.lesson in live or row.state is not None:
                if row.state is None:
                    new.append(orders.new(row.lesson, row.records, now))
                self._obey(row, row.lesson in live)
            if (values := self._news(row, now)) and row.state is not None:
                written.append(Written(row.lesson, row.state, values))
            self._tell(row)
        if new or written:
            await self._database.run(lambda session: rows.write(session, new, written))
            self._wrote.update((one.lesson, now) for one in written)
        for one in written:
            if "spool" in one.values:
                self._claimed.discard(one.lesson)
            if "ended" in one.values:
                self._forget(one.lesson)

    # ------------------------------------------------------------ to the recorder

    def _obey(self, row: Row, live: bool) -> None:
        recorder, name = self._recorder, row.lesson
        if name not in recorder.rooms:
            if not live or row.order not in ("recording", "troubled", "paused"):
                return
            recorder.begin(name, back=self._from_the_beginning(row))
            self._claimed.add(name)
        excluded = recorder.excluded(name)
        for participant in excluded - set(row.excluded):
            recorder.include(name, participant)
        for participant in row.excluded:
            if participant not in excluded:
                recorder.exclude(name, participant, row.by)
        if row.order in ("paused", "stopped"):
            recorder.pause(name, row.by)
        else:
            recorder.resume(name)

    def _from_the_beginning(self, row: Row) -> bool:
        """Whether all is wanted that the recorder can still get. What was said before somebody ordered it is not."""
        if row.since is None:
            return True
        oldest = self._recorder.oldest(row.lesson)
        return oldest is None or oldest >= row.since

    def _end(self, row: Row) -> None:
        name = row.lesson
        if name in self._recorder.rooms:
            self._recorder.end(name)
        elif name in self._left and name not in self._finished and name not in self._absent:
            # The server that recorded it died before the lesson's end; the recorder may have what was written.
            self._recorder.begin(name, back=False, only=True)
            self._recorder.end(name)

    def _forget(self, name: str) -> None:
        self._left.discard(name)
        self._absent.discard(name)
        self._claimed.discard(name)
        for table in (self._finished, self._wrote, self._told):
            table.pop(name, None)

    def _is_here(self, row: Row) -> bool:
        """Whether its files are in this server's folder, as far as is known. The server that began last has a lesson
        which went from one to another."""
        return self._spool == spool.UNKNOWN or row.spool in ("", self._spool) or row.lesson in self._claimed

    # ------------------------------------------------------------ to the rows

    def _news(self, row: Row, now: float) -> dict[str, Any]:
        """What is to be written on a row."""
        state = self._finished.get(row.lesson) or self._recorder.state(row.lesson)
        values: dict[str, Any] = {}
        if row.lesson in self._claimed and self._spool not in (spool.UNKNOWN, row.spool):
            values["spool"] = self._spool
        if state is not None and self._is_here(row):
            figures = {"bytes": state.bytes, "tracks": state.tracks, "missing_ms": state.missing_ms}
            after = {"recording": "troubled"} if state.trouble else {"troubled": "recording"}
            loud = {"trouble": state.trouble, "state": after.get(row.order, row.order)}
            values |= {key: value for key, value in loud.items() if getattr(row, key) != value}
            if values or state.ended or now - self._wrote.get(row.lesson, 0.0) >= WRITE_S:
                values |= {key: value for key, value in figures.items() if getattr(row, key) != value}
        if row.over and row.state in rows.UNFINISHED and row.lesson not in self._recorder.rooms:
            lost = now - (row.ended or 0) > (LOST_S if self._is_here(row) else ELSEWHERE_S)
            if row.lesson in self._finished:
                values |= {"state": "ended", "ended": int(now), "trouble": ""}
            elif lost and row.lesson in self._absent:
                values |= {"state": "ended", "ended": int(now), "trouble": "no_files" if row.bytes else ""}
        return values

    # ------------------------------------------------------------ to the rooms

    def _tell(self, row: Row) -> None:
        shown = self._shown(row)
        if shown == "off" and row.lesson not in self._told:
            if row.over or row.state is None:
                return
        if row.over:
            self._told.pop(row.lesson, None)
        else:
            self._told[row.lesson] = shown
        told = messages.Recording(state=shown, excluded=list(row.excluded), by=row.by)
        self._rooms.tell_recording(row.lesson, told)

    def _shown(self, row: Row) -> Shown:
        if row.over or row.order in ("none", "stopped", "ended"):
            return "off"
        state = self._recorder.state(row.lesson)
        if row.order == "paused":
            return "paused"
        if state is not None and state.trouble:
            return "troubled"
        return "recording" if state is not None and state.begun else "off"

    def _count(self) -> None:
        counts = Counter(self._told.values())
        for state in STATES:
            self._metrics.recordings.labels(state).set(counts[state])
        self._metrics.recorder_deaths.inc(self._recorder.deaths - self._deaths)
        self._deaths = self._recorder.deaths
        self._metrics.recorder_missed.inc(self._recorder.missed - self._missed)
        self._missed = self._recorder.missed
        for name in [name for name in self._told if name not in self._rooms.rooms and name not in self._recorder.rooms]:
            del self._told[name]
