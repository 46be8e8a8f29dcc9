"""The library's box over HTTP: what is asked, what is answered, and what is shared with whom."""

import asyncio
import shutil
import threading
from urllib.parse import urlencode

import pytest
import tantivy
from sqlalchemy import update

from recorder.search import document, index
from recorder.search.searching import Count
from signalling.db.library import Resource
from signalling.db.people import Person
from signalling.db.places import Region
from signalling.library import choices
from signalling.library.indexing import Indexer
from signalling.library.searches import Searches
from tests.library.shelf import DAY, shelve


@pytest.fixture
async def library(open_office, tmp_path):
    office = await open_office(data_dir=tmp_path)
    told = {"subject": "数学", "grade": "八年级", "unit": "第十七章", "points": ["勾股定理"], "teacher_name": "教师甲"}
    place = {"school": "s0", "region": "county"}
    await shelve(
        *(office.database, None, "r1", "直角三角形", "同学们好", "今天学习勾股定理"),
        **{**told, **place, "slides": ["斜边的平方"], "length_ms": 60_000, "description": "从拼图出发"},
    )
    await shelve(office.database, None, "r2", "勾股数", subject="数学", kind="video", rights="school", **place)
    await shelve(office.database, None, "r3", "勾股定理的秘密", rights="own", made_by="t0", **place)
    indexer = Indexer(office.database, tmp_path / "index")
    await indexer.ensure()
    while await indexer.catch_up():
        pass
    return office


def path(q="", **more):
    return "/library/search?" + urlencode({"q": q, **more})


async def ids(browser, q="", **more):
    return sorted(item["id"] for item in (await browser.get(path(q, **more)))["items"])


async def test_an_answer_has_what_a_card_shows(library):
    page = await library.page("a1")
    found = await page.get(path("勾股 斜边"))
    assert (found["total"], found["did_you_mean"]) == (1, "")
    assert found["took_ms"] >= 0
    assert found["items"] == [
        {
            **{"id": "r1", "kind": "lesson", "title": "直角三角形", "title_marks": [], "subject": "数学"},
            **{"grade": "八年级", "unit": "第十七章", "teacher": "教师甲", "school": "第一小学"},
            **{"day": DAY.isoformat(), "length_ms": 60_000, "poster": "/library/files/r1/poster"},
            **{"snippet": "第十七章 · 勾股定理", "snippet_marks": [[7, 9]]},
            "spoken": [{"at_ms": 10_000, "text": "今天学习勾股定理", "marks": [[4, 6]]}],
            "slides": [{"at_ms": 0, "text": "斜边的平方", "marks": [[0, 2]], "image": "/library/files/r1/slide-0"}],
        }
    ]
    assert found["facets"]["subject"] == [{"value": "数学", "label": "数学", "count": 1}]
    assert found["facets"]["school"] == [{"value": "s0", "label": "第一小学", "count": 1}]


async def test_everybody_finds_what_is_shared_with_her(library):
    expected = {"a1": ["r1"], "t00": ["r1", "r2"], "t0": ["r1", "r2", "r3"], "boss": ["r1", "r2"]}
    for person, shared in expected.items():
        page = await library.page(person)
        assert await ids(page, "勾股") == shared, person
        assert sum(it["count"] for it in (await page.get(path()))["facets"]["kind"]) == len(shared)
    page = await library.page("a1")
    assert (await page.get("/library/suggest?q=%E5%8B%BE"))["items"] == [{"text": "勾股定理", "kind": "point"}]


async def test_several_values_of_a_facet_widen_it(library):
    page = await library.page("t0")

    async def found(**given):
        answer = await page.get("/library/search?" + urlencode({"q": "勾股", **given}, doseq=True))
        return sorted(item["id"] for item in answer["items"]), answer["facets"]

    assert (await found(kind=["lesson", "video"]))[0] == ["r1", "r2", "r3"]
    assert (await found(kind=["video"], subject=["数学", "语文"]))[0] == ["r2"]
    assert (await found(year=["2025", "2026"]))[0] == ["r1", "r2", "r3"]
    ids, facets = await found(kind=["video"])
    assert ids == ["r2"]
    kinds = {it["value"]: it["count"] for it in facets["kind"]}
    assert kinds == {"lesson": 2, "video": 1}  # what else might be chosen
    assert facets["grade"] == []  # as everywhere: of what is found
    ids, facets = await found(kind=["audio"], school=["s0"], teacher=["t0"])
    assert ids == []
    assert [it for it in facets["kind"] if it["value"] == "audio"] == [{"value": "audio", "label": "audio", "count": 0}]
    assert facets["school"] == [{"value": "s0", "label": "第一小学", "count": 0}]
    assert "teacher" not in facets


async def test_teachers_and_regions_are_counted_by_name(library, tmp_path):
    async with library.database.write() as session:
        session.add(Region(id="west", parent="city", kind="county", name="西县", path="/city/west/"))
        await session.flush()
    await shelve(library.database, None, "r4", "勾股", region="west", teacher="t0", teacher_name="教师甲")
    await Indexer(library.database, tmp_path / "index").catch_up()
    page = await library.page("t0")
    facets = (await page.get(path("勾股")))["facets"]
    assert facets["teacher_name"] == [{"value": "教师甲", "label": "教师甲", "count": 2}]
    assert [(it["value"], it["label"], it["count"]) for it in facets["region"]][1:] == [("west", "西县", 1)]
    assert await ids(page, "勾股", teacher="t0") == ["r4"]
    assert await ids(page, "勾股", teacher_name="教师甲") == ["r1", "r4"]
    assert await ids(page, "勾股", region="city") == ["r1", "r2", "r3", "r4"]


def test_regions_that_say_nothing_are_left_out():
    paths = {"p": "/p/", "c": "/p/c/", "a": "/p/c/a/", "b": "/p/c/b/", "q": "/q/"}

    def told(**counts):
        return {it.value for it in choices.told_apart([Count(*it) for it in counts.items()], paths)}

    assert told(p=5, c=5, a=3, b=2) == {"a", "b"}
    assert told(p=5, c=5, a=5) == {"a"}
    assert told(p=6, c=5, a=3, b=2) == {"c", "a", "b"}  # one lies in the province alone
    assert told(p=5, c=5, a=3, b=2, q=1) == {"c", "a", "b", "q"}
    assert told(p=5) == {"p"}
    assert told(p=5, gone=2) == {"p"}
    assert told() == set()


def test_grades_stand_as_school_has_them():
    grades = ["高一", "三年级", "初二", "1年级", "九年级", "高中三年级", "学前班", ""]
    assert sorted(grades, key=choices.grade)[:6] == ["1年级", "三年级", "初二", "九年级", "高一", "高中三年级"]


@pytest.mark.parametrize("change", [{"rights": "own"}, {"state": "removed"}])
async def test_what_was_shared_is_not_told_while_the_index_lags(library, tmp_path, change):
    """It is not written meanwhile: no worker runs, or its disk is full."""
    clip = {"kind": "clip", "of": "r1", "starts_ms": 0, "ends_ms": 30_000, "school": "s0", "region": "county"}
    await shelve(library.database, None, "c1", "勾股片段", **clip)
    await Indexer(library.database, tmp_path / "index").catch_up()
    page = await library.page("a1")
    assert await ids(page, "勾股") == ["c1", "r1"]
    typed = "/library/suggest?" + urlencode({"q": "勾股"})
    assert {it["text"] for it in (await page.get(typed))["items"]} == {"勾股定理", "勾股片段"}
    assert (await page.get(path("钩股定理")))["did_you_mean"] == "勾股定理"
    async with library.database.write() as session:
        await session.execute(update(Resource).where(Resource.id == "r1").values(**change))
    found = await page.get(path("勾股"))
    assert (found["items"], found["total"]) == ([], 0), "neither it nor a part of it"
    assert set(map(len, found["facets"].values())) == {0}, "nor what was counted of it"
    assert (await page.get(typed))["items"] == []
    assert (await page.get(path("钩股定理")))["did_you_mean"] == ""


async def test_filters_narrow_what_is_found(library):
    page = await library.page("t0")
    for given, expected in (
        ({"kind": "video"}, ["r2"]),
        ({"subject": "数学"}, ["r1", "r2"]),
        ({"school": "s0"}, ["r1", "r2", "r3"]),
        ({"region": "county"}, ["r1", "r2", "r3"]),
        ({"region": "west"}, []),
        ({"has": "transcript"}, ["r1"]),
        ({"has": "slides"}, ["r1"]),
        ({"from": DAY.isoformat(), "to": DAY.isoformat()}, ["r1", "r2", "r3"]),
        ({"to": "2026-09-07"}, []),
        ({"page": "2"}, []),
        ({"kind": "video", "subject": "语文"}, []),
    ):
        assert await ids(page, "勾股", **given) == expected, given


@pytest.mark.parametrize(
    "wrong",
    [
        {"page": "0"},
        {"page": "43"},
        {"sort": "x"},
        {"from": "today"},
        {"kind": ["k"] * 31},
        {"has": "gold"},
        {"allow": "public"},
    ],
)
async def test_what_cannot_be_asked_is_refused(library, wrong):
    page = await library.page("a1")
    assert await page.refused("GET", "/library/search?" + urlencode(wrong, doseq=True)) == (400, "bad_request")


async def test_anything_may_be_typed(library):
    page = await library.page("a1")
    for typed in ("\ud800".encode("utf-8", "surrogatepass").decode("latin1"), "(" * 2000, '"', "\x01|", "勾" * 800):
        assert (await page.get(path(typed)))["total"] >= 0
        await page.get("/library/suggest?" + urlencode({"q": typed}))
    assert (await page.call("GET", "/library/search?q=%ED%A0%80%FF&kind=%00"))[0] in (200, 400)


async def test_it_is_for_people_with_a_role(library):
    answer = await library.http.get("/api/v1" + path())
    assert answer.status == 401
    async with library.database.write() as session:
        session.add(Person(id="pupil", name="学生甲"))
    page = await library.page("pupil")
    for asked in (path(), "/library/suggest?q=a"):
        assert await page.refused("GET", asked) == (403, "forbidden")


async def test_a_change_is_found_by_the_server_that_is_running(library, tmp_path):
    page = await library.page("a1")
    async with library.database.write() as session:
        change = {"title": "余弦定理", "version": Resource.version + 1}
        await session.execute(update(Resource).where(Resource.id == "r1").values(**change))
    await Indexer(library.database, tmp_path / "index").catch_up()
    assert await ids(page, "余弦") == ["r1"]


async def test_without_an_index_it_says_what_happens(library, tmp_path):
    page = await library.page("a1")
    shutil.rmtree(tmp_path / "index")
    assert await page.refused("GET", path()) == (503, "index_missing")
    assert await page.refused("GET", "/library/suggest?q=a") == (503, "index_missing")


async def test_searches_are_bounded_in_number_and_time(tmp_path, monkeypatch):
    searches = Searches(tmp_path, threads=1, waiting=1, limit_s=0.05)
    go = threading.Event()
    monkeypatch.setattr(searches._library, "suggest", lambda text, allow: go.wait() and [])
    try:
        hung = [asyncio.create_task(searches.suggest("a", frozenset())) for _ in range(2)]
        codes = [getattr(it, "code", it) for it in await asyncio.gather(*hung, return_exceptions=True)]
        assert codes == ["search_slow", "search_slow"]
        refused = await asyncio.gather(searches.suggest("a", frozenset()), return_exceptions=True)
        assert [it.code for it in refused] == ["search_busy"]  # they keep their places until they end
    finally:
        go.set()
    async with asyncio.timeout(10):
        while searches._taken:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert await searches.suggest("a", frozenset()) == []
    await searches.stop()


async def test_a_panic_of_the_index_is_an_error_like_others(tmp_path, monkeypatch):
    index.make(tmp_path)
    searches = Searches(tmp_path)

    def panic(text, allow):
        # What the index's own checks keep from happening: tantivy takes no phrase of one word.
        return tantivy.Query.phrase_query(document.schema(), "title", ["勾股"])

    monkeypatch.setattr(searches._library, "suggest", panic)
    with pytest.raises(RuntimeError, match="the index broke"):
        await searches.suggest("a", frozenset())
    monkeypatch.undo()
    assert await searches.suggest("a", frozenset()) == []
    await searches.stop()
