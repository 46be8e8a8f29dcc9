"""Deliveries in the database: which are due, what became of a try, and what is forgotten."""

from __future__ import annotations

from collections.abc import Collection
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


async def purge(session: AsyncSession, webhook: str, now: float) -> int:
    """Forget what is old, and give up what is too much; returns how many were given up."""
    it = Delivery
    for kept, which in ((KEPT_S, it.id.is_not(None)), (ARRIVED_KEPT_S, it.due.is_(None) & it.status.startswith("2"))):
        old = select(it.id).where(it.webhook == webhook, it.made < int(now) - kept, which).limit(_PURGE)
        await session.execute(delete(it).where(it.id.in_(old)), execution_options={"synchronize_session": False})
    waiting = select(it.id).where(it.webhook == webhook, it.due.is_not(None))
    excess = waiting.order_by(it.made.desc(), it.id.desc()).offset(MAX_WAITING).limit(_PURGE)
    given_up: Collection[str] = (await session.scalars(excess)).all()
    if given_up:
        row = update(it).where(it.id.in_(given_up))
        await session.execute(row.values(due=None, status=CROWDED_OUT, answer=""))
    return len(given_up)
