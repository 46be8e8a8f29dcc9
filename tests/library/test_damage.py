"""An index that is damaged while it is read: it is said, marked, and made again; but not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mediaserver.api import UserError
from recorder.search import checks, document, index
from recorder.search.index import Panic
from signalling.db.engine import Database
from signalling.library import damage, searches
from signalling.library.damage import Inspector, Rest
from signalling.library.indexing import Indexer
from signalling.library.searches import Searches
from tests.library.shelf import change, shelve, stale

PUBLIC = frozenset({"public"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
async def indexer(database: Database, folder: Path) -> Indexer:
    made = Indexer(database, folder)
    await made.ensure()
    for number in range(5):
        await shelve(database, None, f"r{number}", "勾股定理")
    while await made.catch_up():
        pass
    return made


@pytest.fixture
async def box(folder: Path) -> AsyncIterator[Searches]:
    made = Searches(folder, limit_s=60)
    yield made
    await made.stop()


async def found(box: Searches) -> list[str]:
    return sorted(hit.id for hit in (await box.search("勾股", PUBLIC)).hits)


async def said(box: Searches) -> tuple[int, str]:
    with pytest.raises(UserError) as caught:
        await box.search("勾股", PUBLIC)
    return caught.value.status, caught.value.code


def spoil(folder: Path) -> Path:
    """Files that are mapped stay as long as they were: no reader is killed by them, each gets nonsense."""
    place = index.current(folder)
    for path in place.glob("*.term"):
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
    return place


async def test_a_search_that_meets_damage_says_so_and_a_worker_mends_it(
    database: Database, folder: Path, indexer: Indexer, box: Searches
) -> None:
    assert await found(box) == ["r0", "r1", "r2", "r3", "r4"]
    place = spoil(folder)
    with capture_logs() as logs:
        for _ in range(3):
            assert await said(box) == (503, "index_missing")
        with pytest.raises(UserError) as caught:
            await box.suggest("勾", PUBLIC)
        assert caught.value.code == "index_missing"
    assert [it["event"] for it in logs] == ["index_damaged"], "once"
    stopping = asyncio.Event()
    running = asyncio.create_task(indexer.run(stopping))
    async with asyncio.timeout(60):
        while (folder / place.name).exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    stopping.set()
    await running
    assert await found(box) == ["r0", "r1", "r2", "r3", "r4"]
    assert await stale(database) == []


async def test_a_worker_that_meets_damage_marks_it_and_forgets_nothing(
    database: Database, folder: Path, indexer: Indexer
) -> None:
    spoil(folder)
    await change(database, "r1", title="余弦定理")
    for work in (indexer.catch_up, lambda: indexer.put("r1")):
        with pytest.raises(UserError) as caught:
            await work()
        assert (caught.value.status, caught.value.code) == (503, "index_missing")
    assert await stale(database) == ["r1"]
    assert await indexer.ensure() is True
    while await indexer.catch_up():
        pass
    assert index.holds(folder).has("r1", 2)


async def test_damage_again_and_again_is_mended_less_and_less_often(
    database: Database, folder: Path, indexer: Indexer
) -> None:
    now = 1000.0
    careful = Indexer(database, folder, monotonic=lambda: now)
    pauses = []
    for _ in range(9):
        index.mark(index.current(folder))
        began = now
        while True:
            try:
                assert await careful.ensure() is True
                break
            except UserError as error:
                assert error.code == "index_missing"
                now += 10
        pauses.append(now - began)
        assert await careful.ensure() is False
    assert pauses == [0, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    index.mark(index.current(folder))
    now += damage.QUIET_S
    assert await careful.ensure() is True
    assert careful._rest.times == 1


async def test_a_record_that_breaks_what_reads_it_is_left_out_and_told_once(
    database: Database, folder: Path, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = document.build

    def poisoned(record):  # type: ignore[no-untyped-def]
        if record.id == "r2":
            raise Panic("on purpose")
        return build(record)

    monkeypatch.setattr(document, "build", poisoned)
    index.mark(index.current(folder))
    with capture_logs() as logs:
        assert await indexer.ensure() is True
    [told] = [it for it in logs if it["event"] == "index_leaves_out"]
    assert (told["count"], told["resources"]) == (1, ["r2"])
    holds = index.holds(folder)
    assert [holds.has(f"r{number}", 1) for number in range(5)] == [True, True, False, True, True]
    assert await indexer.ensure() is False


async def test_a_rebuild_that_fails_is_not_tried_all_the_time(
    database: Database, folder: Path, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    careful = Indexer(database, folder, monotonic=lambda: now)
    (folder / "CURRENT").unlink()
    monkeypatch.setattr(index.Batch, "commit", None)
    monkeypatch.setattr(index.Batch, "add", None)
    with pytest.raises(TypeError):
        await careful.ensure()
    monkeypatch.undo()
    with pytest.raises(UserError) as caught:
        await careful.ensure()
    assert caught.value.code == "index_missing"
    now += damage.PAUSES_S[0]
    assert await careful.ensure() is True


async def test_a_fault_of_the_program_is_none_of_the_files(
    folder: Path, indexer: Indexer, box: Searches, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    real = checks.damaged
    monkeypatch.setattr(checks, "damaged", lambda place: looked.append(place) or real(place))
    monkeypatch.setattr(searches.Library, "search", lambda *_, **__: 1 / 0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await box.search("勾股", PUBLIC)
    assert len(looked) == 1, "all files are read for it"
    assert not (index.current(folder) / index.DAMAGED).exists()


def test_what_was_whole_is_looked_at_again_later_and_a_disk_that_takes_no_mark_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    index.make(tmp_path)
    inspector = Inspector(tmp_path, lambda: now)
    inspector.look()
    (index.current(tmp_path) / "meta.json").write_text("{}")
    inspector.look()
    now += damage.EVERY_S

    def full(place: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index, "mark", full)
    with capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(index.Missing, match="damaged"):
                inspector.look()
    assert [it["event"] for it in logs] == ["index_damaged", "index_not_marked"]


def test_a_pause_is_over_after_it() -> None:
    now = 5.0
    rest = Rest(lambda: now)
    assert rest.left_s() == 0
    rest.count()
    assert rest.left_s() == 60
    now += 61
    assert rest.left_s() == 0
