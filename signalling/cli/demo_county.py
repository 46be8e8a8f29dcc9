"""The county of the demonstration: made up, with people who can sign in, and displays that wait for their key."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from signalling.bell import ledger, proof
from signalling.bell.ledger import Item
from signalling.bell.proof import Attended
from signalling.booking.limits import Rules
from signalling.db.engine import Database
from signalling.db.lessons import Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom, School
from signalling.devices import pairing
from signalling.exchange.seed import seed
from signalling.people.accounts import COMMAND, Accounts
from signalling.people.passwords import Passwords

ADMIN = "admin"
RULES = Rules(grace_s=0)
"""The evidence is to be seen as soon as the lesson is over."""


@dataclass(frozen=True)
class Display:
    """:ivar claim: fetches the device's key, once."""

    device: str
    name: str
    claim: str = field(repr=False)


@dataclass(frozen=True)
class County:
    """:ivar lesson: the one that begins soon. :ivar logins: by role. :ivar password: of them all."""

    lesson: str
    title: str
    starts: int
    ends: int
    teacher: str
    teacher_name: str
    displays: Sequence[Display]
    logins: dict[str, str]
    password: str = field(repr=False)


async def make(database: Database, now: float, *, bell_in: int, bell_s: int) -> County:
    """Fill an empty database; the lesson begins in `bell_in` seconds and lasts `bell_s`."""
    seeded = await seed(database, now, COMMAND, bell_in=bell_in, bell_s=bell_s, rules=RULES)
    async with database.read() as session:
        lesson = await session.get_one(Lesson, seeded.bell)
        teacher = await session.get_one(Person, lesson.teacher)
        rooms = await session.execute(
            select(Classroom.id, School.name, Classroom.name)
            .join(Seat, Seat.classroom == Classroom.id)
            .join(School, School.id == Classroom.school)
            .where(Seat.lesson == lesson.id, Seat.part == "receiving")
            .order_by(School.name)
        )
        assistant = select(Person.login).join(Seat, Seat.assistant == Person.id).where(Seat.lesson == lesson.id)
        logins = {
            "teacher": teacher.login or "",
            "assistant": (await session.scalars(assistant.order_by(Person.login))).first() or "",
            "planner": "planner",
            "supervisor": "supervisor",
        }
    displays = []
    for classroom, school, name in rooms:
        begun = await pairing.begin(database, now)
        device = await pairing.pair(database, now, COMMAND, begun.code, classroom, "")
        displays.append(Display(device, f"{school} · {name}", begun.claim))
    password = secrets.token_urlsafe(9)
    await _let_in(database, now, logins, password)
    return County(
        lesson=lesson.id,
        title=lesson.title,
        starts=lesson.starts,
        ends=lesson.ends,
        teacher=teacher.id,
        teacher_name=teacher.name,
        displays=displays,
        logins={"admin": ADMIN, **logins},
        password=password,
    )


async def _let_in(database: Database, now: float, logins: dict[str, str], password: str) -> None:
    passwords = Passwords()
    accounts = Accounts(database, passwords)
    try:
        await accounts.first_admin(now, ADMIN, password, name="管理员")
        async with database.read() as session:
            people = list(await session.scalars(select(Person.id).where(Person.login.in_(logins.values()))))
        for person in people:
            await accounts.set_password(now, COMMAND, person, password)
    finally:
        passwords.close()


async def evidence(database: Database, county: County) -> tuple[list[Item], Sequence[Attended]]:
    """What the ledger says of the lesson, teacher by teacher, and who was there."""
    items = await ledger.items(database, ledger.Scope(county.starts, county.starts + 1))
    async with database.read() as session:
        there = await proof.of_lesson(session, county.lesson)
    return [item for item in items if item.lesson == county.lesson], there.participants
