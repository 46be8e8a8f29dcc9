"""All lessons of a booking from a day on: moved, called off, left out, taught by somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from signalling.bodies import Id, IsoDay
from signalling.booking import series
from signalling.booking.limits import Rules
from signalling.booking.series import ByHand, Series
from signalling.rest import approving
from signalling.rest.booking_body import PlanBody, ReasonBody, VersionBody
from signalling.rest.operation import Call, Nothing, Operation

_SINCE = "without it all lessons that have not begun"


class MoveSeriesBody(VersionBody):
    """`by_hand`: lessons that were changed one by one: keep them, move them too, or ask (409 `moved_by_hand`)."""

    since: IsoDay
    plan: PlanBody
    by_hand: ByHand = "ask"


class CancelSeriesBody(ReasonBody):
    since: IsoDay | None = Field(None, description=_SINCE)


class LeaveOutBody(ReasonBody):
    day: IsoDay


class SubstituteSeriesBody(ReasonBody):
    since: IsoDay | None = Field(None, description=_SINCE)
    teacher: Id


class AssistantSeriesBody(ReasonBody):
    since: IsoDay | None = Field(None, description=_SINCE)
    classroom: Id
    assistant: Id | None = Field(description="null: nobody")


class SeriesResource:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def operations(self) -> Iterable[Operation]:
        for path, handler in (
            ("move", self.move),
            ("cancel", self.cancel),
            ("leave-out", self.leave_out),
            ("substitute", self.substitute),
            ("substitute-assistant", self.substitute_assistant),
        ):
            yield Operation("POST", f"/bookings/{{booking}}/{path}", handler, "booking.change", "booking")

    async def move(self, call: Call[MoveSeriesBody, Nothing]) -> Series:
        """Another plan from a day on; lessons keep their ids, people and classrooms"""
        body = call.body
        return await series.move(
            *_of(call),
            since=body.since,
            plan=body.plan.plan(),
            by_hand=body.by_hand,
            version=body.version,
            rules=self._rules,
            may_approve=await approving.of_booking(call),
            **_by(call),
        )

    async def cancel(self, call: Call[CancelSeriesBody, Nothing]) -> Series:
        """Call off all lessons that have not begun, or those from a day on"""
        return await series.cancel(*_of(call), **call.body.model_dump(), **_by(call))

    async def leave_out(self, call: Call[LeaveOutBody, Nothing]) -> Series:
        """An exception: no lesson on this day"""
        return await series.leave_out(*_of(call), **call.body.model_dump(), **_by(call))

    async def substitute(self, call: Call[SubstituteSeriesBody, Nothing]) -> Series:
        """Another teacher takes over"""
        return await series.substitute(*_of(call), **call.body.model_dump(), rules=self._rules, **_by(call))

    async def substitute_assistant(self, call: Call[AssistantSeriesBody, Nothing]) -> Series:
        """Somebody else, or nobody, is beside the pupils of one classroom"""
        return await series.substitute_assistant(*_of(call), **call.body.model_dump(), rules=self._rules, **_by(call))


def _of(call: Call[Any, Any]) -> tuple[Any, str]:
    return call.database, call.path("booking")


def _by(call: Call[Any, Any]) -> dict[str, Any]:
    return {"actor": call.person, "now": call.now}
