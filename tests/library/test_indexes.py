"""Several indexes on one database: each follows everything, whoever is first; who searches none keeps none."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest
from sqlalchemy import select

from mediaserver.api import UserError
from recorder.search import index
from recorder.search.searching import Library
from signalling.db.engine import Database
from signalling.db.library import IndexLag, SearchIndex
from signalling.library import indexes
from signalling.library.indexing import Indexer, begin
from signalling.library.queue import Queue
from signalling.library.worker import Worker
from tests.bell.county import Clock
from tests.library import hand
from tests.library.hall import Hall
from tests.library.shelf import change, shelve, stale
from tests.people.conftest import NOW

PUBLIC = frozenset({"public"})


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


async def keeper(database: Database, folder: Path, clock: Clock) -> Indexer:
    """Of a server that begins with nothing published."""
    await begin(database, folder, clock())
    made = Indexer(database, folder, clock=clock)
    assert await made.ensure() is False
    return made


def found(folder: Path, text: str) -> list[str]:
    return sorted(hit.id for hit in Library(folder).search(text, PUBLIC).hits)


async def lags(database: Database) -> list[tuple[str, str, int]]:
    async with database.read() as session:
        asked = select(IndexLag.index, IndexLag.resource, IndexLag.version).order_by(IndexLag.resource)
        return [tuple(row) for row in await session.execute(asked)]


async def catch_up(*indexers: Indexer) -> None:
    for indexer in indexers:
        while await indexer.catch_up():
            pass


@pytest.mark.parametrize("first", [0, 1])
async def test_each_index_has_what_either_was_told(
    database: Database, tmp_path: Path, clock: Clock, first: int
) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    both = [await keeper(database, folder, clock) for folder in folders]
    names = [indexes.known(folder) for folder in folders]
    for id in ("r1", "r2"):
        await shelve(database, None, id, "勾股定理")
    assert await both[first].put("r1")
    await catch_up(both[first])
    assert await stale(database) == []
    assert await lags(database) == [(names[1 - first], "r1", 1), (names[1 - first], "r2", 1)]
    await catch_up(both[1 - first])
    assert [found(folder, "勾股") for folder in folders] == [["r1", "r2"]] * 2
    await change(database, "r1", title="余弦定理")
    await change(database, "r2", state="removed")
    await catch_up(both[1 - first])
    assert found(folders[first], "勾股") == ["r1", "r2"]
    await catch_up(both[first])
    for folder in folders:
        assert (found(folder, "勾股"), found(folder, "余弦")) == ([], ["r1"])
    assert await lags(database) == await stale(database) == []
    assert [await it.catch_up() for it in both] == [0, 0], "neither gives the other anything to do for ever"


async def test_two_that_mark_the_same_at_once_leave_nothing_behind(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    folders = [tmp_path / name for name in "abc"]
    all_of_them = [await keeper(database, folder, clock) for folder in folders]
    ids = [f"r{number}" for number in range(9)]
    for id in ids:
        await shelve(database, None, id, "勾股定理")
    for round in range(3):
        await asyncio.gather(*(indexer.catch_up() for indexer in all_of_them))
        await change(database, ids[round], title="余弦定理")
    for _ in folders:
        await asyncio.gather(*(catch_up(indexer) for indexer in all_of_them))
    assert [found(folder, "勾股") for folder in folders] == [ids[3:]] * 3
    assert await lags(database) == await stale(database) == []


async def test_a_correction_while_an_index_lags_is_not_taken_for_done(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    one, two = await keeper(database, tmp_path / "a", clock), await keeper(database, tmp_path / "b", clock)
    name = indexes.known(tmp_path / "b")
    await shelve(database, None, "r1", "勾股定理")
    await catch_up(one)
    await change(database, "r1", title="余弦定理")
    await catch_up(one)
    assert await lags(database) == [(name, "r1", 2)]
    async with database.write() as session:
        await indexes.mark(session, name, {"r1": 1})  # it had begun before the correction
    assert await stale(database) == ["r1"]
    await catch_up(two, one, two)
    assert found(tmp_path / "b", "余弦") == ["r1"]
    assert await lags(database) == await stale(database) == []


async def test_an_index_that_was_forgotten_is_made_of_everything(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    one, two = await keeper(database, tmp_path / "a", clock), await keeper(database, tmp_path / "b", clock)
    await shelve(database, None, "r1", "勾股定理")
    await catch_up(one, two)
    clock.pass_(indexes.FORGET_S - 1)
    await shelve(database, None, "r2", "勾股定理")
    assert await one.ensure() is False
    await catch_up(one)
    assert [it[1] for it in await lags(database)] == ["r2"]
    clock.pass_(indexes.SEEN_S)
    assert await one.ensure() is False
    assert await lags(database) == []
    async with database.read() as session:
        assert list(await session.scalars(select(SearchIndex.name))) == [indexes.known(tmp_path / "a")]
    await catch_up(two)
    assert found(tmp_path / "b", "勾股") == ["r1"], "nobody has told it"
    assert await two.ensure() is True
    assert found(tmp_path / "b", "勾股") == ["r1", "r2"]
    assert await two.ensure() is False


async def test_a_server_that_joins_has_what_was_there(database: Database, tmp_path: Path, clock: Clock) -> None:
    one = await keeper(database, tmp_path / "a", clock)
    await shelve(database, None, "r1", "勾股定理")
    await catch_up(one)
    await begin(database, tmp_path / "b", clock())
    with pytest.raises(index.Missing):
        index.current(tmp_path / "b")
    two = Indexer(database, tmp_path / "b", clock=clock)
    assert await two.ensure() is True
    assert found(tmp_path / "b", "勾股") == ["r1"]


async def test_a_folder_of_another_database_is_not_searched(database: Database, tmp_path: Path, clock: Clock) -> None:
    """As when the database was lost and `data_dir` was not."""
    index.make(tmp_path / "a")
    before = index.current(tmp_path / "a")
    await begin(database, tmp_path / "a", clock())
    assert index.current(tmp_path / "a") != before


async def test_a_worker_without_an_index_makes_none_and_marks_nothing(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    server = await keeper(database, tmp_path / "server", clock)
    guest = Indexer(database, tmp_path / "worker", guest=True, clock=clock)
    await shelve(database, None, "r1", "勾股定理")
    stopping = asyncio.Event()
    running = asyncio.create_task(guest.run(stopping))
    assert await guest.put("r1") is False
    with pytest.raises(UserError) as caught:
        await guest.ensure()
    assert caught.value.code == "index_missing"
    assert await stale(database) == ["r1"]
    stopping.set()
    await running
    assert not (tmp_path / "worker").exists()
    await catch_up(server)
    assert await guest.put("r1") is True
    assert found(tmp_path / "server", "勾股") == ["r1"]


async def test_a_worker_that_shares_the_folder_keeps_the_index(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    await keeper(database, tmp_path / "index", clock)
    (tmp_path / "mounted").symlink_to(tmp_path / "index")
    guest = Indexer(database, tmp_path / "mounted", guest=True, clock=clock)
    await shelve(database, None, "r1", "勾股定理")
    assert await guest.put("r1") is True
    assert await stale(database) == []
    assert found(tmp_path / "index", "勾股") == ["r1"]


async def test_the_stage_of_such_a_worker_waits_for_a_server(hall: Hall, tmp_path: Path) -> None:
    server = await keeper(hall.database, tmp_path / "server", hall.clock)
    guest = Indexer(hall.database, tmp_path / "worker", guest=True, clock=hall.clock)
    shop = dataclasses.replace(hand.shop(hall.database, hall.folder, hall.store), indexer=guest)
    worker = Worker(hall.database, Queue(hall.folder), shop, hall.clock)
    resource, _ = await hall.resource()
    await worker.process(resource)
    stage = (await hall.stages(resource))["index"]
    assert (stage.state, stage.tries) == ("waiting", 0)
    assert await stale(hall.database) == [resource]
    await catch_up(server)
    hall.clock.set(stage.due)
    await worker.process(resource)
    assert (await hall.states(resource))["index"] == "done"
