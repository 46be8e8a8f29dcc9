"""School calendars, shared by the schools that follow them, and their terms."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking.schooltime import in_our_time
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson
from signalling.db.places import School
from signalling.db.times import ZONE, Calendar, CalendarDay, Term
from signalling.places import coming, naming
from signalling.timetable.calendar import SpecialDay, monday
from signalling.timetable.series import MAX_TERM

MAX_TERMS = 100
_REMEDY = "move or cancel them first"


@dataclass(frozen=True, slots=True)
class CalendarShown:
    id: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class TermShown:
    id: str
    name: str
    starts: dt.date
    ends: dt.date


@dataclass(frozen=True, slots=True)
class CalendarWhole:
    """:ivar days: those unlike others."""

    id: str
    name: str
    zone: str
    terms: list[TermShown]
    days: list[SpecialDay]


def rows(q: str = "") -> Select[Any]:
    """Columns of `CalendarShown`. :param q: a part of the name."""
    found = select(Calendar.id, Calendar.name, Calendar.zone)
    return found.where(Calendar.name.icontains(q, autoescape=True)) if q else found


async def zone_of(session: AsyncSession, school: str | None) -> str:
    """IANA name of the zone of a school's clock; of whoever belongs to none, China's."""
    found = select(Calendar.zone).join(School, School.calendar == Calendar.id).where(School.id == school)
    return await session.scalar(found) or ZONE


async def whole(session: AsyncSession, calendar: str) -> CalendarWhole:
    """:raises UserError: 404 `not_found`."""
    row = await session.get(Calendar, calendar)
    if row is None:
        raise _missing()
    terms = select(Term.id, Term.name, Term.starts, Term.ends).where(Term.calendar == calendar).order_by(Term.starts)
    days = (
        select(CalendarDay.day, CalendarDay.runs, CalendarDay.name)
        .where(CalendarDay.calendar == calendar)
        .order_by(CalendarDay.day)
    )
    return CalendarWhole(
        row.id,
        row.name,
        row.zone,
        [TermShown(*term) for term in await session.execute(terms)],
        [SpecialDay(*day) for day in await session.execute(days)],
    )


async def create(database: Database, now: float, actor: str, *, name: str, zone: str) -> str:
    """Returns its id. :param zone: IANA name. :raises UserError: 422 `bad_name`, `bad_zone`."""
    name, id = naming.called(name), new_id(now)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise UserError(422, "bad_zone", "There is no such time zone; write one such as Asia/Shanghai.") from None

    async def work(session: AsyncSession) -> None:
        session.add(Calendar(id=id, name=name, zone=zone))
        await session.flush()
        await audit.append(session, int(now), actor, "calendar.created", id, {"name": name, "zone": zone})

    await database.run(work)
    return id


async def rename(database: Database, now: float, actor: str, calendar: str, name: str) -> None:
    """Its zone never changes: every lesson would. :raises UserError: 404; 422 `bad_name`."""
    name = naming.called(name)

    async def work(session: AsyncSession) -> None:
        changed = naming.change(await locked(session, calendar), {"name": name})
        if changed:
            await session.flush()
            await audit.append(session, int(now), actor, "calendar.changed", calendar, changed)

    await database.run(work)


async def add_term(
    database: Database, now: float, actor: str, calendar: str, *, name: str, starts: dt.date, ends: dt.date
) -> str:
    """Returns its id. :raises UserError: 404; 409 `terms_overlap`; 422 `bad_name`, `bad_term`, `too_many`."""
    name, id = naming.called(name), new_id(now)
    _plausible(starts, ends)

    async def work(session: AsyncSession) -> None:
        await locked(session, calendar)
        await _alone(session, calendar, starts, ends)
        session.add(Term(id=id, calendar=calendar, name=name, starts=starts, ends=ends))
        await session.flush()
        await audit.append(session, int(now), actor, "term.created", calendar, _detail(id, name, starts, ends))

    await database.run(work)
    return id


async def change_term(
    database: Database,
    now: float,
    actor: str,
    calendar: str,
    term: str,
    *,
    name: str | None = None,
    starts: dt.date | None = None,
    ends: dt.date | None = None,
) -> None:
    """What is None stays. :raises UserError: as `add_term`, and 409 `lessons_booked`."""
    name = naming.called(name) if name is not None else None

    async def work(session: AsyncSession) -> None:
        await locked(session, calendar)
        row = await _term(session, calendar, term)
        first, last = starts or row.starts, ends or row.ends
        _plausible(first, last)
        await _alone(session, calendar, first, last, but=term)
        await moves_nothing(session, now, row, first, last)
        before = _detail(term, row.name, row.starts, row.ends)
        row.name, row.starts, row.ends = name or row.name, first, last
        after = _detail(term, row.name, row.starts, row.ends)
        if before != after:
            await session.flush()
            detail = {"before": before, "after": after}
            await audit.append(session, int(now), actor, "term.changed", calendar, detail)

    await database.run(work)


async def moves_nothing(session: AsyncSession, now: float, term: Term, starts: dt.date, ends: dt.date) -> None:
    """Whether a term may get other days. :raises UserError: 409 `lessons_booked`."""
    if (starts, ends) == (term.starts, term.ends):
        return
    schools = following(term.calendar)
    await coming.hold(session, schools)
    outside = Lesson.day.between(term.starts, term.ends) & ~Lesson.day.between(starts, ends)
    await coming.require_none(
        session, now, f"would lie in no term any more; {_REMEDY}", outside, coming.at_schools(schools)
    )
    if (monday(starts) - monday(term.starts)).days // 7 % 2:
        await coming.require_none(
            session,
            now,
            f"take place in odd or even weeks, and these would change places; {_REMEDY}",
            Lesson.day.between(term.starts, term.ends),
            Booking.weeks != "all",
            Booking.rule != "",
            Booking.school.in_(schools),
        )


async def remove_term(database: Database, now: float, actor: str, calendar: str, term: str) -> None:
    """Only one without lessons. :raises UserError: 404; 409 `lessons_booked`, `term_has_lessons`."""

    async def work(session: AsyncSession) -> None:
        await locked(session, calendar)
        row = await _term(session, calendar, term)
        await coming.hold(session, following(calendar))
        here = (Lesson.day.between(row.starts, row.ends), coming.at_schools(following(calendar)))
        await coming.require_none(session, now, f"would lie in no term any more; {_REMEDY}", *here)
        if await session.scalar(select(Lesson.id).where(*here).limit(1)) is not None:
            raise UserError(
                409, "term_has_lessons", "Lessons were held in this term, so it is kept; rename it if it is wrong."
            )
        detail = _detail(term, row.name, row.starts, row.ends)
        await session.delete(row)
        await session.flush()
        await audit.append(session, int(now), actor, "term.removed", calendar, detail)

    await database.run(work)


def following(calendar: str) -> Select[tuple[str]]:
    """Ids of the schools that follow a calendar."""
    return select(School.id).where(School.calendar == calendar)


async def locked(session: AsyncSession, id: str) -> Calendar:
    """From here to the end of the transaction nobody else changes it. :raises UserError: 404 `not_found`."""
    row = await session.get(Calendar, id, with_for_update=True)
    if row is None:
        raise _missing()
    return row


def _missing() -> UserError:
    return UserError(404, "not_found", "There is no such calendar; it may have been removed just now.")


async def _term(session: AsyncSession, calendar: str, id: str) -> Term:
    row = await session.get(Term, id)
    if row is None or row.calendar != calendar:
        raise UserError(404, "not_found", "There is no such term; it may have been removed just now.")
    return row


def _plausible(starts: dt.date, ends: dt.date) -> None:
    in_our_time(starts)
    in_our_time(ends)
    if not starts <= ends <= starts + MAX_TERM:
        raise UserError(
            422, "bad_term", f"A term ends after it begins and has at most {MAX_TERM.days} days; check both days."
        )


async def _alone(session: AsyncSession, calendar: str, starts: dt.date, ends: dt.date, but: str = "") -> None:
    """Terms of one calendar do not overlap."""
    terms = (await session.scalars(select(Term).where(Term.calendar == calendar, Term.id != but))).all()
    if len(terms) >= MAX_TERMS:
        raise UserError(422, "too_many", f"A calendar has at most {MAX_TERMS} terms; begin a new calendar.")
    for term in terms:
        if term.starts <= ends and starts <= term.ends:
            raise UserError(
                409,
                "terms_overlap",
                f"The term {term.name} lasts from {term.starts} to {term.ends}; choose days outside of it.",
            )


def _detail(id: str, name: str, starts: dt.date, ends: dt.date) -> dict[str, str]:
    return {"term": id, "name": name, "starts": starts.isoformat(), "ends": ends.isoformat()}
