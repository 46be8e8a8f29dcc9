"""What very many have is ranked by what was written, and counted by a sample."""

import pytest

from recorder.search import searching
from recorder.search.searching import PAGE, Filters, Library
from tests.search.corpus import PUBLIC, fill, record, said

MANY, WRITTEN = 2000, 30
"""Resources that say it, and those of them that have it in their titles."""


def resource(number: int):
    title = "勾股定理" if number % 60 == 7 and number < 60 * WRITTEN else "无题"
    subject = "数学" if number % 4 else "科学"
    seldom = [word for word, every in (("欧姆", 3), ("电阻", 2)) if number % every == 0]
    return record(f"r{number:04}", title, subject=subject, made=number, speech=said("今天学习勾股定理", *seldom))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("index")
    hidden = [record(f"h{number}", "勾股定理", allow=frozenset({"school:x"})) for number in range(600)]
    fill(made, [*map(resource, range(MANY)), *hidden])
    return made


@pytest.fixture
def library(folder, monkeypatch):
    monkeypatch.setattr(searching, "BROAD", 500)
    monkeypatch.setattr(searching, "COSTLY", 500)
    monkeypatch.setattr(searching, "SAMPLE", 500)
    return Library(folder)


@pytest.fixture(params=["勾股", "勾", "gougudingli", '"学习勾股定理"', "今天 勾股"])
def typed(request):
    return request.param


def test_it_is_counted_about(library, typed):
    found = library.search(typed, PUBLIC)
    assert found.about and found.total % 100 == 0
    assert found.total == pytest.approx(MANY, rel=0.25)
    counts = {it.value: it.count for it in found.facets["subject"]}
    assert counts["数学"] == pytest.approx(MANY * 3 / 4, rel=0.25)
    assert counts["科学"] == pytest.approx(MANY / 4, rel=0.4)


def test_what_is_written_comes_before_what_is_said_and_each_once(library):
    pages = [[hit.id for hit in library.search("勾股", PUBLIC, page=page).hits] for page in (1, 2, 3, 4)]
    ids = [id for page in pages for id in page]
    written = {f"r{number:04}" for number in range(7, 60 * WRITTEN, 60)}
    assert set(ids[:WRITTEN]) == written
    assert len(set(ids)) == len(ids) == 4 * PAGE


def test_the_newest_are_the_newest(library):
    hits = library.search("勾股", PUBLIC, sort="new").hits
    assert [hit.id for hit in hits] == [f"r{number:04}" for number in range(MANY - 1, MANY - 1 - PAGE, -1)]
    assert [hit.id for hit in library.search("", PUBLIC).hits] == [hit.id for hit in hits]


def test_what_few_have_is_counted_one_by_one(library, folder):
    assert (found := library.search("勾股", PUBLIC, Filters({"subject": ("科学",)}))).total == MANY // 4
    assert not found.about
    assert library.search("光合", PUBLIC).total == 0
    assert library.search("勾股", frozenset({"school:x"})).total == 600


def test_the_sample_is_as_large_as_what_is_found_allows(library, monkeypatch):
    """667 have one word and 1,000 the other: of the 334 who have both a sample for 667 would leave twenty."""
    for name, value in (("BROAD", 200), ("COSTLY", 200), ("SAMPLE", 100)):
        monkeypatch.setattr(searching, name, value)
    found = library.search("欧姆 电阻", PUBLIC, page=3)
    assert found.about and found.total == pytest.approx(334, rel=0.25)
    assert len(found.hits) == PAGE and all(int(hit.id[1:]) % 6 == 0 for hit in found.hits)


def test_rights_hold_in_a_sample(library):
    found = library.search("勾股", frozenset({"public", "school:x"}))
    assert found.total == pytest.approx(MANY + 600, rel=0.25)
    assert {hit.id[0] for hit in library.search("勾股", PUBLIC).hits} == {"r"}
    assert library.search("勾股", frozenset({"school:y"})).total == 0
