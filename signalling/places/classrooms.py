"""Classrooms: made, changed, closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import claims
from signalling.booking.limits import Rules
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.places import Classroom, School
from signalling.places import coming, naming, schools

Kind = Literal["lead", "receiving", "both"]


@dataclass(frozen=True, slots=True)
class ClassroomShown:
    id: str
    school: str
    school_name: str
    name: str
    kind: str
    seats: int
    active: bool


def rows(school: str | None = None, kind: Kind | None = None, active: bool | None = None, q: str = "") -> Select[Any]:
    """Columns of `ClassroomShown`. :param kind: what it can be. :param q: a part of the school's or its own name."""
    room = Classroom
    found = select(room.id, room.school, School.name, room.name, room.kind, room.seats, room.active).join(
        School, School.id == room.school
    )
    if school is not None:
        found = found.where(room.school == school)
    if kind is not None:
        found = found.where(room.kind.in_((kind, "both")))
    if active is not None:
        found = found.where(room.active == active)
    if q:
        found = found.where(room.name.icontains(q, autoescape=True) | School.name.icontains(q, autoescape=True))
    return found


async def create(
    database: Database, now: float, actor: str, *, school: str, name: str, kind: Kind, seats: int = 0
) -> str:
    """Returns its id. :raises UserError: 404; 409 `name_taken`; 422 `bad_name`."""
    name, id = naming.called(name), new_id(now)

    async def work(session: AsyncSession) -> None:
        await schools.locked(session, school)
        values = {"school": school, "name": name, "kind": kind, "seats": seats}
        session.add(Classroom(id=id, **values))
        await naming.flush_named(session, "classroom")
        await audit.append(session, int(now), actor, "classroom.created", id, values)

    await database.run(work)
    return id


async def change(
    database: Database,
    now: float,
    actor: str,
    classroom: str,
    *,
    name: str | None = None,
    kind: Kind | None = None,
    seats: int | None = None,
    active: bool | None = None,
) -> None:
    """What is None stays. A closed classroom is booked no more; what was recorded there is kept.

    :raises UserError: 404; 409 `lessons_booked`, `name_taken`; 422 `bad_name`.
    """
    name = naming.called(name) if name is not None else None

    async def work(session: AsyncSession) -> None:
        # Whoever books it at the same time was before us, or waits and finds it closed.
        await claims.lock(session, [f"classroom:{classroom}"], Rules())
        row = await session.get(Classroom, classroom, with_for_update=True)
        if row is None:
            raise UserError(404, "not_found", "There is no such classroom; it may have been removed just now.")
        if active is False and row.active:
            await coming.require_none(
                session,
                now,
                "would lose this classroom; move them to another one or cancel them, then close it",
                coming.in_classroom(classroom),
            )
        for part in ("lead", "receiving"):
            if kind is not None and kind not in (part, "both"):
                await coming.require_none(
                    session,
                    now,
                    f"need it as a {part} classroom; move or cancel them, then change its kind",
                    coming.in_classroom(classroom, part),
                )
        changed = naming.change(row, {"name": name, "kind": kind, "seats": seats, "active": active})
        if changed:
            await naming.flush_named(session, "classroom")
            await audit.append(session, int(now), actor, f"classroom.{naming.verb(changed)}", classroom, changed)

    await database.run(work)
