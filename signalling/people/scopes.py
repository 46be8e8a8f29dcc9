"""The scopes that something in the database lies within."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.lessons import Booking, BookingSeat, Lesson, Seat
from signalling.db.library import Resource
from signalling.db.people import Person
from signalling.db.places import Classroom, Device, PupilClass, Region, School
from signalling.db.records import Delivery, Webhook
from signalling.db.times import Calendar
from signalling.people.roles import SYSTEM, TABLE, Chain, Scope, Where


@dataclass(frozen=True, slots=True)
class Ends:
    """:ivar here: what it lies within; of a booking or lesson: what its lead classroom does.
    :ivar either: of a booking or lesson: what all of its classrooms lie within."""

    here: Chain
    either: Chain

    def chain(self, action: str) -> Chain:
        """The scopes that count for an action."""
        return self.either if TABLE[action].where is Where.EITHER else self.here


class Scopes:
    """What one request found out: it asks the database once for each thing, and the next request asks again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: dict[tuple[str, str], Ends] = {}

    async def chain(self, action: str, kind: str, id: str) -> Chain:
        """:raises UserError: 404 `not_found`. :raises KeyError: there is no such action or kind."""
        if (kind, id) not in self._found:
            async with self._database.read() as session:
                self._found[kind, id] = await find(session, kind, id)
        return self._found[kind, id].chain(action)


async def find(session: AsyncSession, kind: str, id: str) -> Ends:
    """:param kind: of `KINDS`, or `person`, `class`, `calendar`, `device`, `booking`, `lesson`, `webhook`, `delivery`,
        `resource`.

    :raises UserError: 404 `not_found`. :raises KeyError: there is no such kind.
    """
    if id and not is_id(id):
        raise _missing(kind)
    return await _FIND[kind](session, id)


def is_id(text: str) -> bool:
    """Whether it may be asked for: PostgreSQL takes no NUL and no half of a surrogate pair."""
    return 1 <= len(text) <= 16 and text.isascii() and text.isalnum()


def _missing(what: str) -> UserError:
    return UserError(404, "not_found", f"There is no such {what}; it may have been removed just now.")


def _regions(path: str) -> Chain:
    return (SYSTEM, *(Scope("region", part) for part in path.split("/") if part))


def _once(*chains: Iterable[Scope]) -> Chain:
    return tuple(dict.fromkeys(scope for chain in chains for scope in chain))


def _people(*ids: str | None) -> Chain:
    return tuple(Scope("person", id) for id in ids if id)


async def _system(session: AsyncSession, id: str) -> Ends:
    if id:
        raise _missing("system")
    return Ends((SYSTEM,), (SYSTEM,))


async def _region(session: AsyncSession, id: str) -> Ends:
    path = await session.scalar(select(Region.path).where(Region.id == id))
    if path is None:
        raise _missing("region")
    chain = _regions(path)
    return Ends(chain, chain)


async def _school(session: AsyncSession, id: str) -> Ends:
    path = await session.scalar(select(Region.path).join(School, School.region == Region.id).where(School.id == id))
    if path is None:
        raise _missing("school")
    chain = (*_regions(path), Scope("school", id))
    return Ends(chain, chain)


async def classrooms(session: AsyncSession, ids: Iterable[str]) -> dict[str, Chain]:
    """What classrooms lie within, each with its school last but one; unknown ones are missing."""
    rows = await session.execute(
        select(Classroom.id, Classroom.school, Region.path)
        .join(School, School.id == Classroom.school)
        .join(Region, Region.id == School.region)
        .where(Classroom.id.in_(set(ids)))
    )
    return {id: (*_regions(path), Scope("school", school), Scope("classroom", id)) for id, school, path in rows}


async def _classroom(session: AsyncSession, id: str) -> Ends:
    chain = (await classrooms(session, [id])).get(id)
    if chain is None:
        raise _missing("classroom")
    return Ends(chain, chain)


async def _person(session: AsyncSession, id: str) -> Ends:
    found = (await session.execute(select(Person.school).where(Person.id == id))).one_or_none()
    if found is None:
        raise _missing("person")
    above = (await _school(session, found.school)).here if found.school else (SYSTEM,)
    chain = (*above, Scope("person", id))
    return Ends(chain, chain)


async def _class(session: AsyncSession, id: str) -> Ends:
    school = await session.scalar(select(PupilClass.school).where(PupilClass.id == id))
    if school is None:
        raise _missing("class")
    return await _school(session, school)


async def _calendar(session: AsyncSession, id: str) -> Ends:
    """Whoever changes it changes all the schools that follow it: it lies within what these have in common. One that
    no school follows yet lies within every region, so that whoever has a region can prepare it."""
    if await session.get(Calendar, id) is None:
        raise _missing("calendar")
    found = await session.execute(
        select(School.id, Region.path).join(Region, Region.id == School.region).where(School.calendar == id)
    )
    chains = [(*_regions(path), Scope("school", school)) for school, path in found]
    if chains:
        common: Chain = tuple(scope for scope in chains[0] if all(scope in chain for chain in chains))
    else:
        regions = await session.scalars(select(Region.id))
        common = (SYSTEM, *(Scope("region", region) for region in regions))
    return Ends(common, common)


async def _device(session: AsyncSession, id: str) -> Ends:
    classroom = await session.scalar(select(Device.classroom).where(Device.id == id))
    if classroom is None:
        raise _missing("device")
    return await _classroom(session, classroom)


async def _booking(session: AsyncSession, id: str) -> Ends:
    booking = await session.get(Booking, id)
    if booking is None:
        raise _missing("booking")
    seats = (await session.scalars(select(BookingSeat).where(BookingSeat.booking == id))).all()
    chains = await classrooms(session, [booking.classroom, *(seat.classroom for seat in seats)])
    here = _once(chains[booking.classroom], _people(booking.teacher, booking.requested_by))
    return Ends(here, _once(here, *chains.values(), _people(*(seat.assistant for seat in seats))))


async def _lesson(session: AsyncSession, id: str) -> Ends:
    lesson = (
        await session.execute(
            select(Lesson.teacher, Booking.classroom).join(Booking, Booking.id == Lesson.booking).where(Lesson.id == id)
        )
    ).one_or_none()
    if lesson is None:
        raise _missing("lesson")
    seats = (await session.scalars(select(Seat).where(Seat.lesson == id))).all()
    lead = next((seat.classroom for seat in seats if seat.part == "lead"), lesson.classroom)
    chains = await classrooms(session, [lead, *(seat.classroom for seat in seats)])
    here = _once(chains[lead], _people(lesson.teacher))
    return Ends(here, _once(here, *chains.values(), _people(*(seat.assistant for seat in seats))))


async def _webhook(session: AsyncSession, id: str) -> Ends:
    scope = await session.scalar(select(Webhook.scope).where(Webhook.id == id))
    if scope is None:
        raise _missing("webhook")
    try:
        where = await named(session, scope)
    except UserError:  # its region is gone: left to whoever may do everything
        where = SYSTEM
    return await find(session, where.kind, where.id)


async def _delivery(session: AsyncSession, id: str) -> Ends:
    webhook = await session.scalar(select(Delivery.webhook).where(Delivery.id == id))
    if webhook is None:
        raise _missing("delivery")
    return await _webhook(session, webhook)


async def _resource(session: AsyncSession, id: str) -> Ends:
    row = await session.get(Resource, id)
    if row is None:
        raise _missing("resource")
    if row.school:
        above = (await _school(session, row.school)).here
    else:
        above = (await _region(session, row.region)).here if row.region else (SYSTEM,)
    chain = _once(above, _people(row.teacher, row.made_by))
    return Ends(chain, chain)


async def named(session: AsyncSession, scope: str) -> Scope:
    """What a scope is that is written as an id alone: everything, a region or a school.

    :raises UserError: 404 `not_found`.
    """
    if not scope:
        return SYSTEM
    if is_id(scope):
        for kind, table in (("region", Region), ("school", School)):
            if await session.get(table, scope) is not None:
                return Scope(kind, scope)
    raise _missing("region or school")


_FIND: dict[str, Callable[[AsyncSession, str], Awaitable[Ends]]] = {
    "system": _system,
    "region": _region,
    "school": _school,
    "classroom": _classroom,
    "person": _person,
    "class": _class,
    "calendar": _calendar,
    "device": _device,
    "booking": _booking,
    "lesson": _lesson,
    "webhook": _webhook,
    "delivery": _delivery,
    "resource": _resource,
}
