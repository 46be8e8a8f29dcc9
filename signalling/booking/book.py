"""From a request to a booking: at once, or after the yes of the schools that want to be asked.

A request that waits holds nothing (docs/decisions/0008-requests-hold-nothing.md), so it is checked again when the last
school says yes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import claims, notices, rows
from signalling.booking.check import Checked, check
from signalling.booking.limits import Rules
from signalling.booking.request import Request, plain, request_of, validate
from signalling.db.engine import Database
from signalling.db.lessons import Booking
from signalling.timetable.series import Occurrence, Skipped

MAX_REASON = 2000


@dataclass(frozen=True, slots=True)
class Booked:
    """:ivar state: `booked`, or `requested` while `waits` names schools. :ivar lessons: ids, in their order.
    :ivar past: lessons left out because they were over when the last school said yes."""

    booking: str
    state: str
    version: int
    lessons: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    past: tuple[Occurrence, ...] = ()
    waits: tuple[str, ...] = ()


async def book(
    database: Database,
    request: Request,
    actor: str,
    now: float,
    *,
    rules: Rules,
    may_approve: Collection[str] = (),
) -> Booked:
    """:param actor: id of a person. :param may_approve: schools in whose name the actor may say yes.

    :raises UserError: 409 `conflict` with `problems` and `alternatives`; 422 when the request is wrong.
    """

    async def work(session: AsyncSession) -> Booked:
        party = await validate(session, request)
        waits = party.asked - set(may_approve)
        if not waits:
            await claims.lock(session, request.resources, rules)
            party = await validate(session, request)  # again: while we stood in line a classroom may have been closed
        checked = await check(session, request, now, rules=rules, party=party)
        checked.require()
        booking = await rows.add_booking(session, request, "requested" if waits else "booked", waits, actor, now)
        if waits:
            facts = {**_facts(checked), "waits": booking.waits}
            await notices.record(session, "requested", booking, request.places, actor, now, facts=facts)
            return Booked(
                booking.id, booking.state, booking.version, skipped=checked.skipped, waits=tuple(booking.waits)
            )
        return await _settle(session, "booked", booking, request, checked, actor, now, rules)

    return await database.run(work)


async def approve(
    database: Database,
    booking: str,
    actor: str,
    now: float,
    *,
    rules: Rules,
    may_approve: Collection[str],
    version: int | None = None,
) -> Booked:
    """Say yes for schools that were asked; with the last one the lessons are booked, those that are over left out.

    :raises UserError: 409 `conflict`, `not_waiting`, `changed_meanwhile`; 403 `not_asked`.
    """

    async def work(session: AsyncSession) -> Booked:
        row = await _waiting(session, booking, version, may_approve)
        row.waits = [school for school in row.waits if school not in may_approve]
        row.version += 1
        places = await rows.booking_places(session, row.id)
        if row.waits:
            facts = {"waits": row.waits}
            await notices.record(session, "approved", row, places, actor, now, facts=facts)
            return Booked(row.id, row.state, row.version, waits=tuple(row.waits))
        request = request_of(row, places)
        await claims.lock(session, request.resources, rules)
        checked = await check(session, request, now, rules=rules, late=True)
        checked.require()
        row.state, row.decided_by, row.decided = "booked", actor, int(now)
        return await _settle(session, "approved", row, request, checked, actor, now, rules)

    return await database.run(work)


async def refuse(
    database: Database,
    booking: str,
    actor: str,
    now: float,
    *,
    may_approve: Collection[str],
    reason: str = "",
    version: int | None = None,
) -> None:
    """One school's no is enough.

    :raises UserError: 409 `not_waiting`, `changed_meanwhile`; 403 `not_asked`.
    """
    short(reason)

    async def work(session: AsyncSession) -> None:
        row = await _waiting(session, booking, version, may_approve)
        row.state, row.decided_by, row.decided = "refused", actor, int(now)
        row.version += 1
        places = await rows.booking_places(session, row.id)
        await notices.record(session, "refused", row, places, actor, now, facts={"reason": reason})

    await database.run(work)


async def withdraw(
    database: Database, booking: str, actor: str, now: float, *, reason: str = "", version: int | None = None
) -> None:
    """Take back what has not been approved yet.

    :raises UserError: 409 `not_waiting`, `changed_meanwhile`.
    """
    short(reason)

    async def work(session: AsyncSession) -> None:
        row = await _requested(session, booking, version)
        row.state = "cancelled"
        row.version += 1
        places = await rows.booking_places(session, row.id)
        await notices.record(session, "withdrawn", row, places, actor, now, facts={"reason": reason})

    await database.run(work)


def short(reason: str) -> None:
    """:raises UserError: 422 `too_long`, `bad_text`."""
    plain(reason)
    if len(reason) > MAX_REASON:
        raise UserError(422, "too_long", f"A reason takes at most {MAX_REASON} characters; shorten it.")


async def _requested(session: AsyncSession, id: str, version: int | None) -> Booking:
    booking = await rows.booking_locked(session, id, version)
    if booking.state != "requested":
        raise UserError(409, "not_waiting", f"This booking waits for nobody any more: it is {booking.state}.")
    return booking


async def _waiting(session: AsyncSession, id: str, version: int | None, may_approve: Collection[str]) -> Booking:
    booking = await _requested(session, id, version)
    if not set(booking.waits) & set(may_approve):
        raise UserError(403, "not_asked", "This request waits for other schools; their planners decide.")
    return booking


async def _settle(
    session: AsyncSession,
    kind: notices.Kind,
    booking: Booking,
    request: Request,
    checked: Checked,
    actor: str,
    now: float,
    rules: Rules,
) -> Booked:
    """Lessons, what they hold, and whoever has to know."""
    period = request.plan.period
    held = await rows.add_lessons(
        session, booking, request.teacher, request.places, checked.lessons, period, now, rules
    )
    await claims.replace(session, (), held)
    lessons = tuple(holding.lesson for holding in held)
    await notices.record(session, kind, booking, request.places, actor, now, facts=_facts(checked), lesson=lessons[0])
    return Booked(booking.id, booking.state, booking.version, lessons, checked.skipped, checked.past)


def _facts(checked: Checked) -> dict[str, Any]:
    first = checked.lessons[0]
    return {"starts": first.starts, "ends": first.ends, "lessons": len(checked.lessons)}
