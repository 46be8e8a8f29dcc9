"""The queue in a file and in Redis: the same behaviour, and nothing is lost with it but time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mediaserver.api import UserError
from signalling.library.queue import FILE, LATER, SOON, Queue
from tests.library.hall import Hall, until
from tests.library.redis import RedisServer

Open = Callable[[], Queue]


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["file", "redis"])
def open_queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    url = request.getfixturevalue("redis").url if request.param == "redis" else ""
    made: list[Queue] = []

    def opened() -> Queue:
        made.append(Queue(tmp_path, url))
        return made[-1]

    yield opened
    for queue in made:
        queue.close()


def test_what_nobody_can_watch_yet_comes_first_and_each_in_its_turn(open_queue: Open):
    queue = open_queue()
    assert (queue.put(["a", "b"], LATER), queue.put(["c", "d"], SOON), queue.size()) == (2, 2, 4)
    assert [queue.take() for _ in range(5)] == ["c", "d", "a", "b", None]


def test_nothing_is_in_it_twice(open_queue: Open):
    queue = open_queue()
    assert (queue.put(["a", "a", "b"], LATER), queue.put(["b", "c"], SOON), queue.size()) == (2, 1, 3)


def test_takers_in_threads_get_each_thing_once(open_queue: Open):
    open_queue().put([f"r{number}" for number in range(100)], LATER)
    taken: list[str] = []

    def take() -> None:
        queue = open_queue()
        while (item := queue.take()) is not None:
            taken.append(item)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 100


def test_a_queue_that_nobody_uses_makes_no_file(tmp_path: Path):
    assert Queue(tmp_path).size() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_removed_or_damaged_is_made_anew(tmp_path: Path):
    queue, other = Queue(tmp_path), Queue(tmp_path)
    assert (queue.put(["a", "b"], SOON), other.size()) == (2, 2)
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"{FILE}{suffix}").unlink(missing_ok=True)
    assert (other.put(["d"], LATER), queue.put(["e"], SOON)) == (1, 1)
    assert [queue.take(), other.take(), queue.take()] == ["e", "d", None]
    for one in (queue, other):
        one.close()
    (tmp_path / FILE).write_bytes(b"this is no database" * 1000)
    assert queue.put(["f"], LATER) == 1 and other.take() == "f"
    for one in (queue, other):
        one.close()


def test_a_queue_that_is_away_says_so_without_its_password(tmp_path: Path):
    queue = Queue(tmp_path, "redis://:geheim@127.0.0.1:1/0")
    with pytest.raises(UserError) as caught:
        queue.take()
    assert (caught.value.status, caught.value.code) == (503, "queue_unavailable")
    assert "geheim" not in str(caught.value) + repr(queue)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError) as caught:
        Queue(tmp_path / "file").put(["a"], LATER)
    assert caught.value.code == "queue_unavailable"


async def test_a_worker_lives_through_a_redis_that_dies(hall: Hall, database_url: str, redis: RedisServer):
    resource, _ = await hall.resource()
    async with hall.hand(database_url, redis.url) as worker:
        redis.kill()
        redis.start()
        queue = Queue(hall.folder, redis.url)
        queue.put([resource], SOON)
        await until(lambda: hall.states_done(resource))
        assert worker.returncode is None
    queue.close()
