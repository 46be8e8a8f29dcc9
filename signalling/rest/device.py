"""For a device that shows its key: its day, its way into a lesson."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from signalling.access import Rule
from signalling.bell.passes import Pass, Passes
from signalling.bodies import Body, Id
from signalling.db.engine import Database
from signalling.devices.day import Day
from signalling.devices.door import DEVICE
from signalling.devices.service import Devices
from signalling.rest.operation import Call, Nothing, Operation

MAX_FACTS = 20
Fact = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] | bool | int | float | None
Number = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
FactName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Grade = Literal["green", "amber", "red"]


class BeatBody(Body):
    seen: str = Field("", max_length=64, description="etag of the day that the display has")
    state: dict[FactName, Fact] = Field({}, max_length=MAX_FACTS)


class LessonBody(Body):
    lesson: Id


@dataclass(frozen=True, slots=True)
class Beat:
    """:ivar now: seconds since 1970 of the server's clock. :ivar again_s: when to come again.
    :ivar day: null: the display has it."""

    now: float
    again_s: float
    etag: str
    day: Day | None


class DeviceResource:
    def __init__(self, devices: Devices, database: Database) -> None:
        self._devices = devices
        self._passes = Passes(database, devices.secret)

    def operations(self) -> Iterable[Operation]:
        yield Operation("POST", "/device/beat", self.beat, rule=Rule.DEVICE)
        yield Operation("POST", "/device/pass", self.enter, rule=Rule.DEVICE)

    async def beat(self, call: Call[BeatBody, Nothing]) -> Beat:
        """I am there; what is my day?"""
        device, contacts = call.request[DEVICE], self._devices.contacts
        contacts.heard(device.id, call.now, state=call.body.state)
        told = await self._devices.days.tell(device, call.body.seen, call.now)
        return Beat(round(call.now, 3), contacts.again(call.now, told.next_bell), told.etag, told.day)

    async def enter(self, call: Call[LessonBody, Nothing]) -> Pass:
        """The room token of this device for a lesson that is open"""
        return await self._passes.of_device(call.body.lesson, call.request[DEVICE].id, call.now)
