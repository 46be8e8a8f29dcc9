"""Unique names that change all at once, and terms that must not overlap."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from signalling.exchange.roster_unique import Span, overlapping, settle


def test_names_are_passed_on() -> None:
    held = {"三年级": "a", "四年级": "b"}
    assert settle({"A": ("a", "四年级"), "B": ("b", "五年级"), "C": ("c", "三年级")}, held) == set()
    assert settle({"A": ("a", "四年级"), "B": ("b", "三年级")}, held) == set()


def test_whoever_is_refused_keeps_the_name_and_others_yield() -> None:
    held = {"三年级": "a", "四年级": "b", "五年级": "x"}
    # x keeps 五年级, so b keeps 四年级, so a keeps 三年级, so c gets nothing.
    wanted = {"C": ("c", "三年级"), "A": ("a", "四年级"), "B": ("b", "五年级")}
    assert settle(wanted, held) == {"A", "B", "C"}


NAMES = st.integers(0, 5)


@given(st.dictionaries(NAMES, st.integers(0, 5).map(str)), st.dictionaries(st.integers(0, 8).map(str), NAMES))
def test_in_the_end_every_name_is_had_once(held: dict[int, str], wishes: dict[str, int]) -> None:
    held = {name: id for name, id in held.items() if list(held.values()).index(id) == list(held).index(name)}
    refused = settle({id: (id, name) for id, name in wishes.items()}, held)
    had = {id: name for name, id in held.items()} | {id: name for id, name in wishes.items() if id not in refused}
    assert len(set(had.values())) == len(had)
    assert not {id for id in refused if held.get(wishes[id]) == id}  # nobody is refused what she has


def span(starts: int, days: int, row: int = 0, calendar: str = "c") -> Span:
    first = dt.date(2026, 1, 1) + dt.timedelta(days=starts)
    return Span(calendar, first, first + dt.timedelta(days=days), str(row), row)


def test_terms_move_together() -> None:
    held = {"a": span(0, 9), "b": span(10, 9)}
    assert overlapping({"a": span(5, 9, 2), "b": span(15, 9, 3)}, held) == {}
    assert overlapping({"a": span(5, 9, 2)}, held) == {"a": "0"}
    assert overlapping({"n": span(0, 30, 2, "other")}, held) == {}


SPANS = st.builds(span, st.integers(0, 60), st.integers(0, 20), st.integers(2, 99), st.sampled_from(["c", "d"]))
IDS = st.sampled_from("abcdef")


@given(st.dictionaries(IDS, SPANS, max_size=4), st.dictionaries(IDS, SPANS, max_size=6))
def test_no_new_overlap(held: dict[str, Span], wanted: dict[str, Span]) -> None:
    refused = overlapping(wanted, held)
    final = held | {id: term for id, term in wanted.items() if id not in refused}
    for id, term in final.items():
        for other_id, other in final.items():
            if id < other_id and term.calendar == other.calendar:
                apart = term.ends < other.starts or other.ends < term.starts
                assert apart or all(each in held and held[each][:3] == final[each][:3] for each in (id, other_id))
