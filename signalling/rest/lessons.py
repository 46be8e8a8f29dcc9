"""One lesson: seen, entered, moved, called off, taught by somebody else, made up for, made longer."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from signalling.bell.passes import Pass, Passes
from signalling.bodies import Body, Id, IsoDay, Line, Query
from signalling.booking import change, edit, schooltime, week
from signalling.booking.change import Changed
from signalling.booking.limits import Rules
from signalling.booking.week import LessonShown
from signalling.config import BellConfig
from signalling.db.lessons import Booking, Lesson
from signalling.rest import approving
from signalling.rest.booking_body import PlanBody, ReasonBody, VersionBody
from signalling.rest.operation import Call, Nothing, Operation

_ASKED = (
    *("booking.change", "lesson.run", "lesson.assist", "lesson.watch", "lesson.ready", "device.read"),
    *("ledger.read", "rating.give", "rating.read"),
)
"""What a page about a lesson wants to know of its reader."""


@dataclass(frozen=True, slots=True)
class LessonWhole(LessonShown):
    """:ivar opens: when its room opens, seconds since 1970. :ivar opened: when it did, :ivar live: when the teacher
    came, :ivar ended: when it closed. :ivar may: what the reader may do with it."""

    opens: int
    opened: int | None
    live: int | None
    ended: int | None
    textbook: str
    unit: str
    points: list[str]
    rights: str
    note: str
    device: str | None
    may: list[str]


@dataclass(frozen=True, slots=True)
class Duty(LessonShown):
    """:ivar part: mine in it. :ivar classroom: where I am."""

    opens: int
    part: Literal["lead", "assistant"]
    classroom: str


class MineQuery(Query):
    day: IsoDay | None = Field(None, description="without it today")


class MoveBody(VersionBody):
    plan: PlanBody


class TitleBody(VersionBody):
    title: Line


class TeacherBody(ReasonBody):
    teacher: Id


class AssistantBody(ReasonBody):
    classroom: Id
    assistant: Id | None = Field(description="null: nobody")


class MakeUpBody(Body):
    plan: PlanBody


class ExtendBody(VersionBody):
    minutes: int


class PassBody(Body):
    as_: Literal["teacher", "supervisor"] = Field("teacher", alias="as")


class LessonsResource:
    """:param passes: for people who enter lessons."""

    def __init__(self, settings: BellConfig, passes: Passes) -> None:
        self._rules: Rules = settings.rules()
        self._opens_s = settings.open_before_minutes * 60
        self._passes = passes

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/lessons/mine", self.mine)
        yield Operation("GET", "/lessons/{lesson}", self.get, "booking.read", "lesson")
        yield Operation("POST", "/lessons/{lesson}/pass", self.enter)
        yield Operation("POST", "/lessons/{lesson}/extend", self.extend, "lesson.run", "lesson")
        for method, path, handler, creates in (
            ("PATCH", "", self.edit, False),
            ("POST", "/move", self.move, False),
            ("POST", "/cancel", self.cancel, False),
            ("POST", "/substitute", self.substitute, False),
            ("POST", "/substitute-assistant", self.substitute_assistant, False),
            ("POST", "/make-up", self.make_up, True),
        ):
            status = 201 if creates else 200
            yield Operation(method, f"/lessons/{{lesson}}{path}", handler, "booking.change", "lesson", status, creates)

    async def mine(self, call: Call[Nothing, MineQuery]) -> list[Duty]:
        """My lessons of one day, as teacher or assistant, in the order of time"""
        me = call.person
        async with call.database.read() as session:
            day = call.query.day
            if day is None:
                zone = await schooltime.zone(session, call.caller.signed_in.school)
                day = dt.datetime.fromtimestamp(call.now, zone).date()
            found = await week.shown(session, Lesson.id.in_(week.lessons_of("teacher", me)), Lesson.day == day)
        return [self._duty(lesson, me) for lesson in found]

    def _duty(self, lesson: LessonShown, me: str) -> Duty:
        part: Literal["lead", "assistant"] = "lead" if lesson.teacher == me else "assistant"
        mine = (seat.part == "lead" if part == "lead" else seat.assistant == me for seat in lesson.seats)
        classroom = next(seat.classroom for seat, it in zip(lesson.seats, mine, strict=True) if it)
        return Duty(**_fields(lesson), opens=lesson.starts - self._opens_s, part=part, classroom=classroom)

    async def get(self, call: Call[Nothing, Nothing]) -> LessonWhole:
        """A lesson with all that its page shows"""
        id = call.path("lesson")
        async with call.database.read() as session:
            (lesson,) = await week.shown(session, Lesson.id == id)
            row = await session.get_one(Lesson, id)
            booking = await session.get_one(Booking, lesson.booking)
        return LessonWhole(
            **_fields(lesson),
            **{name: getattr(row, name) for name in ("opened", "live", "ended")},
            **{name: getattr(booking, name) for name in ("textbook", "unit", "points", "rights", "note", "device")},
            opens=lesson.starts - self._opens_s,
            may=[action for action in _ASKED if await call.caller.allows(action, "lesson", id)],
        )

    async def enter(self, call: Call[PassBody, Nothing]) -> Pass:
        """A token for the lesson's room, while the lesson is open"""
        id = call.path("lesson")
        if call.body.as_ == "supervisor":
            await call.caller.require("lesson.watch", "lesson", id)
            return await self._passes.of_supervisor(id, call.person, call.now)
        await call.caller.require("lesson.assist", "lesson", id)
        return await self._passes.of_person(id, call.person, call.now)

    async def extend(self, call: Call[ExtendBody, Nothing]) -> Changed:
        """Go on longer, if the next lesson of everybody and every room allows"""
        body = call.body
        return await change.extend(*_of(call), minutes=body.minutes, version=body.version, **_by(call, self._rules))

    async def edit(self, call: Call[TitleBody, Nothing]) -> Changed:
        """Give this lesson a title of its own"""
        return await edit.retitle(*_of(call), title=call.body.title, version=call.body.version, **_by(call))

    async def move(self, call: Call[MoveBody, Nothing]) -> Changed:
        """Move this lesson alone"""
        body = call.body
        return await change.move(
            *_of(call),
            when=body.plan.plan(),
            version=body.version,
            may_approve=await approving.of_lesson(call),
            **_by(call, self._rules),
        )

    async def cancel(self, call: Call[ReasonBody, Nothing]) -> Changed:
        """Call this lesson off"""
        return await change.cancel(*_of(call), **call.body.model_dump(), **_by(call))

    async def substitute(self, call: Call[TeacherBody, Nothing]) -> Changed:
        """Another teacher takes this lesson"""
        return await change.substitute(*_of(call), **call.body.model_dump(), **_by(call, self._rules))

    async def substitute_assistant(self, call: Call[AssistantBody, Nothing]) -> Changed:
        """Somebody else, or nobody, is beside the pupils of one classroom in this lesson"""
        return await change.substitute_assistant(*_of(call), **call.body.model_dump(), **_by(call, self._rules))

    async def make_up(self, call: Call[MakeUpBody, Nothing]) -> Changed:
        """Another lesson in place of one that was cancelled or is over"""
        may_approve = await approving.of_lesson(call)
        when = call.body.plan.plan()
        return await change.make_up(*_of(call), when=when, may_approve=may_approve, **_by(call, self._rules))


def _of(call: Call[Any, Any]) -> tuple[Any, str]:
    return call.database, call.path("lesson")


def _by(call: Call[Any, Any], rules: Rules | None = None) -> dict[str, Any]:
    return {"actor": call.person, "now": call.now, **({} if rules is None else {"rules": rules})}


def _fields(lesson: LessonShown) -> dict[str, Any]:
    return {field.name: getattr(lesson, field.name) for field in dataclasses.fields(LessonShown)}
