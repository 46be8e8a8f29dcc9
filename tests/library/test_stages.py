"""The table of stages, and the next one to do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.library import stages
from signalling.library.stages import CHAINS, NEVER, STATES, TRANSITIONS, again_at, next_up, step

NOW = 1_772_409_600


@dataclass
class Row:
    name: str
    state: str = "waiting"
    tries: int = 0
    worker: str = ""
    lease: int = 0
    due: int = 0


def rows(kind: str = "lesson", **states: str) -> list[Row]:
    return [Row(step.name, states.get(step.name, "waiting")) for step in CHAINS[kind]]


def next_name(of: list[Row], now: float = NOW, dead: frozenset[str] = frozenset()) -> str | None:
    found = next_up("lesson", of, now, dead)
    return found.name if found is not None else None


def test_every_kind_ends_in_the_index_and_what_makes_files_is_published_before():
    for kind, chain in CHAINS.items():
        names = [step.name for step in chain]
        assert names[-1] == "index" and len(names) == len(set(names))
        assert (kind in ("link", "clip")) == ("publish" not in names)
        assert all(step.limit_s > 0 for step in chain)
        assert chain[-1].must
    assert [step.name for step in CHAINS["lesson"] if not step.must] == ["pictures", "transcript", "chapters"]


def test_stages_are_done_in_order():
    of = rows()
    order = []
    while (name := next_name(of)) is not None:
        order.append(name)
        next(row for row in of if row.name == name).state = "done"
    assert order == [step.name for step in CHAINS["lesson"]]


@pytest.mark.parametrize("state", ["failed", "given_up", "waiting"])
def test_what_must_be_done_holds_up_the_rest_and_what_may_lag_does_not(state):
    of = rows(finalise="done", pictures="done", chapters="done")
    of[2].state, of[2].due = state, NEVER
    assert next_name(of) == "publish"
    of[0].state, of[0].due = state, NEVER
    assert next_name(of) is None


def test_what_failed_is_next_when_its_time_has_come():
    of = rows(finalise="failed")
    of[0].due = NOW + 30
    assert next_name(of) is None
    assert next_name(of, NOW + 30) == "finalise"


def test_nobody_begins_beside_a_worker_whose_lease_holds():
    of = rows(finalise="done", pictures="running")
    of[1].worker, of[1].lease = "one", NOW + 1
    assert next_name(of) is None
    assert next_name(of, NOW + 1) == "pictures"
    assert next_name(of, NOW, frozenset(("one",))) == "pictures"


@given(
    st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from((0, NOW + 60, NEVER))), min_size=6, max_size=6),
    st.sampled_from(list(CHAINS)),
)
def test_only_what_may_be_taken_is_next_and_nothing_that_must_come_before_is_left(states, kind):
    of = [Row(step.name, state, due=due) for step, (state, due) in zip(CHAINS[kind], states, strict=False)]
    found = next_up(kind, of, NOW)
    if found is None:
        return
    assert (found.state, "take") in TRANSITIONS
    before = of[: of.index(found)]
    assert all(row.state == "done" for row in before if step(kind, row.name).must)


def test_pauses_grow_up_to_an_hour():
    pauses = [again_at(tries, NOW) - NOW for tries in range(10)]
    assert pauses == sorted(pauses) and pauses[0] == pauses[1] == 30 and pauses[-1] == 3600


def test_the_table_knows_no_other_states():
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(STATES)
    assert stages.after("running", "give_up") == "given_up"
    for state, cue in (("done", "take"), ("given_up", "take"), ("running", "retry"), ("waiting", "finish")):
        with pytest.raises(KeyError):
            stages.after(state, cue)
    with pytest.raises(KeyError):
        step("link", "publish")
