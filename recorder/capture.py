"""The server's side of recording: what is published in recorded rooms goes to the recorder's process.

Five times a second the taps are read on from where they stood, and the packets passed on as the plane packed them. No
packet is kept here: what the process does not take yet stays in the plane's history, and when it was killed the next
one is given all that it had not put on disk. The same holds for a line to another machine that breaks.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from itertools import count

import structlog

from recorder import lock, version, wire
from recorder.passing import Passing, first_arrival
from recorder.process import Fault, Process
from recorder.tap import Taps

log = structlog.get_logger("recorder.capture")

POLL_S = 0.2
SETTLED_US = 500_000
"""A hole in a stream is passed over when what follows it has been there so long: nobody will send it again."""
PAUSE_S, LONGEST_S = 0.5, 10.0
"""Before a process is started again that died for the second time in a row, and at most; the first time at once."""
STEADY_S = 20.0
"""One that lived so long did not die of what the one before it died of."""
LOUD = 3
"""So many deaths in a row are told as trouble."""


@dataclass(frozen=True, slots=True)
class State:
    """Of a recording. :ivar begun: it is being written. :ivar trouble: a code; empty when there is none.

    :ivar missing_ms: length of the gaps of the teacher's tracks.
    :ivar ended: all of it is on disk; `changed` says so last.
    :ivar absent: there was nothing that could be gone on with.
    """

    begun: bool
    paused: bool
    trouble: str
    bytes: int
    tracks: int
    missing_ms: int
    ended: bool = False
    absent: bool = False


class Capture:
    """Everything on one event loop; no call but `stop` waits.

    :param command: the recorder's process, or what leads to it; see `process`.
    :param changed: called with a room's name when its state is another one.
    :ivar deaths: processes that ended although they should not have.
    :ivar missed: packets that were gone from the histories before the recorder took them.
    """

    def __init__(
        self,
        taps: Taps,
        command: Sequence[str],
        changed: Callable[[str, State], None],
        *,
        clock_us: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.deaths = self.missed = 0
        self._name, self._runs = secrets.token_hex(8), count(1)
        self._boot = lock.boot()
        self._taps = taps
        self._command = command
        self._changed = changed
        self._clock_us = clock_us
        self._wall = wall
        self._recordings: dict[str, Passing] = {}
        self._numbers, self._tracks = count(1), count(1)
        self._process: Process | None = None
        self._started_us = 0
        self._row = 0
        """Deaths in a row."""
        self._fault: Fault = ""
        """Of the one that died last."""
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        taps.watch_leaving(self._leaving)

    # ------------------------------------------------------------ orders

    def begin(self, room: str, *, back: bool, only: bool = False) -> None:
        """Record a room, or go on with what was begun of it before.

        :param back: with what the histories of the teacher's tracks hold already; otherwise from now on.
        :param only: only go on; where there is nothing, the recording ends as `absent`.
        """
        if room in self._recordings or self._stopping:
            return
        now_us = self._clock_us()
        first_us = first_arrival(self._taps, room) if back else None
        began_us = now_us if first_us is None else min(now_us, first_us)
        began_ms = round(self._wall() * 1000) - (now_us - began_us) // 1000
        number = next(self._numbers)
        it = self._recordings[room] = Passing(number, room, began_ms, began_us, back, self._tracks, only, self._boot)
        it.look(self._taps, now_us)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="capture")

    def oldest(self, room: str) -> float | None:
        """Unix time of the first packet that `begin` would go back to; None: there is none."""
        first_us = first_arrival(self._taps, room)
        return None if first_us is None else self._wall() - (self._clock_us() - first_us) / 1e6

    def pause(self, room: str, by: str) -> None:
        """What comes from now on is not recorded."""
        if (it := self._recordings.get(room)) is not None and not it.paused:
            self._drain(it)
            it.order_pause(by, self._clock_us())
            self._poll()

    def resume(self, room: str) -> None:
        if (it := self._recordings.get(room)) is not None and it.paused:
            it.look(self._taps, self._clock_us())  # also what began to come in the pause
            it.order_resume(self._clock_us())
            self._poll()

    def exclude(self, room: str, participant: str, by: str) -> None:
        """Nothing of this participant is recorded from now on."""
        if (it := self._recordings.get(room)) is not None and participant not in it.excluded:
            self._drain(it)
            it.order_exclude(participant, by, self._clock_us())
            self._poll()

    def include(self, room: str, participant: str) -> None:
        if (it := self._recordings.get(room)) is not None and participant in it.excluded:
            it.look(self._taps, self._clock_us())
            it.order_include(participant, self._clock_us())
            self._poll()

    def end(self, room: str) -> None:
        """The lesson is over."""
        if (it := self._recordings.get(room)) is not None and it.ending is None:
            self._drain(it)
            it.ending = self._clock_us()
            self._poll()

    def state(self, room: str) -> State | None:
        """None: it is not recorded, or all of it is on disk."""
        it = self._recordings.get(room)
        return self._state(it) if it is not None else None

    def _state(self, it: Passing) -> State:
        news = it.news
        figures = (news.bytes, news.tracks, news.missing_ms)
        trouble = self._trouble or news.trouble
        return State(it.begun, it.paused, trouble, *figures, ended=news.ended, absent=news.absent)

    @property
    def _trouble(self) -> str:
        """Of all of them: there is no recorder."""
        if self._process is not None and self._process.ready and self._row < LOUD:
            return ""
        if self._row and self._fault:
            return f"recorder_{self._fault}"
        return "recorder_dies" if self._row >= LOUD else ""

    def excluded(self, room: str) -> frozenset[str]:
        it = self._recordings.get(room)
        return it.excluded if it is not None else frozenset()

    @property
    def rooms(self) -> list[str]:
        return list(self._recordings)

    @property
    def pid(self) -> int | None:
        """Of the process that records; None: there is none."""
        return self._process.pid if self._process is not None and not self._process.lost else None

    async def stop(self) -> None:
        """The rest is passed on; returns when the process has closed its files. Recordings may go on later.

        Whoever does not want to wait may cancel this: the process ends by itself.
        """
        self._stopping = True
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for it in self._recordings.values():
            self._drain(it)
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    # ------------------------------------------------------------ the process

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as both:
            both.create_task(self._often(self._look_after), name="capture-process")
            both.create_task(self._often(self._go_on), name="capture-packets")

    async def _often(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("bug")
            await asyncio.sleep(POLL_S)

    async def _go_on(self) -> None:
        """Also while a process that was killed does not go: who is muted meanwhile is not recorded later."""
        if self._process is not None:
            self._process.beat(self._clock_us())
        self._poll()

    async def _look_after(self) -> None:
        """Start the process, and start it again when it is dead or hangs."""
        process, now_us = self._process, self._clock_us()
        if process is not None:
            if not process.lost and not process.hangs():
                if self._row and process.ready and now_us - self._started_us > STEADY_S * 1e6:
                    self._row = 0
                    self._all_changed()
                return
            self._died(now_us, process.fault)
            await process.kill()
            self._process = None  # whoever stops this meanwhile waits for its end too
        pause_s = min(LONGEST_S, PAUSE_S * 2 ** (self._row - 2)) if self._row > 1 else 0.0
        if not self._recordings or (self._row and now_us - self._started_us < pause_s * 1e6):
            return
        self._started_us = now_us
        run = next(self._runs)
        hello = wire.Hello(
            wire=wire.VERSION, program=version.PROGRAM, server=self._name, run=run, now_us=self._clock_us()
        )
        process = Process(self._hear, self._takes_more, self._command, hello)
        try:
            process.start()
        except OSError as error:
            log.error("recorder_not_started", reason=error.strerror)
            self._row, self._fault = self._row + 1, "away"
            self._all_changed()
        else:
            self._process = process

    def _died(self, now_us: int, fault: Fault) -> None:
        lived_s = (now_us - self._started_us) / 1e6
        self._row = 1 if lived_s > STEADY_S and not fault else self._row + 1
        self._fault = fault
        self.deaths += 1
        told = {"in_a_row": self._row, "recordings": len(self._recordings), "fault": fault or "died"}
        log.error("recorder_died", lived_s=round(lived_s, 1), **told)
        for it in self._recordings.values():
            it.forget()
        self._all_changed()

    def _all_changed(self) -> None:
        for it in list(self._recordings.values()):
            self._changed(it.room, self._state(it))

    def _takes_more(self) -> None:
        """It said hello, or there is room again for what is to be said."""
        if self._fault and self._process is not None and self._process.ready:
            self._fault, self._row = "", 0  # what kept it from answering is over, however often it was tried
            self._all_changed()
        self._poll()

    def _hear(self, news: wire.News) -> None:
        it = next((it for it in self._recordings.values() if it.number == news.recording), None)
        if it is None:
            return
        before = it.news
        it.hear(news, self._taps)
        if news.ended:
            del self._recordings[it.room]
        if news.trouble and news.trouble != before.trouble:
            log.error("recording_troubled", room=it.room, code=news.trouble)
        if (before.begun, before.trouble, before.ended) != (news.begun, news.trouble, news.ended):
            self._changed(it.room, self._state(it))

    # ------------------------------------------------------------ packets

    def _poll(self) -> None:
        now_us = self._clock_us()
        for it in self._recordings.values():
            it.look(self._taps, now_us)
        settled_us = now_us - SETTLED_US
        for room in list(self._recordings):
            if not self._pass_on(self._recordings[room], settled_us):
                # It takes no more at the moment; next time it is the others' turn first.
                self._recordings[room] = self._recordings.pop(room)
                return

    def _drain(self, it: Passing) -> None:
        """What came before an order, holes and all."""
        it.look(self._taps, self._clock_us())
        self._pass_on(it, self._clock_us())

    def _pass_on(self, it: Passing, settled_us: int) -> bool:
        if self._process is None:
            return False
        missed = it.missed
        passed = it.pass_on(self._process, self._taps, self._clock_us(), settled_us)
        self.missed += it.missed - missed
        return passed

    def _leaving(self, room: str, streams: Set[int], lost: bool) -> None:
        """Somebody's streams are about to end, and their histories with them."""
        try:
            if (it := self._recordings.get(room)) is not None:
                self._drain(it)
                if lost:
                    it.lose(streams)
        except Exception:
            log.exception("bug")
