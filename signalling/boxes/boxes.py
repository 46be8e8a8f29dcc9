"""Recorder boxes at their lessons: started when the room opens, restarted when something breaks, ended with the lesson.

Nothing is remembered: each second the rows are asked which lessons are open and have a box. A server that was
restarted in mid-lesson therefore starts its boxes again, and while the database is away those that run go on. Of
several servers on a database the one that rings reads the boxes.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import structlog

from mediaserver.api import UserError
from signalling.bell.passes import Passes
from signalling.bell.pulse import Pulse
from signalling.boxes import wanted as wanting
from signalling.boxes.child import Child, Order
from signalling.boxes.wanted import Wanted
from signalling.db.engine import Database
from signalling.devices import keys
from signalling.metrics import Metrics

log = structlog.get_logger("signalling.boxes")

TICK_S = 1.0
YIELD_S = 15.0
"""Another server rings for so long before boxes are left to it: a lease is also lost for a moment."""
PAUSES_S = (2.0, 30.0)
"""First and longest pause before a process that ended is started again."""
REFUSED_S = (60.0, 600.0)
"""The same after a wrong password: many boxes lock out who tries often."""
END_S, STOP_S = 4.0, 0.4
"""A process may take so long to say good-bye when its lesson ends, and when the server stops."""
STATES = ("connected", "trying", "waiting")


@dataclass(frozen=True, slots=True)
class State:
    """A box whose lesson is open. :ivar connected: its pictures are on their way into the lesson.
    :ivar code: and :ivar sentence: what is wrong, without any password; empty when nothing is.
    :ivar starts: of its process in this lesson."""

    lesson: str
    connected: bool
    code: str
    sentence: str
    starts: int


@dataclass(slots=True)
class _Box:
    lesson: str
    child: Child | None = None
    code: str = ""
    sentence: str = ""
    starts: int = 0
    failures: int = 0
    not_before: float = 0.0
    """On the monotonic clock."""

    @property
    def running(self) -> bool:
        return self.child is not None

    def state(self) -> State:
        if self.child is not None and (self.child.connected or self.child.sentence):
            child = self.child
            return State(self.lesson, child.connected, child.code, child.sentence, self.starts)
        return State(self.lesson, False, self.code, self.sentence, self.starts)


class Boxes:
    """:param held: whether this server rings. :param url: of this server, as it reaches itself.
    :param fingerprint: SHA-256 of its certificate, None without HTTPS. :param secret: of the server.
    :param at_once: so many boxes are read at once at most. :param clock: seconds since 1970."""

    def __init__(
        self,
        database: Database,
        passes: Passes,
        held: Callable[[], bool],
        metrics: Metrics,
        *,
        url: str,
        fingerprint: bytes | None,
        secret: bytes,
        at_once: int,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        tick_s: float = TICK_S,
    ) -> None:
        self._database = database
        self._passes = passes
        self._held = held
        self._gauge = metrics.boxes
        self._url = url
        self._fingerprint = fingerprint
        self._secret = secret
        self._at_once = at_once
        self._clock = clock
        self._monotonic = monotonic
        self._boxes: dict[str, _Box] = {}
        """Device → its part in a lesson that is open."""
        self._ending: set[asyncio.Task[None]] = set()
        self._rang: float | None = None
        self._pulse = Pulse("boxes", self.look, tick_s, metrics)

    def state(self, device: str) -> State | None:
        """None: no lesson of it is open, or another server reads it."""
        box = self._boxes.get(device)
        return box.state() if box is not None else None

    def start(self) -> None:
        self._pulse.start()

    async def stop(self) -> None:
        await self._pulse.stop()
        for device in list(self._boxes):
            self._leave(device, STOP_S)
        await asyncio.gather(*self._ending)

    async def look(self) -> None:
        """:raises UserError: 503 `database_unavailable`; what runs goes on."""
        now, monotonic = self._clock(), self._monotonic()
        if self._held():
            self._rang = monotonic
        elif self._rang is None or monotonic - self._rang >= YIELD_S:
            self._rang = None
            for device in list(self._boxes):
                self._leave(device)
            self._count()
            return
        async with self._database.read() as session:
            rows = await wanting.read(session)
        wanted = wanting.one_each(rows, now)
        lessons = {it.device: it.lesson for it in wanted}
        for device, box in list(self._boxes.items()):
            if lessons.get(device) != box.lesson:
                self._leave(device)
        for it in wanted:
            box = self._boxes.setdefault(it.device, _Box(it.lesson))
            if box.child is not None and box.child.done:
                self._lost(it.device, box, box.child, monotonic)
        for it in wanted:
            await self._serve(it, self._boxes[it.device], now, monotonic)
        self._count()

    # ------------------------------------------------------------ one box

    async def _serve(self, it: Wanted, box: _Box, now: float, monotonic: float) -> None:
        if box.running or monotonic < box.not_before:
            return
        if sum(other.running for other in self._boxes.values()) + len(self._ending) >= self._at_once:
            box.code = "too_many_boxes"
            box.sentence = f"This server reads {self._at_once} recorder boxes at once; set boxes.at_once higher."
            return
        try:
            password = keys.unseal(self._secret, it.device, it.sealed) if it.sealed else ""
            ticket = await self._passes.of_device(it.lesson, it.device, now)
        except UserError as error:
            if error.status == 503:
                raise
            box.code, box.sentence = error.code, error.detail
            self._pause(box, monotonic)
            return
        source = keys.with_password(it.url, password)
        hidden = tuple(filter(None, (quote(password, safe=""), password)))
        box.starts += 1
        box.child = Child(Order(source, hidden, self._url, it.lesson, ticket.token, self._fingerprint))
        log.info("box_started", device=it.device, lesson=it.lesson, starts=box.starts)

    def _lost(self, device: str, box: _Box, child: Child, monotonic: float) -> None:
        box.child, box.code, box.sentence = None, child.code, child.sentence
        if child.worked:
            box.failures = 0
        self._pause(box, monotonic)
        log.warning("box_lost", device=device, lesson=box.lesson, code=box.code, detail=box.sentence)

    def _pause(self, box: _Box, monotonic: float) -> None:
        first, longest = REFUSED_S if box.code == "source_refused" else PAUSES_S
        box.not_before = monotonic + min(first * 2**box.failures, longest) * random.uniform(0.75, 1.25)
        box.failures = min(box.failures + 1, 16)

    def _leave(self, device: str, kindly_s: float = END_S) -> None:
        box = self._boxes.pop(device)
        if box.child is not None:
            log.info("box_left", device=device, lesson=box.lesson)
            task = asyncio.create_task(box.child.stop(kindly_s), name="box-end")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _count(self) -> None:
        counts = Counter(_kind(box) for box in self._boxes.values())
        for state in STATES:
            self._gauge.labels(state).set(counts[state])


def _kind(box: _Box) -> str:
    if box.child is None:
        return "waiting"
    return "connected" if box.child.connected else "trying"
