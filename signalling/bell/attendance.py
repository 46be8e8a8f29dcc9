"""Attendance at one lesson, by measurement: who was there, saw, heard and sent, for how long and how well.

Pure: events and `now` in, rows out. `now` is in seconds of a monotonic clock, so that nobody who sets the wall clock
lengthens a lesson. Somebody is present once, however many pages and sessions she has; a page that reloads interrupts
her presence and adds nothing to it. Before the lesson begins it is only noted who has come: a camera that is warmed up
teaches nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from signalling.bell.figures import Buckets, Figures, fresh, pack

REPORT_S = 5.0
"""A page reports every two seconds. A report speaks of the time since the one before it, and of this much at most."""
MAX_PARTICIPANTS = 1000
MAX_FREEZES = 100
"""Of one report; more cannot be meant."""


class Stopwatch:
    """Seconds in which something was so."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._since: float | None = None

    @property
    def runs(self) -> bool:
        return self._since is not None

    def set(self, on: bool, now: float) -> None:
        self._sum = self.read(now)
        self._since = now if on else None

    def read(self, now: float) -> float:
        return self._sum + (max(0.0, now - self._since) if self._since is not None else 0.0)


@dataclass(slots=True)
class _Participant:
    """:ivar here: and :ivar sends: as it is now; the stopwatches run for it from the lesson's beginning on."""

    role: str
    joined: float
    left: float | None = None
    here: bool = False
    sends: bool = False
    present: Stopwatch = field(default_factory=Stopwatch)
    sending: Stopwatch = field(default_factory=Stopwatch)
    seen: float = 0.0
    heard: float = 0.0
    freezes: int = 0
    reported: float = 0.0
    distributions: dict[str, Buckets] = field(default_factory=fresh)


@dataclass(frozen=True, slots=True)
class Row:
    """All that was measured of one participant up to now. :ivar joined: and :ivar left: of the clock of `now`."""

    participant: str
    role: str
    joined: float
    left: float | None
    figures: Figures


class Attendance:
    """:ivar begun: the lesson has begun. :ivar closed: it is over; nothing changes any more.
    :ivar ignored: how often somebody beyond `MAX_PARTICIPANTS` was seen, of whom nothing is kept."""

    def __init__(self, *, begun: bool = True) -> None:
        self.begun = begun
        self.closed = False
        self.ignored = 0
        self._people: dict[str, _Participant] = {}

    def observe(self, participant: str, role: str, *, here: bool, sending: bool, now: float) -> None:
        """Whether somebody is in the room, and whether her sound or picture arrives."""
        known = self._people.get(participant)
        if self.closed or (known is None and not here):
            return
        if known is None:
            if len(self._people) >= MAX_PARTICIPANTS:
                self.ignored += 1
                return
            known = self._people[participant] = _Participant(role, now)
        if here:
            if not known.here:
                known.reported = now
            known.role, known.left = role, None
        elif known.here:
            known.left = now
        known.here, known.sends = here, here and sending
        known.present.set(self.begun and known.here, now)
        known.sending.set(self.begun and known.sends, now)

    def begin(self, now: float) -> None:
        """The lesson begins, with those who are here."""
        if self.begun or self.closed:
            return
        self.begun = True
        for known in self._people.values():
            known.reported = now
            known.present.set(known.here, now)
            known.sending.set(known.sends, now)

    def report(
        self,
        participant: str,
        *,
        picture: bool,
        sound: bool,
        now: float,
        delay_ms: float | None = None,
        freezes: int = 0,
    ) -> None:
        """What a page says of the time since its last report: pictures were shown, sound was audible."""
        known = self._people.get(participant)
        if self.closed or known is None or not known.present.runs:
            return
        seconds = min(max(0.0, now - known.reported), REPORT_S)
        known.reported = now
        known.seen += seconds * picture
        known.heard += seconds * sound
        known.freezes += min(freezes, MAX_FREEZES)
        if delay_ms is not None:
            known.distributions["delay"].add(delay_ms)

    def measure(self, participant: str, *, publishes: bool, loss: float) -> None:
        """The loss of a session in the last two seconds, as a fraction."""
        known = self._people.get(participant)
        if not self.closed and known is not None and known.present.runs:
            known.distributions["loss_up" if publishes else "loss_down"].add(loss)

    def close(self, now: float) -> None:
        """The lesson is over: whoever is still in the room attends no longer."""
        for participant, known in self._people.items():
            self.observe(participant, known.role, here=False, sending=False, now=now)
        self.closed = True

    def rows(self, now: float) -> list[Row]:
        return [
            Row(
                participant,
                it.role,
                it.joined,
                it.left,
                pack((it.present.read(now), it.seen, it.heard, it.sending.read(now)), it.freezes, it.distributions),
            )
            for participant, it in self._people.items()
        ]
