"""Which of several servers on one database rings the bell.

The holder renews its row well before it ends. Another takes it when the row has not changed for as long as a lease
lasts, or, where it has ended by the other's wall clock, for as long as the holder takes to renew it. The watching is
done by the monotonic clock: neither a holder whose clock is wrong keeps the others out, nor does one with a wrong clock
take what is in good hands. A holder that is seen to be dead, on the same machine, keeps nobody out.
Whoever acts on the lease does so in the transaction in which `hold` found it, with the row locked: a process that was
paused and wakes up finds another name there and does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.bell import holder
from signalling.db import records
from signalling.db.upsert import insert

log = structlog.get_logger("signalling.bell")

SKEW_S = 5
"""Clocks of two servers may differ, and the holder may be late, by this much."""


@dataclass(frozen=True, slots=True)
class Held:
    """The row. :ivar until: seconds since 1970."""

    holder: str
    until: int


class Lease:
    """:param name: of the row. :param holder: names this process, and no other.
    :param seconds: how long it lasts without being renewed."""

    def __init__(self, name: str, holder: str, seconds: float) -> None:
        self.name = name
        self.holder = holder
        self.seconds = seconds
        self._watched: tuple[Held | None, float] | None = None
        """Another's row as it was seen first, and the monotonic moment that was."""
        self._looked = 0.0
        """The monotonic moment of the last look at another's row."""
        self._differ = False

    async def look(self, session: AsyncSession, now: float, monotonic: float) -> bool:
        """Whether to try `hold`: the lease is ours, or nobody's. Reads only."""
        return self._ours(await self._read(session), now, monotonic)

    async def hold(self, session: AsyncSession, now: float, monotonic: float) -> bool:
        """Take or renew the lease in a writing transaction; False when another holds it.

        When it is True nobody else can get it before this transaction has ended.
        """
        held = await self._read(session, lock=True)
        if held is None:
            none = {"name": self.name, "holder": "", "until": 0}
            await session.execute(insert(session, records.Lease).values(none).on_conflict_do_nothing())
            held = await self._read(session, lock=True)
        if not self._ours(held, now, monotonic):
            return False
        row = update(records.Lease).where(records.Lease.name == self.name)
        await session.execute(row.values(holder=self.holder, until=int(now + self.seconds)))
        return True

    async def release(self, session: AsyncSession) -> None:
        """Let another have it at once."""
        row = update(records.Lease).where(records.Lease.name == self.name, records.Lease.holder == self.holder)
        await session.execute(row.values(holder="", until=0))

    def _ours(self, held: Held | None, now: float, monotonic: float) -> bool:
        if held is None or held.holder in ("", self.holder) or holder.is_dead(held.holder):
            return True
        looked, self._looked = self._looked, monotonic
        over = held.until + SKEW_S <= now
        if self._watched is None or self._watched[0] != held:
            if self._watched is not None:
                # It was written since we looked before, to last from then on.
                ahead_s = now - (held.until - self.seconds) - (monotonic - looked)
                self._compare(ahead_s if over and ahead_s > SKEW_S else None)
            self._watched = held, monotonic
        renewed_within_s = self.seconds / 3 if over else self.seconds
        return monotonic - self._watched[1] >= renewed_within_s + SKEW_S

    def _compare(self, ahead_s: float | None) -> None:
        """:param ahead_s: how far, at least, our clock is ahead of that of a living holder, so that we would take what
        it holds; None: it is not. Said once."""
        if ahead_s is not None and not self._differ:
            why = "The clock of this server is ahead of that of the server which holds the lease; set both by NTP."
            log.error("clocks_differ", lease=self.name, by_s=round(ahead_s), detail=why)
        self._differ = ahead_s is not None

    async def _read(self, session: AsyncSession, *, lock: bool = False) -> Held | None:
        query = select(records.Lease.holder, records.Lease.until).where(records.Lease.name == self.name)
        row = (await session.execute(query.with_for_update() if lock else query)).first()
        return Held(*row) if row is not None else None
