"""Finished files, by key: on a local directory or in any S3, by one URL.

A key is `{resource}/{name…}`. A file is there whole or not at all, whatever is killed meanwhile: a local one is
written beside its place and renamed, one in S3 is there when its last part has been sent. Workers wait for it (`put`,
`fetch`, `remove`), servers read it in pieces without waiting (`read`, `stream`), so that nobody's line decides how much
memory is held or how long a request to S3 may take.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions
from obstore.store import LocalStore, MemoryStore, S3Store

from mediaserver.api import UserError
from recorder import files

CHUNK = 1 << 20
"""Bytes that are read at once, and held, for one reader."""
PART = 8 << 20
"""Bytes of one part of an upload; S3 allows 10,000 of them."""
PARTS_AT_ONCE = 4
_KEY = re.compile(r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
_KEY_LENGTH = 200
_UNFINISHED = "#"
"""In the name of a file that a directory's store is writing; no key has it."""
_RESOURCE = re.compile(r"[A-Za-z0-9_-]{1,60}")
_FULL = re.compile(r"os error (27|28|122)\b|no space left|quota exceeded", re.IGNORECASE)
"""EFBIG, ENOSPC, EDQUOT; a server that says so in words."""
_PATIENCE: dict[str, object] = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=60)}
_RETRY: dict[str, object] = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class Stored(NamedTuple):
    key: str
    bytes: int


class Store:
    """:param url: `file:///path`, `s3://bucket/prefix` or, for tests, `memory://`. Credentials and address of an S3
        come from the environment, as the AWS tools read them (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` …).
    :ivar folder: of the files; None: they are elsewhere.

    Every method raises UserError: 400 `bad_key`; 404 `file_missing`; 503 `disk_full` or `store_unavailable`.
    """

    def __init__(self, url: str) -> None:
        scheme = urlsplit(url).scheme
        self.folder: Path | None = None
        with _told():
            if scheme == "file":
                self.folder = Path(unquote(urlsplit(url).path))
                self._store: LocalStore | S3Store | MemoryStore = LocalStore(self.folder, mkdir=True)
            elif scheme == "s3":
                self._store = S3Store.from_url(
                    url,
                    client_options={**_PATIENCE, "allow_http": True},  # type: ignore[typeddict-item]
                    retry_config=_RETRY,  # type: ignore[arg-type]
                )
            else:
                self._store = MemoryStore()

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of a file under a key, in the place of what was there."""
        _check(key)
        with _told(writing=True):
            self._require_folder()
            obstore.put(self._store, key, path, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)
            if self.folder is not None:
                self._settle(self.folder / key)

    def fetch(self, key: str, path: Path) -> None:
        """Copy a kept file to a path, where it is whole or not there at all."""
        _check(key)
        temporary = path.with_name(f"{path.name}.new")
        with _told():
            size = obstore.head(self._store, key)["size"]
            with temporary.open("wb") as file:
                for start in range(0, size, CHUNK):
                    file.write(obstore.get_range(self._store, key, start=start, end=min(start + CHUNK, size)))
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)

    def sha256(self, key: str, told: Callable[[int], None]) -> str:
        """Of a kept file. :param told: is given the bytes of each piece as it is read."""
        _check(key)
        digest = hashlib.sha256()
        with _told():
            size = obstore.head(self._store, key)["size"]
            for start in range(0, size, CHUNK):
                piece = obstore.get_range(self._store, key, start=start, end=min(start + CHUNK, size))
                digest.update(piece)
                told(len(piece))
        return digest.hexdigest()

    def local(self, key: str) -> Path | None:
        """Where a file lies; None: not on a local disk. :raises UserError: 404 `file_missing`."""
        _check(key)
        if self.folder is None:
            return None
        path = (self.folder / key).absolute()
        if not path.is_file():
            raise UserError(404, "file_missing", "This file is not in the store.")
        return path

    async def size(self, key: str) -> int:
        _check(key)
        with _told():
            return int((await obstore.head_async(self._store, key))["size"])

    async def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Some bytes of a file, or all of it if it is small. :param end: the byte after the last one.

        :raises ValueError: they are more than `CHUNK`: `stream` them.
        """
        if end is None:
            end = await self.size(key)
        if end - start > CHUNK:
            raise ValueError(f"{end - start} bytes are too many to hold")
        if end <= start:
            return b""
        _check(key)
        with _told():
            return bytes(await obstore.get_range_async(self._store, key, start=start, end=end))

    async def stream(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, in pieces. Each is a request of its own: a slow reader holds none."""
        if end is None:
            end = await self.size(key)
        for at in range(start, end, CHUNK):
            yield await self.read(key, at, min(at + CHUNK, end))

    def list(self, resource: str = "") -> Iterator[Stored]:
        """All files, or those of one resource, in no order."""
        if resource:
            _check_resource(resource)
        with _told():
            self._require_folder()
            for batch in obstore.list(self._store, resource or None, chunk_size=500):
                for meta in batch:
                    yield Stored(meta["path"], int(meta["size"]))

    def remove(self, resource: str) -> int:
        """All files of a resource. :returns: how many there were; 0 when it is done again."""
        keys = [stored.key for stored in self.list(resource)]
        with _told():
            if keys:
                obstore.delete(self._store, keys)
            self.remove_unfinished(resource)
            if self.folder is not None:
                _remove_empty(self.folder / resource)
        return len(keys)

    def remove_unfinished(self, resource: str) -> None:
        """What killed processes were putting there: no list shows it. Nobody may be putting anything there now.

        A bucket has to do so itself, by a rule for uploads that were not completed.
        """
        _check_resource(resource)
        if self.folder is not None:
            with _told():
                for path in (self.folder / resource).rglob(f"*{_UNFINISHED}*"):
                    path.unlink(missing_ok=True)

    def remove_file(self, key: str) -> None:
        """One file; it is no error when it is not there."""
        _check(key)
        try:
            with _told():
                obstore.delete(self._store, key)
        except UserError as error:
            if error.code != "file_missing":
                raise

    def _require_folder(self) -> None:
        """A disk that is not mounted must not be taken for an empty one, and be filled below its mount point."""
        if self.folder is not None and not self.folder.is_dir():
            raise UserError(503, "store_unavailable", "The directory of finished files is gone: mount it again.")

    def _settle(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        files.sync_folder(path.parent)


def _check(key: str) -> None:
    if len(key) > _KEY_LENGTH or not _KEY.fullmatch(key):
        raise UserError(400, "bad_key", "A file's name is made of letters, digits, dots, dashes and slashes.")


def _check_resource(resource: str) -> None:
    if not _RESOURCE.fullmatch(resource):
        raise UserError(400, "bad_key", "A resource's name is made of letters, digits and dashes.")


@contextmanager
def _told(writing: bool = False) -> Iterator[None]:
    """What the store says, in words for people; addresses and credentials that stand in its errors stay here."""
    try:
        yield
    except (exceptions.NotFoundError, FileNotFoundError) as error:
        if not writing:
            raise UserError(404, "file_missing", "This file is not in the store.") from error
        raise UserError(
            503, "store_unavailable", "The store of finished files is gone: is its bucket there?"
        ) from error
    except (exceptions.BaseError, OSError) as error:
        if _FULL.search(str(error)) or getattr(error, "errno", None) in (27, 28, 122):
            raise UserError(503, "disk_full", "No space is left for finished files: make some.") from error
        raise UserError(
            503, "store_unavailable", "The store of finished files does not answer or refuses: check it and its keys."
        ) from error


def _remove_empty(folder: Path) -> None:
    """Folders that nothing is in any more; S3 has none."""
    for path, folders, names in os.walk(folder, topdown=False):
        if not names and not any((Path(path) / name).exists() for name in folders):
            Path(path).rmdir()
