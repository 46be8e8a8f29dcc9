"""What webhooks are told, put into the table of deliveries in the transaction of what they tell of.

`signalling/hooks` sends them from there. A change that is rolled back is told to nobody, and one that is committed is
told even when the server dies a moment later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.base import new_id
from signalling.db.lessons import Booking, Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom, Region, School
from signalling.db.records import Delivery, Webhook

CANCELLED = "lesson.cancelled"
FAULT = "lesson.fault"
LESSON_EVENTS = ("lesson.open", "lesson.live", "lesson.ended", CANCELLED, FAULT)
"""`lesson.` and the state that a lesson came into, or what was reported from one of its classrooms."""
RESOURCE_PUBLISHED, RESOURCE_FAILED = RESOURCE_EVENTS = ("resource.published", "resource.failed")
Schools = Mapping[str, str]
"""Schools that take part → path of the region."""


async def queue(session: AsyncSession, event: str, body: Mapping[str, Any], schools: Schools, now: float) -> None:
    """A delivery for each webhook that wants the event, and whose scope is everything, one of the schools, or a region
    around one."""
    hooks = await _wanting(session, event)
    await _insert(session, [_delivery(hook, event, body, now) for hook, scope in hooks if _within(scope, schools)], now)


async def queue_lessons(session: AsyncSession, event: str, facts: Mapping[str, Mapping[str, Any]], now: float) -> None:
    """The same for the lives of many lessons at once; while no webhook wants the event it costs one small query.

    :param facts: lesson → what is told of it besides who teaches what where.
    """
    if not facts:
        return
    hooks = await _wanting(session, event)
    if not hooks:
        return
    rows = await session.execute(
        select(
            *(Lesson.id, Lesson.booking, Lesson.title, Booking.form, Booking.school, School.name.label("school_name")),
            *(Region.path, Person.name.label("teacher"), Lesson.starts, Lesson.ends, Lesson.state, Lesson.reason),
        )
        .join(Booking, Booking.id == Lesson.booking)
        .join(School, School.id == Booking.school)
        .join(Region, Region.id == School.region)
        .join(Person, Person.id == Lesson.teacher)
        .where(Lesson.id.in_(facts))
        .order_by(Lesson.starts, Lesson.id)
    )
    lessons = rows.all()
    schools = await _schools(session, [row.id for row in lessons])
    deliveries = []
    for row in lessons:
        body = {
            "lesson": row.id,
            "booking": row.booking,
            "title": row.title,
            "form": row.form,
            "school": row.school_name,
            "teacher": row.teacher,
            "starts": row.starts,
            "ends": row.ends,
            "state": row.state,
            "reason": row.reason,
            **facts[row.id],
        }
        around = {row.school: row.path, **schools[row.id]}
        deliveries += [_delivery(hook, event, body, now) for hook, scope in hooks if _within(scope, around)]
    await _insert(session, deliveries, now)


async def queue_cancelled(session: AsyncSession, lessons: Sequence[str], now: float) -> None:
    await queue_lessons(session, CANCELLED, {lesson: {"at": int(now)} for lesson in lessons}, now)


async def _wanting(session: AsyncSession, event: str) -> list[tuple[str, str]]:
    """Webhook, scope. Which events it wants is a list in its row, and there are few webhooks."""
    rows = await session.execute(select(Webhook.id, Webhook.events, Webhook.scope).where(Webhook.active))
    return [(id, scope) for id, events, scope in rows if event in events]


def _within(scope: str, schools: Schools) -> bool:
    return not scope or scope in schools or any(f"/{scope}/" in path for path in schools.values())


async def _schools(session: AsyncSession, lessons: Sequence[str]) -> dict[str, dict[str, str]]:
    """Lesson → schools of its classrooms."""
    rows = await session.execute(
        select(Seat.lesson, School.id, Region.path)
        .join(Classroom, Classroom.id == Seat.classroom)
        .join(School, School.id == Classroom.school)
        .join(Region, Region.id == School.region)
        .where(Seat.lesson.in_(lessons))
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for lesson, school, path in rows:
        found[lesson][school] = path
    return found


def _delivery(hook: str, event: str, body: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {"webhook": hook, "event": event, "body": dict(body), "made": int(now), "due": int(now)}


async def _insert(session: AsyncSession, deliveries: list[dict[str, Any]], now: float) -> None:
    if deliveries:
        # Made in one order and named so: a target is told of things in the order in which they happened.
        ids = sorted(new_id(now) for _ in deliveries)
        rows = [{"id": id, **delivery} for id, delivery in zip(ids, deliveries, strict=True)]
        await session.execute(insert(Delivery.__table__), rows)
