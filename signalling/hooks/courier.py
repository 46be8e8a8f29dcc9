"""Sends what is due, from one of the servers on a database.

Each webhook has at most one try under way, each target a few, all together some dozens: a target that hangs holds up
its own messages and nobody else's. A target that could not be reached is left alone for a while, whatever waits for it.
A message may arrive twice, when a server dies between the answer and its commit or another one takes over, and then
has the same `webhook-id`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.bell import holder
from signalling.bell.lease import Lease
from signalling.bell.pulse import Pulse
from signalling.db.engine import Database
from signalling.db.records import Webhook
from signalling.devices import keys
from signalling.hooks import queue
from signalling.hooks.queue import Due, Target
from signalling.hooks.sender import Outcome, Sender
from signalling.hooks.targets import origin
from signalling.metrics import Metrics

log = structlog.get_logger("signalling.hooks")

TICK_S = 1.0
LEASE_S = 20.0
AT_ONCE = 32
AT_ONCE_A_TARGET = 4
REST_S = (4.0, 64.0)
"""A target that could not be reached is left alone for the first so long, each further time twice as long."""
SWEEP_S = 600.0
STOP_S = 0.3
"""Tries that are under way when the server stops may end by themselves so long."""


class Courier:
    """:param key: webhooks' secrets are sealed with it (`webhooks.key_of`). :param clock: seconds since 1970.
    :param monotonic: seconds of a clock that nobody sets. :ivar held: whether this server is the one that sends."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        key: bytes,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        tick_s: float = TICK_S,
        lease_s: float = LEASE_S,
    ) -> None:
        self.held = False
        self._database = database
        self._sender = sender
        self._key = key
        self._counted = metrics.webhook_tries
        self._clock = clock
        self._monotonic = monotonic
        self._lease = Lease("webhooks", holder.new_name(), lease_s)
        self._renewed: float | None = None
        self._swept = monotonic()
        self._rounds: dict[str, asyncio.Task[None]] = {}
        """Webhook → its messages on their way."""
        self._at: Counter[str] = Counter()
        """Origin of a target → rounds to it."""
        self._resting: dict[str, tuple[float, float]] = {}
        """Origin → until when, on the monotonic clock, and how long; forgotten some minutes later."""
        self._pulse = Pulse("webhooks", self.look, tick_s, metrics)

    def start(self) -> None:
        self._pulse.start()

    async def stop(self) -> None:
        """Another server may send at once. :raises UserError: 503, when the database is away."""
        await self._pulse.stop()
        rounds = list(self._rounds.values())
        self.held = False  # rounds end with the message they are at
        if rounds:
            await asyncio.wait(rounds, timeout=STOP_S)
        for task in rounds:
            task.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        await self._sender.close()
        if self._renewed is not None:
            self._renewed = None
            await self._database.run(self._lease.release)

    async def look(self) -> None:
        """Send what is due, as far as there is room for it. :raises UserError: 503 `database_unavailable`."""
        now, monotonic = self._clock(), self._monotonic()
        forgotten = monotonic - 2 * REST_S[1]
        self._resting = {where: rest for where, rest in self._resting.items() if rest[0] > forgotten}
        async with self._database.read() as session:
            targets = await queue.due_targets(session, now)
            sweeps = monotonic - self._swept >= SWEEP_S
            if not (targets or self._rounds or sweeps):
                return  # nobody needs the lease, and nothing is written
            free = await self._lease.look(session, now, monotonic)
        if not free or not await self._hold(now, monotonic):
            self.held = False
            return
        self.held = True
        if sweeps:
            self._swept = monotonic
            await self._sweep(now)
        for target in targets:
            where = origin(target.url)
            if len(self._rounds) >= AT_ONCE:
                return
            if target.webhook in self._rounds or self._at[where] >= AT_ONCE_A_TARGET:
                continue
            if self._resting.get(where, (monotonic, 0))[0] > monotonic:
                continue
            self._at[where] += 1
            task = asyncio.create_task(self._round(target.webhook, where), name="webhook")
            self._rounds[target.webhook] = task
            task.add_done_callback(lambda _, target=target, where=where: self._ended(target, where))  # type: ignore[misc]

    async def idle(self) -> None:
        """Returns when nothing is on its way."""
        while self._rounds:
            await asyncio.wait(list(self._rounds.values()))

    async def _hold(self, now: float, monotonic: float) -> bool:
        if self.held and self._renewed is not None and monotonic - self._renewed < self._lease.seconds / 3:
            return True

        async def work(session: AsyncSession) -> bool:
            return await self._lease.hold(session, now, monotonic)

        held = await self._database.run(work)
        self._renewed = monotonic if held else None
        return held

    def _ended(self, target: Target, where: str) -> None:
        del self._rounds[target.webhook]
        self._at[where] -= 1
        if not self._at[where]:
            del self._at[where]

    async def _round(self, webhook: str, where: str) -> None:
        """The messages of one webhook, one after the other, until none is due or the target does not answer."""
        try:
            while self.held:
                async with self._database.read() as session:
                    target = await queue.target(session, webhook)
                    batch = await queue.due(session, webhook, self._clock())
                if target is None or origin(target.url) != where:
                    return  # changed meanwhile: the next look knows better
                for tried in batch:
                    if not self.held:
                        return
                    if not await self._try(target, tried):
                        _, before = self._resting.get(where, (0.0, 0.0))
                        rest = min(max(REST_S[0], 2 * before), REST_S[1])
                        self._resting[where] = self._monotonic() + rest, rest
                        return
                    self._resting.pop(where, None)
                if len(batch) < queue.BATCH:
                    return
        except UserError as error:  # the database is away: what was sent and not written will be sent again
            log.warning("webhook_unwritten", code=error.code, target=where)
        except Exception:
            log.exception("bug", task="webhook")

    async def _try(self, target: Target, tried: Due) -> bool:
        """:returns: whether the target was reached."""
        try:
            secret = keys.unseal(self._key, target.webhook, target.sealed)
        except UserError:
            outcome = Outcome("unsigned", "The secret was sealed by a server with another one; renew it.", True)
        else:
            outcome = await self._sender.send(target.url, secret, tried.message, self._clock())

        async def work(session: AsyncSession) -> bool:
            return await queue.record(session, target, tried, outcome, self._clock())

        given_up = await self._database.run(work)
        self._counted.labels("arrived" if outcome.arrived else "given_up" if given_up else "failed").inc()
        if not outcome.arrived:
            log.warning(
                "webhook_failed",
                webhook=target.webhook,
                target=origin(target.url),
                status=outcome.status,
                tries=tried.tries + 1,
                given_up=given_up,
            )
        return outcome.reached

    async def _sweep(self, now: float) -> None:
        async with self._database.read() as session:
            webhooks = (await session.scalars(select(Webhook.id).order_by(Webhook.id))).all()
        for webhook in webhooks:
            async with self._database.read() as session:  # what takes long is not done while others cannot write
                stale = await queue.stale(session, webhook, now)
            if not stale.old and not stale.excess:
                continue

            async def work(session: AsyncSession, stale: queue.Stale = stale) -> int:
                return await queue.clear(session, stale)

            given_up = await self._database.run(work)
            if given_up:
                self._counted.labels("given_up").inc(given_up)
                log.warning("webhook_crowded_out", webhook=webhook, deliveries=given_up)
