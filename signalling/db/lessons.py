"""Bookings, the lessons they become, and what those lessons hold on to."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from signalling.db.base import Base, Id, Instant, Json, Name, Ref, Short, Strings, Text


class Booking(Base):
    """A request for a series or a single lesson.

    :ivar form: template of `forms.py`. :ivar rule: RRULE without DTSTART (RFC 5545 §3.3.10), empty for a single one.
    :ivar without: EXDATEs, as ISO days. :ivar weeks: `all`, `odd` or `even` weeks of the term.
    :ivar first: its first day. :ivar period: of the lead school's bell table; None: `starts`, minutes after midnight.
    :ivar dual: each receiving classroom has an assistant teacher who owns the room (双师课堂).
    :ivar device: a recorder box that publishes the lesson.
    :ivar waits: schools whose yes is missing while it is `requested`.
    :ivar version: counts changes; who changes it says which one was seen.
    """

    __tablename__ = "booking"
    __table_args__ = (Index(None, "state"),)
    id: Mapped[Id]
    state: Mapped[Short]  # requested, booked, refused, cancelled
    form: Mapped[Short]
    title: Mapped[Name]
    school: Mapped[Ref] = mapped_column(ForeignKey("school.id"), index=True)
    teacher: Mapped[Ref] = mapped_column(ForeignKey("person.id"), index=True)
    classroom: Mapped[Ref] = mapped_column(ForeignKey("classroom.id"))
    rule: Mapped[str] = mapped_column(String(500), default="")
    without: Mapped[Strings] = mapped_column(default=list)
    weeks: Mapped[Short] = mapped_column(default="all")
    first: Mapped[dt.date]
    period: Mapped[int | None]
    starts: Mapped[int | None]
    minutes: Mapped[int]
    subject: Mapped[Short] = mapped_column(default="")
    grade: Mapped[Short] = mapped_column(default="")
    textbook: Mapped[Name] = mapped_column(default="")
    unit: Mapped[Name] = mapped_column(default="")
    points: Mapped[Strings] = mapped_column(default=list)
    records: Mapped[bool] = mapped_column(default=True)
    rights: Mapped[Short] = mapped_column(default="county")
    note: Mapped[Text] = mapped_column(default="")
    dual: Mapped[bool] = mapped_column(default=False)
    device: Mapped[Ref | None] = mapped_column(ForeignKey("device.id"))
    waits: Mapped[Strings] = mapped_column(default=list)
    requested_by: Mapped[Ref] = mapped_column(ForeignKey("person.id"))
    requested: Mapped[Instant]
    decided_by: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    decided: Mapped[Instant | None]
    version: Mapped[int] = mapped_column(default=1)


class Lesson(Base):
    """One occurrence; its id is the room's name.

    :ivar ends: as planned. :ivar closes: when the room closes: grace included, moved by whoever extends it.
    :ivar extended: until when it holds its people and rooms, where that is later than `ends`.
    :ivar moved: it was moved or changed by hand, so a change of the series leaves it alone.
    :ivar makes_up: the lesson it stands in for.
    """

    __tablename__ = "lesson"
    __table_args__ = (
        CheckConstraint("ends > starts", name="ends_after_start"),
        Index(None, "state", "starts"),
        Index(None, "teacher", "starts"),
    )
    id: Mapped[Id]
    booking: Mapped[Ref] = mapped_column(ForeignKey("booking.id"), index=True)
    state: Mapped[Short]
    day: Mapped[dt.date]
    period: Mapped[int | None]
    starts: Mapped[Instant] = mapped_column(BigInteger, index=True)
    ends: Mapped[Instant]
    closes: Mapped[Instant]
    extended: Mapped[Instant | None]
    title: Mapped[Name]
    teacher: Mapped[Ref] = mapped_column(ForeignKey("person.id"))
    opened: Mapped[Instant | None]
    live: Mapped[Instant | None]
    ended: Mapped[Instant | None]
    reason: Mapped[Text] = mapped_column(default="")
    moved: Mapped[bool] = mapped_column(default=False)
    makes_up: Mapped[Ref | None] = mapped_column(ForeignKey("lesson.id"))
    version: Mapped[int] = mapped_column(default=1)


class Seat(Base):
    """A classroom in a lesson. :ivar part: `lead` or `receiving`. :ivar assistant: the teacher beside the pupils."""

    __tablename__ = "seat"
    lesson: Mapped[Ref] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True)
    classroom: Mapped[Ref] = mapped_column(ForeignKey("classroom.id"), primary_key=True, index=True)
    part: Mapped[Short]
    assistant: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"), index=True)
    pupil_class: Mapped[Ref | None] = mapped_column(ForeignKey("pupil_class.id"), index=True)


class BookingSeat(Base):
    """The same for a booking; its lessons begin with these."""

    __tablename__ = "booking_seat"
    booking: Mapped[Ref] = mapped_column(ForeignKey("booking.id", ondelete="CASCADE"), primary_key=True)
    classroom: Mapped[Ref] = mapped_column(ForeignKey("classroom.id"), primary_key=True)
    part: Mapped[Short]
    assistant: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    pupil_class: Mapped[Ref | None] = mapped_column(ForeignKey("pupil_class.id"))


class Claim(Base):
    """What a lesson holds on to while it lasts; two claims of one resource must not overlap.

    :ivar resource: `person:…`, `classroom:…`, `pupils:…`, `device:…`.
    """

    __tablename__ = "claim"
    __table_args__ = (Index(None, "resource", "starts"),)
    lesson: Mapped[Ref] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True)
    resource: Mapped[str] = mapped_column(String(40), primary_key=True)
    starts: Mapped[Instant]
    ends: Mapped[Instant]


class Held(Base):
    """A resource's row to lock before its claims are read: two bookings of one slot stand in line here."""

    __tablename__ = "held"
    resource: Mapped[str] = mapped_column(String(40), primary_key=True)


class Load(Base):
    """How many classrooms are connected in the five minutes from `slot` on, over all schools: the sum of claims."""

    __tablename__ = "load"
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    classrooms: Mapped[int]


class Participation(Base):
    """What one participant of a lesson did, by measurement: the evidence behind teaching hours. Seconds are those from
    the lesson's beginning on.

    :ivar seen: and :ivar heard: seconds in which pictures were shown and sound was audible at that end.
    :ivar sent: seconds in which its own sound or picture arrived.
    """

    __tablename__ = "participation"
    __table_args__ = (UniqueConstraint("lesson", "participant"),)
    id: Mapped[Id]
    lesson: Mapped[Ref] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    participant: Mapped[str] = mapped_column(String(64))
    role: Mapped[Short]
    person: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"), index=True)
    classroom: Mapped[Ref | None] = mapped_column(ForeignKey("classroom.id"), index=True)
    joined: Mapped[Instant]
    left: Mapped[Instant | None]
    present: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)
    heard: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    count: Mapped[int | None]
    quality: Mapped[Json] = mapped_column(default=dict)


class Rating(Base):
    """One person's form about one lesson. :ivar answers: question id → number or text."""

    __tablename__ = "rating"
    lesson: Mapped[Ref] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[Ref] = mapped_column(ForeignKey("person.id"), primary_key=True)
    side: Mapped[Short]  # lead, receiving, supervisor
    answers: Mapped[Json]
    given: Mapped[Instant]
