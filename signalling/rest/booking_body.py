"""What a booking and its times look like in requests."""

from __future__ import annotations

from pydantic import Field

from signalling.bodies import Body, Id, IsoDay, Line, Text
from signalling.booking.request import Receiver, Request
from signalling.timetable.series import MAX_LESSONS, Plan, Weeks

MAX_RECEIVERS = 2000


class PlanBody(Body):
    """When. `rule` is an RRULE without DTSTART, empty for a single lesson; `without` its EXDATEs. `period` is one of
    the lead school's bell table; without it `starts` counts, in minutes after midnight."""

    first: IsoDay
    minutes: int
    rule: Line = ""
    without: tuple[IsoDay, ...] = Field((), max_length=MAX_LESSONS)
    weeks: Weeks = "all"
    period: int | None = None
    starts: int | None = None

    def plan(self) -> Plan:
        return Plan(self.first, self.minutes, self.rule, frozenset(self.without), self.weeks, self.period, self.starts)


class ReceiverBody(Body):
    classroom: Id
    assistant: Id | None = None
    pupil_class: Id | None = None


class BookingBody(Body):
    title: Line
    form: Line
    school: Id
    teacher: Id
    classroom: Id
    plan: PlanBody
    receivers: tuple[ReceiverBody, ...] = Field((), max_length=MAX_RECEIVERS)
    lead_class: Id | None = None
    device: Id | None = None
    dual: bool = False
    subject: Line = ""
    grade: Line = ""
    textbook: Line = ""
    unit: Line = ""
    points: tuple[Line, ...] = Field((), max_length=100)
    records: bool = True
    rights: Line = "county"
    note: Text = ""

    def request(self) -> Request:
        given = {name: getattr(self, name) for name in BookingBody.model_fields}
        given["plan"] = self.plan.plan()
        given["receivers"] = tuple(Receiver(it.classroom, it.assistant, it.pupil_class) for it in self.receivers)
        return Request(**given)


class VersionBody(Body):
    version: int | None = Field(None, description="that was seen; without it whatever changed meanwhile does not count")


class ReasonBody(VersionBody):
    reason: Text = ""
