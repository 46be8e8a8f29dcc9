"""Who hears that a resource was published or could not be: its teacher and who added it, webhooks, the audit log.

The last step of a transaction: the audit log's head is locked from here on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.booking import outbox
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.library import Resource
from signalling.db.people import Person
from signalling.db.places import Region, School
from signalling.db.records import Notice

WORKER = "worker"
"""Who did it, on the audit log."""


async def published(session: AsyncSession, row: Resource, now: float) -> None:
    await _tell(session, row, "published", outbox.RESOURCE_PUBLISHED, {"note": row.note}, now)


async def failed(session: AsyncSession, row: Resource, stage: str, error: str, now: float) -> None:
    await _tell(session, row, "unpublished", outbox.RESOURCE_FAILED, {"stage": stage, "error": error}, now)


async def _tell(
    session: AsyncSession, row: Resource, kind: str, event: str, facts: Mapping[str, Any], now: float
) -> None:
    made = int(now)
    school, path = "", ""
    if row.school:
        found = await session.execute(
            select(School.name, Region.path).join(Region, Region.id == School.region).where(School.id == row.school)
        )
        school, path = found.one()
    told = {
        "resource": row.id,
        "kind": row.kind,
        "lesson": row.lesson,
        "title": row.title,
        "teacher": row.teacher_name,
        "school": school,
        "day": row.day.isoformat(),
        "length_ms": row.length_ms,
        **facts,
    }
    concerned = {id for id in (row.teacher, row.made_by) if id}
    people = await session.scalars(select(Person.id).where(Person.id.in_(concerned), Person.active))
    notices = [
        {"id": new_id(now), "person": person, "kind": kind, "lesson": row.lesson, "facts": told, "made": made}
        for person in sorted(people)
    ]
    if notices:
        await session.execute(insert(Notice.__table__), notices)
    # What somebody keeps to herself is not for other programs either.
    kept = {"title": "", "teacher": ""} if row.rights == "own" else {}
    await outbox.queue(session, event, {**told, **kept}, {row.school: path} if row.school else {}, now)
    await audit.append(session, made, WORKER, event, row.id, {"lesson": row.lesson, "version": row.version, **facts})
