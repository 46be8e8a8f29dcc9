from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mediaserver.sfu.room import Room
from tests.sfu.rooms import H264, OPUS, VP8, Lesson, subscriber, track

TEACHER = {"video camera": "t camera", "audio teacher": "t microphone"}


@pytest.fixture
def lesson() -> Lesson:
    return Lesson()


def test_teacher_to_a_classroom(lesson: Lesson) -> None:
    display = lesson.watch("a")
    assert lesson.shows(display) == {}
    assert set(lesson.states(display).values()) == {"empty"}
    lesson.publish("t", "camera", "microphone", lead=True)
    assert lesson.shows(display) == TEACHER
    lesson.publish("t", "screen")
    assert lesson.shows(display) == {**TEACHER, "video screen": "t screen"}


def test_nothing_new_means_nothing_to_do(lesson: Lesson) -> None:
    lesson.watch("a")
    lesson.publish("t", "camera", "microphone", lead=True)
    assert lesson.settle(1) == []


def test_track_that_has_not_begun_is_waited_for(lesson: Lesson) -> None:
    display = lesson.watch("a")
    (camera,) = lesson.publish("t", "camera", lead=True, active=False)
    assert lesson.states(display) == {
        "video camera": "waiting",
        "video screen": "empty",
        "video called": "empty",
        "audio teacher": "waiting",
        "audio called": "empty",
    }
    assert lesson.shows(display) == {"video camera": "t camera"}, "it is routed at once, so that nothing is missed"
    assert lesson.room.update_track(camera, active=True, level=127)
    assert lesson.states(display)["video camera"] == "playing"
    assert not lesson.room.update_track(camera, active=True, level=50)


def test_screen_takes_the_main_slot_while_it_is_shared(lesson: Lesson) -> None:
    player = lesson.watch("a", video=1, audio=1)
    lesson.publish("t", "camera", "microphone", lead=True)
    assert lesson.shows(player) == {"video main": "t camera", "audio program": "t microphone"}
    (screen,) = lesson.publish("t", "screen", active=False)
    assert lesson.shows(player)["video main"] == "t camera"
    lesson.room.update_track(screen, active=True, level=127)
    assert lesson.shows(player)["video main"] == "t screen"
    lesson.leave([screen])
    assert lesson.shows(player)["video main"] == "t camera"


class TestCalling:
    def test_everybody_but_the_called_one(self, lesson: Lesson) -> None:
        lesson.publish("t", "camera", "microphone", lead=True)
        lesson.publish("a", "camera", "microphone")
        a, b, teacher = lesson.watch("a"), lesson.watch("b"), lesson.watch("t", "lead", video=8, audio=1)
        lesson.room.call("a")
        seen = {"video called": "a camera", "audio called": "a microphone"}
        assert lesson.shows(b) == {**TEACHER, **seen}
        assert lesson.shows(a) == TEACHER, "no echo of oneself"
        assert lesson.shows(teacher) == {"video tile1": "a camera", "audio called": "a microphone"}
        assert set(lesson.told) <= {"a", "b", "t"}
        lesson.room.call(None)
        assert lesson.shows(b) == TEACHER
        assert "audio called" not in lesson.shows(teacher)

    def test_one_after_the_other(self, lesson: Lesson) -> None:
        lesson.publish("t", "camera", "microphone", lead=True)
        for name in "ab":
            lesson.publish(name, "camera", "microphone")
        displays = {name: lesson.watch(name) for name in "ab"}
        lesson.room.call("a")
        lesson.settle()
        lesson.room.call("b")
        assert "video called" not in lesson.shows(displays["b"])
        assert lesson.shows(displays["a"])["video called"] == "b camera"

    def test_called_classroom_leaves_and_comes_back(self, lesson: Lesson) -> None:
        tracks = lesson.publish("a", "camera", "microphone")
        b = lesson.watch("b")
        lesson.room.call("a")
        assert lesson.states(b)["video called"] == "playing"
        lesson.leave(tracks)
        assert lesson.states(b)["video called"] == "waiting"
        assert lesson.shows(b) == {}
        lesson.publish("a", "camera", "microphone")
        assert lesson.shows(b) == {"video called": "a camera", "audio called": "a microphone"}

    def test_somebody_who_does_not_publish(self, lesson: Lesson) -> None:
        b = lesson.watch("b")
        lesson.room.call("nobody")
        assert lesson.states(b)["video called"] == lesson.states(b)["audio called"] == "waiting"


class TestTiles:
    def test_first_eight_that_publish_until_told_otherwise(self, lesson: Lesson) -> None:
        lesson.publish("t", "camera", "microphone", lead=True)
        teacher = lesson.watch("t", "lead", video=8, audio=1)
        for number in range(10):
            lesson.publish(f"c{number}", "microphone", "camera")
        assert lesson.shows(teacher) == {f"video tile{n + 1}": f"c{n} camera" for n in range(8)}
        lesson.room.show_tiles("t", ("c8", "c9", "c0"))
        assert lesson.shows(teacher) == {
            f"video tile{n + 1}": f"{who} camera" for n, who in enumerate(("c8", "c9", "c0"))
        }
        lesson.room.show_tiles("t", ())
        assert lesson.shows(teacher) == {}

    def test_no_more_than_eight_are_remembered(self) -> None:
        room = Room("r")
        room.show_tiles("t", tuple(map(str, range(20))))
        assert len(room.tiles["t"]) == 8

    def test_page_of_somebody_who_is_away(self, lesson: Lesson) -> None:
        teacher = lesson.watch("t", "lead", video=2, audio=1)
        lesson.room.show_tiles("t", ("away", "c"))
        lesson.publish("c", "camera")
        assert lesson.states(teacher) == {"video tile1": "waiting", "video tile2": "playing", "audio called": "empty"}

    def test_forgotten_with_the_last_page(self, lesson: Lesson) -> None:
        one, two = (lesson.watch("t", "lead", video=1, audio=1) for _ in range(2))
        lesson.room.show_tiles("t", ("c",))
        lesson.room.remove_subscriber(one.session)
        assert "t" in lesson.room.tiles
        lesson.room.remove_subscriber(two.session)
        assert lesson.room.tiles == {}


class TestJoining:
    """A whole school joins at once: one joiner must not cost a look at everybody else."""

    class Counted(list):
        looked = 0

        def __iter__(self):
            self.looked += 1
            return super().__iter__()

    def test_only_the_joiner_is_looked_at(self, lesson: Lesson) -> None:
        lesson.publish("t", "camera", "microphone", lead=True)
        there = subscriber("a")
        there.slots = self.Counted(there.slots)
        lesson.room.add_subscriber(there)
        lesson.room.changes(lesson.now)
        before = there.slots.looked
        joiner = subscriber("b")
        lesson.room.add_subscriber(joiner)
        actions = lesson.room.changes(lesson.now)
        assert {action.subscriber.participant for action in actions} == {"b"}
        lesson.room.remove_subscriber(joiner.session)
        lesson.room.remove_tracks("b", set())
        assert lesson.room.changes(lesson.now) == [] and there.slots.looked == before
        lesson.room.call("b")
        lesson.room.changes(lesson.now)
        assert there.slots.looked == before + 1

    def test_gone_before_anybody_looked(self, lesson: Lesson) -> None:
        joiner = subscriber("b")
        lesson.room.add_subscriber(joiner)
        lesson.room.remove_subscriber(joiner.session)
        assert lesson.room.changes(lesson.now) == [] and not lesson.room.joined


class TestMute:
    def test_sound_stops_and_the_picture_stays(self, lesson: Lesson) -> None:
        lesson.publish("a", "camera", "microphone")
        b = lesson.watch("b")
        lesson.room.call("a")
        lesson.room.mute("a", True)
        assert lesson.shows(b) == {"video called": "a camera"}
        assert [one.muted for one in lesson.room.tracks_of("a")] == [False, True]
        lesson.room.mute("a", False)
        assert lesson.shows(b)["audio called"] == "a microphone"

    def test_before_there_is_a_microphone(self, lesson: Lesson) -> None:
        lesson.room.mute("a", True)
        (microphone,) = lesson.publish("a", "microphone")
        assert microphone.muted
        lesson.room.mute("b", False)
        assert lesson.room.muted == {"a"}


def test_codec_the_browser_lacks_is_told(lesson: Lesson) -> None:
    lesson.publish("t", "camera", codecs=(H264,), lead=True)
    display = lesson.watch("a", codecs=(VP8,))
    other = lesson.watch("b", codecs=(VP8, H264))
    assert lesson.states(display)["video camera"] == "unsupported"
    camera = display.slots[0]
    assert (camera.playing, camera.shown) == (None, ("unsupported", "t", "camera", "H264"))
    assert lesson.states(other)["video camera"] == "playing"
    (publisher,) = lesson.room.tracks_of("t")
    assert other.slots[0].payload_types(publisher) == {102: 102}
    assert camera.payload_types(publisher) == {}


def test_payload_types_take_the_subscribers_first_choice() -> None:
    lesson = Lesson()
    twice = (VP8, H264, H264.__class__(125, "H264", "video", 90_000, 1, "", None, (), "H264/1/42e0"))
    slot = lesson.watch("a", codecs=twice).slots[0]
    assert slot.payload_types(track("t", "camera", codecs=(H264,))) == {102: 102}
    assert slot.payload_types(track("t", "microphone", codecs=(OPUS,))) == {}


class TestProgram:
    def room(self, lesson: Lesson):
        teacher = lesson.publish("t", "microphone", lead=True)[0]
        pupil = lesson.publish("a", "microphone")[0]
        player = lesson.watch("b", video=0, audio=1)
        lesson.room.call("a")
        lesson.settle()
        return teacher, pupil, player

    def speak(self, lesson: Lesson, teacher, pupil, *levels: tuple[int, int]) -> str:
        for first, second in levels:
            lesson.room.update_track(teacher, active=True, level=first)
            lesson.room.update_track(pupil, active=True, level=second)
            lesson.settle(0.1)
        return lesson.room.speaking

    def test_the_called_one_takes_a_turn(self, lesson: Lesson) -> None:
        teacher, pupil, player = self.room(lesson)
        assert lesson.shows(player) == {"audio program": "t microphone"}
        assert self.speak(lesson, teacher, pupil, (127, 30)) == "a"
        assert lesson.shows(player) == {"audio program": "a microphone"}
        assert self.speak(lesson, teacher, pupil, *[(127, 127)] * 6) == "t"

    def test_a_called_box_without_levels_has_the_turn_while_the_teacher_is_silent(self, lesson: Lesson) -> None:
        teacher = lesson.publish("t", "microphone", lead=True)[0]
        box = lesson.publish("a", "microphone", levels=False)[0]
        lesson.room.call("a")
        assert self.speak(lesson, teacher, box, (127, 127)) == "a"
        assert self.speak(lesson, teacher, box, *[(20, 127)] * 2) == "t"
        assert self.speak(lesson, teacher, box, *[(127, 127)] * 6) == "a"

    def test_pauses_between_words(self, lesson: Lesson) -> None:
        teacher, pupil, _ = self.room(lesson)
        self.speak(lesson, teacher, pupil, (127, 30))
        assert self.speak(lesson, teacher, pupil, *[(127, 90)] * 3) == "a"

    def test_both_speak(self, lesson: Lesson) -> None:
        teacher, pupil, _ = self.room(lesson)
        assert self.speak(lesson, teacher, pupil, (30, 30)) == "t"
        assert self.speak(lesson, teacher, pupil, (30, 20)) == "a", "clearly louder"
        assert self.speak(lesson, teacher, pupil, (22, 25)) == "a", "the turn is kept while it is close"
        assert self.speak(lesson, teacher, pupil, (15, 25)) == "t"

    def test_muted_or_gone_or_called_no_more(self, lesson: Lesson) -> None:
        teacher, pupil, player = self.room(lesson)
        self.speak(lesson, teacher, pupil, (127, 30))
        lesson.room.mute("a", True)
        assert lesson.shows(player) == {"audio program": "t microphone"}
        lesson.room.mute("a", False)
        self.speak(lesson, teacher, pupil, (127, 30))
        lesson.leave([pupil])
        assert lesson.shows(player) == {"audio program": "t microphone"}
        lesson.room.call(None)
        assert lesson.shows(player) == {"audio program": "t microphone"}

    def test_the_called_one_hears_the_teacher(self, lesson: Lesson) -> None:
        teacher, pupil, _ = self.room(lesson)
        own = lesson.watch("a", video=0, audio=1)
        self.speak(lesson, teacher, pupil, (127, 30))
        assert lesson.shows(own) == {"audio program": "t microphone"}


def test_lead_is_taken_over(lesson: Lesson) -> None:
    old = lesson.publish("t", "camera", "microphone", lead=True)
    display = lesson.watch("a")
    lesson.leave(old)
    lesson.publish("u", "camera", lead=True)
    assert lesson.shows(display) == {"video camera": "u camera"}
    assert lesson.states(display)["audio teacher"] == "waiting"


def test_reload_replaces_the_tracks(lesson: Lesson) -> None:
    old = lesson.publish("t", "camera", "microphone", lead=True)
    display = lesson.watch("a")
    lesson.leave(old)
    new = lesson.publish("t", "camera", "microphone", lead=True)
    assert [slot.playing for slot in display.slots if slot.playing] == new
    lesson.leave(old)
    assert lesson.shows(display) == TEACHER, "what is already gone takes nothing along"


def test_rates_by_who_looks(lesson: Lesson) -> None:
    lesson.publish("t", "camera", lead=True)
    for name in ("called", "tile", "unseen"):
        lesson.publish(name, "camera")
    lesson.watch("t", "lead", video=1, audio=1)
    lesson.room.show_tiles("t", ("tile",))
    lesson.room.call("called")
    lesson.settle()
    rates = {name: lesson.room.wanted_rate(name, least=1, tile=2, most=3) for name in ("t", "called", "tile", "unseen")}
    assert rates == {"t": 3, "called": 3, "tile": 2, "unseen": 1}


class AnyLesson(RuleBasedStateMachine):
    """Whatever happens: `Lesson.settle` holds, nobody gets an echo, and settling twice changes nothing."""

    people = st.sampled_from("tabc")
    sources = st.sampled_from(("camera", "screen", "microphone"))

    def __init__(self) -> None:
        super().__init__()
        self.lesson = Lesson()

    @rule(
        who=people, sources=st.sets(st.sampled_from(("camera", "screen", "microphone")), min_size=1), lead=st.booleans()
    )
    def publish(self, who: str, sources: set[str], lead: bool) -> None:
        self.lesson.publish(who, *sorted(sources), lead=lead)

    @rule(who=people)
    def unpublish(self, who: str) -> None:
        if tracks := self.lesson.room.tracks_of(who):
            self.lesson.leave(tracks)

    @rule(who=people, video=st.integers(0, 9), audio=st.integers(0, 3), lead=st.booleans())
    def watch(self, who: str, video: int, audio: int, lead: bool) -> None:
        if len(self.lesson.room.subscribers) < 6:
            self.lesson.watch(who, "lead" if lead else "classroom", video=video, audio=audio)

    @rule(number=st.integers(0, 5))
    def unwatch(self, number: int) -> None:
        sessions = list(self.lesson.room.subscribers)
        if number < len(sessions):
            self.lesson.room.remove_subscriber(sessions[number])

    @rule(who=people | st.none())
    def call(self, who: str | None) -> None:
        self.lesson.room.call(who)

    @rule(who=people, muted=st.booleans())
    def mute(self, who: str, muted: bool) -> None:
        self.lesson.room.mute(who, muted)

    @rule(who=people, tiles=st.lists(people, max_size=9))
    def tiles(self, who: str, tiles: list[str]) -> None:
        self.lesson.room.show_tiles(who, tuple(tiles))

    @rule(who=people, active=st.booleans(), level=st.integers(0, 127))
    def measure(self, who: str, active: bool, level: int) -> None:
        for one in self.lesson.room.tracks_of(who):
            self.lesson.room.update_track(one, active=active, level=level)

    @invariant()
    def nobody_hears_himself(self) -> None:
        self.lesson.settle(0.1)
        assert self.lesson.settle() == []
        tracks = set(map(id, self.lesson.room.tracks.values()))
        for watcher in self.lesson.room.subscribers.values():
            for slot in watcher.slots:
                if slot.playing is not None:
                    assert id(slot.playing) in tracks
                    assert not (slot.playing.source == "microphone" and slot.playing.muted)
                    if slot.name == "called":
                        assert slot.playing.participant != watcher.participant


AnyLesson.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True)
TestAnyLesson = AnyLesson.TestCase
