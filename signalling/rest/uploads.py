"""A file becomes a resource: its bytes are the body, what is said of it stands in the address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import Field

from mediaserver.api import UserError
from signalling.bodies import Id, IsoDay, Line, Query, Short, Text
from signalling.library import editing
from signalling.library.uploads import Uploads
from signalling.library.vocabulary import MAX_POINTS
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.resources import Made, Rights, viewer

_CHUNK = 1 << 18
TYPES = (
    *("application/octet-stream", "application/pdf", "video/mp4", "video/webm", "audio/mpeg", "audio/mp4"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)
"""Some of what is taken: the file is known by its content, whatever its type is called."""


class UploadAsked(Query):
    name: Line = Field("", description="of the file; its title where no other is given")
    title: Line = ""
    school: Id | None = Field(None, description="without it the own one")
    description: Text = ""
    subject: Short = ""
    grade: Short = ""
    term: Short = ""
    textbook: Line = ""
    unit: Line = ""
    point: list[Line] = Field([], max_length=MAX_POINTS, description="knowledge points")
    form: Short = ""
    teacher: Id | None = None
    teacher_name: Line = ""
    day: IsoDay | None = None
    language: Short = "zh-CN"
    rights: Rights | None = None
    licence: Line = ""

    def said(self) -> dict[str, Any]:
        given = {name: value for name, value in self if value and name not in ("name", "title", "school", "point")}
        title = self.title or self.name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or self.name
        return {**given, "title": title[:120], "points": self.point}


class UploadsResource:
    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    def operations(self) -> Iterable[Operation]:
        path = "/resources/upload"
        yield Operation("POST", path, self.upload, right="library.add", status=201, creates=True, uploads=TYPES)

    async def upload(self, call: Call[Nothing, UploadAsked]) -> Made:
        """Add a video, a sound, a PDF, PPTX or DOCX; it is searched when the workers have read it"""
        asked, request = call.query, call.request
        if request.content_type.startswith("multipart/"):
            raise UserError(415, "not_a_file", "Send the file itself as the body, not as a form.")
        async with call.database.read() as session:  # before a long file arrives in vain
            await editing.home(session, viewer(call), asked.school)
        said = asked.said()
        async with aclosing(_chunks(request)) as chunks:
            async with self._uploads.receive(call.person, chunks, request.content_length) as received:

                async def keep() -> Made:
                    row = await self._uploads.keep(call.database, call.now, viewer(call), asked.school, received, said)
                    return Made(row.id)

                made: Made = await call.once(keep)
        return made


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    try:
        while chunk := await request.content.read(_CHUNK):
            yield chunk
    except (HttpProcessingError, web.RequestPayloadError):
        raise UserError(400, "bad_upload", "The file was cut off on its way; send it again.") from None
