"""The doors of lessons' rooms: open between the bell's two strokes.

A lesson's id is its room's name. A room that is no lesson's (made by `tongke token`, the demo, tests) has no door, and
whoever has a token for it may enter at any time. For the others the row decides, and the rows of the rooms that are
in use here are read once a second: so a lesson that another server closed, or that was cancelled or extended, is
noticed like one of our own. So is a device whose key was taken away: it goes, and the phone beside it. While the
database is away the doors stay as they were, and rooms go on.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from mediaserver.api import UserError
from signalling.bell.ringing import Event, LessonOpened
from signalling.bell.transitions import Order
from signalling.db.engine import Database
from signalling.db.lessons import Lesson
from signalling.db.places import Device
from signalling.rooms import Rooms
from signalling.tokens import Claims

FORGET_S = 60.0
"""A door whose room is empty is remembered so long after somebody knocked."""
RETRY_MS = 5000
"""Who comes too early knocks again after so long."""
REVOKED_S = 86400
"""No room token that a device got lives so long."""
_CHUNK = 500
_COLUMNS = (Lesson.id, Lesson.state, Lesson.starts)
_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{16}")
"""What `db.base.new_id` makes."""


@dataclass(slots=True)
class Door:
    """:ivar state: of the lesson, as it was read last. :ivar begins: seconds since 1970.
    :ivar asked: monotonic seconds."""

    state: str
    begins: int
    asked: float

    @property
    def open(self) -> bool:
        return self.state in ("open", "live")


def refusal(state: str) -> UserError | None:
    """Why a lesson in this state admits nobody, or None."""
    if state in ("open", "live"):
        return None
    if state == "scheduled":
        return UserError(
            403,
            "lesson_not_open",
            "The lesson has not opened yet; its room opens some minutes before it begins.",
            retry_after_ms=RETRY_MS,
        )
    if state == "cancelled":
        return UserError(403, "lesson_cancelled", "The lesson was cancelled; look into the timetable for another one.")
    return UserError(403, "lesson_over", "The lesson is over; its room is closed.")


class Doors:
    """:param order: takes to the bell what happens in rooms."""

    def __init__(
        self,
        database: Database,
        rooms: Rooms,
        order: Callable[[Order], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._order = order
        self._monotonic = monotonic
        self._doors: dict[str, Door] = {}
        self._revoked: frozenset[str] = frozenset()
        self._asking: dict[str, asyncio.Task[tuple[str, int] | None]] = {}

    def hear(self, event: Event) -> None:
        """A listener of the bell: whoever comes through a door that it has just opened need not ask for it."""
        if isinstance(event, LessonOpened):
            self._doors[event.lesson] = Door("open", event.starts, self._monotonic())

    def is_open(self, room: str) -> bool:
        """Whether this room is a lesson's, and the lesson goes on."""
        door = self._doors.get(room)
        return door is not None and door.open

    def begins(self, room: str) -> int | None:
        """When the lesson of this room begins, seconds since 1970; None: the room is none's that goes on."""
        door = self._doors.get(room)
        return door.begins if door is not None and door.open else None

    async def admit(self, claims: Claims) -> None:
        """For `Rooms.admit`.

        :raises UserError: 403 `lesson_not_open`, `lesson_over`, `lesson_cancelled`, `device_revoked`;
            503 `database_unavailable`, when nobody has asked for this room before.
        """
        name = claims.room
        if _ID.fullmatch(name) is None:
            return
        if self._is_revoked(claims):
            raise UserError(403, "device_revoked", "This device is not paired any more; pair it again.")
        door = self._doors.get(name)
        if door is None:
            found = await self._ask(name)
            if found is None:
                return
            door = self._doors.setdefault(name, Door(*found, 0.0))
        door.asked = self._monotonic()
        refused = refusal(door.state)
        if refused is None and self._ended(name):
            refused = refusal("ended")
        if refused is not None:
            raise refused

    async def look(self) -> None:
        """Once a second: read the rows again, end what is closed.

        :raises UserError: 503 `database_unavailable`; rooms stay as they are.
        """
        now = self._monotonic()
        for name in [name for name, door in self._doors.items() if now - door.asked > FORGET_S]:
            if name not in self._rooms.rooms:
                del self._doors[name]
        names = list(self._doors)
        if not names:
            return
        states: dict[str, tuple[str, int]] = {}
        revoked = select(Device.id).where(Device.revoked > int(self._rooms.clock()) - REVOKED_S)
        async with self._database.read() as session:
            for first in range(0, len(names), _CHUNK):
                query = select(*_COLUMNS).where(Lesson.id.in_(names[first : first + _CHUNK]))
                states.update({id: (state, begins) for id, state, begins in await session.execute(query)})
            self._revoked = frozenset(await session.scalars(revoked))
        for name in names:
            # Removed from the timetable while people are in the room: over as well.
            door = self._doors[name]
            door.state, door.begins = states.get(name, ("cancelled", door.begins))
        for name in names:
            if not self._doors[name].open:
                await self._close(name)
        if self._revoked:
            await self._expel()

    async def _expel(self) -> None:
        """Who was let in with a key that was taken away since leaves."""
        for page in self._rooms.pages():
            if self._is_revoked(page.claims):
                page.finish(4401, "device_revoked")
        for session in list(self._rooms.sessions.values()):
            if self._is_revoked(session.claims):
                await self._rooms.close(session, "token_expired")

    def _is_revoked(self, claims: Claims) -> bool:
        return claims.participant in self._revoked or claims.beside in self._revoked

    async def _ask(self, name: str) -> tuple[str, int] | None:
        """State and beginning. A whole school that joins one room in the same second asks once."""
        asking = self._asking.get(name)
        if asking is None:
            asking = self._asking[name] = asyncio.create_task(self._state(name), name="door")
            asking.add_done_callback(lambda _: self._asking.pop(name))
        return await asyncio.shield(asking)

    async def _state(self, name: str) -> tuple[str, int] | None:
        async with self._database.read() as session:
            row = (await session.execute(select(*_COLUMNS).where(Lesson.id == name))).first()
        return (row.state, row.starts) if row is not None else None

    def report(self) -> None:
        """Tell the bell what happened in the rooms, until the rows show it. For `Bell.before_beat`."""
        for name, door in self._doors.items():
            room = self._rooms.rooms.get(name)
            if room is None or not door.open:
                continue
            if door.state == "open" and room.lesson.state == "live":
                self._order(Order(name, "arrives", room.lesson.lead or "room"))
            if room.ended_by is not None:
                self._order(Order(name, "close", room.ended_by))

    async def _close(self, name: str) -> None:
        room = self._rooms.rooms.get(name)
        if room is None:
            return
        sending = any(person.sessions for person in room.lesson.people.values())
        if not self._ended(name) or sending:
            await self._rooms.end(name)

    def _ended(self, name: str) -> bool:
        room = self._rooms.rooms.get(name)
        return room is not None and room.lesson.state == "ended"
