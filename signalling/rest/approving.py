"""In the name of which schools the caller may say yes to a booking."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from signalling.booking import rows
from signalling.people import scopes
from signalling.rest.operation import Call


async def of_classrooms(call: Call[Any, Any], classrooms: Collection[str]) -> frozenset[str]:
    async with call.database.read() as session:
        chains = await scopes.classrooms(session, classrooms)
    return frozenset(
        school[-1].id for *school, _ in chains.values() if call.caller.may("booking.approve", tuple(school))
    )


async def of_booking(call: Call[Any, Any]) -> frozenset[str]:
    """Of the schools that take part in the booking in the path."""
    async with call.database.read() as session:
        places = await rows.booking_places(session, call.path("booking"))
    return await of_classrooms(call, [place.classroom for place in places])


async def of_lesson(call: Call[Any, Any]) -> frozenset[str]:
    """Of the schools that take part in the lesson in the path."""
    lesson = call.path("lesson")
    async with call.database.read() as session:
        places = (await rows.lesson_places(session, [lesson]))[lesson]
    return await of_classrooms(call, [place.classroom for place in places])
