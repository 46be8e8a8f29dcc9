"""One lesson as the people in it see it: its state, who is there, who is called, whose hand is up.

Pure: every function that depends on time takes `now` (seconds since 1970), and nothing here sends
or awaits. A mutation returns a `Change`, which says what has to be told to whom.

The state machine is a table of (state, cue) → state; a pair that is not in it changes nothing::

    waiting ──arrives──▶ live ──stops──▶ interrupted ──arrives──▶ live
       └───────end────────┴──────end──────────┴──▶ ended ──arrives──▶ live
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mediaserver.api import Role, TrackState
from signalling import messages
from signalling.rights import TABLE

State = Literal["waiting", "live", "interrupted", "ended"]
Cue = Literal["arrives", "stops", "end"]
"""`arrives` and `stops`: the lead's media began or ceased to arrive; `end`: somebody ended the lesson."""

TRANSITIONS: dict[tuple[State, Cue], State] = {
    ("waiting", "arrives"): "live",
    ("live", "stops"): "interrupted",
    ("interrupted", "arrives"): "live",
    ("ended", "arrives"): "live",
    ("waiting", "end"): "ended",
    ("live", "end"): "ended",
    ("interrupted", "end"): "ended",
}


@dataclass(slots=True)
class Person:
    """A participant. It is present while it is connected to `/ws` or has a media session.

    :ivar display: how a classroom's display says that it is set.
    """

    id: str
    name: str
    role: Role
    online: bool = False
    hand: bool = False
    display: messages.Display | None = None
    sessions: set[str] = field(default_factory=set)

    @property
    def present(self) -> bool:
        return self.online or bool(self.sessions)


@dataclass(frozen=True, slots=True)
class Change:
    """:ivar people: ids that joined, changed, left, or whose visibility changed."""

    people: frozenset[str] = frozenset()
    lesson: bool = False
    called: bool = False

    def __bool__(self) -> bool:
        return bool(self.people) or self.lesson or self.called


NOTHING = Change()


class Lesson:
    """State of one room. Ids are unique in it; the same id again is the same person come back."""

    def __init__(self, now: float) -> None:
        self.state: State = "waiting"
        self.since = now
        self.lead: str | None = None
        self.called: str | None = None
        self.people: dict[str, Person] = {}
        # Beside `people`: the media server may speak of a participant's tracks before its session is entered.
        self.tracks: dict[str, tuple[TrackState, ...]] = {}
        # Outlasts a reload of the page: who was muted stays muted.
        self.muted: set[str] = set()
        # What assistants want of their displays, and whose hands they raised: for a display that comes back.
        self.wanted: dict[str, messages.Display] = {}
        self._held: set[str] = set()
        self._lead_arrives = False

    # ------------------------------------------------------------ who is there

    def connect(self, participant: str, name: str, role: Role, now: float) -> Change:
        """A page said hello."""
        person = self._enter(participant, name, role)
        person.online = True
        person.hand |= participant in self._held
        return self._changed(participant, now)

    def disconnect(self, participant: str, now: float) -> Change:
        """Its WebSocket is gone; its media may still be here. A hand does not stay up without a page."""
        person = self.people.get(participant)
        if person is None:
            return NOTHING
        person.online = person.hand = False
        return self._changed(participant, now)

    def open_session(self, participant: str, name: str, role: Role, session: str, now: float) -> Change:
        """Pages are told of people, not of their sessions: news is who comes with one, or under another name."""
        before = self.people.get(participant)
        known = before is not None and (before.name, before.role) == (name, role)
        self._enter(participant, name, role).sessions.add(session)
        return NOTHING if known else self._changed(participant, now)

    def close_session(self, participant: str, session: str, now: float) -> Change:
        person = self.people.get(participant)
        if person is None or session not in person.sessions:
            return NOTHING
        person.sessions.discard(session)
        return NOTHING if person.present else self._changed(participant, now)

    def _enter(self, participant: str, name: str, role: Role) -> Person:
        person = self.people.get(participant)
        if person is None:
            person = self.people[participant] = Person(participant, name, role)
        person.name, person.role = name, role
        return person

    def _changed(self, participant: str, now: float) -> Change:
        person = self.people.get(participant)
        if person is not None and not person.present:
            del self.people[participant]
        return Change(frozenset((participant,)), lesson=self._settle(now))

    # ------------------------------------------------------------ what happens

    def set_tracks(self, participant: str, tracks: tuple[TrackState, ...], now: float) -> Change:
        if self.tracks.get(participant, ()) == tracks:
            return NOTHING
        if tracks:
            self.tracks[participant] = tracks
        else:
            del self.tracks[participant]
        return self._changed(participant, now)

    def set_called(self, participant: str | None) -> Change:
        if participant == self.called:
            return NOTHING
        old, self.called = self.called, participant
        return Change(frozenset(id for id in (old, participant) if id), called=True)

    def set_hand(self, participant: str, up: bool, *, held: bool = False) -> Change:
        """:param held: by its assistant: the display's going and coming back does not lower it."""
        person = self.people.get(participant)
        if person is None:
            return NOTHING
        if up and held:
            self._held.add(participant)
        elif not up:
            self._held.discard(participant)
        if person.hand == up:
            return NOTHING
        person.hand = up
        return Change(frozenset((participant,)))

    def want(self, participant: str, remote: messages.Remote) -> messages.Display | None:
        """What a display is to be, now that its assistant changed something of it; None when it is not here.

        What she leaves alone stays as she wanted it before, or as the display says it is.
        """
        person = self.people.get(participant)
        if person is None:
            return None
        before = self.wanted.get(participant) or person.display or messages.Display()
        wanted = self.wanted[participant] = remote.applied(before)
        return wanted

    def set_display(self, participant: str, display: messages.Display) -> Change:
        person = self.people.get(participant)
        if person is None or person.display == display:
            return NOTHING
        person.display = display
        if participant in self.wanted:  # set by hand at the display: that holds too
            self.wanted[participant] = display
        return Change(frozenset((participant,)))

    def set_muted(self, participant: str, muted: bool) -> Change:
        if participant not in self.people or (participant in self.muted) == muted:
            return NOTHING
        if muted:
            self.muted.add(participant)
        else:
            self.muted.discard(participant)
        return Change(frozenset((participant,)))

    def end(self, now: float) -> Change:
        """Ended for everybody; hands go down, and nobody has taken over any more (a display knows that by itself).

        Media that still arrives does not revive it, media that begins does.
        """
        self._held.clear()
        self.wanted = {id: it.model_copy(update={"local": False}) for id, it in self.wanted.items()}
        lowered = [person for person in self.people.values() if person.hand]
        for person in lowered:
            person.hand = False
        return Change(frozenset(person.id for person in lowered), lesson=self._cue("end", now))

    # ------------------------------------------------------------ state

    def _cue(self, cue: Cue, now: float) -> bool:
        state = TRANSITIONS.get((self.state, cue))
        if state is None:
            return False
        self.state, self.since = state, now
        return True

    def _settle(self, now: float) -> bool:
        """Bring `lead` and `state` in line with who is here and sends; True when either changed."""
        leads = [person for person in self.people.values() if person.role == "lead"]
        sending = [p.id for p in leads if any(track.active for track in self.tracks.get(p.id, ()))]
        before = self.lead
        candidates = sending or [person.id for person in leads]
        if self.lead not in candidates:
            self.lead = candidates[0] if candidates else None
        changed = self.lead != before
        # Only the edge is a cue: what still arrives while the lesson is being closed is no new beginning.
        if bool(sending) != self._lead_arrives:
            self._lead_arrives = bool(sending)
            changed |= self._cue("arrives" if sending else "stops", now)
        return changed

    # ------------------------------------------------------------ views

    def sees(self, viewer: str, role: Role, participant: str, beside: str | None = None) -> bool:
        """May this viewer know of that participant? (docs/protocol.md, "WebSocket")

        :param beside: the classroom that an assistant stands in.
        """
        person = self.people.get(participant)
        if person is None:
            return False
        return TABLE[role].sees_all or person.role == "lead" or participant in (viewer, self.called, beside)

    def describe(self, participant: str) -> messages.Participant:
        person = self.people[participant]
        return messages.Participant(
            id=person.id,
            name=person.name,
            role=person.role,
            online=person.online,
            hand=person.hand,
            muted=person.id in self.muted,
            display=person.display,
            tracks=[
                messages.Track(source=t.source, kind=t.kind, codec=t.codec, active=t.active, muted=t.muted)
                for t in self.tracks.get(person.id, ())
            ],
        )

    def summary(self) -> messages.Lesson:
        return messages.Lesson(state=self.state, since=int(self.since * 1000), lead=self.lead)
