"""Whatever is typed: no error, and no more work than a few words make."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.search import query
from recorder.search.searching import Filters, Library
from recorder.search.wanted import Builder
from tests.search.corpus import PUBLIC, fill, record, said

BOMBS = [
    '(((((((((("a" AND NOT b) OR c^9999999999 d~99) +e -f title:* /(a+)+$/',
    "(a+)+" * 2000,
    "*" * 10_000,
    '"' * 10_000,
    "-" * 10_000,
    "勾股定理" * 2500,
    "a " * 5000,
    " ".join(f"词{number}" for number in range(3000)),
    " ".join(f"-x{number}" for number in range(3000)),
    '"勾 股 定 理 证 明 一 二 三 四 五 六 七 八 九 十"',
    "x" * 10_000,
    "圆 角 边 高 面 积 体 长 宽 厚 点 线",
    "\0\1\2\ud800勾\udfff|..||. .",
    "[勾 TO 股] {* TO *] allow:public OR id:r",
    "%00' OR 1=1; DROP TABLE resource; --",
    "\u202e\u200b勾\u200d股\ufeff",
    "e" + "\u0301" * 9000,
    "|",
    ".",
    ". . .",
]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    records = [record("r", "勾股定理", speech=said("圆的面积")), record("s", "秘密", allow=frozenset({"school:x"}))]
    fill(folder, [*records, record("t", "a | b . c\0d", description="|.|", points=("|", "a|b"))])
    return Library(folder)


@pytest.mark.parametrize("typed", BOMBS, ids=range(len(BOMBS)))
def test_bombs_are_text(library, typed):
    assert all(hit.id in "rt" for hit in library.search(typed, PUBLIC).hits)
    assert all("秘密" not in it.text for it in library.suggest(typed, PUBLIC))
    asked = query.parse(typed)
    terms = (*asked.must, *asked.may, *asked.never)
    assert len(terms) <= 2 * query.MAX_TERMS
    assert sum(len(run) for term in terms for run in term.runs) <= query.MAX_CHARACTERS * 2


def test_as_many_words_as_can_be_each_of_as_many_readings(library, monkeypatch):
    """Queries lie inside each other, and tantivy goes through them by recursion, on a thread's stack."""
    readings = ["勾股定理", *(f"{character}股定理" for character in "一二三四五六七")]
    monkeypatch.setattr(Builder, "readings", lambda *_, **__: readings)
    typed = " ".join(f"ggd{letter}" for letter in "abcdefghijkl") + ' -"圆 角" -"一二三"'
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(library.search, typed, PUBLIC).result()
    assert [hit.id for hit in found.hits] == ["r"] and found.total == 1


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("\"“”「」-－'()[]{}*?~^:/\\|.+ 勾股定理的圆abgu1\n\t") | st.characters(), max_size=60))
def test_anything_may_be_typed(library, typed):
    assert all(hit.id in "rt" for hit in library.search(typed, PUBLIC).hits)
    library.suggest(typed, PUBLIC)


@pytest.mark.parametrize("allow", [frozenset(), frozenset({"*"}), frozenset({"", "public|x"}), frozenset({"Public"})])
def test_nobody_finds_anything_by_other_terms(library, allow):
    assert library.search("", allow).total == 0
    assert library.suggest("勾", allow) == []


def test_a_filter_is_a_value_and_nothing_else(library):
    for value in ("*", ".*", "lesson OR x", "\0", "勾" * 5000):
        assert library.search("", PUBLIC, Filters({"kind": [value]})).total == 0
    with pytest.raises(ValueError, match="no filter"):
        library.search("", PUBLIC, Filters({"allow": ["school:x"]}))
