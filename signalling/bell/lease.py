"""Which of several servers on one database rings the bell.

The holder renews its row well before it ends. Another takes it when the row has ended by its own clock, or when the
row has not changed for as long as a lease lasts: that needs no clocks that agree, so a holder whose clock was wrong
cannot keep the others out for longer. A holder that is seen to be dead, on the same machine, keeps nobody out.
Whoever acts on the lease does so in the transaction in which `hold` found it, with the row locked: a process that was
paused and wakes up finds another name there and does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.bell import holder
from signalling.db import records
from signalling.db.upsert import insert

SKEW_S = 5
"""Clocks of two servers may differ by this much without one of them taking what the other still holds."""


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
        if held is None or held.holder in ("", self.holder) or held.until + SKEW_S <= now:
            return True
        if holder.is_dead(held.holder):
            return True
        if self._watched is None or self._watched[0] != held:
            self._watched = held, monotonic
        return monotonic - self._watched[1] >= self.seconds + SKEW_S

    async def _read(self, session: AsyncSession, *, lock: bool = False) -> Held | None:
        query = select(records.Lease.holder, records.Lease.until).where(records.Lease.name == self.name)
        row = (await session.execute(query.with_for_update() if lock else query)).first()
        return Held(*row) if row is not None else None
