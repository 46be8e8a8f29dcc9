"""Files of the library for those who are signed in and share in them, in pieces, none of them held as a whole.

A name is looked up in the database and never made into a path. What a browser would run or render as a page is given to
be saved; everything else is shown in a sandbox that has no origin.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from urllib.parse import quote

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling import access
from signalling.access import DATABASE, Rule
from signalling.db.library import ResourceFile
from signalling.library import addresses, transcript, vtt, whole
from signalling.library.seen import Found, Viewer, find
from signalling.library.shelf import Shelf
from signalling.people.door import CALLER
from signalling.rest.ranges import choose

log = structlog.get_logger("signalling.rest")

MAX_READERS = 500
"""Files that are given at the same time; each holds one piece of the store's."""
MAX_OF_PERSON = 32
"""Cameras, screens and sounds of a player, more than once."""
MAX_MUXED = 4
"""Downloads of everything in one file, each with a process of its own; one of a person."""
STALLED_S = 60.0
"""Who takes nothing for so long is let go of: a player that was paused asks again for the rest."""
_SHOWN = re.compile(r"(video|audio)/[\w.+-]+|image/(jpeg|png|webp)|text/vtt")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
_CHUNK = 1 << 18
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")


class LibraryFiles:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._readers: Counter[str] = Counter()
        self._muxers: set[str] = set()

    def add_routes(self, app: web.Application) -> None:
        access.add(app, Rule.PERSON, "GET", f"{addresses.ROOT}/{{resource}}/{addresses.CAPTIONS}", self.captions)
        access.add(app, Rule.PERSON, "GET", f"{addresses.ROOT}/{{resource}}/{addresses.WHOLE}", self.whole)
        access.add(app, Rule.PERSON, "GET", f"{addresses.ROOT}/{{resource}}/{{name}}", self.file)

    async def file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        async with request.app[DATABASE].read() as session:
            found = await _found(request, session)
            row = await session.get(ResourceFile, (found.source.id, name)) if _NAME.fullmatch(name) else None
        if row is None:
            raise UserError(404, "not_found", "This resource has no such file; load its page again.")
        etag = f'"{row.sha256}"'
        piece = choose(request.headers, row.bytes, etag)
        shown = _SHOWN.fullmatch(row.media_type) is not None
        headers = {
            **_HEADERS,
            "ETag": etag,
            "Accept-Ranges": "bytes",
            "Content-Disposition": disposition(found.row.title, row.key, inline=shown),
        }
        if piece.status == 304:
            return web.Response(status=304, headers=headers)
        if piece.status == 416:
            return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{row.bytes}"})
        if piece.status == 206:
            headers["Content-Range"] = f"bytes {piece.start}-{piece.end - 1}/{row.bytes}"
        response = web.StreamResponse(status=piece.status, headers=headers)
        response.content_type = row.media_type if shown or row.media_type in _SAVED else "application/octet-stream"
        response.content_length = piece.end - piece.start
        if request.method == "HEAD":
            await response.prepare(request)
            return response
        with self._reading(request[CALLER].person):
            return await self._send(request, response, self._shelf.store.stream(row.key, piece.start, piece.end))

    async def captions(self, request: web.Request) -> web.StreamResponse:
        """Of the lines as they stand."""
        language = request.query.get("language", "")
        if language and not _LANGUAGE.fullmatch(language):
            raise UserError(400, "bad_request", "The language is written as zh or zh-CN.")
        async with request.app[DATABASE].read() as session:
            found = await _found(request, session)
            spoken = found.source.language
            if language and language.partition("-")[0].lower() != spoken.partition("-")[0].lower():
                raise UserError(404, "not_found", f"There are captions in {spoken} alone.")
            lines = (await session.scalars(transcript.rows(found))).all()
        text = await asyncio.to_thread(lambda: "".join(vtt.write(lines, spoken)))
        return web.Response(text=text, content_type=vtt.CONTENT_TYPE, charset="utf-8", headers=_HEADERS)

    async def whole(self, request: web.Request) -> web.StreamResponse:
        """Everything that plays, muxed into one file while it is sent; how long it is nobody knows before. Of a clip
        its part, from a key picture on."""
        async with request.app[DATABASE].read() as session:
            found = await _found(request, session)
            wanted = await whole.gather(session, found)
        headers = {**_HEADERS, "Content-Disposition": disposition(found.row.title, whole.SUFFIX, inline=False)}
        response = web.StreamResponse(headers=headers)
        response.content_type = whole.MEDIA_TYPE
        if request.method == "HEAD":
            await response.prepare(request)
            return response
        with self._muxing(request[CALLER].person):
            return await self._send(request, response, _written(self._shelf, wanted))

    @contextmanager
    def _muxing(self, person: str) -> Iterator[None]:
        """:raises UserError: 429 or 503 `too_many_downloads`."""
        if person in self._muxers:
            raise UserError(429, "too_many_downloads", "You are downloading another one; wait until it is there.")
        if len(self._muxers) >= MAX_MUXED:
            raise UserError(503, "too_many_downloads", "Many download at this moment; try again in a few minutes.")
        self._muxers.add(person)
        try:
            yield
        finally:
            self._muxers.discard(person)

    @contextmanager
    def _reading(self, person: str) -> Iterator[None]:
        """:raises UserError: 429 or 503 `too_many_downloads`."""
        if self._readers[person] >= MAX_OF_PERSON:
            raise UserError(429, "too_many_downloads", "You are taking many files at once; wait until some are there.")
        if self._readers.total() >= MAX_READERS:
            raise UserError(503, "too_many_downloads", "Many take files at this moment; try again in a moment.")
        self._readers[person] += 1
        try:
            yield
        finally:
            self._readers[person] -= 1
            if not self._readers[person]:
                del self._readers[person]

    async def _send(
        self, request: web.Request, response: web.StreamResponse, chunks: AsyncIterator[bytes]
    ) -> web.StreamResponse:
        """The first piece is asked for before the answer begins, so that a file which is missing is a problem."""
        async with aclosing(chunks) as pieces:  # type: ignore[type-var]
            first = await anext(pieces, b"")
            await response.prepare(request)
            try:
                async with asyncio.timeout(STALLED_S):
                    await response.write(first)
                async for chunk in pieces:
                    async with asyncio.timeout(STALLED_S):
                        await response.write(chunk)
            except (TimeoutError, UserError) as error:
                # What has begun cannot become a problem: the line is cut, and the other side misses bytes.
                log.info("file_cut", code=getattr(error, "code", "stalled"))
                if request.transport is not None:
                    request.transport.abort()
                return response
        await response.write_eof()
        return response


_SAVED = frozenset(
    (
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    )
)
"""Types that are named although they are only saved."""


async def _written(shelf: Shelf, wanted: whole.Wanted) -> AsyncIterator[bytes]:
    async with whole.writing(shelf, wanted) as out:
        while chunk := await out.read(_CHUNK):
            yield chunk


async def _found(request: web.Request, session: AsyncSession) -> Found:
    caller = request[CALLER]
    return await find(session, Viewer(caller.person, caller.grants), request.match_info["resource"])


def disposition(title: str, key: str, *, inline: bool) -> str:
    """RFC 6266: the title as the file's name, with the extension of its key."""
    last = key.rpartition("/")[2]
    name = _UNSAFE.sub("_", title).strip(" .")[:80] or "file"
    suffix = f".{last.rpartition('.')[2]}" if "." in last else ""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}{suffix}\"; filename*=UTF-8''{quote(name + suffix, safe='')}"
