"""Refusals and failed sign-ins on the audit log, and yet a stranger cannot fill the disk with them.

The first ones of each source are written at once, one row each. What goes beyond its share is counted and written
together, later, in one row per source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.engine import Database
from signalling.people.throttle import Throttle

log = structlog.get_logger("signalling.people")

LIMITS = {"person": "60 per hour", "address": "20 per hour", "strangers": "500 per hour"}
STRANGER = "stranger"
MAX_SOURCES = 16
"""Sources with a row of their own when the rest is written; all others share one."""
MAX_COUNTED = 1024


class Refusals:
    """:param shares: with the keys of `LIMITS`."""

    def __init__(self, database: Database, shares: Throttle) -> None:
        self._database = database
        self._shares = shares
        self._more: Counter[tuple[str, str]] = Counter()

    async def note(
        self,
        now: float,
        action: str,
        subject: str,
        detail: Mapping[str, Any],
        *,
        address: str,
        person: str | None = None,
    ) -> None:
        """Write down that something was refused. Never fails: who was refused is told so whatever the database does.

        :param address: as `throttle.network` gives it. :param person: who is signed in; None for a stranger.
        """
        if person is not None:
            within = await self._shares.take(person=person)
        else:
            within = await self._shares.take(address=address) and await self._shares.take(strangers="")
        if within:
            try:
                await self._append(now, [(person or STRANGER, action, subject, {**detail, "from": address})])
                return
            except UserError as error:
                log.warning("refusal_not_written", code=error.code)
        source = person or address
        if (source, action) not in self._more and len(self._more) >= MAX_COUNTED:
            source = "others"
        self._more[source, action] += 1

    async def flush(self, now: float) -> None:
        """Write what was only counted. :raises UserError: 503; it is kept for the next time."""
        if not self._more:
            return
        counted, self._more = self._more, Counter()
        loud = counted.most_common(MAX_SOURCES)
        rows = [("clock", f"{action}.more", source, {"count": count}) for (source, action), count in loud]
        rest = counted.total() - sum(count for _, count in loud)
        if rest:
            detail = {"count": rest, "sources": len(counted) - len(loud)}
            rows.append(("clock", "refused.more", "others", detail))
        try:
            await self._append(now, rows)
        except BaseException:
            self._more.update(counted)
            raise

    async def _append(self, now: float, rows: list[tuple[str, str, str, Mapping[str, Any]]]) -> None:
        async def work(session: AsyncSession) -> None:
            for actor, action, subject, detail in rows:
                await audit.append(session, int(now), actor, action, subject, detail)

        await self._database.run(work)
