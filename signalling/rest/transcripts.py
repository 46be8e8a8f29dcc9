"""What is said in a resource, and what people write on its time line."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from mediaserver.api import UserError
from signalling.bodies import Body
from signalling.library import comments, transcript
from signalling.library.comments import CommentShown
from signalling.library.seen import find
from signalling.library.transcript import LineShown, TranscriptShown, VersionShown
from signalling.rest import paging
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged
from signalling.rest.resources import viewer


class CorrectBody(Body):
    text: str = Field(max_length=2000, pattern=r"^[^\x00]*$")
    version: int = Field(description="of the line, that was seen")


class CommentBody(Body):
    at_ms: int = Field(ge=0, lt=2**53)
    text: str = Field(max_length=comments.MAX_TEXT, pattern=r"^[^\x00]*$")


class TranscriptsResource:
    def operations(self) -> Iterable[Operation]:
        lines, said = "/resources/{resource}/transcript", "/resources/{resource}/comments"
        yield Operation("GET", lines, self.read, right="library.read")
        yield Operation("PATCH", f"{lines}/{{line}}", self.correct, right="library.edit")
        yield Operation("GET", f"{lines}/{{line}}/versions", self.versions, right="library.read")
        yield Operation("GET", said, self.comments, right="library.read")
        yield Operation("POST", said, self.comment, right="library.read", status=201, creates=True)
        yield Operation("DELETE", f"{said}/{{comment}}", self.uncomment, right="library.read")

    async def read(self, call: Call[Nothing, Nothing]) -> TranscriptShown:
        """What is said, line by line with the time of each word"""
        async with call.database.read() as session:
            return await transcript.read(session, await find(session, viewer(call), call.path("resource")))

    async def correct(self, call: Call[CorrectBody, Nothing]) -> LineShown:
        """Correct a line; what it was before is kept"""
        id, line = call.path("resource"), _number(call)
        body = call.body
        return await transcript.correct(call.database, call.now, viewer(call), id, line, body.text, body.version)

    async def versions(self, call: Call[Nothing, Nothing]) -> list[VersionShown]:
        """What a line was before it was corrected, the latest first"""
        async with call.database.read() as session:
            found = await find(session, viewer(call), call.path("resource"))
            return list(await transcript.versions(session, found, _number(call)))

    async def comments(self, call: Call[Nothing, Paged]) -> Page[CommentShown]:
        """Comments in the order of the time line"""
        query = call.query
        after = paging.after(query, int, str)
        async with call.database.read() as session:
            found = await find(session, viewer(call), call.path("resource"))
            rows = await comments.list(session, found, query.limit + 1, after)  # type: ignore[arg-type]
        return paging.page(rows, query.limit, lambda it: (it.at_ms, it.id))

    async def comment(self, call: Call[CommentBody, Nothing]) -> CommentShown:
        """Write a comment at a moment of it"""
        body, id = call.body, call.path("resource")
        return await comments.add(call.database, call.now, viewer(call), id, body.at_ms, body.text)

    async def uncomment(self, call: Call[Nothing, Nothing]) -> None:
        """Remove a comment: one's own, or any on what one looks after"""
        id = call.path("resource")
        await comments.remove(call.database, call.now, viewer(call), id, call.id("comment"))


def _number(call: Call[CorrectBody, Nothing] | Call[Nothing, Nothing]) -> int:
    """Of a line. :raises UserError: 404 `not_found`."""
    text = call.path("line")
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise UserError(404, "not_found", "The transcript has no such line; load it again.")
    return int(text)
