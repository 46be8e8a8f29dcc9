"""A roster does not take away what booked lessons need: schools, classes and teachers that it closes, days of terms it
moves; nor the last system administrator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import admins
from signalling.db.base import Base
from signalling.db.people import Enrolment, Person
from signalling.db.places import PupilClass, School
from signalling.db.times import Term
from signalling.exchange.roster_changes import Changes, chunks
from signalling.places import calendars, coming


async def strands_nothing(session: AsyncSession, now: float, changes: Changes) -> None:
    """:raises UserError: 409 `lessons_booked`, `last_admin`."""
    await _leaves_an_admin(session, changes)
    for ids in _closed(changes, School):
        schools = select(School.id).where(School.id.in_(ids))
        await coming.hold(session, schools)
        await coming.require_none(
            session,
            now,
            "would lose a school that the roster closes; cancel them, or leave the school active",
            coming.at_schools(schools),
        )
    for ids in _closed(changes, PupilClass):
        await coming.require_none(
            session,
            now,
            "have a class in them that the roster closes; cancel them, or leave the class active",
            coming.of_pupils(*ids),
        )
    for ids in _closed(changes, Person):
        # Pupils, most of them, neither teach nor assist.
        pupils = select(Enrolment.person).where(Enrolment.person.in_(ids), Enrolment.role == "pupil")
        grown = sorted(set(ids) - set(await session.scalars(pupils)))
        if not grown:
            continue
        await coming.hold_people(session, grown)
        await coming.require_none(
            session,
            now,
            "need a person whom the roster closes; let somebody else take them over, or leave the account active",
            coming.of_people(grown),
        )
    for id, values in sorted(changes.updates[Term].items()):
        term = await session.get(Term, id)
        if term is not None:
            await calendars.moves_nothing(
                session, now, term, values.get("starts", term.starts), values.get("ends", term.ends)
            )


async def _leaves_an_admin(session: AsyncSession, changes: Changes) -> None:
    closed = {id for ids in _closed(changes, Person) for id in ids}
    if not closed:
        return
    await admins.lock(session)  # before classrooms and people, as whoever closes an account by hand
    able = await admins.able(session)
    if able and able <= closed:
        names = await session.scalars(select(Person.name).where(Person.id.in_(able)).order_by(Person.name).limit(3))
        raise UserError(
            409,
            "last_admin",
            f"The roster closes the last system administrator ({', '.join(names)}); make another one first, or leave "
            "the account active.",
        )


def _closed(changes: Changes, table: type[Base]) -> Iterator[Sequence[str]]:
    ids = sorted(id for id, values in changes.updates[table].items() if values.get("active") is False)
    yield from chunks(ids)
