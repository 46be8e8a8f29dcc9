"""What a booking asks for, and whether everybody and everything in it exists and may do that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import get_args

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking.claims import Place, resources
from signalling.booking.forms import Form, fits, form_named
from signalling.db import lessons as tables
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, Device, PupilClass, School
from signalling.timetable.series import MAX_LESSONS, Plan, Weeks

LENGTHS = {"title": 120, "subject": 40, "grade": 40, "textbook": 120, "unit": 120, "rights": 40, "note": 2000}
MAX_POINTS, MAX_POINT = 50, 100
TEACHING = ("teacher", "assistant")


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiving classroom. :ivar assistant: the teacher beside the pupils. :ivar pupil_class: who sits in it."""

    classroom: str
    assistant: str | None = None
    pupil_class: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """:ivar school: the lead school. :ivar lead_class: the class of pupils in the lead classroom.
    :ivar device: a recorder box of the lead school that publishes the lesson.
    :ivar points: knowledge points. :ivar rights: who may see what is recorded."""

    title: str
    form: str
    school: str
    teacher: str
    classroom: str
    plan: Plan
    receivers: tuple[Receiver, ...] = ()
    lead_class: str | None = None
    device: str | None = None
    dual: bool = False
    subject: str = ""
    grade: str = ""
    textbook: str = ""
    unit: str = ""
    points: tuple[str, ...] = ()
    records: bool = True
    rights: str = "county"
    note: str = ""

    @property
    def places(self) -> tuple[Place, ...]:
        receiving = (Place(seat.classroom, "receiving", seat.assistant, seat.pupil_class) for seat in self.receivers)
        return (Place(self.classroom, "lead", None, self.lead_class), *receiving)

    @property
    def resources(self) -> tuple[str, ...]:
        return resources(form_named(self.form), self.teacher, self.device, self.places)


@dataclass(frozen=True, slots=True)
class Party:
    """Who and what takes part, as the database knows it.

    :ivar schools: all of them. :ivar asked: those without whose yes nothing is booked."""

    form: Form
    schools: frozenset[str]
    asked: frozenset[str]


def plain(*texts: str | None) -> None:
    """Both databases hold all of Unicode but NUL and halves of surrogate pairs.

    :raises UserError: 422 `bad_text`.
    """
    for text in texts:
        if text and ("\0" in text or any("\ud800" <= character <= "\udfff" for character in text)):
            raise UserError(422, "bad_text", "A text holds a character that cannot be kept; type it anew.")


def known(plan: Plan) -> None:
    """What `series.expand` takes as it is. :raises UserError: 422 `bad_weeks`, `too_long`, `bad_text`."""
    plain(plan.rule)
    if plan.weeks not in get_args(Weeks):
        raise UserError(422, "bad_weeks", "A series takes place in all, odd or even weeks; choose one of the three.")
    if len(plan.without) > MAX_LESSONS:
        raise UserError(422, "too_long", f"A series has at most {MAX_LESSONS} exceptions; end it earlier.")


async def validate(session: AsyncSession, request: Request) -> Party:
    """:raises UserError: 422 with a sentence: what is missing, unknown, twice, or not of the right kind."""
    texts(request)
    form = form_named(request.form)
    assistants = [seat.assistant for seat in request.receivers if seat.assistant]
    fits(form, len(request.receivers), len(assistants), dual=request.dual)
    _once("classroom_twice", "A classroom is named twice", [place.classroom for place in request.places])
    teachers = [request.teacher, *assistants]
    _once("person_twice", "A teacher is named twice: nobody is in two classrooms at once", teachers)
    classes = [place.pupil_class for place in request.places if place.pupil_class]
    _once("pupils_twice", "A class of pupils is named twice", classes)
    where, asked = await _classrooms(session, request)
    wanted = {request.teacher: request.school}
    wanted |= {seat.assistant: where[seat.classroom] for seat in request.receivers if seat.assistant}
    await teach(session, wanted)
    seated = {place.pupil_class: where[place.classroom] for place in request.places if place.pupil_class}
    await _classes(session, seated)
    if request.device:
        await _box(session, request.device, request.school)
    return Party(form, frozenset(where.values()), asked)


def texts(request: Request) -> None:
    """:raises UserError: 422 `no_title`, `too_long`, `bad_text`."""
    ids = [request.school, request.teacher, request.device]
    ids += [id for place in request.places for id in (place.classroom, place.assistant, place.pupil_class)]
    plain(*(getattr(request, name) for name in LENGTHS), *request.points, *ids)
    known(request.plan)
    if not request.title.strip():
        raise UserError(422, "no_title", "A booking needs a title, such as the subject and the grade.")
    for name, most in LENGTHS.items():
        if len(getattr(request, name)) > most:
            raise UserError(422, "too_long", f"The field {name} takes at most {most} characters; shorten it.")
    if len(request.points) > MAX_POINTS or any(len(point) > MAX_POINT for point in request.points):
        raise UserError(
            422, "too_long", f"At most {MAX_POINTS} knowledge points of at most {MAX_POINT} characters; remove some."
        )


def _once(code: str, sentence: str, ids: Sequence[str]) -> None:
    if len(set(ids)) < len(ids):
        raise UserError(422, code, f"{sentence}; remove one of the two.")


async def _classrooms(session: AsyncSession, request: Request) -> tuple[dict[str, str], frozenset[str]]:
    """Classroom → its school, and the schools that want to be asked."""
    ids = [place.classroom for place in request.places]
    rows = await session.execute(
        select(Classroom.id, Classroom.name, Classroom.kind, Classroom.school, Classroom.active)
        .add_columns(School.name.label("school_name"), School.active.label("school_active"), School.approves)
        .join(School, School.id == Classroom.school)
        .where(Classroom.id.in_(ids))
    )
    found = {row.id: row for row in rows}
    for place in request.places:
        row = found.get(place.classroom)
        if row is None:
            raise UserError(422, "unknown_classroom", "One of the classrooms does not exist; choose another one.")
        called = f"The classroom {row.name} of {row.school_name}"
        if not (row.active and row.school_active):
            raise UserError(422, "classroom_inactive", f"{called} is not in use any more; choose another one.")
        if row.kind not in (place.part, "both"):
            raise UserError(
                422, "wrong_classroom", f"{called} is not equipped as a {place.part} classroom; choose another one."
            )
    if found[request.classroom].school != request.school:
        raise UserError(
            422, "wrong_school", "The lead classroom belongs to another school; choose one of the lead school."
        )
    asked = frozenset(row.school for row in found.values() if row.approves)
    return {row.id: row.school for row in found.values()}, asked


async def teach(session: AsyncSession, wanted: dict[str, str]) -> None:
    """Whether these people teach at these schools: they belong to it, or have a role there.

    :param wanted: person → school.
    :raises UserError: 422 `unknown_teacher`, `teacher_inactive`, `wrong_teacher`.
    """
    plain(*wanted)
    rows = await session.execute(
        select(Person.id, Person.name, Person.school, Person.active, RoleGrant.scope)
        .outerjoin(
            RoleGrant,
            and_(
                RoleGrant.person == Person.id,
                RoleGrant.kind == "school",
                RoleGrant.role.in_(TEACHING),
                RoleGrant.scope.in_(set(wanted.values())),
            ),
        )
        .where(Person.id.in_(wanted))
    )
    people: dict[str, tuple[str, bool, set[str | None]]] = {}
    for id, name, school, active, scope in rows:
        people.setdefault(id, (name, active, {school}))[2].add(scope)
    for id, school in wanted.items():
        if id not in people:
            raise UserError(422, "unknown_teacher", "One of the teachers does not exist; choose another one.")
        name, active, schools = people[id]
        if not active:
            raise UserError(422, "teacher_inactive", f"{name} is not active any more; choose another teacher.")
        if school not in schools:
            raise UserError(
                422,
                "wrong_teacher",
                f"{name} does not teach at the school of that classroom; choose one of its teachers, or give "
                f"{name} a role there.",
            )


async def _classes(session: AsyncSession, wanted: dict[str, str]) -> None:
    if not wanted:
        return
    table = PupilClass
    rows = await session.execute(select(table.id, table.name, table.school, table.active).where(table.id.in_(wanted)))
    found = {row.id: row for row in rows}
    for id, school in wanted.items():
        row = found.get(id)
        if row is None or not row.active:
            raise UserError(
                422, "unknown_class", "One of the classes of pupils does not exist any more; choose another one."
            )
        if row.school != school:
            raise UserError(
                422,
                "wrong_class",
                f"The class {row.name} belongs to another school than its classroom; choose another one.",
            )


async def _box(session: AsyncSession, device: str, school: str) -> None:
    row = (
        await session.execute(
            select(Device.kind, Device.revoked, Classroom.school)
            .join(Classroom, Classroom.id == Device.classroom)
            .where(Device.id == device)
        )
    ).one_or_none()
    if row is None or row.revoked is not None or row.kind != "rtsp" or row.school != school:
        raise UserError(422, "wrong_device", "There is no such recorder box in the lead school; choose another one.")


def request_of(booking: tables.Booking, places: Collection[Place]) -> Request:
    """The request that a booking's rows were made from."""
    lead = next(place for place in places if place.part == "lead")
    return Request(
        title=booking.title,
        form=booking.form,
        school=booking.school,
        teacher=booking.teacher,
        classroom=booking.classroom,
        plan=plan_of(booking),
        receivers=tuple(
            Receiver(place.classroom, place.assistant, place.pupil_class)
            for place in places
            if place.part == "receiving"
        ),
        lead_class=lead.pupil_class,
        device=booking.device,
        dual=booking.dual,
        subject=booking.subject,
        grade=booking.grade,
        textbook=booking.textbook,
        unit=booking.unit,
        points=tuple(booking.points),
        records=booking.records,
        rights=booking.rights,
        note=booking.note,
    )


def plan_of(booking: tables.Booking) -> Plan:
    return Plan(
        booking.first,
        booking.minutes,
        booking.rule,
        frozenset(map(dt.date.fromisoformat, booking.without)),
        booking.weeks,  # type: ignore[arg-type]
        booking.period,
        booking.starts,
    )
