"""Conflicts against brute force."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalling.timetable.slots import Claim, Claims, Clash

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


@given(claims("abc"), spans)
def test_during_is_in_order(held: list[Claim], span: tuple[int, int]) -> None:
    found = list(Claims(held).during("person:a", *span))
    assert [claim.starts for claim in found] == sorted(claim.starts for claim in found)
    assert len(found) == sum(overlap(claim, Claim("person:a", *span)) for claim in held)


def test_one_lesson_may_follow_another_at_once() -> None:
    held = Claims([Claim("person:a", 100, 200, "x")])
    assert held.clashes([Claim("person:a", 200, 300), Claim("person:a", 0, 100), Claim("person:b", 100, 200)]) == []
    assert len(held.clashes([Claim("person:a", 199, 200), Claim("person:a", 0, 101)])) == 2


@given(claims("abc"), spans)
def test_free(held: list[Claim], span: tuple[int, int]) -> None:
    taken = any(overlap(Claim(resource, *span), claim) for resource in RESOURCES[:2] for claim in held)
    assert Claims(held).free(RESOURCES[:2], *span) is not taken
