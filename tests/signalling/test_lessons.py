"""The pure lesson: its table of states, who sees whom, what changes are told."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import Role, TrackState
from signalling.lessons import NOTHING, TRANSITIONS, Change, Cue, Lesson, State
from signalling.messages import Display, Remote

ON = (TrackState("camera", "video", "VP8", active=True), TrackState("microphone", "audio", "opus", active=False))
OFF = tuple(TrackState(track.source, track.kind, track.codec, active=False) for track in ON)


def lesson_with(*people: tuple[str, Role]) -> Lesson:
    lesson = Lesson(0.0)
    for id, role in people:
        lesson.connect(id, id.title(), role, 0.0)
    return lesson


def test_table_is_total_about_the_end_and_never_waits_again() -> None:
    for state in get_args(State):
        if state != "ended":
            assert TRANSITIONS[state, "end"] == "ended"
    assert "waiting" not in TRANSITIONS.values()
    assert {cue for _, cue in TRANSITIONS} == set(get_args(Cue))


def test_states_follow_the_leads_media() -> None:
    lesson = lesson_with(("lead", "lead"), ("c1", "classroom"))
    assert lesson.set_tracks("c1", ON, 1.0) == Change(frozenset({"c1"}))
    assert lesson.state == "waiting"
    assert lesson.set_tracks("lead", OFF, 2.0) == Change(frozenset({"lead"}))
    assert lesson.set_tracks("lead", ON, 3.0) == Change(frozenset({"lead"}), lesson=True)
    assert (lesson.state, lesson.since) == ("live", 3.0)
    assert lesson.set_tracks("lead", ON, 4.0) is NOTHING
    assert lesson.set_tracks("lead", OFF, 5.0).lesson
    assert (lesson.state, lesson.since) == ("interrupted", 5.0)
    assert lesson.set_tracks("lead", (), 6.0) == Change(frozenset({"lead"}))
    assert lesson.set_tracks("lead", ON, 7.0).lesson
    assert lesson.summary().model_dump() == {"state": "live", "since": 7000, "lead": "lead"}


def test_media_that_still_arrives_does_not_revive_an_ended_lesson() -> None:
    lesson = lesson_with(("lead", "lead"))
    lesson.set_tracks("lead", ON, 1.0)
    assert lesson.end(2.0).lesson
    assert lesson.end(2.5) == NOTHING
    lesson.set_tracks("lead", ON[:1], 3.0)
    assert lesson.state == "ended"
    lesson.set_tracks("lead", (), 4.0)
    assert (lesson.state, lesson.since) == ("ended", 2.0)
    lesson.set_tracks("lead", ON, 5.0)
    assert (lesson.state, lesson.since) == ("live", 5.0)


def test_tracks_may_come_before_their_participant() -> None:
    lesson = Lesson(0.0)
    lesson.set_tracks("lead", ON, 1.0)
    assert lesson.state == "waiting"
    assert lesson.open_session("lead", "L", "lead", "s1", 2.0) == Change(frozenset({"lead"}), lesson=True)
    assert (lesson.state, lesson.lead) == ("live", "lead")
    assert [track.active for track in lesson.describe("lead").tracks] == [True, False]


def test_the_lead_is_who_sends_else_who_is_here() -> None:
    lesson = lesson_with(("a", "lead"), ("b", "lead"))
    assert lesson.lead == "a"
    lesson.set_tracks("b", ON, 1.0)
    assert lesson.lead == "b"
    lesson.set_tracks("b", (), 2.0)
    assert lesson.lead == "b"
    assert lesson.disconnect("b", 3.0) == Change(frozenset({"b"}), lesson=True)
    assert lesson.lead == "a"
    lesson.disconnect("a", 4.0)
    assert (lesson.lead, lesson.state) == (None, "interrupted")


def test_people_are_here_while_connected_or_with_media() -> None:
    lesson = Lesson(0.0)
    lesson.open_session("c1", "C", "classroom", "s1", 0.0)
    assert lesson.describe("c1").online is False
    lesson.connect("c1", "C2", "classroom", 0.0)
    assert (lesson.describe("c1").online, lesson.describe("c1").name) == (True, "C2")
    lesson.set_hand("c1", True)
    lesson.disconnect("c1", 0.0)
    assert (lesson.describe("c1").online, lesson.describe("c1").hand) == (False, False)
    assert lesson.close_session("c1", "s2", 0.0) is NOTHING
    assert lesson.close_session("c1", "s1", 0.0) == Change(frozenset({"c1"}))
    assert lesson.people == {}
    assert lesson.close_session("c1", "s1", 0.0) is NOTHING and lesson.disconnect("c1", 0.0) is NOTHING


def test_sessions_of_who_is_here_are_no_news() -> None:
    """A whole school opens its sessions at once, and every page would be told of each."""
    lesson = lesson_with(("c1", "classroom"))
    assert lesson.open_session("c1", "C1", "classroom", "s1", 0.0) is NOTHING
    assert lesson.close_session("c1", "s1", 0.0) is NOTHING
    assert lesson.open_session("c1", "Another name", "classroom", "s2", 0.0) == Change(frozenset({"c1"}))
    assert lesson.disconnect("c1", 0.0) == Change(frozenset({"c1"}))
    assert lesson.open_session("c1", "Another name", "classroom", "s3", 0.0) is NOTHING
    assert lesson.close_session("c1", "s2", 0.0) is NOTHING and "c1" in lesson.people
    assert lesson.close_session("c1", "s3", 0.0) == Change(frozenset({"c1"})) and lesson.people == {}


def test_muted_outlasts_a_reload_and_hands_do_not() -> None:
    lesson = lesson_with(("c1", "classroom"))
    assert lesson.set_muted("nobody", True) is NOTHING
    assert lesson.set_muted("c1", True) == Change(frozenset({"c1"}))
    assert lesson.set_muted("c1", True) is NOTHING
    lesson.set_hand("c1", True)
    lesson.disconnect("c1", 1.0)
    lesson.connect("c1", "C", "classroom", 2.0)
    assert (lesson.describe("c1").muted, lesson.describe("c1").hand) == (True, False)
    lesson.set_muted("c1", False)
    assert lesson.describe("c1").muted is False
    assert lesson.set_hand("nobody", True) is NOTHING and lesson.set_hand("c1", False) is NOTHING


def test_called_changes_concern_both() -> None:
    lesson = lesson_with(("c1", "classroom"), ("c2", "classroom"))
    assert lesson.set_called("c1") == Change(frozenset({"c1"}), called=True)
    assert lesson.set_called("c1") is NOTHING
    assert lesson.set_called("c2") == Change(frozenset({"c1", "c2"}), called=True)
    assert lesson.set_called(None) == Change(frozenset({"c2"}), called=True)


@pytest.mark.parametrize(
    ("viewer", "role", "visible"),
    [
        ("c1", "classroom", {"lead", "c1", "c2"}),
        ("c3", "classroom", {"lead", "c2", "c3"}),
        ("lead", "lead", {"lead", "c1", "c2", "c3", "a"}),
        ("a", "assistant", {"lead", "c2", "a"}),
        ("x", "supervisor", {"lead", "c1", "c2", "c3", "a"}),
    ],
)
def test_who_sees_whom(viewer: str, role: Role, visible: set[str]) -> None:
    lesson = lesson_with(
        ("lead", "lead"), ("c1", "classroom"), ("c2", "classroom"), ("c3", "classroom"), ("a", "assistant")
    )
    lesson.set_called("c2")
    assert {id for id in (*lesson.people, "gone") if lesson.sees(viewer, role, id)} == visible
    assert lesson.sees("a", "assistant", "c1", "c1") and not lesson.sees("a", "assistant", "c3", "c1")


def test_a_display_is_what_was_wanted_last() -> None:
    lesson = lesson_with(("c1", "classroom"))
    assert lesson.want("nobody", Remote(volume=3)) is None and lesson.wanted == {}
    assert lesson.set_display("nobody", Display()) is NOTHING
    assert lesson.set_display("c1", Display(volume=70)) == Change(frozenset({"c1"}))
    assert lesson.set_display("c1", Display(volume=70)) is NOTHING and lesson.wanted == {}
    assert lesson.want("c1", Remote(local=True)) == Display(volume=70, local=True), "the rest stays as the display is"
    assert lesson.want("c1", Remote(microphone=False)) == Display(volume=70, local=True, microphone=False)
    assert lesson.describe("c1").display == Display(volume=70), "it has not said that it is so"
    lesson.disconnect("c1", 1.0)
    lesson.connect("c1", "C", "classroom", 2.0)
    assert lesson.wanted["c1"] == Display(volume=70, local=True, microphone=False)
    lesson.set_display("c1", Display(local=True))
    assert lesson.want("c1", Remote(volume=5)) == Display(local=True, volume=5), "set by hand at the display"
    lesson.end(3.0)
    assert lesson.wanted["c1"] == Display(volume=5)


def test_a_hand_that_the_assistant_raised_comes_back_with_the_display() -> None:
    lesson = lesson_with(("c1", "classroom"))

    def after_coming_back() -> bool:
        lesson.disconnect("c1", 1.0)
        lesson.connect("c1", "C", "classroom", 2.0)
        return lesson.describe("c1").hand

    assert lesson.set_hand("nobody", True, held=True) is NOTHING
    assert lesson.set_hand("c1", True, held=True) == Change(frozenset({"c1"}))
    assert after_coming_back()
    assert lesson.set_hand("c1", False) == Change(frozenset({"c1"}))
    assert not after_coming_back()
    lesson.set_hand("c1", True)
    assert lesson.set_hand("c1", True, held=True) is NOTHING
    assert after_coming_back()
    lesson.end(3.0)
    assert not after_coming_back()


events = st.one_of(
    st.tuples(st.just("connect"), st.sampled_from("ab"), st.sampled_from(["lead", "classroom"])),
    st.tuples(st.just("disconnect"), st.sampled_from("ab")),
    st.tuples(st.just("tracks"), st.sampled_from("ab"), st.sampled_from([(), ON, OFF])),
    st.tuples(st.just("end")),
)


@given(st.lists(events, max_size=30))
def test_whatever_happens_the_state_is_told_and_true(sequence: list[tuple[str, ...]]) -> None:
    lesson, told = Lesson(0.0), ("waiting", None)
    for now, (what, *rest) in enumerate(sequence, 1):
        if what == "connect":
            change = lesson.connect(rest[0], rest[0], rest[1], now)  # type: ignore[arg-type]
        elif what == "disconnect":
            change = lesson.disconnect(rest[0], now)
        elif what == "tracks":
            change = lesson.set_tracks(rest[0], rest[1], now)  # type: ignore[arg-type]
        else:
            change = lesson.end(now)
        if change.lesson:
            told = (lesson.state, lesson.lead)
        assert told == (lesson.state, lesson.lead)
        assert lesson.lead is None or lesson.people[lesson.lead].role == "lead"
        if lesson.state == "live":
            assert any(track.active for track in lesson.tracks[lesson.lead or ""])
