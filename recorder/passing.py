"""One recording as the server knows it: what should be, what the recorder's process was told, where its taps stand.

Nothing is queued: each `pass_on` compares the two and tells the difference, as far as the process takes it. What is not
to be recorded is never read, by whichever process: `look` keeps the taps beyond it also while there is none.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from recorder import wire
from recorder.tap import Tap, Taps, Track

_ARRIVAL = struct.Struct("<8xq")
_EVERYTHING_SETTLED = 2**62
MAX_TAKEN_BACK = 500
"""Exclusions that wait to be told although they are over; of one more the manifest says when it began at most."""


class Outlet(Protocol):
    """See `process.Process.send`."""

    def send(self, frame: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class Order:
    """:ivar by: who gave it. :ivar at_us: monotonic.

    :ivar until_us: when it was taken back; it goes when that is told.
    """

    by: str
    at_us: int
    until_us: int | None = None

    @property
    def standing(self) -> wire.Standing:
        return wire.Standing(by=self.by, now_us=self.at_us)


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
    :ivar back: also what the histories of the teacher's tracks held before it began; of those that come later, always.
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
    pause: Order | None = None
    exclusions: dict[str, Order] = field(default_factory=dict)
    ending: int | None = None
    told: Told = field(default_factory=Told)
    taps: dict[int, Tap] = field(default_factory=dict)
    news: wire.News = field(default_factory=lambda: wire.News(recording=0))
    tracks: Sequence[Track] = ()
    """As it looked last."""

    @property
    def begun(self) -> bool:
        return self.told.begin and self.news.begun

    @property
    def paused(self) -> bool:
        return _stands(self.pause)

    @property
    def excluded(self) -> frozenset[str]:
        return frozenset(who for who, order in self.exclusions.items() if _stands(order))

    def hear(self, news: wire.News, taps: Taps) -> None:
        self.news = news
        for tap in self.taps.values():
            if tap.number in news.keyframes:
                taps.want_keyframe(tap.stream)
            if (safe := news.safe.get(tap.number)) is not None:
                tap.hear(safe)

    def forget(self) -> None:
        """The process is gone; the next one knows nothing."""
        self.told = Told()
        self.again = True
        self.news = self.news.model_copy(update={"begun": False, "safe": {}})
        for tap in self.taps.values():
            tap.rewind()

    # ------------------------------------------------------------ orders

    def order_pause(self, by: str, now_us: int) -> None:
        self.pause = _again(self.pause, by, now_us)

    def order_resume(self, now_us: int) -> None:
        if self.pause is not None:
            self.pause = replace(self.pause, until_us=now_us)

    def order_exclude(self, participant: str, by: str, now_us: int) -> None:
        self.exclusions[participant] = _again(self.exclusions.get(participant), by, now_us)

    def order_include(self, participant: str, now_us: int) -> None:
        if (order := self.exclusions.get(participant)) is not None:
            self.exclusions[participant] = replace(order, until_us=now_us)
            if len(self.exclusions) > MAX_TAKEN_BACK and participant not in self.told.excluded:
                del self.exclusions[participant]

    # ------------------------------------------------------------ what is read

    def look(self, taps: Taps, now_us: int) -> None:
        """Some times a second, and when an order is given or taken back: taps go on beyond what is not to be recorded,
        and those of who left are dropped."""
        lead, excluded = taps.lead(self.room), self.excluded
        self.tracks = taps.tracks(self.room)
        self._drop({track.stream for track in self.tracks})
        for track in self.tracks:
            tap = self.taps.get(track.stream)
            if tap is None:
                tap = self.taps[track.stream] = Tap(next(self.numbers), track.stream, track.kind)
                tap.skip = not (self.back and track.participant == lead)
            if self.paused or track.muted or track.participant in excluded:
                tap.skip = True
            elif tap.skip:
                tap.jump(taps.newest(track.stream, now_us))
        self.back = True

    def _drop(self, streams: set[int]) -> None:
        for stream in self.taps.keys() - streams:
            tap = self.taps.pop(stream)
            if tap.opened:
                self.told.shut.append(tap.number)

    # ------------------------------------------------------------ what is told

    def pass_on(self, out: Outlet, taps: Taps, now_us: int, settled_us: int) -> bool:
        """All that there is to tell of what `look` saw last. False: the process takes no more at the moment."""
        if not self.told.begin:
            begin = self._begin(taps)
            paused = begin.paused is not None
            self.told = Told(out.send(wire.order(begin)), begin.lead, paused, set(begin.excluded))
            return self.told.begin
        if not self.news.begun:
            return True
        if self.ending is not None:
            settled_us = self.ending
        if self.told.end or not self._tell_orders(out, taps, now_us):
            return self.told.end
        told = all([self._read_on(out, taps, track, now_us, settled_us) for track in self.tracks])
        if told and self.ending is not None:
            told = self.told.end = out.send(wire.order(wire.End(recording=self.number, now_us=self.ending)))
        return told

    def _begin(self, taps: Taps) -> wire.Begin:
        return wire.Begin(
            recording=self.number,
            room=self.room,
            began_ms=self.began_ms,
            began_us=self.began_us,
            lead=taps.lead(self.room),
            after="recorder" if self.again else "server",
            only=self.only,
            paused=self.pause.standing if self.pause is not None else None,
            excluded={who: order.standing for who, order in self.exclusions.items()},
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
        for who, order in self.exclusions.items():
            if who not in told.excluded:
                orders.append(wire.Exclude(recording=number, participant=who, now_us=order.at_us, by=order.by))
            if order.until_us is not None:
                orders.append(wire.Include(recording=number, participant=who, now_us=order.until_us))
        if self.pause is not None:
            if not told.paused:
                orders.append(wire.Pause(recording=number, now_us=self.pause.at_us, by=self.pause.by))
            if self.pause.until_us is not None:
                orders.append(wire.Resume(recording=number, now_us=self.pause.until_us))
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
                del self.exclusions[order.participant]
            case wire.Pause():
                told.paused = True
            case wire.Resume():
                told.paused, self.pause = False, None

    # ------------------------------------------------------------ packets

    def _read_on(self, out: Outlet, taps: Taps, track: Track, now_us: int, settled_us: int) -> bool:
        tap = self.taps[track.stream]
        if track.muted and tap.opened and not tap.muted:
            tap.muted = out.send(wire.order(wire.Silence(track=tap.number)))
        if tap.skip:
            return True
        tap.muted = False
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


def _stands(order: Order | None) -> bool:
    return order is not None and order.until_us is None


def _again(order: Order | None, by: str, now_us: int) -> Order:
    """Where the process was not told that it was taken back, nothing was read since: it is still the same one."""
    return replace(order, until_us=None) if order is not None else Order(by, now_us)


def first_arrival(taps: Taps, room: str) -> int | None:
    """When the oldest packet of the teacher's tracks came that can still be read, µs."""
    lead = taps.lead(room)
    pieces = [
        taps.read(track.stream, None, 1, _EVERYTHING_SETTLED)
        for track in taps.tracks(room)
        if track.participant == lead
    ]
    return min((_ARRIVAL.unpack_from(piece.data)[0] for piece in pieces if piece.packets), default=None)
