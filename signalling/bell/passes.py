"""The room token that a person or a device of a lesson gets when the lesson is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import Role, UserError
from signalling import tokens
from signalling.bell.doors import refusal
from signalling.booking.limits import MAX_EXTENSION_MINUTES
from signalling.db.engine import Database
from signalling.db.lessons import Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom, Device, School

LEEWAY_S = MAX_EXTENSION_MINUTES * 60
"""A token outlives the closing it was made for by all that a lesson can be extended by, so that nobody is sent out in
the middle of it. It opens nothing longer than that: the door is closed with the lesson."""
_PHONE = "-phone"


@dataclass(frozen=True, slots=True)
class Pass:
    """:ivar participant: the id of the person or device, which is also its id in the room."""

    token: str = field(repr=False)
    room: str
    participant: str
    role: Role
    closes: int


def phone_of(display: str) -> str:
    """The participant that all phones beside a display are."""
    return f"{display}{_PHONE}"


def display_of(participant: str) -> str | None:
    """The display that a phone is beside; None: the participant is no phone."""
    return participant.removesuffix(_PHONE) if participant.endswith(_PHONE) else None


class Passes:
    """:param secret: signs room tokens."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._secret = secret

    async def of_person(self, lesson: str, person: str, now: float) -> Pass:
        """For the lesson's teacher or an assistant of one of its classrooms.

        An assistant's opens the remote of her classroom's display, where there is exactly one: of two, only the code
        on a screen tells which she stands beside.

        :raises UserError: 404 `not_found`; 403 `not_in_lesson`, or why the door is closed.
        """
        async with self._database.read() as session:
            row = await _open(session, lesson)
            known = await session.get(Person, person)
            assists = await session.scalar(
                select(Seat.classroom).where(Seat.lesson == lesson, Seat.assistant == person).limit(1)
            )
            displays = await _displays(session, lesson, person)
        role: Role = "lead" if row.teacher == person else "assistant"
        if known is None or not known.active or (role == "assistant" and assists is None):
            raise _stranger()
        beside = displays[0] if role == "assistant" and len(displays) == 1 else None
        return self._mint(row, person, role, known.name, now, beside)

    async def of_supervisor(self, lesson: str, person: str, now: float) -> Pass:
        """For somebody who may look into this lesson; whether she may is the caller's to know.

        :raises UserError: as `of_person`.
        """
        async with self._database.read() as session:
            row = await _open(session, lesson)
            known = await session.get(Person, person)
        if known is None or not known.active:
            raise _stranger()
        return self._mint(row, person, "supervisor", known.name, now)

    async def of_device(self, lesson: str, device: str, now: float) -> Pass:
        """For a display or a recorder box in one of the lesson's classrooms.

        A display of a receiving classroom is the classroom; one in the lead classroom only watches; a box in the lead
        classroom is the lesson's publisher.

        :raises UserError: as `of_person`.
        """
        async with self._database.read() as session:
            row = await _open(session, lesson)
            role, name = await _device(session, lesson, device)
        return self._mint(row, device, role, name, now)

    async def of_phone(self, lesson: str, device: str, now: float) -> Pass:
        """For the phone that reads the code on a display of a receiving classroom: the assistant's remote of it.

        One display's phones are one participant: the code that was read last holds the remote.

        :raises UserError: as `of_person`.
        """
        async with self._database.read() as session:
            row = await _open(session, lesson)
            role, name = await _device(session, lesson, device)
        if role != "classroom":
            raise _stranger()
        return self._mint(row, phone_of(device), "assistant", name, now, beside=device)

    def _mint(
        self, lesson: Lesson, participant: str, role: Role, name: str, now: float, beside: str | None = None
    ) -> Pass:
        token = tokens.mint(
            self._secret,
            room=lesson.id,
            role=role,
            now=now,
            hours=(lesson.closes + LEEWAY_S - now) / 3600,
            participant=participant,
            name=name[: tokens.MAX_NAME],
            beside=beside,
            ends=lesson.ends,
        )
        return Pass(token, lesson.id, participant, role, lesson.closes)


_ROLES: Mapping[tuple[str, str], Role] = {
    ("display", "receiving"): "classroom",
    ("display", "lead"): "staff",
    ("rtsp", "receiving"): "classroom",
    ("rtsp", "lead"): "lead",
}


def role_of(kind: str, part: str) -> Role:
    """Of a device in a lesson. :param kind: `display` or `rtsp`. :param part: of its classroom."""
    return _ROLES[kind, part]


async def _device(session: AsyncSession, lesson: str, device: str) -> tuple[Role, str]:
    """What a device is in a lesson, and its school's and classroom's names. :raises UserError: 403 `not_in_lesson`."""
    query = (
        select(Device.kind, Seat.part, School.name, Classroom.name)
        .join(Classroom, Classroom.id == Device.classroom)
        .join(School, School.id == Classroom.school)
        .join(Seat, Seat.classroom == Device.classroom)
        .where(Device.id == device, Device.revoked.is_(None), Seat.lesson == lesson)
    )
    found = (await session.execute(query)).first()
    if found is None:
        raise _stranger()
    kind, part, school, classroom = found
    return _ROLES[kind, part], f"{school} · {classroom}"


async def _displays(session: AsyncSession, lesson: str, person: str) -> Sequence[str]:
    """Displays of the receiving classrooms where a person assists in a lesson; at most two."""
    query = (
        select(Device.id)
        .join(Seat, Seat.classroom == Device.classroom)
        .where(Seat.lesson == lesson, Seat.assistant == person, Seat.part == "receiving")
        .where(Device.kind == "display", Device.revoked.is_(None))
        .limit(2)
    )
    return (await session.scalars(query)).all()


async def _open(session: AsyncSession, lesson: str) -> Lesson:
    row = await session.get(Lesson, lesson)
    if row is None:
        raise UserError(404, "not_found", "There is no such lesson; it may have been removed from the timetable.")
    refused = refusal(row.state)
    if refused is not None:
        raise refused
    return row


def _stranger() -> UserError:
    return UserError(403, "not_in_lesson", "You have no part in this lesson; ask its planner to add you to it.")
