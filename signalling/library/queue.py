"""The queue of resources that want work: huey's storage in a SQLite file, or in Redis.

A message is the id of a resource and nothing else, so that nobody who writes to a Redis can have a worker unpickle
what it wrote. A queue that loses messages, or all of itself, costs time alone: the sweep finds in the database what
lags and puts it in again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from huey.storage import BaseStorage, PriorityRedisStorage, SqliteStorage
from redis import ConnectionPool, RedisError

from mediaserver.api import UserError

T = TypeVar("T")

NAME = "tongke"
FILE = "queue.sqlite3"
SOON, NEXT, LATER = 10, 5, 0
"""Priorities: of lessons that nobody can watch yet, of other resources that nobody can, and of what is made better."""
_PATIENCE_S = 5.0
_WAIT_S = 1


class Queue:
    """Used from threads, one at a time.

    :param folder: where the file is. :param redis_url: with its password; empty: the file.
    :param spool: the folder of recordings that its workers have: servers with others may share the Redis.
    Every method raises UserError 503 `queue_unavailable`.
    """

    def __init__(self, folder: Path, redis_url: str = "", spool: str = "") -> None:
        self._file = folder / FILE
        self._redis_url = redis_url
        self._name = f"{NAME}-{spool}" if spool else NAME
        self._lock = threading.Lock()
        self._storage: BaseStorage | None = None
        self._pool: ConnectionPool | None = None
        self._inode = 0

    def put(self, resources: Iterable[str], priority: int) -> int:
        """Those that are not in it already. :returns: how many these were."""

        def work(storage: BaseStorage) -> int:
            there = {bytes(item) for item in storage.enqueued_items()}
            new = [item for item in dict.fromkeys(it.encode() for it in resources) if item not in there]
            for item in new:
                storage.enqueue(item, priority)
            return len(new)

        return self._do(work)

    def take(self) -> str | None:
        """The next one, which is out of the queue then. None: there is none (Redis is asked for a second)."""

        def work(storage: BaseStorage) -> str | None:
            item = storage.dequeue()
            return bytes(item).decode("ascii", "replace") if item is not None else None

        return self._do(work)

    def has_others(self, resource: str) -> bool:
        """Whether anything but this one is in it."""
        own = resource.encode()
        return self._do(lambda storage: any(bytes(item) != own for item in storage.enqueued_items()))

    def size(self) -> int:
        """0 where there is no file yet, and then none is made."""
        if not self._redis_url and self._storage is None and not self._file.exists():
            return 0
        return self._do(lambda storage: int(storage.queue_size()))

    def close(self) -> None:
        with self._lock:
            self._close()

    def _do(self, work: Callable[[BaseStorage], T]) -> T:
        with self._lock:
            try:
                return work(self._opened())
            except sqlite3.OperationalError as error:
                raise _unavailable(f"its file cannot be written ({error})") from error
            except sqlite3.DatabaseError:
                # Damaged: what was in it is in the database too.
                self._close()
                for path in self._file.parent.glob(f"{FILE}*"):
                    path.unlink(missing_ok=True)
                try:
                    return work(self._opened())
                except sqlite3.DatabaseError as error:
                    raise _unavailable(f"its file cannot be made anew ({error})") from error
            except RedisError as error:
                self._close()
                raise _unavailable(f"Redis does not answer ({type(error).__name__})") from error

    def _opened(self) -> BaseStorage:
        if self._storage is not None and (self._redis_url or self._inode == _inode(self._file)):
            return self._storage
        self._close()
        if self._redis_url:
            self._pool = ConnectionPool.from_url(
                self._redis_url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S
            )
            self._storage = PriorityRedisStorage(self._name, connection_pool=self._pool, read_timeout=_WAIT_S)
        else:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _unavailable(f"its directory cannot be made ({error.strerror})") from error
            self._storage = SqliteStorage(NAME, filename=str(self._file), cache_mb=1, timeout=_PATIENCE_S)
            self._inode = _inode(self._file)
        return self._storage

    def _close(self) -> None:
        storage, self._storage = self._storage, None
        if storage is not None:
            storage.close()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.disconnect()


def _inode(path: Path) -> int:
    """0: it is not there. Somebody may have removed it or put another in its place."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _unavailable(why: str) -> UserError:
    return UserError(503, "queue_unavailable", f"The queue of the work after the bell is away: {why}; check it.")
