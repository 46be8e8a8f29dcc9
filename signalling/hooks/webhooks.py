"""Webhooks as administrators see them: made, changed, renewed, ended, and what became of their deliveries."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import get_args

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking.notices import EVENT, Kind
from signalling.booking.outbox import LESSON_EVENTS, RESOURCE_EVENTS
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.places import Region, School
from signalling.db.records import Delivery, Webhook
from signalling.devices import keys
from signalling.hooks import signature
from signalling.hooks.targets import check_url, origin

EVENTS = (*(EVENT + kind for kind in get_args(Kind)), *LESSON_EVENTS, *RESOURCE_EVENTS)
PING = "ping"
"""The event of `ping`; it needs not be asked for."""
MAX_A_SCOPE = 20
MAX_WEBHOOKS = 1000


def key_of(secret: bytes) -> bytes:
    """What webhooks' secrets are sealed with. :param secret: the server's."""
    return hmac.digest(secret, b"tongke webhook", "sha256")


@dataclass(frozen=True, slots=True)
class Shown:
    """:ivar scope: id of the region or school; empty: everything. :ivar events: of `EVENTS`."""

    id: str
    url: str
    events: list[str]
    scope: str
    active: bool


@dataclass(frozen=True, slots=True)
class Made:
    """:ivar secret: checks the signatures; it is told this once."""

    id: str
    url: str
    events: list[str]
    scope: str
    active: bool
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tried:
    """:ivar due: when it is tried (again); null: it arrived, where `status` begins with 2, or was given up.
    :ivar status: of the latest answer, or why there was none; empty: not tried yet. Instants: seconds since 1970."""

    id: str
    event: str
    made: int
    due: int | None
    tries: int
    status: str
    answer: str


class Webhooks:
    """:param secret: the server's. :param allow: networks that are not public and may be targets all the same."""

    def __init__(self, database: Database, secret: bytes, allow: Iterable[str]) -> None:
        self._database = database
        self._key = key_of(secret)
        self._allow = [ipaddress.ip_network(network) for network in allow]

    async def list(self, within: Collection[str] | None, limit: int, after: str) -> Sequence[Shown]:
        """Sorted by id. :param within: ids of regions and schools; those inside are meant too. None: all."""
        query = select(Webhook).where(Webhook.id > after).order_by(Webhook.id).limit(limit)
        async with self._database.read() as session:
            if within is not None:
                query = query.where(Webhook.scope.in_(await _inside(session, within)))
            return [_shown(row) for row in await session.scalars(query)]

    async def create(self, url: str, events: Sequence[str], scope: str, actor: str, now: float) -> Made:
        """:param scope: id of a region or school that exists, or empty.
        :raises UserError: 422 `bad_url`, `forbidden_target`, `bad_events`; 409 `too_many_webhooks`."""
        check_url(url, self._allow)
        row = {"url": url, "events": _checked(events), "scope": scope}
        secret = signature.new_secret()
        id = new_id(now)

        async def work(session: AsyncSession) -> Made:
            in_all = await session.scalar(select(func.count()).select_from(Webhook))
            here = await session.scalar(select(func.count()).select_from(Webhook).where(Webhook.scope == scope))
            if (in_all or 0) >= MAX_WEBHOOKS or (here or 0) >= MAX_A_SCOPE:
                raise UserError(409, "too_many_webhooks", "There are too many webhooks here; remove one of them first.")
            made = Webhook(id=id, secret=keys.seal(self._key, id, secret), active=True, **row)
            session.add(made)
            await session.flush()
            await audit.append(session, int(now), actor, "webhook.created", id, _detail(made))
            return Made(id, made.url, made.events, made.scope, made.active, secret)

        return await self._database.run(work)

    async def change(
        self,
        webhook: str,
        actor: str,
        now: float,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        active: bool | None = None,
    ) -> Shown:
        """What is None stays as it is. While it is not active nothing new is noted down for it, and what waits, waits.

        :raises UserError: 404 `not_found`; as `create`.
        """
        if url is not None:
            check_url(url, self._allow)
        wanted = _checked(events) if events is not None else None

        async def work(session: AsyncSession) -> Shown:
            row = await _locked(session, webhook)
            before = _detail(row) | {"url": row.url}
            row.url = url if url is not None else row.url
            row.events = wanted if wanted is not None else row.events
            row.active = active if active is not None else row.active
            await session.flush()
            if _detail(row) | {"url": row.url} != before:
                await audit.append(session, int(now), actor, "webhook.changed", webhook, _detail(row))
            return _shown(row)

        return await self._database.run(work)

    async def renew(self, webhook: str, actor: str, now: float) -> str:
        """A new secret; the old one signs nothing any more. :raises UserError: 404 `not_found`."""
        secret = signature.new_secret()

        async def work(session: AsyncSession) -> str:
            row = await _locked(session, webhook)
            row.secret = keys.seal(self._key, webhook, secret)
            await session.flush()
            await audit.append(session, int(now), actor, "webhook.secret", webhook)
            return secret

        return await self._database.run(work)

    async def remove(self, webhook: str, actor: str, now: float) -> None:
        """With all its deliveries. :raises UserError: 404 `not_found`."""

        async def work(session: AsyncSession) -> None:
            row = await _locked(session, webhook)
            detail = _detail(row)
            await session.delete(row)
            await session.flush()
            await audit.append(session, int(now), actor, "webhook.removed", webhook, detail)

        await self._database.run(work)

    async def deliveries(self, webhook: str, limit: int, after: tuple[int, str] | None) -> Sequence[Tried]:
        """The newest first. :param after: `made` and `id` of the last one seen."""
        it = Delivery
        query = select(it).where(it.webhook == webhook).order_by(it.made.desc(), it.id.desc()).limit(limit)
        if after is not None:
            query = query.where(tuple_(it.made, it.id) < after)
        async with self._database.read() as session:
            return [_tried(row) for row in await session.scalars(query)]

    async def ping(self, webhook: str, actor: str, now: float) -> Tried:
        """A message to try the target with; it waits in line like any other.

        :raises UserError: 404 `not_found`; 409 `webhook_inactive`.
        """
        id = new_id(now)

        async def work(session: AsyncSession) -> Tried:
            _require_active(await _locked(session, webhook))
            made = Delivery(id=id, webhook=webhook, event=PING, body={}, made=int(now), due=int(now))
            session.add(made)
            await session.flush()
            await audit.append(session, int(now), actor, "webhook.ping", webhook, {"delivery": id})
            return _tried(made)

        return await self._database.run(work)

    async def again(self, delivery: str, actor: str, now: float) -> Tried:
        """Send it now, and as often as a new one, whether it arrived or not.

        :raises UserError: 404 `not_found`; 409 `webhook_inactive`.
        """

        async def work(session: AsyncSession) -> Tried:
            webhook = await session.scalar(select(Delivery.webhook).where(Delivery.id == delivery))
            if webhook is None:
                raise UserError(404, "not_found", "There is no such delivery; old ones are forgotten.")
            _require_active(await _locked(session, webhook))
            row = await session.get(Delivery, delivery, with_for_update=True, populate_existing=True)
            if row is None:
                raise UserError(404, "not_found", "There is no such delivery; old ones are forgotten.")
            row.tries, row.due = 0, int(now)
            await session.flush()
            await audit.append(session, int(now), actor, "webhook.again", webhook, {"delivery": delivery})
            return _tried(row)

        return await self._database.run(work)


def _checked(events: Sequence[str]) -> list[str]:
    unknown = next((event for event in events if event not in EVENTS), None)
    if unknown is not None or not events:
        raise UserError(422, "bad_events", f"Choose one or more of these events: {', '.join(EVENTS)}.")
    return [event for event in EVENTS if event in events]


def _require_active(row: Webhook) -> None:
    if not row.active:
        raise UserError(409, "webhook_inactive", "This webhook is switched off; switch it on first.")


async def _locked(session: AsyncSession, webhook: str) -> Webhook:
    row = await session.get(Webhook, webhook, with_for_update=True)
    if row is None:
        raise UserError(404, "not_found", "There is no such webhook; it may have been removed just now.")
    return row


async def _inside(session: AsyncSession, scopes: Collection[str]) -> set[str]:
    """These scopes, and those of webhooks that lie within them."""
    used = set(await session.scalars(select(Webhook.scope).where(Webhook.scope != "").distinct()))
    around: dict[str, set[str]] = {}
    regions = await session.execute(select(Region.id, Region.path).where(Region.id.in_(used)))
    for id, path in regions:
        around[id] = set(path.split("/"))
    schools = select(School.id, Region.path).join(Region, Region.id == School.region).where(School.id.in_(used))
    for id, path in await session.execute(schools):
        around[id] = {id, *path.split("/")}
    return {id for id, above in around.items() if above & set(scopes)}


def _detail(row: Webhook) -> dict[str, object]:
    """For the audit log: of a URL no more than where it goes, because the rest of it may be a secret."""
    return {"target": origin(row.url), "events": list(row.events), "scope": row.scope, "active": row.active}


def _shown(row: Webhook) -> Shown:
    return Shown(row.id, row.url, list(row.events), row.scope, row.active)


def _tried(row: Delivery) -> Tried:
    return Tried(row.id, row.event, row.made, row.due, row.tries, row.status, row.answer)
