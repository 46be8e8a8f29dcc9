"""Deliveries in the database: which are due, what became of a try, and what is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db import audit
from signalling.db.records import Delivery, Webhook
from signalling.hooks import schedule
from signalling.hooks.sender import GONE, Message, Outcome

ACTOR = "webhooks"
"""On the audit log: who put a webhook out of use whose receiver answered 410."""
BATCH = 50
MAX_WAITING = 10_000
"""Of one webhook; beyond it the oldest are given up."""
CROWDED_OUT = "crowded_out"
ARRIVED_KEPT_S = 7 * 86400
KEPT_S = 30 * 86400
_PURGE = 2000


@dataclass(frozen=True, slots=True)
class Target:
    webhook: str
    url: str = field(repr=False)
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Due:
    """:ivar tries: made before."""

    message: Message
    tries: int


async def due_targets(session: AsyncSession, now: float) -> list[Target]:
    """Active webhooks with something due, the one that has waited longest first."""
    rows = await session.execute(
        select(Webhook.id, Webhook.url, Webhook.secret)
        .join(Delivery, Delivery.webhook == Webhook.id)
        .where(Webhook.active, Delivery.due <= int(now))
        .group_by(Webhook.id, Webhook.url, Webhook.secret)
        .order_by(func.min(Delivery.due), Webhook.id)
    )
    return [Target(*row) for row in rows]


async def target(session: AsyncSession, webhook: str) -> Target | None:
    """As it is now; None when it is not to be sent to."""
    row = await session.execute(
        select(Webhook.id, Webhook.url, Webhook.secret).where(Webhook.id == webhook, Webhook.active)
    )
    found = row.first()
    return Target(*found) if found is not None else None


async def due(session: AsyncSession, webhook: str, now: float) -> list[Due]:
    """The oldest ones first: while nothing fails, things arrive in the order in which they happened."""
    it = Delivery
    rows = await session.execute(
        select(it.id, it.event, it.made, it.body, it.tries)
        .where(it.webhook == webhook, it.due <= int(now))
        .order_by(it.made, it.id)
        .limit(BATCH)
    )
    return [Due(Message(row.id, row.event, row.made, row.body), row.tries) for row in rows]


async def record(session: AsyncSession, target: Target, tried: Due, outcome: Outcome, now: float) -> bool:
    """What became of a try; returns whether the delivery is given up.

    What another server, or somebody who wants it sent again, has written meanwhile stands.
    """
    gone = outcome.status == GONE and outcome.reached
    tries = tried.tries + 1
    later = None if outcome.arrived or gone else schedule.next_due(tried.message.made, tries, now)
    row = update(Delivery).where(Delivery.id == tried.message.id, Delivery.tries == tried.tries)
    await session.execute(row.values(tries=tries, due=later, status=outcome.status, answer=outcome.answer))
    if gone:
        ended = update(Webhook).where(Webhook.id == target.webhook, Webhook.active).values(active=False)
        if await session.scalar(ended.returning(Webhook.id)):
            await audit.append(session, int(now), ACTOR, "webhook.gone", target.webhook)
    return later is None and not outcome.arrived


@dataclass(frozen=True, slots=True)
class Stale:
    """:ivar old: deliveries to forget. :ivar excess: to give up."""

    old: Sequence[str]
    excess: Sequence[str]


async def stale(session: AsyncSession, webhook: str, now: float) -> Stale:
    it = Delivery
    arrived = it.due.is_(None) & it.status.startswith("2")
    old: list[str] = []
    for which in (it.made < int(now) - KEPT_S, (it.made < int(now) - ARRIVED_KEPT_S) & arrived):
        old += await session.scalars(select(it.id).where(it.webhook == webhook, which).limit(_PURGE))
    waiting = select(it.id).where(it.webhook == webhook, it.due.is_not(None))
    excess = waiting.order_by(it.made.desc(), it.id.desc()).offset(MAX_WAITING).limit(_PURGE)
    return Stale(old, (await session.scalars(excess)).all())


async def clear(session: AsyncSession, stale: Stale) -> int:
    """Forget and give up; returns how many were given up."""
    it = Delivery
    if stale.old:
        await session.execute(delete(it).where(it.id.in_(stale.old)), execution_options={"synchronize_session": False})
    given_up = update(it).where(it.id.in_(stale.excess), it.due.is_not(None)).returning(it.id)
    values = given_up.values(due=None, status=CROWDED_OUT, answer="")
    return len((await session.scalars(values, execution_options={"synchronize_session": False})).all())
