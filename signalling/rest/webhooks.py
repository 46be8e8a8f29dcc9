"""Webhooks, for administrators of what they tell about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from signalling.bodies import Body, Line, Short
from signalling.hooks.webhooks import EVENTS, Made, Shown, Tried, Webhooks
from signalling.people import scopes
from signalling.people.accounts import forbidden
from signalling.people.roles import SYSTEM, reach
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged, after, page

Events = Annotated[list[Short], Field(min_length=1, max_length=len(EVENTS), description=", ".join(EVENTS))]


class Wanted(Body):
    url: Line
    events: Events
    scope: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{0,16}$", description="a region or school; empty: everything")]


class Change(Body):
    url: Line | None = None
    events: Events | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class Renewed:
    secret: str


class WebhooksResource:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def operations(self) -> Iterable[Operation]:
        read, write, of = "webhook.read", "webhook.write", "webhook"
        yield Operation("GET", "/webhooks", self.list)
        # No Idempotency-Key: its answer would keep the secret in clear for a day.
        yield Operation("POST", "/webhooks", self.create, status=201)
        yield Operation("PATCH", "/webhooks/{webhook}", self.change, write, of)
        yield Operation("DELETE", "/webhooks/{webhook}", self.remove, write, of)
        yield Operation("POST", "/webhooks/{webhook}/secret", self.renew, write, of)
        yield Operation("POST", "/webhooks/{webhook}/ping", self.ping, write, of, status=201, creates=True)
        yield Operation("GET", "/webhooks/{webhook}/deliveries", self.deliveries, read, of)
        yield Operation("POST", "/deliveries/{delivery}/again", self.again, write, "delivery")

    async def list(self, call: Call[Nothing, Paged]) -> Page[Shown]:
        """Webhooks of what the caller administers"""
        mine = reach(call.caller.grants, "webhook.read")
        if not mine:
            raise forbidden("webhook.read")
        within = None if SYSTEM in mine else {scope.id for scope in mine}
        [last] = after(call.query, str) or ("",)
        rows = await self._webhooks.list(within, call.query.limit + 1, str(last))
        return page(rows, call.query.limit, lambda row: (row.id,))

    async def create(self, call: Call[Wanted, Nothing]) -> Made:
        """A new webhook; its secret is answered this once"""
        body = call.body
        async with call.database.read() as session:
            where = await scopes.named(session, body.scope)
        await call.caller.require("webhook.write", where.kind, where.id)
        return await self._webhooks.create(body.url, body.events, body.scope, call.person, call.now)

    async def change(self, call: Call[Change, Nothing]) -> Shown:
        """Another target, other events, on or off"""
        body = call.body
        return await self._webhooks.change(
            call.path("webhook"), call.person, call.now, url=body.url, events=body.events, active=body.active
        )

    async def remove(self, call: Call[Nothing, Nothing]) -> None:
        """End a webhook and forget its deliveries"""
        await self._webhooks.remove(call.path("webhook"), call.person, call.now)

    async def renew(self, call: Call[Nothing, Nothing]) -> Renewed:
        """A new secret in place of the old one, answered this once"""
        return Renewed(await self._webhooks.renew(call.path("webhook"), call.person, call.now))

    async def ping(self, call: Call[Nothing, Nothing]) -> Tried:
        """A message to try the target with"""
        return await self._webhooks.ping(call.path("webhook"), call.person, call.now)

    async def deliveries(self, call: Call[Nothing, Paged]) -> Page[Tried]:
        """What was sent or waits, the newest first"""
        last = after(call.query, int, str)
        mark = (int(last[0]), str(last[1])) if last is not None else None
        rows = await self._webhooks.deliveries(call.path("webhook"), call.query.limit + 1, mark)
        return page(rows, call.query.limit, lambda row: (row.made, row.id))

    async def again(self, call: Call[Nothing, Nothing]) -> Tried:
        """Send a delivery once more, now"""
        return await self._webhooks.again(call.path("delivery"), call.person, call.now)
