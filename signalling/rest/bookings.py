"""Bookings: asked for, checked before anything is saved, listed, decided about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from mediaserver.api import UserError
from signalling.bodies import Id, Line, Text
from signalling.booking import book, edit, listing
from signalling.booking.book import Booked
from signalling.booking.check import check as check_request
from signalling.booking.edit import Edit, Edited
from signalling.booking.forms import FORMS, Form
from signalling.booking.limits import Rules
from signalling.booking.listing import BookingShown, Filter, Listed
from signalling.people.accounts import forbidden
from signalling.rest import approving, paging
from signalling.rest.booking_body import BookingBody, ReasonBody, VersionBody
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged
from signalling.timetable.series import Occurrence, Skipped

MAX_BODY = 512 * 1024
"""A lesson for all of a county has 2,000 receiving classrooms."""


class CheckBody(BookingBody):
    ignore_lesson: Id | None = Field(None, description="a lesson that is about to be moved here")
    ignore_booking: Id | None = Field(None, description="a series that is about to be moved here")


@dataclass(frozen=True, slots=True)
class Check:
    """:ivar more: problems beside those shown."""

    problems: Sequence[dict[str, Any]]
    more: int
    alternatives: Sequence[dict[str, Any]]
    lessons: Sequence[Occurrence]
    skipped: Sequence[Skipped]


class BookingsQuery(Paged):
    school: Id | None = Field(None, description="a school that takes part")
    waits: bool = Field(False, description="only requests that wait for this school's yes")
    state: Literal["requested", "booked", "refused", "cancelled"] | None = None
    mine: bool = Field(False, description="those that I asked for or am to teach")


class EditBody(VersionBody):
    """What is given replaces what was there."""

    title: Line | None = None
    subject: Line | None = None
    grade: Line | None = None
    textbook: Line | None = None
    unit: Line | None = None
    points: tuple[Line, ...] | None = Field(None, max_length=100)
    records: bool | None = None
    rights: Line | None = None
    note: Text | None = None


class BookingsResource:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/forms", self.forms)
        yield Operation("POST", "/bookings", self.create, status=201, creates=True, body_bytes=MAX_BODY)
        yield Operation("POST", "/bookings/check", self.check, body_bytes=MAX_BODY)
        yield Operation("GET", "/bookings", self.list)
        yield Operation("GET", "/bookings/{booking}", self.get, "booking.read", "booking")
        yield Operation("PATCH", "/bookings/{booking}", self.edit, "booking.change", "booking")
        yield Operation("POST", "/bookings/{booking}/approve", self.approve, "booking.read", "booking")
        yield Operation("POST", "/bookings/{booking}/refuse", self.refuse, "booking.read", "booking")
        yield Operation("POST", "/bookings/{booking}/withdraw", self.withdraw, "booking.withdraw", "booking")

    async def forms(self, call: Call[Nothing, Nothing]) -> list[Form]:
        """Forms of lesson that can be booked"""
        return list(FORMS.values())

    async def create(self, call: Call[BookingBody, Nothing]) -> Booked:
        """Book a lesson or a series, or ask for it where a school wants that"""
        request = call.body.request()
        await call.caller.require("booking.request", "classroom", request.classroom)
        may_approve = await approving.of_classrooms(call, [place.classroom for place in request.places])
        return await book.book(
            call.database, request, call.person, call.now, rules=self._rules, may_approve=may_approve
        )

    async def check(self, call: Call[CheckBody, Nothing]) -> Check:
        """What would come of a booking, or of moving a lesson or a series; nothing is saved"""
        body, caller = call.body, call.caller
        request = body.request()
        await caller.require("booking.request", "classroom", request.classroom)
        for kind, id in (("lesson", body.ignore_lesson), ("booking", body.ignore_booking)):
            if id is not None:
                await caller.require("booking.change", kind, id)
        async with call.database.read() as session:
            checked = await check_request(
                session,
                request,
                call.now,
                rules=self._rules,
                ignore_booking=body.ignore_booking,
                ignore_lesson=body.ignore_lesson,
            )
        problems = [problem.as_json() for problem in checked.problems]
        return Check(problems, checked.more, checked.offers(), checked.lessons, checked.skipped)

    async def list(self, call: Call[Nothing, BookingsQuery]) -> Page[Listed]:
        """Bookings of a school or of one's own, the newest first"""
        query = call.query
        if query.school is not None:
            await call.caller.require("booking.read", "school", query.school)
        elif not query.mine:
            raise UserError(422, "no_filter", "Bookings are listed of one school, or one's own; name school or mine.")
        wanted = Filter(query.school, query.waits, query.state, call.person if query.mine else None)
        after = paging.after(query, int, str)
        async with call.database.read() as session:
            found = await listing.listed(session, wanted, query.limit + 1, after)  # type: ignore[arg-type]
        return paging.page(found, query.limit, lambda it: (it.requested, it.booking))

    async def get(self, call: Call[Nothing, Nothing]) -> BookingShown:
        """A booking with its lessons"""
        async with call.database.read() as session:
            return await listing.shown(session, call.path("booking"))

    async def edit(self, call: Call[EditBody, Nothing]) -> Edited:
        """Correct what a booking says of itself; when, who and where stay"""
        body = call.body
        given = Edit(**body.model_dump(exclude={"version"}))
        return await edit.edit(call.database, call.path("booking"), given, call.person, call.now, version=body.version)

    async def approve(self, call: Call[VersionBody, Nothing]) -> Booked:
        """Say yes for the schools that I may speak for; with the last one it is booked"""
        may_approve = await self._speaks_for(call)
        return await book.approve(
            call.database,
            call.path("booking"),
            call.person,
            call.now,
            rules=self._rules,
            may_approve=may_approve,
            version=call.body.version,
        )

    async def refuse(self, call: Call[ReasonBody, Nothing]) -> None:
        """Say no; one school's is enough"""
        may_approve = await self._speaks_for(call)
        body = call.body
        await book.refuse(
            call.database,
            call.path("booking"),
            call.person,
            call.now,
            may_approve=may_approve,
            reason=body.reason,
            version=body.version,
        )

    async def withdraw(self, call: Call[ReasonBody, Nothing]) -> None:
        """Take back what was asked for and not approved yet"""
        body = call.body
        await book.withdraw(
            call.database, call.path("booking"), call.person, call.now, reason=body.reason, version=body.version
        )

    async def _speaks_for(self, call: Call[Any, Any]) -> frozenset[str]:
        """:raises UserError: 403 `forbidden`: for none of the booking's schools."""
        schools = await approving.of_booking(call)
        if not schools:
            raise forbidden("booking.approve")
        return schools
