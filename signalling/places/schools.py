"""Schools: made, changed, closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.places import Region, School
from signalling.db.times import Calendar
from signalling.places import coming, naming

Kind = Literal["lead", "receiving", "both"]


@dataclass(frozen=True, slots=True)
class SchoolShown:
    """:ivar approves: requests of others wait for this school's yes."""

    id: str
    region: str
    region_name: str
    calendar: str
    name: str
    kind: str
    approves: bool
    active: bool


def rows(region: str | None = None, kind: Kind | None = None, active: bool | None = None, q: str = "") -> Select[Any]:
    """Columns of `SchoolShown`. :param region: or one around it. :param q: a part of the name."""
    school = School
    found = select(
        *(school.id, school.region, Region.name, school.calendar),
        *(school.name, school.kind, school.approves, school.active),
    ).join(Region, Region.id == school.region)
    if region is not None:
        found = found.where(Region.path.contains(f"/{region}/", autoescape=True))
    if kind is not None:
        found = found.where(school.kind.in_((kind, "both")))
    if active is not None:
        found = found.where(school.active == active)
    return found.where(school.name.icontains(q, autoescape=True)) if q else found


async def create(
    database: Database,
    now: float,
    actor: str,
    *,
    region: str,
    calendar: str,
    name: str,
    kind: Kind,
    approves: bool = False,
) -> str:
    """Returns its id. :raises UserError: 422 `bad_name`, `unknown_region`, `unknown_calendar`."""
    name, id = naming.called(name), new_id(now)

    async def work(session: AsyncSession) -> None:
        if await session.get(Region, region, with_for_update=True) is None:
            raise UserError(422, "unknown_region", "There is no such region; choose another one.")
        await _calendar(session, calendar)
        values = {"region": region, "calendar": calendar, "name": name, "kind": kind, "approves": approves}
        session.add(School(id=id, **values))
        await session.flush()
        await audit.append(session, int(now), actor, "school.created", id, values)

    await database.run(work)
    return id


async def change(
    database: Database,
    now: float,
    actor: str,
    school: str,
    *,
    name: str | None = None,
    kind: Kind | None = None,
    approves: bool | None = None,
    calendar: str | None = None,
    active: bool | None = None,
) -> None:
    """What is None stays. A closed school is booked no more; what it has is kept.

    :raises UserError: 404; 409 `lessons_booked`; 422 `bad_name`, `unknown_calendar`.
    """
    name = naming.called(name) if name is not None else None

    async def work(session: AsyncSession) -> None:
        this = select(School.id).where(School.id == school)
        if active is False or calendar is not None:
            await coming.hold(session, this)
        row = await locked(session, school)
        here = coming.at_schools(this)
        if active is False and row.active:
            await coming.require_none(
                session, now, "would lose this school; cancel them, or book them elsewhere, then close it", here
            )
        if calendar is not None and calendar != row.calendar:
            await _calendar(session, calendar)
            await coming.require_none(
                session, now, "follow the calendar this school has now; cancel them, then choose another calendar", here
            )
        wanted = {"name": name, "kind": kind, "approves": approves, "calendar": calendar, "active": active}
        changed = naming.change(row, wanted)
        if changed:
            await session.flush()
            await audit.append(session, int(now), actor, f"school.{naming.verb(changed)}", school, changed)

    await database.run(work)


async def locked(session: AsyncSession, id: str) -> School:
    """From here to the end of the transaction nobody else changes it. :raises UserError: 404 `not_found`."""
    row = await session.get(School, id, with_for_update=True)
    if row is None:
        raise UserError(404, "not_found", "There is no such school; it may have been removed just now.")
    return row


async def _calendar(session: AsyncSession, id: str) -> None:
    if await session.get(Calendar, id) is None:
        raise UserError(422, "unknown_calendar", "There is no such calendar; choose another one.")
