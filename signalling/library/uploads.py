"""Files that somebody adds: received into a folder of their own, known by their content, then a resource that waits
for the workers. Whatever goes wrong on the way leaves nothing behind; what a killed process left is removed later.

    {spool}/.uploads/{process}-{id}/upload/original   while it arrives
    {spool}/{resource}/upload/original.pdf            with a manifest, as the workers find it
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from recorder import files, manifest
from recorder.extract import kinds
from recorder.extract.kinds import Kind
from recorder.manifest import Manifest, Output
from recorder.spool import identity
from signalling.bell import holder
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Commits, Database, commits
from signalling.db.library import Resource
from signalling.library import editing, vocabulary
from signalling.library.seen import Viewer

MAX_AT_ONCE = 8
RESERVE = 2 << 30
"""Bytes of the disk that uploads leave to lessons that are recorded."""
STALLED_S = 30.0
LONGEST_S = 6 * 3600.0
OUTPUT = "upload"
"""Of the manifest, and the folder that the file lies in."""
INCOMING = ".uploads"
_LOOK_EVERY = 64 << 20
_CHUNK = 1 << 20
_NO_FILE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG))
_ASKED = 500
"""Folders that are asked for in one query."""


@dataclass(frozen=True, slots=True)
class Received:
    folder: Path
    file: str
    bytes: int
    sha256: str
    kind: Kind


class Uploads:
    """:param spool: folder of recordings, on a local disk. :param most: bytes of a file."""

    def __init__(self, spool: Path, most: int, reserve: int = RESERVE) -> None:
        self._spool = spool
        self._most = most
        self._reserve = reserve
        self._people: set[str] = set()

    @contextlib.asynccontextmanager
    async def receive(self, person: str, chunks: AsyncIterator[bytes], length: int | None) -> AsyncIterator[Received]:
        """The file in a folder that is removed at the end, unless it was moved away.

        :param length: what the sender says; None: she does not.
        :raises UserError: 400 `bad_upload`; 408 `too_slow`; 413 `too_large`; 415 `unknown_type`; 422 `bad_document`;
            429 `upload_running`; 503 `too_many_uploads`, `disk_full`.
        """
        with self._turn(person):
            if length is not None and length > self._most:
                raise self._too_large()
            self._require_room(length or 0)
            folder = self._spool / INCOMING / f"{holder.new_name()}-{new_id()}"
            try:
                yield await self._take(folder, chunks)
            finally:
                await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    @contextlib.contextmanager
    def _turn(self, person: str) -> Iterator[None]:
        if person in self._people:
            raise UserError(429, "upload_running", "Another file of yours is arriving; wait until it is there.")
        if len(self._people) >= MAX_AT_ONCE:
            raise UserError(503, "too_many_uploads", "Many add files at this moment; try again in a few minutes.")
        self._people.add(person)
        try:
            yield
        finally:
            self._people.discard(person)

    async def _take(self, folder: Path, chunks: AsyncIterator[bytes]) -> Received:
        path = folder / OUTPUT / "original"
        digest = hashlib.sha256()
        size = looked = 0
        try:
            await asyncio.to_thread(path.parent.mkdir, parents=True)
            with await asyncio.to_thread(path.open, "wb") as file:
                async with asyncio.timeout(LONGEST_S):
                    while chunk := await _next(chunks):
                        size += len(chunk)
                        if size > self._most:
                            raise self._too_large()
                        if size - looked >= _LOOK_EVERY:
                            looked = size
                            self._require_room(0)
                        await asyncio.to_thread(_write, file, digest, chunk)
                await asyncio.to_thread(os.fsync, file.fileno())
        except TimeoutError:
            raise UserError(408, "too_slow", "The file took too long to arrive; try again on a better line.") from None
        except OSError:
            raise _full() from None
        if not size:
            raise UserError(400, "bad_upload", "The request has no file; send one as its body.")
        kind = await asyncio.to_thread(kinds.recognise, path)
        named = path.with_name(f"original{kind.suffix}")
        await asyncio.to_thread(path.rename, named)
        return Received(folder, f"{OUTPUT}/{named.name}", size, digest.hexdigest(), kind)

    def _require_room(self, wanted: int) -> None:
        try:
            self._spool.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self._spool).free
        except OSError:
            raise _full() from None
        if free - wanted < self._reserve:
            raise _full()

    def _too_large(self) -> UserError:
        return UserError(
            413, "too_large", f"The file has more than {self._most >> 20} MiB, which is all that is taken; cut it."
        )

    @contextlib.asynccontextmanager
    async def copied(self, path: Path) -> AsyncIterator[Received]:
        """A copy of a file that lies on the server, as `receive` gives it.

        Only the copy is held while it is used, so that a list of thousands takes no descriptors from others.
        :raises UserError: 404 `no_such_file`; 413 `too_large`; 415 `unknown_type`; 422 `bad_document`;
            503 `disk_full`, `folder_unavailable`.
        """
        folder = self._spool / INCOMING / f"{holder.new_name()}-{new_id()}"
        try:
            with await asyncio.to_thread(_open_plain, path) as source:
                size = os.fstat(source.fileno()).st_size
                if size > self._most:
                    raise self._too_large()
                self._require_room(size)
                received = await self._take(folder, _pieces(source))
            yield received
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    @contextlib.asynccontextmanager
    async def settled(self, places: Sequence[tuple[Received, str]], now: float) -> AsyncIterator[str]:
        """Files stand where workers find them, by the ids of their resources; if the rows are not written, none does.
        Gives the name of the folder of recordings for their rows (`Resource.spool`).

        Where nobody knows whether they were, `sweep_unknown` sees it later.
        :raises UserError: 503 `disk_full`.
        """
        written = Commits()
        try:
            # Before the rows: a worker that finds a row finds its file.
            for received, id in places:
                await asyncio.to_thread(_settle, received, self._spool / id, _manifest(received, id, now))
            name = await asyncio.to_thread(identity, self._spool)
            with commits() as written:
                yield name
        except BaseException as error:
            if not written.tried:
                for _, id in places:
                    await asyncio.shield(asyncio.to_thread(shutil.rmtree, self._spool / id, ignore_errors=True))
            if isinstance(error, OSError):
                raise _full() from None
            raise

    # ------------------------------------------------------------ made a resource

    async def keep(
        self,
        database: Database,
        now: float,
        viewer: Viewer,
        school: str | None,
        received: Received,
        wanted: Mapping[str, Any],
    ) -> Resource:
        """:raises UserError: 403; 404; 422 `bad_metadata`; 503 `disk_full`."""
        kept = vocabulary.required(wanted)
        id = new_id(now)

        async def work(session: AsyncSession, spool: str) -> Resource:
            of = await editing.home(session, viewer, school)
            kind = received.kind.kind
            row = await editing.make(session, now, viewer.person, of, kept, kind=kind, state="waiting", id=id)
            row.spool = spool
            detail = {**editing.created(row), "bytes": received.bytes, "sha256": received.sha256}
            await audit.append(session, int(now), viewer.person, "resource.created", id, detail)
            return row

        async with self.settled([(received, id)], now) as spool:
            return await database.run(lambda session: work(session, spool))


def sweep_incoming(spool: Path) -> int:
    """Remove what dead processes were receiving, and say how much. Blocks."""
    removed = 0
    with contextlib.suppress(OSError):
        for folder in (spool / INCOMING).iterdir():
            if holder.is_dead(folder.name.rpartition("-")[0]):
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


async def sweep_unknown(database: Database, spool: Path, now: float, older_s: float = 3600.0) -> int:
    """Remove uploads that no resource was made of: their process died meanwhile. :param older_s: of their files."""
    found = await asyncio.to_thread(_uploads, spool, now - older_s)
    removed = 0
    for first in range(0, len(found), _ASKED):
        names = found[first : first + _ASKED]
        async with database.read() as session:
            known = set(await session.scalars(select(Resource.id).where(Resource.id.in_(names))))
        for name in set(names) - known:
            await asyncio.to_thread(shutil.rmtree, spool / name, ignore_errors=True)
            removed += 1
    return removed


def _uploads(spool: Path, before: float) -> list[str]:
    """Names of folders."""
    found = []
    with contextlib.suppress(OSError):
        for folder in sorted(spool.iterdir()):
            original = folder / OUTPUT
            if not folder.name.startswith(".") and original.is_dir() and original.stat().st_mtime < before:
                found.append(folder.name)
    return found


async def _next(chunks: AsyncIterator[bytes]) -> bytes:
    """Empty at the end. :raises TimeoutError:"""
    async with asyncio.timeout(STALLED_S):
        return await anext(chunks, b"")


def _write(file: Any, digest: Any, chunk: bytes) -> None:
    file.write(chunk)
    digest.update(chunk)


def _open_plain(path: Path) -> BinaryIO:
    """Neither a link nor anything that is no file.

    :raises UserError: 404 `no_such_file`; 422 `bad_document`; 503 `folder_unavailable`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _NO_FILE:
            raise _no_such_file() from None
        if isinstance(error, PermissionError):
            raise UserError(422, "bad_document", "The server may not read the file; change its permissions.") from None
        raise _unreadable(error) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_such_file()
    return os.fdopen(descriptor, "rb")


def _no_such_file() -> UserError:
    return UserError(404, "no_such_file", "There is no such file in the import folder; put it there.")


def _unreadable(error: OSError) -> UserError:
    return UserError(
        503, "folder_unavailable", f"The import folder cannot be read now ({error.strerror}); try again, or check it."
    )


async def _pieces(source: BinaryIO) -> AsyncIterator[bytes]:
    """:raises UserError: 503 `folder_unavailable`."""
    while True:
        try:
            chunk = await asyncio.to_thread(source.read, _CHUNK)
        except OSError as error:
            raise _unreadable(error) from None
        if not chunk:
            return
        yield chunk


def _manifest(received: Received, id: str, now: float) -> Manifest:
    output = Output(
        name=OUTPUT,
        file=received.file,
        media_type=received.kind.media_type,
        bytes=received.bytes,
        sha256=received.sha256,
    )
    return Manifest(room=id, began=int(now * 1000), outputs=[output])


def _settle(received: Received, place: Path, made: Manifest) -> None:
    manifest.save(received.folder, made)
    os.utime(received.folder / OUTPUT)  # it may have waited for hours for others: from now on `sweep_unknown` counts
    files.sync_folder(received.folder / OUTPUT)
    received.folder.rename(place)
    files.sync_folder(place.parent)


def _full() -> UserError:
    return UserError(503, "disk_full", "The server has no room for the file; tell who looks after it.")
