"""One room: who publishes what, who sees what, and what has to change now.

Pure: no sockets, no clock. Callers tell what happened, then ask `changes` what to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mediaserver.rtp.packet import AUDIO_LEVEL_URI
from mediaserver.sfu.codecs import Codec
from mediaserver.sfu.slots import MAX_TILES, Situation, wanted
from mediaserver.sfu.turn import ASSUMED_LEVEL, SILENT, Turn

ACTIVE_S = 3.0
"""A track without packets for so long is not playing. A browser sends a still screen once a second."""


@dataclass(slots=True)
class Track:
    """One published source. `stream` is the plane's id."""

    participant: str
    source: str
    kind: Literal["audio", "video"]
    stream: int
    codecs: tuple[Codec, ...]
    extensions: dict[str, int]
    active: bool = False
    muted: bool = False
    level: int = SILENT

    @property
    def loudness(self) -> int:
        """The level; of a source that does not tell it (a recorder box), that of somebody who speaks."""
        return self.level if AUDIO_LEVEL_URI in self.extensions else ASSUMED_LEVEL

    @property
    def codec(self) -> str:
        return self.codecs[0].name


@dataclass(slots=True)
class Slot:
    """One m-line of a subscriber. `route` is the plane's id."""

    route: int
    mid: str
    kind: Literal["audio", "video"]
    name: str
    codecs: tuple[Codec, ...]
    extensions: dict[str, int]
    ssrc: int
    rtx_ssrc: int | None
    playing: Track | None = None
    shown: tuple[str, str | None, str | None, str | None] = ("empty", None, None, None)
    """(status, participant, source, codec) as last told."""

    def payload_types(self, track: Track) -> dict[int, int]:
        """The track's payload types → this subscriber's, as far as it can take them."""
        ours = {codec.key: codec.pt for codec in reversed(self.codecs)}
        return {codec.pt: ours[codec.key] for codec in track.codecs if codec.key in ours}

    def takes(self, track: Track) -> bool:
        return any(codec.key == track.codecs[0].key for codec in self.codecs)


@dataclass(slots=True)
class Subscriber:
    session: str
    participant: str
    role: str
    slots: list[Slot]


@dataclass(frozen=True, slots=True)
class Play:
    """Action: let a slot play a track (None: fall silent)."""

    subscriber: Subscriber
    slot: Slot
    track: Track | None


@dataclass(frozen=True, slots=True)
class Tell:
    """Action: what a subscriber's slots show has changed."""

    subscriber: Subscriber


Action = Play | Tell


@dataclass(slots=True)
class Room:
    """State of a room's media. Insertion order of tracks decides over default tiles."""

    name: str
    lead: str | None = None
    called: str | None = None
    tracks: dict[tuple[str, str], Track] = field(default_factory=dict)
    subscribers: dict[str, Subscriber] = field(default_factory=dict)
    tiles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)
    turn: Turn = field(default_factory=Turn)
    speaking: str | None = None
    empty_since: float | None = None
    """Kept by its owner, who forgets a room that was empty for long."""
    dirty: bool = True
    """Something happened that may change what any slot plays."""
    joined: dict[str, Subscriber] = field(default_factory=dict)
    """Subscribers whose slots were never looked at; the others have no part in their joining."""

    # ------------------------------------------------------------ what happened

    def add_track(self, track: Track) -> None:
        track.muted = track.participant in self.muted
        self.tracks[track.participant, track.source] = track
        self.dirty = True

    def update_track(self, track: Track, *, active: bool, level: int) -> bool:
        """Latest measurements. Returns whether the track began or ceased to play."""
        track.level = level
        if track.active == active:
            return False
        track.active = active
        self.dirty = True
        return True

    def remove_tracks(self, participant: str, streams: set[int]) -> None:
        """Drop those of a participant's tracks whose streams are given."""
        for key, track in list(self.tracks.items()):
            if key[0] == participant and track.stream in streams:
                del self.tracks[key]
                self.dirty = True

    def add_subscriber(self, subscriber: Subscriber) -> None:
        self.subscribers[subscriber.session] = self.joined[subscriber.session] = subscriber

    def remove_subscriber(self, session: str) -> None:
        self.joined.pop(session, None)
        subscriber = self.subscribers.pop(session, None)
        if subscriber is None or subscriber.participant not in self.tiles:
            return
        if not any(other.participant == subscriber.participant for other in self.subscribers.values()):
            del self.tiles[subscriber.participant]

    def call(self, participant: str | None) -> None:
        self.called = participant
        self.turn.reset()
        self.dirty = True

    def set_lead(self, participant: str) -> None:
        self.lead = participant
        self.dirty = True

    def mute(self, participant: str, muted: bool) -> None:
        (self.muted.add if muted else self.muted.discard)(participant)
        for track in self.tracks_of(participant):
            if track.source == "microphone":
                track.muted = muted
        self.dirty = True

    def show_tiles(self, viewer: str, participants: tuple[str, ...]) -> None:
        self.tiles[viewer] = participants[:MAX_TILES]
        self.dirty = True

    def tracks_of(self, participant: str) -> list[Track]:
        return [track for track in self.tracks.values() if track.participant == participant]

    @property
    def empty(self) -> bool:
        return not self.tracks and not self.subscribers

    # ------------------------------------------------------------ what to do

    def changes(self, now: float) -> list[Action]:
        """Actions that bring every slot to what it should play. Nothing when all is as it should be."""
        self._take_turns(now)
        concerned = list((self.subscribers if self.dirty else self.joined).values())
        self.dirty = False
        self.joined.clear()
        actions: list[Action] = []
        situation = Situation(self.lead, self.called, self.tracks, self.speaking)
        for subscriber in concerned:
            told = False
            tiles = self._tiles_of(subscriber)
            for slot in subscriber.slots:
                target = wanted(slot.name, situation, viewer=subscriber.participant, tiles=tiles, kind=slot.kind)
                track = self.tracks.get(target) if target is not None else None
                shown = self._status(slot, target, track)
                audible = track if shown[0] in ("playing", "waiting") and track is not None else None
                if audible is not None and audible.muted and audible.source == "microphone":
                    audible = None
                if audible is not slot.playing:
                    slot.playing = audible
                    actions.append(Play(subscriber, slot, audible))
                if shown != slot.shown:
                    slot.shown = shown
                    told = True
            if told:
                actions.append(Tell(subscriber))
        return actions

    def _tiles_of(self, subscriber: Subscriber) -> tuple[str, ...]:
        if subscriber.role != "lead":
            return ()
        chosen = self.tiles.get(subscriber.participant)
        if chosen is not None:
            return chosen
        publishing = dict.fromkeys(track.participant for track in self.tracks.values() if track.source == "camera")
        return tuple(participant for participant in publishing if participant != self.lead)[:MAX_TILES]

    def _status(
        self, slot: Slot, target: tuple[str, str] | None, track: Track | None
    ) -> tuple[str, str | None, str | None, str | None]:
        if target is None:
            return ("empty", None, None, None)
        participant, source = target
        if track is None:
            return ("waiting", participant, source, None)
        if not slot.takes(track):
            return ("unsupported", participant, source, track.codec)
        return ("playing" if track.active else "waiting", participant, source, track.codec)

    def _take_turns(self, now: float) -> None:
        first = self.tracks.get((self.lead, "microphone")) if self.lead else None
        second = self.tracks.get((self.called, "microphone")) if self.called else None
        speaking = self.lead
        if second is not None and second.active and not second.muted:
            first_level = first.loudness if first is not None and first.active else SILENT
            if self.turn.second_speaks(first_level, second.loudness, now):
                speaking = self.called
        if speaking != self.speaking:
            self.speaking = speaking
            self.dirty = True

    # ------------------------------------------------------------ what is needed

    def wanted_rate(self, participant: str, *, least: int, tile: int, most: int) -> int:
        """bit/s worth sending for a publisher, by who looks at it: everybody, a tile, or nobody."""
        if participant in (self.lead, self.called):
            return most
        seen = any(
            slot.playing is not None and slot.playing.participant == participant
            for subscriber in self.subscribers.values()
            for slot in subscriber.slots
        )
        return tile if seen else least
