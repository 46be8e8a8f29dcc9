"""From rooms to `participation`: what was measured is written while the lesson goes on, and once more at its end.

Rows are added to, never replaced: a server that starts in mid-lesson goes on where the one before it stopped. When a
connection breaks nobody knows whether its commit arrived; the row itself tells, because what would then stand in it is
remembered. With the last writing the figures go onto the audit log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver import api
from mediaserver.api import UserError
from signalling import messages
from signalling.bell import figures, standing
from signalling.bell.attendance import Attendance, Row
from signalling.bell.figures import Figures
from signalling.bell.passes import display_of
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.lessons import Lesson, Participation, Seat
from signalling.db.people import Person
from signalling.db.places import Device
from signalling.db.upsert import insert
from signalling.lessons import Lesson as RoomLesson

ENTRY = "lesson.evidence"
"""On the audit log, with the figures of a lesson that is over."""
MAX_PUPILS = 500
_LESSONS = 50
"""Of one transaction: a bell of 2,000 lessons must not hold up the next one."""
_ROWS = 500
_KEPT = ("role", "joined", "left", *figures.SECONDS, "quality")
"""Columns that a later writing sets anew; the others say who it is."""
_STORED = [getattr(Participation, name) for name in ("lesson", "participant", "joined", *figures.SECONDS, "quality")]


@dataclass(slots=True)
class _Written:
    """Of one participant. :ivar ours: how much of what we measured is in the row.
    :ivar tried: (what was measured, what the row would hold) of a writing whose end is unknown."""

    ours: Figures = figures.NOTHING
    tried: tuple[Figures, Figures] | None = None


@dataclass(slots=True)
class _Watched:
    attendance: Attendance = field(default_factory=lambda: Attendance(begun=False))
    written: dict[str, _Written] = field(default_factory=dict)


class Evidence:
    """A `rooms.Witness`. :param every_s: seconds between two writings.
    :param begins: when the lesson of a room begins, seconds since 1970; None: the room is none's that goes on."""

    def __init__(
        self,
        database: Database,
        begins: Callable[[str], int | None],
        clock: Callable[[], float],
        every_s: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._begins = begins
        self._clock = clock
        self._every_s = every_s
        self._monotonic = monotonic
        self._lessons: dict[str, _Watched] = {}
        self._flushed = monotonic()

    # ------------------------------------------------------------ what rooms tell

    def changed(self, room: str, lesson: RoomLesson, people: frozenset[str]) -> None:
        now = self._monotonic()
        watched = self._lessons.get(room)
        if lesson.state == "ended":
            if watched is not None:
                watched.attendance.close(now)
            return
        if watched is None:
            if self._begins(room) is None:
                return
            watched = self._lessons[room] = _Watched()
            people = people | lesson.people.keys()
        self._begin(room, watched, now)
        for id in people:
            person = lesson.people.get(id)
            sending = any(track.active for track in lesson.tracks.get(id, ()))
            role = person.role if person is not None else ""
            watched.attendance.observe(id, role, here=person is not None, sending=sending, now=now)

    def reported(self, room: str, participant: str, report: messages.Stats) -> None:
        if (watched := self._lessons.get(room)) is not None:
            now = self._monotonic()
            self._begin(room, watched, now)
            watched.attendance.report(
                participant,
                picture=report.picture is True,
                sound=report.sound is True,
                now=now,
                delay_ms=report.delay_ms,
                freezes=report.freezes or 0,
            )

    def measured(self, room: str, sessions: tuple[api.SessionStats, ...]) -> None:
        if (watched := self._lessons.get(room)) is not None:
            for it in sessions:
                watched.attendance.measure(it.participant, publishes=it.direction == "publish", loss=it.loss)

    def _begin(self, room: str, watched: _Watched, now: float) -> None:
        begins = None if watched.attendance.begun else self._begins(room)
        if begins is not None and begins <= self._clock():
            watched.attendance.begin(now)

    # ------------------------------------------------------------ writing

    async def beat(self) -> None:
        """Once a second: lessons that have ended are written at once, the others when it is time.

        :raises UserError: 503 `database_unavailable`; everything is kept for the next time.
        """
        now = self._monotonic()
        for name, watched in self._lessons.items():
            if self._begins(name) is None:
                watched.attendance.close(now)
            else:
                self._begin(name, watched, now)
        if now - self._flushed >= self._every_s:
            await self.flush()
        else:
            await self._write([name for name, watched in self._lessons.items() if watched.attendance.closed])

    async def flush(self) -> None:
        """Write everything that was measured up to now. :raises UserError: 503 `database_unavailable`."""
        await self._write(list(self._lessons))
        self._flushed = self._monotonic()

    async def _write(self, names: Sequence[str]) -> None:
        for first in range(0, len(names), _LESSONS):
            await self._write_some(names[first : first + _LESSONS])

    async def _write_some(self, names: Sequence[str]) -> None:
        now = self._monotonic()
        ended = {name for name in names if self._lessons[name].attendance.closed}
        rows = {name: self._lessons[name].attendance.rows(now) for name in names}
        past = self._clock() - now

        async def work(session: AsyncSession) -> None:
            await self._add(session, rows, ended, past)

        await self._database.run(work)
        for name, measured in rows.items():
            for row in measured:
                self._lessons[name].written[row.participant] = _Written(row.figures)
            if name in ended:
                del self._lessons[name]

    async def _add(
        self, session: AsyncSession, measured: Mapping[str, Sequence[Row]], ended: set[str], past: float
    ) -> None:
        """:param past: seconds since 1970 at which the monotonic clock was 0, as the wall clock has it now."""
        # Whoever else writes evidence of these lessons waits here; a lesson that was deleted has none.
        query = (
            select(Lesson.id).where(Lesson.id.in_(list(measured))).order_by(Lesson.id).with_for_update(key_share=True)
        )
        lessons = list(await session.scalars(query))
        stored = {
            (row.lesson, row.participant): row
            for row in await session.execute(select(*_STORED).where(Participation.lesson.in_(lessons)))
        }
        totals = {key: figures.unpack(row._mapping, row.quality) for key, row in stored.items()}
        new = [(lesson, row.participant) for lesson in lessons for row in measured[lesson]]
        who = await _who(session, [key for key in new if key not in stored])
        values: list[dict[str, Any]] = []
        for lesson in lessons:
            for row in measured[lesson]:
                key = lesson, row.participant
                totals[key] = self._total(lesson, row, totals.get(key, figures.NOTHING))
                person, classroom = who.get(key, (None, None))
                joined = round(past + row.joined)
                values.append(
                    {
                        "id": new_id(),
                        "lesson": lesson,
                        "participant": row.participant,
                        "role": row.role,
                        "person": person,
                        "classroom": classroom,
                        "joined": min(joined, stored[key].joined) if key in stored else joined,
                        "left": None if row.left is None else round(past + row.left),
                        **figures.seconds(totals[key]),
                        "quality": figures.quality(totals[key]),
                    }
                )
        for first in range(0, len(values), _ROWS):
            adding = insert(session, Participation.__table__).values(values[first : first + _ROWS])
            again = {name: adding.excluded[name] for name in _KEPT}
            await session.execute(adding.on_conflict_do_update(index_elements=["lesson", "participant"], set_=again))
        entries = [
            entry(lesson, {participant: total for (other, participant), total in totals.items() if other == lesson})
            for lesson in lessons
            if lesson in ended
        ]
        if entries:
            await audit.append_all(session, int(self._clock()), entries)

    def _total(self, lesson: str, row: Row, stored: Figures) -> Figures:
        """What the row is to hold: what it holds, and what we measured since we wrote into it."""
        written = self._lessons[lesson].written.setdefault(row.participant, _Written())
        if written.tried is not None and written.tried[1] == stored:
            written.ours = written.tried[0]
        total = figures.add(stored, figures.subtract(row.figures, written.ours))
        written.tried = row.figures, total
        return total


def entry(lesson: str, people: Mapping[str, Figures]) -> audit.Entry:
    """The figures of everybody who was there, also of those who had left before a restart."""
    detail = {participant: figures.seconds(total) for participant, total in sorted(people.items())}
    return audit.Entry("clock", ENTRY, lesson, {"participants": detail})


async def _who(
    session: AsyncSession, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """(lesson, participant) → (person, classroom), each None where it is not known.

    A participant's id is that of a person, a device or the phone beside one (`passes`); tokens made by hand may name
    anything.
    """
    keys = list(keys)
    if not keys:
        return {}
    ids, lessons = {participant for _, participant in keys}, {lesson for lesson, _ in keys}
    people = set(await session.scalars(select(Person.id).where(Person.id.in_(ids))))
    own = {id: display_of(id) or id for id in ids}
    rooms = {
        id: room
        for id, room in await session.execute(
            select(Device.id, Device.classroom).where(Device.id.in_(set(own.values())))
        )
    }
    places: dict[tuple[str, str], str] = {}
    seats = (
        select(Seat.lesson, Seat.classroom, Seat.part, Seat.assistant, Lesson.teacher)
        .join(Lesson, Lesson.id == Seat.lesson)
        .where(Seat.lesson.in_(lessons))
    )
    for seat in await session.execute(seats):
        if seat.assistant is not None:
            places.setdefault((seat.lesson, seat.assistant), seat.classroom)
        if seat.part == "lead":
            places[seat.lesson, seat.teacher] = seat.classroom
    return {
        (lesson, id): (id if id in people else None, rooms.get(own[id]) or places.get((lesson, id)))
        for lesson, id in keys
    }


async def count_pupils(
    database: Database, lesson: str, participant: str, pupils: int, now: float, *, beside: str | None = None
) -> None:
    """How many pupils are in a classroom, as its assistant or the phone beside its display has counted them; a later
    count of the classroom replaces it, whoever made it.

    :param beside: the display that the participant holds the remote of: it answers for the classroom.
    :raises UserError: 404 `not_found`, 403 `not_in_lesson`, 409 `lesson_not_open`, 422 `bad_count`.
    """
    if not 0 <= pupils <= MAX_PUPILS:
        raise UserError(422, "bad_count", f"The number of pupils lies between 0 and {MAX_PUPILS}; count again.")

    async def work(session: AsyncSession) -> None:
        state = await session.scalar(select(Lesson.state).where(Lesson.id == lesson).with_for_update(key_share=True))
        if state is None:
            raise UserError(404, "not_found", "There is no such lesson; it may have been removed from the timetable.")
        if state not in ("open", "live", "ended", "processing", "published"):
            raise UserError(409, "lesson_not_open", "Pupils are counted while the lesson goes on or just after it.")
        place = await standing.find(session, lesson, participant, beside)
        if place is None or place.teaches:
            raise UserError(403, "not_in_lesson", "Only the assistant of a classroom in this lesson counts its pupils.")
        values = {
            "id": new_id(),
            "lesson": lesson,
            "participant": place.device or participant,
            "role": "classroom" if place.device else "assistant",
            "person": None if place.device else participant,
            "classroom": place.classroom,
            "joined": int(now),
            **figures.seconds(figures.NOTHING),
            "quality": {},
            "count": pupils,
        }
        of_classroom = (Participation.lesson == lesson) & (Participation.classroom == place.classroom)
        await session.execute(update(Participation).where(of_classroom).values(count=None))
        adding = insert(session, Participation.__table__).values(values)
        await session.execute(
            adding.on_conflict_do_update(index_elements=["lesson", "participant"], set_={"count": pupils})
        )
        detail = {"classroom": place.classroom, "pupils": pupils}
        await audit.append(session, int(now), participant, "lesson.count", lesson, detail)

    await database.run(work)
