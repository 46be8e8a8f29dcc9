"""One room whose teacher has switched captions on: her microphone's packets go to a process, its words to the board."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from recorder import wire
from recorder.speech.feed import Feed
from recorder.tap import Taps, Track
from signalling.captions.board import Board
from signalling.captions.child import Child
from signalling.captions.said import Said
from signalling.metrics import Metrics

log = structlog.get_logger("signalling.captions")

SETTLED_US = 500_000
"""A hole in the sound is passed over when what follows it has been there so long: nobody will send it again."""
PACKET_S = 0.02
"""Length of a packet that is missing, as browsers send them."""
LATE_S = 20.0
"""Sound that was left out is told for so long."""
PAUSES_S = (0.5, 60.0)
"""First and longest pause before a process that ended is started again."""
LASTED_S = 60.0
"""One that lived so long has not died of what the one before it died of."""
LOUD = 3
"""So many deaths in a row are told."""

State = Literal["starting", "on", "late", "troubled"]
Start = Callable[[Callable[[Said], None]], Child]


@dataclass(slots=True)
class _Cursor:
    stream: int
    after: int | None
    feed: Feed


class Hearing:
    """:param start: starts a process that says what it hears. :param monotonic: seconds."""

    def __init__(self, room: str, start: Start, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        self.board = Board()
        self.child: Child | None = None
        self._room = room
        self._start = start
        self._metrics = metrics
        self._monotonic = monotonic
        self._cursor: _Cursor | None = None
        self._deaths = 0
        """In a row."""
        self._started = self._not_before = self._lost_at = float("-inf")

    @property
    def state(self) -> State:
        if self._deaths >= LOUD:
            return "troubled"
        if self.child is None or not self.child.ready:
            return "starting"
        return "late" if self._monotonic() - self._lost_at < LATE_S else "on"

    async def beat(self, taps: Taps) -> None:
        """Keep the process alive, and pass on what was said since."""
        now = self._monotonic()
        child = self.child
        if child is not None and (child.done or child.hangs):
            self.child = self._cursor = None
            self._died(now, hung=not child.done)
            await child.stop()
        elif child is not None and self._deaths and now - self._started > LASTED_S:
            self._deaths = 0
        if self.child is None and now >= self._not_before:
            self._started = now
            self.child = self._start(self._hear)
        if self.child is not None and self.child.ready:
            self._pass_on(self.child, taps, round(now * 1_000_000))

    async def stop(self) -> None:
        child, self.child = self.child, None
        if child is not None:
            await child.stop()

    def _died(self, now: float, *, hung: bool) -> None:
        lived_s = now - self._started
        self._deaths = 1 if lived_s > LASTED_S else min(self._deaths + 1, 16)
        first, longest = PAUSES_S
        self._not_before = now + min(first * 2 ** (self._deaths - 1), longest) * random.uniform(0.75, 1.25)
        self._metrics.captions_deaths.inc()
        self.board.silence()
        log.error("captions_died", room=self._room, hung=hung, lived_s=round(lived_s, 1), in_a_row=self._deaths)

    def _hear(self, it: Said) -> None:
        if it.tentative is not None:
            self.board.take(it.words, it.tentative, it.pause, self._monotonic())
        self._lost(it.lost_s)

    def _lost(self, seconds: float) -> None:
        if seconds:
            self._lost_at = self._monotonic()
            self._metrics.captions_lost.inc(seconds)

    # ------------------------------------------------------------ packets

    def _pass_on(self, child: Child, taps: Taps, now_us: int) -> None:
        track = _microphone(taps, self._room)
        if track is None:
            self._cursor = None
            return
        cursor = self._cursor
        if cursor is None or cursor.stream != track.stream or track.muted:
            # Only what is said from now on.
            newest = taps.newest(track.stream, now_us)
            self._cursor = _Cursor(track.stream, newest, Feed(track.payload_types))
            return
        while True:
            piece = taps.read(cursor.stream, cursor.after, wire.MAX_PACKETS, now_us - SETTLED_US)
            if not piece.packets:
                return
            self._lost(piece.missed * PACKET_S)
            cursor.after = piece.last
            child.send(cursor.feed.frames(wire.unpack(piece.data)), piece.packets)
            if piece.packets < wire.MAX_PACKETS:
                return


def _microphone(taps: Taps, room: str) -> Track | None:
    lead = taps.lead(room)
    tracks = (track for track in taps.tracks(room) if track.participant == lead and track.kind == "audio")
    return next(tracks, None)
