"""The index follows the database: changes, corrections, clips, crashes, and a rebuild while all of it goes on."""

import asyncio
import shutil

import pytest
from sqlalchemy import update

from mediaserver.api import UserError
from recorder.search import document, index
from recorder.search.searching import Library
from signalling.cli.index import _rebuild
from signalling.db.library import Resource
from signalling.library import search_documents
from signalling.library.indexing import Indexer, begin
from tests.library.shelf import change, correct, shelve, speak, stale
from tests.people.conftest import NOW, seed_county

PUBLIC = frozenset({"public"})


@pytest.fixture
async def county(database):
    return await seed_county(database)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


@pytest.fixture
async def indexer(database, folder):
    made = Indexer(database, folder)
    assert await made.ensure() is True
    assert await made.ensure() is False
    return made


def found(folder, text, allow=PUBLIC):
    return sorted(hit.id for hit in Library(folder).search(text, allow).hits)


async def catch_up(indexer):
    while await indexer.catch_up():
        pass


async def test_what_a_row_says_is_found(database, folder, indexer, county):
    await shelve(
        *(database, county, "r1", "直角三角形", "同学们好", "今天学习勾股定理"),
        **{"subject": "数学", "grade": "八年级", "unit": "第十七章", "points": ["勾股定理"], "teacher_name": "教师甲"},
        **{"description": "从拼图出发", "slides": ["斜边的平方"], "length_ms": 60_000, "text": "讲义全文"},
    )
    await indexer.put("r1")
    for text in ("三角形", "勾股", "八年级", "第十七章", "教师甲", "第一小学", "拼图", "斜边", "讲义"):
        assert found(folder, text) == ["r1"], text
    [hit] = Library(folder).search("学习勾股", PUBLIC).hits
    assert [(spot.at_ms, spot.text) for spot in hit.spoken] == [(10_000, "今天学习勾股定理")]
    assert (hit.shown["poster"], hit.shown["files"], hit.shown["length_ms"]) == ("poster", "r1", 60_000)
    facets = Library(folder).search("", PUBLIC).facets
    assert [tuple(it) for it in facets["school"]] == [(county.lead, 1)]
    assert await stale(database) == []


async def test_a_new_server_finds_nothing_and_misses_no_index(database, folder):
    await begin(database, folder, NOW)
    assert found(folder, "勾股") == []
    await shelve(database, None, "r1", "勾股")
    await begin(database, folder, NOW)  # what is there stays
    indexer = Indexer(database, folder)
    assert await indexer.ensure() is False
    await catch_up(indexer)
    assert found(folder, "勾股") == ["r1"]


async def test_what_is_published_is_not_hidden_by_an_empty_index(database, folder):
    await shelve(database, None, "r1", "勾股")
    await begin(database, folder, NOW)
    with pytest.raises(index.Missing):
        index.current(folder)


async def test_a_correction_is_found_and_what_was_heard_is_not(database, folder, indexer):
    await shelve(database, None, "r1", "无题", "今天学习钩古定里")
    await catch_up(indexer)
    await correct(database, "r1", 0, "今天学习勾股定理")
    assert await stale(database) == ["r1"]
    await catch_up(indexer)
    assert (found(folder, "勾股定理"), found(folder, "钩古")) == (["r1"], [])
    assert await indexer.catch_up() == 0


async def test_only_what_is_published_is_found(database, folder, indexer):
    for state in ("waiting", "processing", "failed", "removed", "published"):
        await shelve(database, None, state, "勾股定理", state=state)
    await catch_up(indexer)
    assert found(folder, "勾股") == ["published"]
    await change(database, "published", state="removed")
    await change(database, "processing", state="published")
    await catch_up(indexer)
    assert found(folder, "勾股") == ["processing"]
    assert await stale(database) == []


async def test_rights_are_those_of_the_row_as_it_is_now(database, folder, indexer, county):
    await shelve(database, county, "r1", "勾股定理", rights="school")
    await catch_up(indexer)
    scopes = [f"school:{county.lead}", f"county:{county.county}", f"region:{county.city}", "public"]
    assert [bool(found(folder, "勾股", frozenset({scope}))) for scope in scopes] == [True, False, True, False]
    await change(database, "r1", rights="county")
    await catch_up(indexer)
    assert [bool(found(folder, "勾股", frozenset({scope}))) for scope in scopes] == [False, True, True, False]


async def test_a_clip_has_what_is_said_in_it_and_the_rights_of_both(database, folder, indexer, county):
    await shelve(database, county, "whole", "全课", "开始上课", "勾股定理", "下课了", slides=["第一页", "第二页"])
    cut = {"kind": "clip", "of": "whole", "starts_ms": 10_000, "ends_ms": 20_000}
    await shelve(database, county, "clip", "片段", **cut)
    await catch_up(indexer)
    assert found(folder, "勾股") == ["clip", "whole"]
    assert found(folder, "下课") == found(folder, "开始") == found(folder, "第二页") == ["whole"]
    [clip] = [hit for hit in Library(folder).search("片段 勾股", PUBLIC).hits]
    assert ([spot.at_ms for spot in clip.spoken], clip.shown["files"]) == ([10_000], "whole")
    await correct(database, "whole", 1, "余弦定理")
    await catch_up(indexer)
    assert found(folder, "余弦") == ["clip", "whole"]
    await change(database, "whole", rights="school")
    await catch_up(indexer)
    assert found(folder, "余弦") == []
    assert found(folder, "余弦", frozenset({"public", f"school:{county.lead}"})) == ["clip", "whole"]
    await change(database, "whole", state="removed")
    await catch_up(indexer)
    assert found(folder, "余弦", frozenset({"public", f"school:{county.lead}"})) == []


async def test_one_that_cannot_be_indexed_keeps_no_other_waiting(database, folder, indexer, monkeypatch, capsys):
    build = document.build

    def poisoned(record):
        if record.id == "bad":
            raise ValueError("on purpose")
        return build(record)

    monkeypatch.setattr(document, "build", poisoned)
    for id in ("a", "bad", "z"):
        await shelve(database, None, id, "勾股定理")
    await catch_up(indexer)
    assert found(folder, "勾股") == ["a", "z"]
    assert await stale(database) == []


async def test_a_lost_index_is_said_and_made_again(database, folder, indexer):
    for number in range(3):
        await shelve(database, None, f"r{number}", "勾股定理")
    await catch_up(indexer)
    shutil.rmtree(folder)
    await shelve(database, None, "new", "勾股定理")
    for work in (indexer.put("r1"), indexer.catch_up()):
        with pytest.raises(UserError) as caught:
            await work
        assert (caught.value.status, caught.value.code) == (503, "index_missing")
    stopping = asyncio.Event()
    running = asyncio.create_task(indexer.run(stopping))
    async with asyncio.timeout(20):
        while await stale(database) or not (folder / "CURRENT").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    stopping.set()
    await running
    assert found(folder, "勾股") == ["new", "r0", "r1", "r2"]


async def test_a_rebuild_has_what_changed_while_it_was_made(database, folder, indexer, monkeypatch):
    monkeypatch.setattr(search_documents, "BATCH", 2)
    for number in range(7):
        await shelve(database, None, f"r{number}", "勾股定理")
    await catch_up(indexer)
    other = Indexer(database, folder)
    seen = []
    real = search_documents.records

    async def meanwhile(session, rows):
        made = await real(session, rows)
        if [row.id for row in rows] == ["r2", "r3"]:  # r0 and r1 are built, r4 … r6 are not
            await change(database, "r0", title="余弦定理")
            await change(database, "r1", state="removed")
            await change(database, "r5", title="余弦定理")
            await shelve(database, None, "r00", "余弦定理")
            await catch_up(other)
            seen.extend(found(folder, "余弦"))
            await change(database, "r2", title="正弦定理")  # nobody has put this one when the new index takes over
        return made

    monkeypatch.setattr(search_documents, "records", meanwhile)
    progress = []
    assert await indexer.rebuild(lambda done, total: progress.append((done, total))) == 7
    assert seen == ["r0", "r00", "r5"]  # searched and written while it was built
    assert (progress[0], progress[-1]) == ((0, 7), (7, 7))
    assert found(folder, "余弦") == ["r0", "r00", "r5"]
    assert found(folder, "勾股") == ["r2", "r3", "r4", "r6"]
    assert await stale(database) == ["r2"]
    await catch_up(indexer)
    assert found(folder, "正弦") == ["r2"]


async def test_what_the_new_index_holds_already_is_only_noted(database, folder, indexer, monkeypatch):
    for number in range(3):
        await shelve(database, None, f"r{number}", "勾股定理")
    assert await indexer.rebuild() == 3
    assert len(await stale(database)) == 3
    monkeypatch.setattr(index, "_batch", None)  # nothing is written
    await catch_up(indexer)
    assert await stale(database) == []


async def test_many_lines_and_many_resources(database, folder, indexer, monkeypatch):
    monkeypatch.setattr(search_documents, "MAX_LINES", 3)
    await shelve(database, None, "r1", "无题", "一", "二", "三")
    async with database.write() as session:
        speak(session, "r1", "勾股", first=3)
    for number in range(search_documents.BATCH + 5):
        await shelve(database, None, f"x{number:03}", "余弦定理")
    assert await indexer.rebuild() == search_documents.BATCH + 6
    assert found(folder, "勾股") == []
    assert Library(folder).search("余弦", PUBLIC).total == search_documents.BATCH + 5


async def test_the_command_rebuilds(database, database_url, folder):
    await shelve(database, None, "r1", "勾股定理")
    async with database.write() as session:
        await session.execute(update(Resource).values(indexed=Resource.version))
    assert await _rebuild(database_url, folder) == 1
    assert found(folder, "勾股") == ["r1"]
