"""What the lines of a timetable will hold once they are booked, so that each is judged as if those before it were.

Only times and names of what is held are kept: some hundred bytes for each lesson that comes of the file.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.booking import load
from signalling.booking.claims import Holding
from signalling.booking.request import Request
from signalling.db.people import Person
from signalling.db.places import Classroom, PupilClass
from signalling.timetable.series import Occurrence

_NAMES = {"person": Person, "classroom": Classroom, "pupils": PupilClass}


class Pending:
    """:param capacity: classrooms that the machines carry at once; 0: nobody counts."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        """Resource → (starts, ends, row) in order; they do not overlap."""
        self._load: Counter[int] = Counter()

    def taken(self, request: Request, lessons: Sequence[Occurrence]) -> tuple[str, int] | None:
        """Something that a line before holds at one of these times, and the row of that line."""
        for resource in request.resources:
            held = self._held.get(resource)
            if not held:
                continue
            for lesson in lessons:
                before = bisect_left(held, (lesson.ends,)) - 1
                if before >= 0 and held[before][1] > lesson.starts:
                    return resource, held[before][2]
        return None

    async def full(
        self, session: AsyncSession, request: Request, lessons: Sequence[Occurrence]
    ) -> tuple[int, int] | None:
        """The first moment at which the machines could not carry it beside the lines before, and its classrooms."""
        if not self._capacity:
            return None
        change = _load(request, lessons)
        carried = await load.carried(session, change)
        together = {slot: carried.get(slot, 0) + self._load[slot] for slot in change}
        return load.full(together, change, self._capacity)

    def add(self, request: Request, lessons: Sequence[Occurrence], row: int) -> None:
        for lesson in lessons:
            held = lesson.starts, lesson.ends, row
            for resource in request.resources:
                insort(self._held[resource], held)
        if self._capacity:
            self._load.update(_load(request, lessons))


def _load(request: Request, lessons: Sequence[Occurrence]) -> Counter[int]:
    classrooms = Holding("", 0, 0, request.resources).classrooms
    return load.changes((lesson.starts, lesson.ends, classrooms) for lesson in lessons)


async def name_of(session: AsyncSession, resource: str) -> str:
    kind, _, id = resource.partition(":")
    table = _NAMES[kind]
    return await session.scalar(select(table.name).where(table.id == id)) or id
