"""The audit log, to be read and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.bodies import Short
from signalling.db import audit
from signalling.db.people import Person
from signalling.db.records import Audit
from signalling.people import roles, scopes
from signalling.people.accounts import forbidden
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged, after, page

_KINDS = ("person", "school", "classroom", "region", "class", "calendar", "booking", "lesson", "device")


class AuditAsked(Paged):
    """Who may not read all of the log names a subject that she may."""

    subject: Short = ""
    actor: Short = ""
    action: Short = Field("", description="such as booking.moved, or booking. for all that begin so")
    since: int | None = Field(None, ge=0, le=2**40)
    until: int | None = Field(None, ge=0, le=2**40)


@dataclass(frozen=True, slots=True)
class Row:
    """:ivar actor_name: empty for what is no person, such as `clock`."""

    number: int
    at: int
    actor: str
    actor_name: str
    action: str
    subject: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verified:
    """:ivar rows: of the whole log. :ivar broken_at: the first row that is not as it was written, and `why`.
    :ivar anchor: of its end; kept elsewhere it shows later whether the past is still the same."""

    ok: bool
    rows: int
    broken_at: int | None
    why: str
    anchor: str


class AuditResource:
    def __init__(self) -> None:
        self._one = asyncio.Lock()

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/audit", self.all, right="audit.read")
        yield Operation("GET", "/audit/verify", self.verify, right="audit.read", of="system")

    async def all(self, call: Call[Nothing, AuditAsked]) -> Page[Row]:
        """What was done by whom, the newest first"""
        asked = call.query
        rows = (
            select(
                *(Audit.number, Audit.at, Audit.actor, Person.name),
                *(Audit.action, Audit.subject, Audit.detail),
            )
            .outerjoin(Person, Person.id == Audit.actor)
            .order_by(Audit.number.desc())
            .limit(asked.limit + 1)
        )
        before = after(asked, int)
        if before is not None:
            rows = rows.where(Audit.number < before[0])
        if asked.subject:
            rows = rows.where(Audit.subject == asked.subject)
        if asked.actor:
            rows = rows.where(Audit.actor == asked.actor)
        if asked.action:
            is_prefix = asked.action.endswith(".")
            rows = rows.where(
                Audit.action.startswith(asked.action, autoescape=True) if is_prefix else Audit.action == asked.action
            )
        if asked.since is not None:
            rows = rows.where(Audit.at >= asked.since)
        if asked.until is not None:
            rows = rows.where(Audit.at < asked.until)
        async with call.database.read() as session:
            await _require(session, call, asked.subject)
            shown = [
                Row(number, at, actor, name or "", action, subject, detail)
                for number, at, actor, name, action, subject, detail in await session.execute(rows)
            ]
        return page(shown, asked.limit, lambda row: (row.number,))

    async def verify(self, call: Call[Nothing, Nothing]) -> Verified:
        """Read the whole log and check its chain, one check at a time"""
        if self._one.locked():
            raise UserError(503, "busy", "The log is being checked already; try again in a moment.")
        async with self._one:
            broken = await audit.verify(call.database)
            async with call.database.read() as session:
                end = await audit.head(session)
        return Verified(
            broken is None,
            end.number,
            broken.number if broken is not None else None,
            broken.why if broken is not None else "",
            str(end),
        )


async def _require(session: AsyncSession, call: Call[Nothing, AuditAsked], subject: str) -> None:
    grants = call.caller.grants
    if roles.allowed(grants, "audit.read", (roles.SYSTEM,)):
        return
    for kind in _KINDS if subject else ():
        try:
            chain = (await scopes.find(session, kind, subject)).chain("audit.read")
        except UserError:  # it is of another kind
            continue
        if roles.allowed(grants, "audit.read", chain):
            return
    raise forbidden("audit.read")
