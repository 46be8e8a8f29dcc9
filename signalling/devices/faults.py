"""A fault that somebody in a classroom reports during a lesson: who plans there is told, webhooks are, and it is on the
audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.bell import standing
from signalling.booking import outbox
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.lessons import Lesson
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, Region, School
from signalling.db.records import Notice

Fault = Literal["sound", "picture", "line", "screen", "other"]
NOTICE = "fault"
MAX_TOLD = 50


async def report(
    database: Database,
    lesson: str,
    participant: str,
    by: str,
    kind: Fault,
    text: str,
    now: float,
    *,
    beside: str | None = None,
) -> None:
    """:param by: the participant's name. :param beside: the claim of that name.

    :raises UserError: 404 `not_found`, 403 `not_in_lesson`, 409 `lesson_not_open`.
    """

    async def work(session: AsyncSession) -> None:
        row = await session.get(Lesson, lesson)
        if row is None:
            raise UserError(404, "not_found", "There is no such lesson; it may have been removed from the timetable.")
        if row.state not in ("open", "live", "ended", "processing", "published"):
            raise UserError(409, "lesson_not_open", "Faults are reported while the lesson goes on or just after it.")
        place = await standing.find(session, lesson, participant, beside)
        if place is None:
            raise UserError(403, "not_in_lesson", "Only who stands in a classroom of this lesson reports its faults.")
        facts, people = await _concerned(session, place.classroom)
        told = {"title": row.title, "starts": row.starts, **facts, "fault": kind, "text": text, "by": by}
        made = int(now)
        notices = [
            {"id": new_id(now), "person": person, "kind": NOTICE, "lesson": lesson, "facts": told, "made": made}
            for person in people
            if person != participant
        ]
        if notices:
            await session.execute(insert(Notice.__table__), notices)
        sent = {"at": made, "classroom": place.classroom, "classroom_name": facts["classroom_name"]}
        sent |= {"classroom_school": facts["school_name"], "fault": kind, "text": text, "by": by}
        await outbox.queue_lessons(session, outbox.FAULT, {lesson: sent}, now)
        detail = {"classroom": place.classroom, "fault": kind, "text": text, "told": len(notices)}
        await audit.append(session, made, participant, "lesson.fault", lesson, detail)

    await database.run(work)


async def _concerned(session: AsyncSession, classroom: str) -> tuple[dict[str, Any], Sequence[str]]:
    """Names of the place, and its planners: those of the classroom and the school, or of the nearest region that has
    any: a village school often has none of its own."""
    row = (
        await session.execute(
            select(Classroom.id, Classroom.name, School.id, School.name, Region.path)
            .join(School, School.id == Classroom.school)
            .join(Region, Region.id == School.region)
            .where(Classroom.id == classroom)
        )
    ).one()
    id, name, school, school_name, path = row
    regions = [part for part in path.split("/") if part]
    scopes = [*(("region", region) for region in regions), ("school", school), ("classroom", id)]
    grant = RoleGrant
    found = await session.execute(
        select(grant.person, grant.kind, grant.scope)
        .join(Person, Person.id == grant.person)
        .where(grant.role == "planner", Person.active, tuple_(grant.kind, grant.scope).in_(scopes))
        .order_by(grant.person)
    )
    planners: dict[int, set[str]] = {}
    for person, kind, scope in found:
        level = min(scopes.index((kind, scope)), len(regions))
        planners.setdefault(level, set()).add(person)
    nearest = planners[max(planners)] if planners else set()
    facts = {"classroom": id, "classroom_name": name, "school": school, "school_name": school_name}
    return facts, sorted(nearest)[:MAX_TOLD]
