"""The index on disk: one folder of tantivy's in use, named by `CURRENT`, and a lock that one writer holds at a time.

    index/.index         its name, made by the server that searches it (signalling/library/indexes.py)
    index/CURRENT        {"folder": "i-7", "version": 1}, replaced at once when another folder takes over
    index/i-7/           tantivy's files: what was committed is there after a kill -9
    index/i-7/DAMAGED    whoever read it found that its files are not what was written: it goes when another takes over
    index/touched        ids that were put or removed since somebody builds a folder beside the one in use
    index/write.lock     held by whoever writes or takes over
    index/rebuild.lock   held by whoever builds a folder beside the one in use

Nothing in it is worth a backup: it is made again from the database. tantivy maps its files, so a reader that has one
open keeps it although its folder is removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import tantivy

from mediaserver.api import UserError
from recorder import files
from recorder.search import document
from recorder.search.document import Record

T = TypeVar("T")

CURRENT = "CURRENT"
TOUCHED = "touched"
DAMAGED = "DAMAGED"
META = "meta.json"
HEAP_BYTES = 64_000_000
BUILD_HEAP_BYTES = 256_000_000
_PAUSE_S = 0.02


class Missing(Exception):
    """There is no index that can be read. :ivar reason: `lost`, `damaged` or `older`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The search index is {reason}.")
        self.reason = reason


def busy() -> UserError:
    return UserError(503, "index_busy", "Another process writes into the search index; try again in a minute.")


def current(folder: Path) -> Path:
    """The folder in use. :raises Missing:"""
    try:
        said = json.loads((folder / CURRENT).read_bytes())
        name, version = said["folder"], said["version"]
    except FileNotFoundError:
        raise Missing("lost") from None
    except (OSError, ValueError, TypeError, KeyError):
        raise Missing("damaged") from None
    if version != document.VERSION:
        raise Missing("older")
    if not isinstance(name, str) or not (folder / name / META).exists():
        raise Missing("lost")
    if (folder / name / DAMAGED).exists():
        raise Missing("damaged")
    return folder / name


def mark(place: Path) -> None:
    """From now on it is `damaged` to every process. :raises OSError:"""
    (place / DAMAGED).touch()


class Panic(RuntimeError):
    """tantivy gave up in the middle: a fault of its own, or files that are not what it wrote."""


def guarded(work: Callable[[], T]) -> T:
    """A panic in tantivy is no `Exception` of Python's, and would end more than what it was asked for.

    :raises Panic:"""
    try:
        return work()
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise Panic(f"the index broke: {error}") from error


def opened(place: Path) -> tantivy.Index:
    """:raises Missing: `damaged`."""
    try:
        return guarded(lambda: _open(place))
    except (ValueError, OSError, Panic) as error:
        raise Missing("damaged") from error


def _open(place: Path) -> tantivy.Index:
    index = tantivy.Index.open(str(place))
    document.register(index)
    index.config_reader("manual")
    index.reload()
    return index


@contextlib.contextmanager
def locked(path: Path, wait_s: float) -> Iterator[None]:
    """Held by one process and thread at a time, and by no dead one. :raises UserError: 503 `index_busy`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        last = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= last:
                    raise busy() from None
                time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(descriptor)


class Unfit(Exception):
    """A record that cannot be made a document. :ivar why: for the log."""

    def __init__(self, id: str, error: Exception) -> None:
        self.id = id
        self.why = f"{type(error).__name__}: {error}"
        super().__init__(f"{id} cannot be indexed: {self.why}")


class Batch:
    """What is put and removed together: there as a whole after `commit`, or not at all."""

    def __init__(self, writer: tantivy.IndexWriter) -> None:
        self._writer = writer
        self.touched: list[str] = []

    def put(self, record: Record) -> None:
        """In the place of what is there of it."""
        self.remove(record.id)
        self.add(record)

    def add(self, record: Record) -> None:
        """Of a record that is not there yet. :raises Unfit: it is not put, and the batch goes on."""
        try:
            made = guarded(lambda: document.build(record))
        except Exception as error:
            raise Unfit(record.id, error) from error
        self._writer.add_document(made)

    def remove(self, id: str) -> None:
        self.touched.append(id)
        self._writer.delete_documents_by_term("id", id)

    def commit(self) -> None:
        self._writer.commit()


@contextlib.contextmanager
def _batch(place: Path, heap: int) -> Iterator[Batch]:
    index = opened(place)
    try:
        writer = index.writer(heap, 1)
    except ValueError:
        raise busy() from None
    try:
        yield Batch(writer)
        writer.commit()
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()


class Writer:
    """:param folder: of the index. :param wait_s: for another writer's batch."""

    def __init__(self, folder: Path, *, wait_s: float = 10.0) -> None:
        self._folder = folder
        self._wait_s = wait_s

    @contextlib.contextmanager
    def batch(self) -> Iterator[Batch]:
        """Committed at the end, dropped by an exception. :raises UserError: 503 `index_busy`. :raises Missing:"""
        with locked(self._folder / "write.lock", self._wait_s), _batch(current(self._folder), HEAP_BYTES) as batch:
            yield batch
            with (
                contextlib.suppress(FileNotFoundError),
                os.fdopen(os.open(self._folder / TOUCHED, os.O_WRONLY | os.O_APPEND), "w") as touched,
            ):
                touched.writelines(f"{id}\n" for id in batch.touched)

    @contextlib.contextmanager
    def rebuilding(self) -> Iterator[Rebuild]:
        """A new folder beside the one in use. :raises UserError: 503 `index_busy`: somebody else is at it."""
        with locked(self._folder / "rebuild.lock", 0.0):
            rebuild = Rebuild(self._folder, self._wait_s)
            try:
                yield rebuild
            finally:
                (self._folder / TOUCHED).unlink(missing_ok=True)
                rebuild.sweep()


class Rebuild:
    """Folders that are not in use belong to whoever holds the lock; `sweep` removes them, a killed rebuild's too."""

    def __init__(self, folder: Path, wait_s: float) -> None:
        self._folder = folder
        self._wait_s = wait_s
        taken = [int(path.name[2:]) for path in folder.glob("i-*") if path.name[2:].isdigit()]
        self.sweep()  # afterwards: a name is not used again at once, by which readers know that it is another one
        self.place = folder / f"i-{max(taken, default=0) + 1}"
        self.place.mkdir()
        tantivy.Index(document.schema(), path=str(self.place))
        with locked(folder / "write.lock", wait_s):
            (folder / TOUCHED).write_bytes(b"")

    @contextlib.contextmanager
    def batch(self) -> Iterator[Batch]:
        with _batch(self.place, BUILD_HEAP_BYTES) as batch:
            yield batch

    def holds(self) -> Holds:
        return Holds(self.place)

    @contextlib.contextmanager
    def taking_over(self) -> Iterator[list[str]]:
        """Nobody writes meanwhile; at the end searches and batches go to the new folder.

        Yields the ids that were put or removed in the old one since this began: they are to be put here before.

        :raises UserError: 503 `index_busy`. :raises OSError: the old one stays in use.
        """
        with locked(self._folder / "write.lock", self._wait_s):
            touched = (self._folder / TOUCHED).read_text().split()
            yield list(dict.fromkeys(touched))
            said = {"folder": self.place.name, "version": document.VERSION}
            files.replace(self._folder / CURRENT, json.dumps(said).encode())

    def sweep(self) -> None:
        with contextlib.suppress(Missing):
            used = current(self._folder)
            for path in self._folder.glob("i-*"):
                if path != used:
                    shutil.rmtree(path, ignore_errors=True)
            return
        for path in self._folder.glob("i-*"):
            shutil.rmtree(path, ignore_errors=True)


class Holds:
    """Which versions an index holds, as of now."""

    def __init__(self, place: Path) -> None:
        index = opened(place)
        self._schema, self._searcher = index.schema, index.searcher()

    def ids(self, ids: Iterable[str]) -> set[str]:
        return {id for id in ids if self._has("id", id)}

    def has(self, id: str, version: int) -> bool:
        return self._has("key", document.key(id, version))

    def _has(self, field: str, value: str) -> bool:
        if not self._searcher.doc_freq(field, value):  # counts what was removed too, and costs nothing
            return False
        query = tantivy.Query.term_query(self._schema, field, value, "basic")
        return bool(self._searcher.search(query, 1, count=False).hits)


def holds(folder: Path) -> Holds:
    """:raises Missing:"""
    return Holds(current(folder))


def make(folder: Path) -> None:
    """An empty index, where there is none. :raises UserError: 503 `index_busy`."""
    with Writer(folder).rebuilding() as rebuild, rebuild.taking_over():
        pass


def size(folder: Path) -> int:
    """Bytes of the folder in use. :raises Missing:"""
    return sum(path.stat().st_size for path in current(folder).iterdir())
