"""What the signed-in person was told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import Field, model_validator

from signalling.bodies import Body, Id
from signalling.booking import inbox
from signalling.booking.inbox import MAX_IDS, Told
from signalling.rest import paging
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged


class NoticesQuery(Paged):
    unread: bool = False


class ReadBody(Body):
    ids: tuple[Id, ...] = Field((), max_length=MAX_IDS)
    all: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> ReadBody:
        if bool(self.ids) == self.all:
            raise ValueError("name ids, or all")
        return self


@dataclass(frozen=True, slots=True)
class Count:
    unread: int


class NoticesResource:
    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/notices", self.list)
        yield Operation("GET", "/notices/count", self.count)
        yield Operation("POST", "/notices/read", self.read)

    async def list(self, call: Call[Nothing, NoticesQuery]) -> Page[Told]:
        """What I was told, the newest first"""
        query = call.query
        after = paging.after(query, int, str)
        async with call.database.read() as session:
            found = await inbox.told(
                session,
                call.person,
                query.limit + 1,
                unread=query.unread,
                after=after,  # type: ignore[arg-type]
            )
        return paging.page(found, query.limit, lambda it: (it.made, it.id))

    async def count(self, call: Call[Nothing, Nothing]) -> Count:
        """How much of it I have not read"""
        async with call.database.read() as session:
            return Count(await inbox.unread(session, call.person))

    async def read(self, call: Call[ReadBody, Nothing]) -> Count:
        """I have read these"""
        ids = None if call.body.all else call.body.ids
        return Count(await inbox.mark_read(call.database, call.person, call.now, ids))
