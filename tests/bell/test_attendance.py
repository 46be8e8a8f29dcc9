"""Attendance: intervals against brute force, pages that reload, figures that add up."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.bell import attendance, figures
from signalling.bell.attendance import REPORT_S, Attendance
from signalling.bell.figures import DELAY_MS, LOSS, NOTHING, percentile


def seconds(it: Attendance, participant: str, now: float) -> dict[str, int]:
    [row] = [row for row in it.rows(now) if row.participant == participant]
    return figures.seconds(row.figures)


STEPS = st.lists(
    st.tuples(st.integers(0, 20), st.booleans(), st.booleans(), st.sampled_from(["observe", "report"]), st.booleans()),
    max_size=60,
)


@given(STEPS, st.integers(0, 30))
def test_sums_are_those_of_brute_force(steps: list[tuple[int, bool, bool, str, bool]], rest: int) -> None:
    """Second by second: present while observed to be here; seen for the seconds that a report speaks of."""
    it = Attendance()
    now, here, sending, since_report = 0, False, False, 0
    want = dict.fromkeys(figures.SECONDS, 0)
    for wait, flag, other, kind, _ in [*steps, (rest, False, False, "end", False)]:
        for _second in range(wait):
            now += 1
            want["present"] += here
            want["sent"] += here and sending
            since_report += 1
        if kind == "observe":
            if flag and not here:
                since_report = 0
            here, sending = flag, other
            it.observe("c", "classroom", here=here, sending=sending, now=now)
        elif kind == "report":
            it.report("c", picture=flag, sound=other, now=now)
            if here:
                want["seen"] += min(since_report, int(REPORT_S)) * flag
                want["heard"] += min(since_report, int(REPORT_S)) * other
                since_report = 0
    rows = it.rows(now)
    assert [figures.seconds(row.figures) for row in rows] == ([want] if rows else [])
    if not rows:
        assert want == dict.fromkeys(figures.SECONDS, 0)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_reading_in_between_changes_nothing(waits: list[int]) -> None:
    often, once = Attendance(), Attendance()
    for number, now in enumerate(itertools.accumulate(waits)):
        for it in (often, once):
            it.observe("c", "classroom", here=number % 3 != 2, sending=number % 2 == 0, now=now)
            it.report("c", picture=True, sound=False, now=now)
        often.rows(now)
        often.rows(now + 0.5)
    end = sum(waits) + 7
    assert often.rows(end) == once.rows(end)


def test_a_page_that_reloads_is_not_counted_twice() -> None:
    it = Attendance()
    it.observe("c", "classroom", here=True, sending=False, now=0)
    it.observe("c", "classroom", here=True, sending=False, now=10)  # its media arrives: the same participant again
    it.observe("c", "classroom", here=False, sending=False, now=20)
    it.observe("c", "classroom", here=True, sending=True, now=22)
    it.report("c", picture=True, sound=True, now=24)
    [row] = it.rows(30)
    assert figures.seconds(row.figures) == {"present": 28, "seen": 2, "heard": 2, "sent": 8}
    assert (row.joined, row.left) == (0, None)


def test_two_pages_that_report_are_not_counted_twice() -> None:
    it = Attendance()
    it.observe("c", "classroom", here=True, sending=False, now=0)
    for now in range(2, 21, 2):
        it.report("c", picture=True, sound=True, now=now)
        it.report("c", picture=True, sound=True, now=now)
    assert seconds(it, "c", 20) == {"present": 20, "seen": 20, "heard": 20, "sent": 0}


def test_a_frozen_page_earns_nothing() -> None:
    it = Attendance()
    it.observe("c", "classroom", here=True, sending=False, now=0)
    it.report("c", picture=True, sound=True, now=2)
    it.report("c", picture=True, sound=True, now=1000)
    assert seconds(it, "c", 1000)["seen"] == 2 + REPORT_S


def test_the_lesson_is_over() -> None:
    it = Attendance()
    it.observe("t", "lead", here=True, sending=True, now=0)
    it.close(100)
    it.observe("t", "lead", here=True, sending=True, now=200)
    it.report("t", picture=True, sound=True, now=202)
    it.measure("t", publishes=True, loss=0.5)
    [row] = it.rows(300)
    assert row.left == 100 and figures.seconds(row.figures)["sent"] == 100
    assert sum(row.figures) == 200, "nothing but present and sent"


def test_before_the_lesson_begins_nothing_counts() -> None:
    """A camera is tried for eight minutes; who stays is there from the beginning on."""
    it = Attendance(begun=False)
    it.observe("t", "lead", here=True, sending=True, now=0)
    it.observe("early", "lead", here=True, sending=True, now=0)
    it.observe("c", "classroom", here=True, sending=False, now=100)
    it.report("c", picture=True, sound=True, now=102)
    it.measure("c", publishes=False, loss=0.5)
    it.observe("early", "lead", here=False, sending=False, now=480)
    assert [sum(row.figures) for row in it.rows(590)] == [0, 0, 0]
    it.begin(600)
    it.report("c", picture=True, sound=True, now=602)
    it.begin(610)
    assert seconds(it, "t", 630) == {"present": 30, "seen": 0, "heard": 0, "sent": 30}
    assert seconds(it, "c", 630) == {"present": 30, "seen": 2, "heard": 2, "sent": 0}
    (early,) = [row for row in it.rows(630) if row.participant == "early"]
    assert (early.joined, early.left, sum(early.figures)) == (0, 480, 0)


def test_a_lesson_that_ended_before_its_time_does_not_begin() -> None:
    it = Attendance(begun=False)
    it.observe("t", "lead", here=True, sending=True, now=0)
    it.close(100)
    it.begin(600)
    assert [(row.left, sum(row.figures)) for row in it.rows(700)] == [(100, 0)]


def test_who_never_was_there_has_no_row() -> None:
    it = Attendance()
    it.observe("c", "classroom", here=False, sending=True, now=0)
    it.report("c", picture=True, sound=True, now=2)
    assert it.rows(10) == []


def test_participants_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "MAX_PARTICIPANTS", 2)
    it = Attendance()
    for name in "abcd":
        it.observe(name, "staff", here=True, sending=False, now=0)
    assert [row.participant for row in it.rows(1)] == ["a", "b"] and it.ignored == 2


FIGURES = st.lists(st.integers(0, 10**6), min_size=len(NOTHING), max_size=len(NOTHING)).map(tuple)


@given(FIGURES, FIGURES)
def test_figures_survive_their_row_and_add_up(first: figures.Figures, second: figures.Figures) -> None:
    total = figures.add(first, second)
    assert figures.subtract(total, second) == first
    assert figures.unpack(figures.seconds(total), figures.quality(total)) == total


@given(st.lists(st.floats(0, 4000), min_size=1, max_size=200), st.integers(1, 100))
def test_percentiles_are_the_edges_above_the_true_ones(values: list[float], per_cent: int) -> None:
    it = figures.Buckets(DELAY_MS)
    for value in values:
        it.add(value)
    true = sorted(values)[max(0, -(-len(values) * per_cent // 100) - 1)]
    got = percentile(DELAY_MS, it.counts, per_cent)
    assert got == next(edge for edge in DELAY_MS if edge >= true)


def test_percentiles_of_nothing_and_beyond_all_edges() -> None:
    it = figures.Buckets(LOSS)
    assert percentile(LOSS, it.counts, 95) is None
    it.add(0.0)
    assert percentile(LOSS, it.counts, 95) == 0.0
    it.add(1.0)
    assert percentile(LOSS, it.counts, 95) == LOSS[-1]


def test_quality_of_other_buckets_is_none_of_ours() -> None:
    assert figures.unpack({"present": 3}, {"delay": [1, 2], "freezes": 4}) == (3, 0, 0, 0, 4, *NOTHING[5:])
