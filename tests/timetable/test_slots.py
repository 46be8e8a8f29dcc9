"""Conflicts against brute force."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalling.timetable.slots import Claim, Claims, Clash, by_distance, crowd, free_slots, group_by_resource

RESOURCES = ("person:a", "classroom:a", "pupils:a")
spans = st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda span: (span[0], span[0] + span[1]))


def claims(lessons: str) -> st.SearchStrategy[list[Claim]]:
    one = st.builds(
        lambda r, s, lesson: Claim(r, *s, lesson), st.sampled_from(RESOURCES), spans, st.sampled_from(lessons)
    )
    return st.lists(one, max_size=25)


def overlap(one: Claim, other: Claim) -> bool:
    """Second by second."""
    return one.resource == other.resource and bool(
        set(range(one.starts, one.ends)) & set(range(other.starts, other.ends))
    )


@given(claims("abc"), claims("abx"))
def test_clashes(held: list[Claim], wanted: list[Claim]) -> None:
    found = Claims(held).clashes(wanted)
    expected = [Clash(w, h) for w in wanted for h in held if overlap(w, h) and w.lesson != h.lesson]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))
    assert sum(map(len, group_by_resource(found).values())) == len(found)
    for clash in found:
        assert clash in group_by_resource(found)[clash.wanted.resource]


@given(claims("abc"), spans)
def test_during_is_in_order(held: list[Claim], span: tuple[int, int]) -> None:
    found = list(Claims(held).during("person:a", *span))
    assert [claim.starts for claim in found] == sorted(claim.starts for claim in found)
    assert len(found) == sum(overlap(claim, Claim("person:a", *span)) for claim in held)


def test_one_lesson_may_follow_another_at_once() -> None:
    held = Claims([Claim("person:a", 100, 200, "x")])
    assert held.clashes([Claim("person:a", 200, 300), Claim("person:a", 0, 100), Claim("person:b", 100, 200)]) == []
    assert len(held.clashes([Claim("person:a", 199, 200), Claim("person:a", 0, 101)])) == 2


@given(st.lists(st.builds(lambda s, n: (*s, n), spans, st.integers(1, 5)), max_size=15), st.integers(0, 20))
def test_crowd(lessons: list[tuple[int, int, int]], limit: int) -> None:
    def connected(at: int) -> int:
        return sum(count for starts, ends, count in lessons if starts <= at < ends)

    expected = next(((at, connected(at)) for at in range(100) if connected(at) > limit), None)
    assert crowd(lessons, limit) == expected


@given(claims("abc"), st.lists(spans, max_size=20), st.integers(0, 5))
def test_free_slots(held: list[Claim], candidates: list[tuple[int, int]], limit: int) -> None:
    free = [c for c in candidates if not any(overlap(Claim(r, *c), h) for r in RESOURCES[:2] for h in held)]
    assert free_slots(Claims(held), RESOURCES[:2], candidates, limit) == free[:limit]


def test_nearest_first_and_the_earlier_of_two() -> None:
    assert by_distance([(0, 1), (300, 301), (90, 91), (110, 111)], 100) == [(90, 91), (110, 111), (0, 1), (300, 301)]
