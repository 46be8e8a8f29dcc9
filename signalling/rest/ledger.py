"""Teaching hours: lines, the lessons behind them, and both as files."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterable
from typing import Any, Literal

import structlog
from aiohttp import web
from pydantic import Field

from mediaserver.api import UserError
from signalling.bell import ledger
from signalling.bell.ledger import By, Item, Line, Scope, Share
from signalling.bodies import Id, Name, Query
from signalling.people.accounts import forbidden
from signalling.rest import paging
from signalling.rest.operation import NO_STORE, Call, Nothing, Operation
from signalling.rest.paging import Page, Paged

log = structlog.get_logger("signalling.rest")

CSV = "text/csv"
_SECOND = {"ge": -(2**40), "le": 2**40}


class ScopeQuery(Query):
    """Of the lessons that begin in [since, until), seconds since 1970; at most 400 days."""

    since: int = Field(**_SECOND)
    until: int = Field(**_SECOND)
    school: Id | None = Field(None, description="of the teachers' classrooms")
    teacher: Id | None = None

    def scope(self) -> Scope:
        return Scope(self.since, self.until, self.school, self.teacher)


class LinesQuery(ScopeQuery):
    by: By = "month"


class LinesPageQuery(LinesQuery, Paged):
    pass


class ItemsPageQuery(ScopeQuery, Paged):
    """With `part`: only the lessons behind that line of the ledger, whose `by` and `period` go with it."""

    part: Literal["lead", "assistant"] | None = None
    by: By = "month"
    period: Name | Literal[""] = ""

    def share(self) -> Share | None:
        return Share(self.part, self.by, self.period) if self.part is not None else None


class LedgerResource:
    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/ledger", self.lines)
        yield Operation("GET", "/ledger/items", self.items)
        yield Operation("GET", "/ledger.csv", self.lines_csv, content=CSV)
        yield Operation("GET", "/ledger/items.csv", self.items_csv, content=CSV)

    async def lines(self, call: Call[Nothing, LinesPageQuery]) -> Page[Line]:
        """Hours of teachers by month or term"""
        query = call.query
        await _require(call, "ledger.read")
        (offset,) = paging.after(query, int) or (0,)
        assert isinstance(offset, int)
        found = await ledger.hours(call.database, query.scope(), query.by, limit=query.limit + 1, offset=offset)
        return paging.page(found, query.limit, lambda _: (offset + query.limit,))

    async def items(self, call: Call[Nothing, ItemsPageQuery]) -> Page[Item]:
        """The lessons behind the hours, each with its rows on the audit log"""
        query = call.query
        await _require(call, "ledger.read")
        after = paging.after(query, int, str, str, str)
        found = await ledger.items(
            call.database,
            query.scope(),
            limit=query.limit + 1,
            after=after,  # type: ignore[arg-type]
            share=query.share(),
        )
        return paging.page(found, query.limit, lambda it: (it.starts, it.lesson, it.teacher, it.part))

    async def lines_csv(self, call: Call[Nothing, LinesQuery]) -> web.StreamResponse:
        """Hours as a file for Excel"""
        await _require(call, "ledger.export")
        language = call.caller.signed_in.language
        return await _file(call, "hours", ledger.hours_csv(call.database, call.query.scope(), call.query.by, language))

    async def items_csv(self, call: Call[Nothing, ScopeQuery]) -> web.StreamResponse:
        """The lessons behind the hours as a file for Excel"""
        await _require(call, "ledger.export")
        language = call.caller.signed_in.language
        return await _file(call, "lessons", ledger.items_csv(call.database, call.query.scope(), language))


async def _require(call: Call[Any, Any], action: str) -> None:
    """Whoever may see a school sees its lessons with everybody, and whoever may see a teacher hers everywhere.

    :raises UserError: 403 `forbidden`.
    """
    query, caller = call.query, call.caller
    for kind, id in (("school", query.school), ("person", query.teacher)):
        if id is not None and await caller.allows(action, kind, id):
            return
    if not await caller.allows(action):
        raise forbidden(action)


async def _file(call: Call[Any, Any], name: str, lines: AsyncGenerator[bytes, None]) -> web.StreamResponse:
    """What goes wrong before the first lines is a problem; afterwards the connection breaks, so that nobody takes half
    a file for a whole one."""
    headers = {
        "Content-Type": f"{CSV}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        **NO_STORE,
    }
    async with contextlib.aclosing(lines):
        head = await anext(lines) + await anext(lines, b"")
        if call.request.method == "HEAD":
            return web.Response(headers=headers)
        response = web.StreamResponse(headers=headers)
        await response.prepare(call.request)
        try:
            await response.write(head)
            async for part in lines:
                await response.write(part)
            await response.write_eof()
        except UserError as error:
            log.warning("file_broken", name=name, code=error.code)
            if call.request.transport is not None:
                call.request.transport.abort()
        return response
