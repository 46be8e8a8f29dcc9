"""Who is told of a change: those who teach, those who asked, and the planners of the schools in it.

Planners of a whole region are not: they would be told of every lesson of a county. Nobody is told of what she did
herself. Webhooks get the same facts (`outbox.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.booking import outbox
from signalling.booking.claims import Place
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.lessons import Booking
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, Region, School
from signalling.db.records import Notice

Kind = Literal[
    "booked",
    "requested",
    "approved",
    "refused",
    "withdrawn",
    "edited",
    "moved",
    "cancelled",
    "substituted",
    "extended",
    "made_up",
]
EVENT = "booking."
"""Events of webhooks and actions of the audit log are kinds with this before them."""
MAX_TOLD = 5000
"""Of one change. A lesson for all of a county has some two thousand schools."""
MAX_LOGGED = 50
"""Classrooms on the audit log; the others are in `seat`."""


async def record(
    session: AsyncSession,
    kind: Kind,
    booking: Booking,
    places: Sequence[Place],
    actor: str,
    now: float,
    *,
    facts: Mapping[str, Any],
    lesson: str | None = None,
    also: Collection[str] = (),
) -> None:
    """Tell everyone concerned, and write the change to the audit log: the last step of its transaction.

    :param facts: JSON; joined by who teaches what where.
    :param lesson: when only that one is meant, or to open when the notice is read.
    :param also: people who were concerned before the change.
    """
    schools = await _schools(session, places)
    names = await _people(session, booking, places, schools, {actor, *also})
    told = {
        "booking": booking.id,
        "lesson": lesson,
        "title": booking.title,
        "form": booking.form,
        "school": schools.get(booking.school, ("", ""))[0],
        "teacher": names.get(booking.teacher, ""),
        "by": names.get(actor, ""),
        **facts,
    }
    made = int(now)
    notices = [
        {"id": new_id(now), "person": person, "kind": kind, "lesson": lesson, "facts": told, "made": made}
        for person in sorted(names)[:MAX_TOLD]
        if person != actor
    ]
    if notices:
        await session.execute(insert(Notice.__table__), notices)
    event = EVENT + kind
    await outbox.queue(session, event, told, {id: path for id, (_, path) in schools.items()}, now)
    who = {
        "booking": booking.id,
        "teacher": booking.teacher,
        "classrooms": [it.classroom for it in places[:MAX_LOGGED]],
    }
    await audit.append(session, made, actor, event, lesson or booking.id, {**who, **facts})


async def _schools(session: AsyncSession, places: Sequence[Place]) -> dict[str, tuple[str, str]]:
    """Schools that take part → name, path of the region."""
    rows = await session.execute(
        select(School.id, School.name, Region.path)
        .join(Region, Region.id == School.region)
        .join(Classroom, Classroom.school == School.id)
        .where(Classroom.id.in_({place.classroom for place in places}))
        .distinct()
    )
    return {id: (name, path) for id, name, path in rows}


async def _people(
    session: AsyncSession, booking: Booking, places: Sequence[Place], schools: Collection[str], also: Collection[str]
) -> dict[str, str]:
    """Those concerned who are active → name."""
    named = {booking.teacher, booking.requested_by, *also}
    named |= {place.assistant for place in places if place.assistant}
    # Two statements: as one with OR, PostgreSQL would read all people.
    grant = RoleGrant
    planners = await session.scalars(
        select(grant.person).where(grant.role == "planner", grant.kind == "school", grant.scope.in_(schools))
    )
    rows = await session.execute(
        select(Person.id, Person.name).where(Person.id.in_({*named, *planners}), Person.active)
    )
    return {id: name for id, name in rows}
