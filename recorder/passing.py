"""One recording as the server knows it: what should be, what the recorder's process was told, where its taps stand.

Nothing is queued: each `pass_on` compares the two and tells the difference, as far as the process takes it. What is not
to be recorded is never read, by whichever process: `look` keeps the taps beyond it also while there is none.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from recorder import wire
from recorder.tap import Piece, Tap, Taps, Track

_ARRIVAL = struct.Struct("<8xq")
_EVERYTHING_SETTLED = 2**62
_NO_DISK = ("disk_full", "not_writable")
MAX_OVER = 256
"""Tracks that are over: as many as a recording has at most."""
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


@dataclass(frozen=True, slots=True)
class Over:
    """A track that is no longer published.

    :ivar number: on the wire. :ivar at_us: since when. :ivar lost: as a tap's.
    """

    number: int
    at_us: int
    lost: bool


@dataclass(slots=True)
class Told:
    """What the process knows."""

    begin: bool = False
    lead: str = ""
    paused: bool = False
    excluded: set[str] = field(default_factory=set)
    end: bool = False
    over: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Passing:
    """:ivar number: names it on the wire. :ivar began_ms: and :ivar began_us: the same moment on two clocks, of
        the machine that is `boot`.
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
    boot: str = ""
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
    over: dict[str, Over] = field(default_factory=dict)
    """Ids of tracks that were there, since they are over: a process that was killed may not have written it down."""
    why: Literal["recorder", "disk"] = "recorder"
    """What comes is not taken, while it is not."""

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
        if not news.begun and news.trouble in _NO_DISK:
            self.why = "disk"

    def forget(self) -> None:
        """The process is gone; the next one knows nothing."""
        self.told = Told()
        self.again, self.why = True, "recorder"
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
        those of who left are dropped, and of what nobody takes yet it is noted since when it comes."""
        lead, excluded = taps.lead(self.room), self.excluded
        tracks = taps.tracks(self.room)
        self._drop(tracks, now_us)
        self.tracks = tracks
        for track in tracks:
            tap = self.taps.get(track.stream)
            if tap is None:
                tap = self.taps[track.stream] = Tap(next(self.numbers), track.stream, track.kind)
                tap.skip = not (self.back and track.participant == lead)
            if self.paused or track.muted or track.participant in excluded:
                tap.skip, tap.since_us = True, None
                continue
            if tap.skip:
                tap.jump(taps.newest(track.stream, now_us))
            if tap.since_us is None and not tap.opened:
                tap.since_us = _arrival(taps.read(track.stream, tap.after, 1, _EVERYTHING_SETTLED))
        self.back = True

    def lose(self, streams: Set[int]) -> None:
        """These are about to end, and nobody said so."""
        for stream in streams & self.taps.keys():
            self.taps[stream].lost = True

    def _drop(self, tracks: Sequence[Track], now_us: int) -> None:
        streams = {track.stream for track in tracks}
        known = {_id(track) for track in tracks if track.stream in self.taps}
        for track in self.tracks:
            if track.stream not in streams:
                tap = self.taps.pop(track.stream)
                if _id(track) not in known:
                    at_us = now_us if self.ending is None else min(now_us, self.ending)
                    self.over[_id(track)] = Over(tap.number, at_us, tap.lost)
                    self.told.over.discard(_id(track))
        while len(self.over) > MAX_OVER:
            oldest = next(iter(self.over))
            del self.over[oldest]
            self.told.over.discard(oldest)

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
            boot=self.boot,
            lead=taps.lead(self.room),
            after="recorder" if self.again and not self.only else "server",
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
        orders: list[wire.Order] = []
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
        for id, over in self.over.items():
            if id not in told.over:
                orders.append(wire.Shut(recording=number, track=over.number, id=id, now_us=over.at_us, lost=over.lost))
        return orders

    def _note(self, order: wire.Order) -> None:
        told = self.told
        match order:
            case wire.Shut():
                told.over.add(order.id)
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
                if not out.send(wire.order(self._open(track, tap, piece, now_us, goes_on))):
                    return False
                tap.opened = True
                self.over.pop(_id(track), None)
                self.told.over.discard(_id(track))
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

    def _open(self, track: Track, tap: Tap, piece: Piece, now_us: int, goes_on: int) -> wire.Open:
        first_us = _arrival(piece)
        late = tap.since_us is not None and first_us is not None and tap.since_us < first_us
        return wire.Open(
            recording=self.number,
            track=tap.number,
            id=_id(track),
            participant=track.participant,
            source=track.source,
            kind="video" if track.kind == "video" else "audio",
            payload_types=dict(track.payload_types),
            now_us=now_us,
            goes_on=goes_on,
            since_us=tap.since_us if late else None,
            why=self.why,
        )


def _id(track: Track) -> str:
    """In the manifest."""
    return f"{track.participant}-{track.source}"


def _arrival(piece: Piece) -> int | None:
    """Of the first packet, µs."""
    return _ARRIVAL.unpack_from(piece.data)[0] if piece.packets else None


def _stands(order: Order | None) -> bool:
    return order is not None and order.until_us is None


def _again(order: Order | None, by: str, now_us: int) -> Order:
    """Where the process was not told that it was taken back, nothing was read since: it is still the same one."""
    return replace(order, until_us=None) if order is not None else Order(by, now_us)


def first_arrival(taps: Taps, room: str) -> int | None:
    """When the oldest packet of the teacher's tracks came that can still be read, µs."""
    lead = taps.lead(room)
    arrivals = [
        _arrival(taps.read(track.stream, None, 1, _EVERYTHING_SETTLED))
        for track in taps.tracks(room)
        if track.participant == lead
    ]
    return min((arrival for arrival in arrivals if arrival is not None), default=None)
