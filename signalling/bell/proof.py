"""The evidence of one lesson as a page shows it: who was there, by measurement, and what the audit log says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.bell.passes import display_of
from signalling.db.lessons import Participation
from signalling.db.people import Person
from signalling.db.places import Classroom, Device, School
from signalling.db.records import Audit

MAX_ROWS = 500
"""Of the audit log, the first ones; a lesson has some twenty."""


@dataclass(frozen=True, slots=True)
class Attended:
    """:ivar name: of the person or the device; of a phone, that of the display beside it.
    :ivar present_s: and so on: seconds, from the lesson's beginning on.
    :ivar count: of pupils, as somebody counted them. :ivar quality: as in `figures.quality`.
    Instants: seconds since 1970."""

    participant: str
    name: str
    role: str
    classroom: str | None
    classroom_name: str
    joined: int
    left: int | None
    present_s: int
    seen_s: int
    heard_s: int
    sent_s: int
    count: int | None
    quality: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of the audit log. :ivar actor_name: empty where nobody is signed in, such as the clock."""

    number: int
    at: int
    actor: str
    actor_name: str
    action: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    participants: Sequence[Attended]
    audit: Sequence[Logged]


async def of_lesson(session: AsyncSession, lesson: str) -> Proof:
    """In the order in which they came, and in which it was written."""
    row = Participation
    query = (
        select(row, Person.name, Device.name, School.name, Classroom.name)
        .outerjoin(Person, Person.id == row.person)
        .outerjoin(Device, Device.id == row.participant)
        .outerjoin(Classroom, Classroom.id == row.classroom)
        .outerjoin(School, School.id == Classroom.school)
        .where(row.lesson == lesson)
        .order_by(row.joined, row.participant)
    )
    people = (await session.execute(query)).all()
    displays = {it.participant: display_of(it.participant) for it, *_ in people}
    named = select(Device.id, Device.name).where(Device.id.in_({id for id in displays.values() if id is not None}))
    beside = {id: name for id, name in await session.execute(named)}
    log = await session.execute(
        select(Audit.number, Audit.at, Audit.actor, Person.name, Audit.action, Audit.detail)
        .outerjoin(Person, Person.id == Audit.actor)
        .where(Audit.subject == lesson)
        .order_by(Audit.number)
        .limit(MAX_ROWS)
    )
    return Proof(
        [
            Attended(
                participant=it.participant,
                name=person or device or beside.get(displays[it.participant] or "", ""),
                role=it.role,
                classroom=it.classroom,
                classroom_name=f"{school} · {classroom}" if classroom else "",
                joined=it.joined,
                left=it.left,
                present_s=it.present,
                seen_s=it.seen,
                heard_s=it.heard,
                sent_s=it.sent,
                count=it.count,
                quality=it.quality,
            )
            for it, person, device, school, classroom in people
        ],
        [Logged(number, at, actor, name or "", action, detail) for number, at, actor, name, action, detail in log],
    )
