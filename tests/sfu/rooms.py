"""Rooms with people in them, for the tests of this folder."""

from __future__ import annotations

from itertools import count

from mediaserver.rtp.packet import AUDIO_LEVEL_URI
from mediaserver.sfu.codecs import Codec
from mediaserver.sfu.room import Play, Room, Slot, Subscriber, Tell, Track
from mediaserver.sfu.slots import slot_names

VP8 = Codec(96, "VP8", "video", 90_000, 1, "", 97, (), "VP8")
H264 = Codec(102, "H264", "video", 90_000, 1, "packetization-mode=1", None, (), "H264/1/42e0")
OPUS = Codec(111, "opus", "audio", 48_000, 2, "", None, (), "opus")

_ids = count(1)


def track(
    participant: str, source: str, *, codecs: tuple[Codec, ...] | None = None, active: bool = True, levels: bool = True
) -> Track:
    kind = "audio" if source == "microphone" else "video"
    extensions = {AUDIO_LEVEL_URI: 1} if kind == "audio" and levels else {}
    codecs = codecs or ((OPUS,) if kind == "audio" else (VP8,))
    return Track(participant, source, kind, next(_ids), codecs, extensions, active=active)


def subscriber(
    participant: str, role: str = "classroom", *, video: int = 3, audio: int = 2, codecs: tuple[Codec, ...] = (VP8,)
) -> Subscriber:
    slots = []
    for kind, number in (("video", video), ("audio", audio)):
        for name in slot_names(kind, number, lead=role == "lead"):
            takes = codecs if kind == "video" else (OPUS,)
            slots.append(Slot(next(_ids), str(len(slots)), kind, name, takes, {}, next(_ids), None))
    return Subscriber(f"session of {participant} {next(_ids)}", participant, role, slots)


class Lesson:
    """A room, its clock, and what every slot plays as far as the actions have said.

    After each call what the actions did is compared with what the room believes.
    """

    def __init__(self) -> None:
        self.room = Room("lesson")
        self.now = 100.0
        self.played: dict[int, Track | None] = {}
        self.told: list[str] = []

    def publish(self, participant: str, *sources: str, lead: bool = False, **options: object) -> list[Track]:
        tracks = [track(participant, source, **options) for source in sources]
        for made in tracks:
            self.room.add_track(made)
        if lead:
            self.room.set_lead(participant)
        self.settle()
        return tracks

    def watch(self, participant: str, role: str = "classroom", **options: object) -> Subscriber:
        watcher = subscriber(participant, role, **options)
        self.room.add_subscriber(watcher)
        self.settle()
        return watcher

    def leave(self, tracks: list[Track]) -> None:
        self.room.remove_tracks(tracks[0].participant, {gone.stream for gone in tracks})
        self.settle()

    def settle(self, seconds: float = 0.0) -> list[Play | Tell]:
        self.now += seconds
        self.told = []
        actions = self.room.changes(self.now)
        for action in actions:
            if isinstance(action, Play):
                self.played[action.slot.route] = action.track
            else:
                self.told.append(action.subscriber.participant)
        for watcher in self.room.subscribers.values():
            for slot in watcher.slots:
                assert self.played.get(slot.route) is slot.playing
        return actions

    def shows(self, watcher: Subscriber) -> dict[str, str]:
        """Kind and name of each slot that plays → "participant source"."""
        self.settle()
        return {
            f"{slot.kind} {slot.name}": f"{slot.playing.participant} {slot.playing.source}"
            for slot in watcher.slots
            if slot.playing is not None
        }

    def states(self, watcher: Subscriber) -> dict[str, str]:
        self.settle()
        return {f"{slot.kind} {slot.name}": slot.shown[0] for slot in watcher.slots}
