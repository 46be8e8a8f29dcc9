"""One recording as the server knows it: what should be, what the recorder's process was told, where its taps stand.

Nothing is queued: each `pass_on` compares the two and tells the difference, as far as the process takes it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from recorder import wire
from recorder.tap import Tap, Taps, Track

_ARRIVAL = struct.Struct("<8xq")
_EVERYTHING_SETTLED = 2**62


class Outlet(Protocol):
    """See `process.Process.send`."""

    def send(self, frame: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class Order:
    """:ivar by: who gave it. :ivar at_us: monotonic."""

    by: str
    at_us: int


@dataclass(slots=True)
class Told:
    """What the process knows."""

    begin: bool = False
    lead: str = ""
    paused: bool = False
    excluded: set[str] = field(default_factory=set)
    end: bool = False
    shut: list[int] = field(default_factory=list)
    """Not told yet: tracks that it has open and that are over."""


@dataclass(slots=True)
class Passing:
    """:ivar number: names it on the wire. :ivar began_ms: and :ivar began_us: the same moment on two clocks.
    :ivar only: nothing is begun that is not there yet. :ivar missed: packets that could not be read any more.
    :ivar back: also what the histories of the teacher's tracks held before it began.
    :ivar ending: since when it is over.
    """

    number: int
    room: str
    began_ms: int
    began_us: int
    back: bool
    numbers: Iterator[int]
    """Numbers for tracks, over all recordings."""
    only: bool = False
    missed: int = 0
    again: bool = False
    paused: Order | None = None
    excluded: dict[str, Order] = field(default_factory=dict)
    ending: int | None = None
    told: Told = field(default_factory=Told)
    taps: dict[int, Tap] = field(default_factory=dict)
    news: wire.News = field(default_factory=lambda: wire.News(recording=0))

    @property
    def begun(self) -> bool:
        return self.told.begin and self.news.begun

    def hear(self, news: wire.News, taps: Taps) -> None:
        self.news = news
        for tap in self.taps.values():
            if tap.number in news.keyframes:
                taps.want_keyframe(tap.stream)
            if (safe := news.safe.get(tap.number)) is not None:
                tap.safe = safe

    def forget(self) -> None:
        """The process is gone; the next one knows nothing."""
        self.told = Told()
        self.again = True
        self.news = self.news.model_copy(update={"begun": False, "safe": {}})
        for tap in self.taps.values():
            tap.rewind()

    def pass_on(self, out: Outlet, taps: Taps, now_us: int, settled_us: int) -> bool:
        """All that there is to tell. False: the process takes no more at the moment."""
        if not self.told.begin:
            self.told.lead = taps.lead(self.room)
            self.told.begin = out.send(wire.order(self._begin()))
            return self.told.begin
        if not self.news.begun:
            return True
        if self.ending is not None:
            settled_us = self.ending
        tracks = taps.tracks(self.room)
        self._drop({track.stream for track in tracks})
        if self.told.end or not self._tell_orders(out, taps, now_us):
            return self.told.end
        told = all([self._read_on(out, taps, track, now_us, settled_us) for track in tracks])
        if told and self.ending is not None:
            told = self.told.end = out.send(wire.order(wire.End(recording=self.number, now_us=self.ending)))
        return told

    # ------------------------------------------------------------ orders

    def _begin(self) -> wire.Begin:
        return wire.Begin(
            recording=self.number,
            room=self.room,
            began_ms=self.began_ms,
            began_us=self.began_us,
            lead=self.told.lead,
            after="recorder" if self.again else "server",
            only=self.only,
        )

    def _tell_orders(self, out: Outlet, taps: Taps, now_us: int) -> bool:
        for order in self._differences(taps, now_us):
            if not out.send(wire.order(order)):
                return False
            self._note(order)
        return True

    def _differences(self, taps: Taps, now_us: int) -> list[wire.Order]:
        told, number = self.told, self.number
        orders: list[wire.Order] = [wire.Shut(track=track, now_us=now_us) for track in told.shut]
        lead = taps.lead(self.room)
        if lead and lead != told.lead:
            orders.append(wire.Lead(recording=number, lead=lead))
        for who in sorted(told.excluded - self.excluded.keys()):
            orders.append(wire.Include(recording=number, participant=who, now_us=now_us))
        for who, order in self.excluded.items():
            if who not in told.excluded:
                orders.append(wire.Exclude(recording=number, participant=who, now_us=order.at_us, by=order.by))
        if self.paused is not None and not told.paused:
            orders.append(wire.Pause(recording=number, now_us=self.paused.at_us, by=self.paused.by))
        elif self.paused is None and told.paused:
            orders.append(wire.Resume(recording=number, now_us=now_us))
        return orders

    def _note(self, order: wire.Order) -> None:
        told = self.told
        match order:
            case wire.Shut():
                told.shut.remove(order.track)
            case wire.Lead():
                told.lead = order.lead
            case wire.Exclude():
                told.excluded.add(order.participant)
            case wire.Include():
                told.excluded.discard(order.participant)
            case wire.Pause() | wire.Resume():
                told.paused = isinstance(order, wire.Pause)

    # ------------------------------------------------------------ packets

    def _drop(self, streams: set[int]) -> None:
        for stream in self.taps.keys() - streams:
            tap = self.taps.pop(stream)
            if tap.opened:
                self.told.shut.append(tap.number)

    def _read_on(self, out: Outlet, taps: Taps, track: Track, now_us: int, settled_us: int) -> bool:
        tap = self.taps.get(track.stream)
        if tap is None:
            tap = self.taps[track.stream] = Tap(next(self.numbers), track.stream, track.kind)
            tap.skip = not (self.back and track.participant == taps.lead(self.room))
        if track.muted and tap.opened and not tap.muted:
            tap.muted = out.send(wire.order(wire.Silence(track=tap.number)))
        if self.paused is not None or track.muted or track.participant in self.excluded:
            tap.skip = True
            return True
        tap.muted = False
        if tap.skip:
            tap.jump(taps.newest(track.stream, now_us))
        while True:
            piece = taps.read(track.stream, tap.after, wire.MAX_PACKETS, settled_us)
            if not piece.packets:
                return self._tell_report(out, track, tap)
            if not tap.opened:
                goes_on = tap.after if tap.again and tap.after is not None and not piece.missed else -1
                if not out.send(wire.order(self._open(track, tap, now_us, goes_on))):
                    return False
                tap.opened = True
            if not out.send(wire.packets(tap.number, piece.missed, piece.data)):
                return False
            tap.after = piece.last
            self.missed += piece.missed
            if piece.packets < wire.MAX_PACKETS:
                return self._tell_report(out, track, tap)

    def _tell_report(self, out: Outlet, track: Track, tap: Tap) -> bool:
        if track.report is None or track.report == tap.report or not tap.opened:
            return True
        if not out.send(wire.report(wire.Report(tap.number, *track.report))):
            return False
        tap.report = track.report
        return True

    def _open(self, track: Track, tap: Tap, now_us: int, goes_on: int) -> wire.Open:
        return wire.Open(
            recording=self.number,
            track=tap.number,
            id=f"{track.participant}-{track.source}",
            participant=track.participant,
            source=track.source,
            kind="video" if track.kind == "video" else "audio",
            payload_types=dict(track.payload_types),
            now_us=now_us,
            goes_on=goes_on,
        )


def first_arrival(taps: Taps, room: str) -> int | None:
    """When the oldest packet of the teacher's tracks came that can still be read, µs."""
    lead = taps.lead(room)
    pieces = [
        taps.read(track.stream, None, 1, _EVERYTHING_SETTLED)
        for track in taps.tracks(room)
        if track.participant == lead
    ]
    return min((_ARRIVAL.unpack_from(piece.data)[0] for piece in pieces if piece.packets), default=None)
