"""A school that wants to be asked says yes to the times it was asked for: no change is a way around that."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking.request import Party
from signalling.db.places import School

SHOWN = 5
"""Schools that are named, of a lesson that may have two thousand."""
Times = Iterable[tuple[int, int]]
"""From when to when lessons last, seconds since 1970."""


async def require_yes(
    session: AsyncSession, party: Party, may_approve: Collection[str], wanted: Times, given: Times = ()
) -> None:
    """:param may_approve: schools in whose name the actor may say yes. :param given: times that they gave already.

    :raises UserError: 409 `needs_yes`, whose `schools` are the names of the first of those to ask.
    """
    missing = party.asked - set(may_approve)
    if not missing or set(wanted) <= set(given):
        return
    called = select(School.name).where(School.id.in_(missing)).order_by(School.name, School.id).limit(SHOWN)
    names = list(await session.scalars(called))
    who = ", ".join(names) + (f" and {len(missing) - SHOWN} more schools" if len(missing) > SHOWN else "")
    raise UserError(
        409,
        "needs_yes",
        f"Before a lesson takes place there at another time these schools want to be asked: {who}. Cancel it and book "
        "it anew, or let somebody who may say yes there do this.",
        schools=names,
    )
