"""The index against a search that looks at every record: what is found, who finds it, how often a facet has what."""

import datetime as dt
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.search.document import FACETS, Shown
from recorder.search.searching import Filters, Library
from tests.search.corpus import fill, matches, record, said

SETTINGS = settings(max_examples=40, deadline=None, derandomize=True)
PIECES = ["勾", "股", "定理", "勾股", "函数", "二次", "圆", "证明", "x1", "b2", "7", " ", "，", "。", "三角形"]
TERMS = ["public", "school:a", "school:b", "county:k", "person:j"]

text = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
chunk = st.lists(st.sampled_from([piece for piece in PIECES if piece not in " ，。"]), min_size=1, max_size=3).map(
    "".join
)
phrase = st.lists(chunk, min_size=1, max_size=3).map(" ".join)
query = st.tuples(st.lists(chunk, max_size=2), st.lists(phrase, max_size=1), st.lists(phrase, max_size=1))
terms = st.frozensets(st.sampled_from(TERMS), min_size=1, max_size=3)


@st.composite
def corpus(draw):
    return [
        record(
            f"r{number}",
            draw(text) or "无",
            **{"allow": draw(terms), "origin_allow": draw(st.none() | terms), "description": draw(text)},
            **{"points": tuple(draw(st.lists(text, max_size=2))), "speech": said(*draw(st.lists(text, max_size=4)))},
            **{"subject": draw(st.sampled_from(["数学", "语文", ""])), "grade": draw(st.sampled_from(["七年级", ""]))},
            **{"slides": tuple(Shown(5, "slide-1", it) for it in draw(st.lists(text, max_size=2)))},
            **{"day": dt.date(2025, 12, 30) + dt.timedelta(draw(st.integers(0, 5)))},
            **{"has": tuple(draw(st.sets(st.sampled_from(["slides", "transcript"]))))},
            **{"teacher": draw(st.sampled_from(["t0", ""])), "teacher_name": draw(st.sampled_from(["教师甲", ""]))},
            **{"regions": draw(st.sampled_from([(), ("province",), ("province", "county")]))},
        )
        for number in range(draw(st.integers(1, 6)))
    ]


def may(it, allow):
    return bool(it.allow & allow) and (it.origin_allow is None or bool(it.origin_allow & allow))


@SETTINGS
@given(corpus(), st.lists(query, min_size=4, max_size=4), terms)
def test_it_finds_what_looking_at_everything_finds(records, queries, allow):
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), records)
        library = Library(Path(folder))
        for words, phrases, never in queries:
            typed = " ".join([*words, *(f'"{it}"' for it in phrases), *(f'-"{it}"' for it in never)]) + " "
            found = library.search(typed, allow)
            expected = {it.id for it in records if may(it, allow) and matches(it, words, phrases, never)}
            assert {hit.id for hit in found.hits} == expected, typed
            assert found.total == len(expected)


def values(it, name):
    several = {"year": [str(it.day.year)], "region": it.regions}
    return set(several[name] if name in several else [getattr(it, name)]) - {""}


@SETTINGS
@given(
    corpus(),
    terms,
    st.fixed_dictionaries(
        {},
        optional={
            "subject": st.sampled_from([["数学"], ["语文"], ["数学", "语文"]]),
            "teacher": st.sampled_from([["t0"], ["t0", "t1"]]),
            "teacher_name": st.sampled_from([["教师甲"], ["教师乙", "教师甲"]]),
            "region": st.sampled_from([["province"], ["county"], ["county", "west"]]),
            "year": st.sampled_from([["2025"], ["2025", "2026"]]),
        },
    ),
    st.sampled_from([None, "slides"]),
    st.none() | st.integers(0, 5),
    chunk,
)
def test_rights_and_filters_hold_for_hits_counts_and_suggestions(records, allow, chosen, has, first, word):
    since = None if first is None else dt.date(2025, 12, 30) + dt.timedelta(first)
    exact = {**chosen, **({"has": [has]} if has else {})}
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), records)
        library = Library(Path(folder))
        seen = [it for it in records if may(it, allow)]
        plain = [it for it in seen if (has is None or has in it.has) and (since is None or it.day >= since)]

        def fits(it, but=""):
            return all(values(it, name) & set(wanted) for name, wanted in chosen.items() if name != but)

        for typed, among in (("", plain), (f"{word} ", [it for it in plain if matches(it, [word], [], [])])):
            found = library.search(typed, allow, Filters(exact, since.toordinal() if since else None))
            assert {hit.id for hit in found.hits} == {it.id for it in among if fits(it)}
            for name in FACETS:
                counts = Counter(value for it in among if fits(it, name) for value in values(it, name))
                assert {it.value: it.count for it in found.facets[name]} == counts, name
        shown = {it.title.strip() for it in seen} | {it.subject for it in seen}
        shown |= {point.strip() for it in seen for point in it.points}
        for suggestion in library.suggest(word, allow):
            assert suggestion.text in shown
