"""What the recorder is told of tracks that are over, and of what nobody took before it came."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from recorder import wire
from recorder.kept import Kept
from recorder.lock import myself
from recorder.passing import MAX_OVER
from tests.recorder.test_passing import Heard, Room


@pytest.fixture
def room() -> Room:
    return Room()


def shared(room: Room, stream: int = 2) -> Heard:
    """A screen of which some has come."""
    screen = Heard(stream, source="screen")
    room.shown = [room.voice, screen]
    room.poll()
    room.say(3, screen)
    room.poll()
    return screen


def shuts(room: Room) -> list[tuple[str, int, bool]]:
    return [(it.id, it.now_us, it.lost) for it in room.orders(wire.Shut) if isinstance(it, wire.Shut)]


def opened(room: Room, id: str) -> wire.Open:
    [it] = [it for it in room.orders(wire.Open) if isinstance(it, wire.Open) and it.id == id]
    return it


def test_what_is_over_is_told_to_every_recorder_until_it_comes_again(room: Room) -> None:
    room.come()
    shared(room)
    room.shown = [room.voice]
    room.poll()
    over = [("teacher-screen", room.now, False)]
    assert shuts(room) == over
    room.say(50)
    room.poll()
    assert shuts(room) == over, "once"
    room.die()
    room.come()
    assert shuts(room) == over
    again = shared(room, stream=3)
    assert room.got[-1] == again.said[-1][0]
    room.die()
    room.come()
    assert shuts(room) == []


def test_what_ended_while_nobody_recorded_is_told_with_the_time(room: Room) -> None:
    room.come()
    shared(room)
    room.die()
    room.say(20)
    room.shown = [room.voice]
    room.poll()
    ended = room.now
    room.say(20)
    room.come()
    assert shuts(room) == [("teacher-screen", ended, False)]


def test_what_ends_after_the_bell_ended_with_it(room: Room) -> None:
    room.come()
    room.here = False
    room.passing.ending = bell = room.now
    room.say(5)
    room.shown = []
    room.poll()
    room.here = True
    room.poll()
    assert shuts(room) == [("teacher-microphone", bell, False)]


def test_one_that_is_replaced_is_over_before_the_next_one_begins(room: Room) -> None:
    room.come()
    again = Heard(2)
    room.passing.lose({1, 99})
    room.shown = [again]
    room.say(2, again)
    room.poll()
    kinds = [type(it).__name__ for it in room.told]
    assert kinds[-2:] == ["Shut", "Open"] and shuts(room) == [("teacher-microphone", room.now, True)]
    assert room.passing.over == {}


def test_two_of_one_name_are_one(room: Room) -> None:
    room.come()
    again = Heard(2)
    room.shown = [room.voice, again]
    room.poll()
    room.shown = [again]
    room.poll()
    assert shuts(room) == []


def test_so_many_are_remembered_and_no_more(room: Room) -> None:
    room.come()
    for number in range(MAX_OVER + 10):
        room.shown = [room.voice, Heard(100 + number, participant=f"class{number}")]
        room.poll()
    assert len(room.passing.over) == MAX_OVER


@pytest.mark.parametrize("trouble", ["", "disk_full", "not_writable", "in_use"])
def test_since_when_nobody_took_it_is_told(room: Room, trouble: str) -> None:
    first = room.voice.said[0][1]
    room.here = True
    room.poll()
    room.passing.hear(wire.News(recording=1, trouble=trouble), room)
    room.say(50)
    del room.voice.said[:20]  # the history moves on
    room.come()
    it = opened(room, "teacher-microphone")
    assert (it.since_us, it.why) == (first, "disk" if trouble in ("disk_full", "not_writable") else "recorder")


def test_nothing_is_told_of_what_is_there_still(room: Room) -> None:
    room.say(50)
    room.come()
    assert opened(room, "teacher-microphone").since_us is None


def test_what_came_in_a_pause_is_not_missing(room: Room) -> None:
    room.pause()
    room.say(50)
    room.resume()
    room.say(5)
    since = room.voice.said[-5][1]
    room.poll()
    room.come()
    assert opened(room, "teacher-microphone").since_us is None
    room.die()
    room.say(50)
    del room.voice.said[:-10]
    room.come()
    assert opened(room, "teacher-microphone").since_us == since


def test_who_only_closes_it_has_missed_nothing(room: Room) -> None:
    room.come()
    room.die()
    room.come()
    [begin] = room.orders(wire.Begin)
    assert isinstance(begin, wire.Begin) and begin.after == "recorder"
    room.passing.only = True
    room.die()
    room.come()
    [begin] = room.orders(wire.Begin)
    assert isinstance(begin, wire.Begin) and begin.after == "server"


@pytest.mark.parametrize(
    ("error", "only", "after"),
    [(errno.ENOSPC, False, "recorder"), (errno.EROFS, False, "recorder"), (errno.ENOSPC, True, "server")],
)
def test_a_lesson_goes_on_while_the_disk_refuses_its_beginning(
    tmp_path: Path, error: int, only: bool, after: str
) -> None:
    begun: list[wire.Begin] = []

    def refuse(begin: wire.Begin, *_: object) -> None:
        begun.append(begin)
        raise OSError(error, "no")

    (tmp_path / "lesson").mkdir()
    (tmp_path / "lesson" / "manifest.json").touch()
    told = wire.Begin(recording=1, room="lesson", began_ms=0, began_us=0, lead="", after="server", only=only)
    kept = Kept(told, tmp_path, myself("a", 1))
    for _ in range(2):
        kept.start(refuse, lambda: 0)  # type: ignore[arg-type]
    assert [begin.after for begin in begun] == ["server", after]
