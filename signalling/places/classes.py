"""Classes of pupils: made, changed, closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import claims
from signalling.booking.limits import Rules
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.places import PupilClass
from signalling.places import coming, naming, schools


@dataclass(frozen=True, slots=True)
class ClassShown:
    """:ivar size: pupils."""

    id: str
    school: str
    name: str
    grade: str
    size: int
    active: bool


def rows(school: str | None = None, active: bool | None = None, q: str = "") -> Select[Any]:
    """Columns of `ClassShown`. :param q: a part of the name."""
    it = PupilClass
    found = select(it.id, it.school, it.name, it.grade, it.size, it.active)
    if school is not None:
        found = found.where(it.school == school)
    if active is not None:
        found = found.where(it.active == active)
    return found.where(it.name.icontains(q, autoescape=True)) if q else found


async def create(
    database: Database, now: float, actor: str, *, school: str, name: str, grade: str = "", size: int = 0
) -> str:
    """Returns its id. :raises UserError: 404; 409 `name_taken`; 422 `bad_name`."""
    name, id = naming.called(name), new_id(now)

    async def work(session: AsyncSession) -> None:
        await schools.locked(session, school)
        values = {"school": school, "name": name, "grade": grade, "size": size}
        session.add(PupilClass(id=id, **values))
        await naming.flush_named(session, "class")
        await audit.append(session, int(now), actor, "class.created", id, values)

    await database.run(work)
    return id


async def change(
    database: Database,
    now: float,
    actor: str,
    pupil_class: str,
    *,
    name: str | None = None,
    grade: str | None = None,
    size: int | None = None,
    active: bool | None = None,
) -> None:
    """What is None stays. :raises UserError: 404; 409 `lessons_booked`, `name_taken`; 422 `bad_name`."""
    name = naming.called(name) if name is not None else None

    async def work(session: AsyncSession) -> None:
        # Whoever books it at the same time was before us, or waits and finds it closed.
        await claims.lock(session, [f"pupils:{pupil_class}"], Rules())
        row = await session.get(PupilClass, pupil_class, with_for_update=True)
        if row is None:
            raise UserError(404, "not_found", "There is no such class; it may have been removed just now.")
        if active is False and row.active:
            await coming.require_none(
                session,
                now,
                "have this class in them; cancel them, or choose another class, then close it",
                coming.of_pupils(pupil_class),
            )
        changed = naming.change(row, {"name": name, "grade": grade, "size": size, "active": active})
        if changed:
            await naming.flush_named(session, "class")
            await audit.append(session, int(now), actor, f"class.{naming.verb(changed)}", pupil_class, changed)

    await database.run(work)
