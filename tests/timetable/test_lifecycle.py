"""A lesson's life, walked in every direction."""

from __future__ import annotations

from typing import get_args

import pytest

from signalling.timetable.lifecycle import TRANSITIONS, Cue, State, due

STARTS, CLOSES, BEFORE = 1000, 4000, 600


def test_the_table_speaks_of_known_states_and_cues() -> None:
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(get_args(State))
    assert {cue for _, cue in TRANSITIONS} == set(get_args(Cue))


def test_every_state_is_reached_and_only_cancelled_ends_all() -> None:
    reached, edge = set(), ["scheduled"]
    while edge:
        state = edge.pop()
        reached.add(state)
        edge += [after for (before, _), after in TRANSITIONS.items() if before == state and after not in reached]
    assert reached == set(get_args(State))
    assert reached - {before for before, _ in TRANSITIONS} == {"cancelled"}


def test_what_was_live_is_never_cancelled() -> None:
    for state in ("live", "ended", "processing", "published"):
        assert (state, "cancel") not in TRANSITIONS


@pytest.mark.parametrize(
    ("state", "now", "cue"),
    [
        ("scheduled", STARTS - BEFORE - 1, None),
        ("scheduled", STARTS - BEFORE, "open"),
        ("scheduled", CLOSES - 1, "open"),
        ("scheduled", CLOSES, "close"),  # the server was down
        ("open", CLOSES - 1, None),
        ("open", CLOSES, "close"),
        ("live", CLOSES - 0.5, None),
        ("live", CLOSES, "close"),
        *((state, CLOSES * 2, None) for state in ("ended", "processing", "published", "cancelled")),
    ],
)
def test_what_the_clock_says(state: State, now: float, cue: Cue | None) -> None:
    assert due(state, starts=STARTS, closes=CLOSES, open_before_s=BEFORE, now=now) == cue


def test_what_the_clock_says_can_always_be_done() -> None:
    for state in get_args(State):
        for now in range(0, 5000, 100):
            cue = due(state, starts=STARTS, closes=CLOSES, open_before_s=BEFORE, now=now)
            assert cue is None or (state, cue) in TRANSITIONS
