"""What is read and told while orders come and go, and the recorder's process too."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import count

import pytest

from recorder import wire
from recorder.passing import MAX_TAKEN_BACK, Passing

STEP_US = 20_000


@dataclass
class Heard:
    """A track of the room. :ivar said: (index, arrival in µs) of what its history holds."""

    stream: int
    participant: str = "teacher"
    source: str = "microphone"
    kind: str = "audio"
    muted: bool = False
    payload_types: dict[int, str] = field(default_factory=lambda: {111: "opus"})
    report: None = None
    said: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Piece:
    data: bytes
    packets: int
    last: int
    missed: int = 0


class Room:
    """The taps of a room with a teacher, and the line to a recorder that may be away.

    :ivar told: orders that the recorder was given. :ivar got: indexes of all packets that any recorder ever got.
    """

    def __init__(self, *, back: bool = True) -> None:
        self.now = 1_000_000
        self.voice = Heard(1)
        self.shown = [self.voice]
        self.told: list[wire.Order] = []
        self.got: list[int] = []
        self.here = False
        self._indexes = count(100)
        self.say(3)
        self.passing = Passing(1, "lesson", 0, 0, back, count(1))
        self.passing.look(self, self.now)

    # ------------------------------------------------------------ taps

    def lead(self, room: str) -> str:
        return "teacher"

    def tracks(self, room: str) -> list[Heard]:
        return self.shown

    def read(self, stream: int, after: int | None, limit: int, settled_us: int) -> Piece:
        [track] = [track for track in self.shown if track.stream == stream]
        said = [it for it in track.said if after is None or it[0] > after][:limit]
        packed = [struct.pack("<qqH", index, now_us, 1) + b"x" for index, now_us in said]
        return Piece(b"".join(packed), len(said), said[-1][0] if said else -1)

    def newest(self, stream: int, now_us: int) -> int | None:
        piece = self.read(stream, None, 10_000, now_us)
        return piece.last if piece.packets else None

    def want_keyframe(self, stream: int) -> None:
        raise AssertionError("nobody asked for one")

    # ------------------------------------------------------------ the line

    def send(self, frame: bytes) -> bool:
        if self.here:
            for it in wire.Decoder().feed(frame):
                if isinstance(it, wire.Packets):
                    self.got += [index for index, _, _ in it.packets]
                else:
                    self.told.append(it)
        return self.here

    def come(self) -> None:
        """A recorder is there, and begins."""
        self.here = True
        self.poll()
        self.passing.hear(wire.News(recording=1, begun=True), self)
        self.poll()

    def die(self) -> None:
        self.here = False
        self.told.clear()
        self.passing.forget()

    def safe(self, index: int) -> None:
        [tap] = self.passing.taps.values()
        self.passing.hear(wire.News(recording=1, begun=True, safe={tap.number: index}), self)

    # ------------------------------------------------------------ what happens

    def say(self, packets: int, track: Heard | None = None) -> list[int]:
        said = []
        for _ in range(packets):
            self.now += STEP_US
            said.append(next(self._indexes))
            (track or self.voice).said.append((said[-1], self.now))
        return said

    def poll(self) -> None:
        self.passing.look(self, self.now)
        self.passing.pass_on(self, self, self.now, self.now)

    def pause(self) -> int:
        self.poll()
        self.passing.order_pause("teacher", self.now)
        self.poll()
        return self.now

    def resume(self) -> int:
        self.passing.look(self, self.now)
        self.passing.order_resume(self.now)
        self.poll()
        return self.now

    def orders(self, *kinds: type) -> list[wire.Order]:
        return [it for it in self.told if isinstance(it, kinds)]


def test_what_stands_when_it_begins_is_told_with_it() -> None:
    room = Room()
    paused = room.pause()
    room.passing.order_exclude("class3", "teacher", paused)
    room.say(5)
    room.come()
    [begin] = room.told
    assert isinstance(begin, wire.Begin)
    assert begin.paused == wire.Standing(by="teacher", now_us=paused)
    assert begin.excluded == {"class3": wire.Standing(by="teacher", now_us=paused)}
    resumed = room.resume()
    assert room.told[1:] == [wire.Resume(recording=1, now_us=resumed)] and room.got == []


def test_a_pause_that_ends_while_nobody_records_is_told_with_its_end() -> None:
    room = Room()
    room.come()
    paused = room.pause()
    room.die()
    room.say(5)
    resumed = room.resume()
    room.say(1)
    room.come()
    begin, resume = room.told[:2]
    assert isinstance(begin, wire.Begin)
    assert begin.paused == wire.Standing(by="teacher", now_us=paused)
    assert resume == wire.Resume(recording=1, now_us=resumed)
    room.die()
    room.come()
    begin = room.told[0]
    assert isinstance(begin, wire.Begin) and begin.paused is None
    assert room.orders(wire.Pause, wire.Resume) == []


def test_a_pause_while_nobody_records_is_one_all_the_same() -> None:
    room = Room()
    room.come()
    before = list(room.got)
    room.die()
    paused = room.pause()
    room.say(5)
    room.resume()
    room.say(2)
    room.pause()
    room.say(5)
    resumed = room.resume()
    after = room.say(4)
    room.come()
    assert room.got == before + after
    begin, resume = room.told[:2]
    assert isinstance(begin, wire.Begin) and begin.paused == wire.Standing(by="teacher", now_us=paused)
    assert resume == wire.Resume(recording=1, now_us=resumed), "one pause: nothing was recorded between the two"


def test_a_pause_while_the_recorder_takes_nothing_is_one_all_the_same() -> None:
    room = Room()
    room.come()
    before = list(room.got)
    room.here = False
    paused = room.pause()
    room.say(5)
    resumed = room.resume()
    after = room.say(4)
    room.here = True
    room.poll()
    assert room.got == before + after
    assert room.orders(wire.Pause, wire.Resume) == [
        wire.Pause(recording=1, now_us=paused, by="teacher"),
        wire.Resume(recording=1, now_us=resumed),
    ]


def test_a_classroom_left_out_while_nobody_records_is_not_heard_of_it_later() -> None:
    room = Room()
    village = Heard(2, "village")
    room.shown = [room.voice, village]
    room.come()
    room.die()
    room.passing.order_exclude("village", "teacher", room.now)
    room.poll()
    hidden = room.say(5, village)
    room.passing.look(room, room.now)
    room.passing.order_include("village", room.now)
    room.poll()
    heard = room.say(2, village)
    room.come()
    assert not {*hidden} & {*room.got} and {*heard} <= {*room.got}
    assert room.passing.excluded == frozenset() and room.passing.exclusions == {}
    assert len(room.orders(wire.Include)) == 1


@pytest.mark.parametrize("begun", [True, False])
def test_who_is_muted_while_nobody_records_is_not_heard_later(begun: bool) -> None:
    room = Room()
    if begun:
        room.come()
        room.die()
    room.voice.muted = True
    room.poll()
    hidden = room.say(5)
    room.poll()
    room.voice.muted = False
    room.poll()
    heard = room.say(2)
    room.come()
    assert not {*hidden} & {*room.got} and {*heard} <= {*room.got}


def test_who_hangs_up_while_nobody_records_is_not_heard_later() -> None:
    room = Room()
    village = Heard(2, "village")
    room.shown = [room.voice, village]
    room.come()
    room.die()
    room.shown = [room.voice]
    room.poll()
    hidden = room.say(5, village)
    room.shown = [room.voice, village]
    room.poll()
    heard = room.say(2, village)
    room.come()
    assert not {*hidden} & {*room.got} and {*heard} <= {*room.got}


def test_what_comes_in_a_pause_on_a_new_track_is_not_heard_later() -> None:
    """She came again between two looks, and took the pause back before the next one."""
    room = Room()
    room.come()
    room.pause()
    again = Heard(2)
    room.shown = [again]
    hidden = room.say(5, again)
    room.resume()
    heard = room.say(2, again)
    room.poll()
    assert not {*hidden} & {*room.got} and {*heard} <= {*room.got}


def test_a_recorder_that_dies_after_a_pause_is_not_given_what_was_said_in_it() -> None:
    room = Room()
    room.come()
    last = room.got[-1]
    room.safe(last)
    room.pause()
    hidden = room.say(5)
    room.resume()
    room.safe(last)  # so far it is on disk: what came after the pause waits for the disk
    heard = room.say(3)
    room.poll()
    room.die()
    room.come()
    assert not {*hidden} & {*room.got} and room.got[-3:] == heard
    [opened] = room.orders(wire.Open)
    assert isinstance(opened, wire.Open) and opened.goes_on == -1, "there is a hole before it"
    room.safe(heard[1])
    room.die()
    room.come()
    [opened] = room.orders(wire.Open)
    assert isinstance(opened, wire.Open) and opened.goes_on == heard[1] and room.got[-1] == heard[2]


def test_from_now_on_holds_for_what_is_there_when_it_begins() -> None:
    room = Room(back=False)
    after = room.say(2)
    room.come()
    assert room.got == after
    screen = Heard(2, source="screen")
    room.shown = [room.voice, screen]
    shared = room.say(3, screen)
    room.poll()
    assert room.got == after + shared


def test_exclusions_that_cannot_be_told_are_bounded() -> None:
    room = Room()
    room.come()
    room.here = False
    for number in range(2 * MAX_TAKEN_BACK):
        room.passing.order_exclude(f"class{number}", "teacher", room.now)
        room.passing.order_include(f"class{number}", room.now)
    assert len(room.passing.exclusions) == MAX_TAKEN_BACK
    room.die()
    room.come()
    assert len(room.orders(wire.Include)) == MAX_TAKEN_BACK and room.passing.exclusions == {}
