"""What is missing while nobody wrote, or nobody sent: since when, until when, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.manifest import Track
from recorder.recording import Recording
from tests.recorder.scene import BEGAN, DELAY, ZERO, Scene

SECOND = 1_000_000
MINUTE = 60 * SECOND


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lesson"


def gaps(track: Track | None) -> list[tuple[float, float, str]]:
    """In tenths of a second."""
    assert track is not None
    return [(round(gap.start_us / SECOND, 1), round(gap.end_us / SECOND, 1), gap.why) for gap in track.gaps]


def killed(folder: Path, *sources: str) -> None:
    """A second of each of these, one after the other; all of it is on the disk."""
    scene = Scene(folder)
    for source in sources:
        scene.publish(f"teacher-{source}", "vp8").send(30)
    scene.until(scene.now + SECOND)


class TestNobodyWrote:
    def test_until_the_end_is_a_gap(self, folder: Path) -> None:
        killed(folder, "camera")
        kept = Scene(folder, 45 * MINUTE, after="recorder").end()
        assert kept.length_us == 45 * MINUTE
        assert gaps(kept.tracks[0]) == [(1.0, 2700.0, "recorder")]

    def test_until_it_ended_meanwhile(self, folder: Path) -> None:
        killed(folder, "camera")
        again = Scene(folder, 45 * MINUTE, after="recorder")
        again.recording.close_track("teacher-camera", again.clock() - 5 * MINUTE)
        again.recording.close_track("nobody-camera", again.clock())
        again.recording.close_track("teacher-camera", again.clock())
        kept = again.end()
        assert gaps(kept.tracks[0]) == [(1.0, 2400.0, "recorder")] and kept.length_us == 45 * MINUTE

    @pytest.mark.parametrize("codec", ["vp8", "opus"])
    @pytest.mark.parametrize("why", ["recorder", "disk"])
    def test_from_the_beginning_is_a_gap(self, folder: Path, codec: str, why: str) -> None:
        scene = Scene(folder, 5 * MINUTE)
        camera = scene.publish("teacher-x", codec)
        source, kind = ("camera", "video") if codec == "vp8" else ("microphone", "audio")
        since = scene.clock() - 5 * MINUTE + DELAY
        scene.recording.open("teacher-x", "teacher", source, kind, scene.clock(), -1, since, why)
        camera.send(30)
        assert gaps(scene.end().tracks[0]) == [(0.0, 300.0, why)]

    def test_what_came_a_moment_before_is_none(self, folder: Path) -> None:
        scene = Scene(folder, SECOND)
        scene.publish("teacher-camera", "vp8", since=SECOND - 50_000).send(30)
        scene.publish("teacher-microphone", "opus", since=scene.now).send(30)
        assert [track.gaps for track in scene.end().tracks] == [[], []]

    @pytest.mark.parametrize("order", ["paused", "excluded"])
    def test_a_pause_that_was_over_meanwhile_is_told_apart(self, folder: Path, order: str) -> None:
        killed(folder, "camera")
        again = Scene(folder, 9 * SECOND, after="recorder")
        at = again.clock() - 9 * SECOND
        if order == "paused":
            again.recording.pause(at + 3 * SECOND, "teacher")
            again.recording.resume(at + 5 * SECOND)
        else:
            again.recording.exclude("teacher", at + 3 * SECOND, "teacher")
            again.recording.include("teacher", at + 5 * SECOND)
        again.publish("teacher-camera", "vp8").send(30)
        assert gaps(again.end().tracks[0]) == [(1.0, 3.0, "recorder"), (3.0, 5.0, order), (5.0, 9.0, "recorder")]

    def test_a_pause_that_goes_on_is_told_apart_too(self, folder: Path) -> None:
        killed(folder, "camera")
        again = Scene(folder, 9 * SECOND, after="recorder")
        again.recording.pause(again.clock() - 6 * SECOND, "teacher")
        camera = again.publish("teacher-camera", "vp8")
        camera.send(30)
        again.recording.resume(again.clock())
        camera.number = 0
        camera.send(30)
        assert gaps(again.end().tracks[0]) == [(1.0, 3.0, "recorder"), (3.0, 10.0, "paused")]


@pytest.mark.parametrize("after", ["recorder", "server"])
class TestOver:
    def test_what_was_over_before_is_not_missing(self, folder: Path, after: str) -> None:
        scene = Scene(folder)
        camera, screen = scene.publish("teacher-camera", "vp8"), scene.publish("teacher-screen", "vp8")
        camera.send(30)
        screen.send(30)
        scene.recording.close_track("teacher-screen", scene.clock())
        scene.until(scene.now + SECOND)
        again = Scene(folder, 30 * SECOND, after=after)
        again.publish("teacher-camera", "vp8").send(30)
        again.until(40 * SECOND)
        kept = again.end()
        assert kept.track("teacher-screen").gaps == []
        assert gaps(kept.track("teacher-camera")) == [(1.0, 30.0, after)]

    def test_nor_when_it_comes_again(self, folder: Path, after: str) -> None:
        scene = Scene(folder)
        scene.publish("teacher-screen", "vp8").send(30)
        scene.recording.close_track("teacher-screen", scene.clock())
        scene.until(scene.now + SECOND)
        again = Scene(folder, 40 * SECOND, after=after)
        again.publish("teacher-screen", "vp8").send(30)
        again.until(again.now + SECOND)
        last = Scene(folder, 50 * SECOND, after=after)
        last.publish("teacher-screen", "vp8").send(30)
        kept = last.end()
        assert len(kept.tracks[0].parts) == 3
        assert gaps(kept.tracks[0]) == [(41.0, 50.0, after)], "the second time it was there"

    def test_who_comes_again_without_it_had_ended_it(self, folder: Path, after: str) -> None:
        killed(folder, "camera", "screen")
        again = Scene(folder, 30 * SECOND, after=after)
        again.publish("teacher-camera", "vp8").send(30)
        again.until(40 * SECOND)
        assert gaps(again.end().track("teacher-screen")) == [(2.0, 30.0, after)]


class TestLost:
    def lost(self, folder: Path, name: str = "teacher-camera", codec: str = "vp8") -> Scene:
        """She sends for a second, and is given up after thirty."""
        scene = Scene(folder)
        scene.publish(name, codec).send(30)
        scene.until(31 * SECOND)
        scene.recording.close_track(name, scene.clock(), lost=True)
        return scene

    @pytest.mark.parametrize("codec", ["vp8", "opus"])
    def test_until_she_comes_again(self, folder: Path, codec: str) -> None:
        scene = self.lost(folder, "teacher-x", codec)
        scene.until(MINUTE)
        scene.publish("teacher-x", codec, ssrc=77, first=9).send(30)
        [track] = scene.end().tracks
        assert len(track.parts) == 2
        assert gaps(track) == [(1.0 if codec == "vp8" else 0.6, 60.0, "network")]

    def test_until_the_bell_when_she_does_not(self, folder: Path) -> None:
        scene = self.lost(folder)
        scene.until(MINUTE)
        assert gaps(scene.end().tracks[0]) == [(1.0, 60.0, "network")]

    def test_who_else_teaches_by_then_is_not_her(self, folder: Path) -> None:
        scene = self.lost(folder)
        scene.recording.lead("substitute")
        scene.until(MINUTE)
        assert gaps(scene.end().tracks[0]) == [(1.0, 31.0, "network")]

    @pytest.mark.parametrize("name", ["village-camera", "teacher-screen"])
    def test_nobody_waits_for_a_classroom_or_a_screen(self, folder: Path, name: str) -> None:
        scene = self.lost(folder, name)
        scene.until(MINUTE)
        assert gaps(scene.end().tracks[0]) == [(1.0, 31.0, "network")]

    def test_who_sent_until_it_ended_had_ended_it(self, folder: Path) -> None:
        scene = Scene(folder)
        scene.publish("teacher-camera", "vp8").send(30)
        scene.recording.close_track("teacher-camera", scene.clock() + SECOND, lost=True)
        scene.until(MINUTE)
        [track] = scene.end().tracks
        assert track.gaps == [] and track.over

    def test_who_was_silent_is_not_lost(self, folder: Path) -> None:
        scene = Scene(folder)
        scene.publish("teacher-microphone", "opus").send(50)
        scene.recording.silence("teacher-microphone", "silent")
        scene.until(31 * SECOND)
        scene.recording.close_track("teacher-microphone", scene.clock(), lost=True)
        scene.until(MINUTE)
        assert gaps(scene.end().tracks[0]) == [(1.0, 31.0, "silent")]

    def test_a_pause_meanwhile_is_a_pause(self, folder: Path) -> None:
        scene = self.lost(folder)
        scene.until(40 * SECOND)
        scene.recording.pause(scene.clock(), "teacher")
        scene.until(50 * SECOND)
        scene.recording.resume(scene.clock())
        scene.until(MINUTE)
        scene.publish("teacher-camera", "vp8").send(30)
        kept = gaps(scene.end().tracks[0])
        assert kept == [(1.0, 40.0, "network"), (40.0, 50.0, "paused"), (50.0, 60.0, "network")]

    @pytest.mark.parametrize("written", [True, False])
    def test_a_killed_recorder_knows_it_still(self, folder: Path, written: bool) -> None:
        scene = self.lost(folder)
        if written:
            scene.until(32 * SECOND)
        again = Scene(folder, 45 * SECOND, after="recorder")
        again.recording.close_track("teacher-camera", again.clock() - 14 * SECOND, lost=True)
        again.until(MINUTE)
        again.publish("teacher-camera", "vp8").send(30)
        kept = gaps(again.end().tracks[0])
        untold = [(1.0, 31.0, "recorder"), (31.0, 60.0, "network")]
        assert kept == ([(1.0, 60.0, "network")] if written else untold)


class TestClock:
    """A server that is started again, 20 s later, on a machine whose clock was set meanwhile."""

    AWAY = 20 * SECOND

    def gaps(self, folder: Path, minutes: int, boots: tuple[str, str], now: int) -> list[tuple[float, float, str]]:
        scene = Scene(folder, boot=boots[0])
        scene.publish("teacher-camera", "vp8").send(30)
        scene.recording.suspend(scene.clock())
        began_ms = BEGAN + (self.AWAY + minutes * MINUTE) // 1000
        again = Recording(
            folder, "lesson", began_ms, "teacher", lambda: now, began_us=now, boot=boots[1], after="server"
        )
        scene.recording, scene.now = again, 0
        scene.clock = lambda: now + scene.now
        scene.publish("teacher-camera", "vp8").send(30)
        return gaps(scene.end().tracks[0])

    @pytest.mark.parametrize("minutes", [-20, 0, 20, 3 * 24 * 60])
    def test_nothing_moves(self, folder: Path, minutes: int) -> None:
        assert self.gaps(folder, minutes, ("a", "a"), ZERO + self.AWAY) == [(1.0, 20.0, "server")]

    @pytest.mark.parametrize("boots", [("a", "b"), ("", ""), ("a", ""), ("", "b")])
    def test_after_the_machine_was_started_again_the_time_of_day_tells(
        self, folder: Path, boots: tuple[str, str]
    ) -> None:
        assert self.gaps(folder, 2, boots, 7 * SECOND) == [(1.0, 140.0, "server")]

    @pytest.mark.parametrize("minutes", [-20, 3 * 24 * 60])
    def test_what_no_lesson_lasts_is_no_time(self, folder: Path, minutes: int) -> None:
        assert self.gaps(folder, minutes, ("a", "b"), 7 * SECOND) == [(1.0, 1.0, "server")]
