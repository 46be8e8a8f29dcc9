"""A roster does not take away what booked lessons need: schools, classes and teachers that it closes, days of terms it
moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.base import Base
from signalling.db.people import Enrolment, Person
from signalling.db.places import PupilClass, School
from signalling.db.times import Term
from signalling.exchange.roster_changes import CHUNK, Changes
from signalling.places import calendars, coming


async def strands_nothing(session: AsyncSession, now: float, changes: Changes) -> None:
    """:raises UserError: 409 `lessons_booked`."""
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


def _closed(changes: Changes, table: type[Base]) -> Iterator[Sequence[str]]:
    ids = sorted(id for id, values in changes.updates[table].items() if values.get("active") is False)
    for first in range(0, len(ids), CHUNK):
        yield ids[first : first + CHUNK]
