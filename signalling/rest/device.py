"""For a device that shows its key: its day, its tests, its way into a lesson and that of the phone beside it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from signalling.access import Rule
from signalling.bell.passes import LEEWAY_S, Pass, Passes
from signalling.bodies import Body, Id, Line, Query
from signalling.devices import phone
from signalling.devices.day import Day
from signalling.devices.door import DEVICE, READERS
from signalling.devices.service import Devices
from signalling.rest.operation import NO_STORE, Call, Nothing, Operation
from signalling.rest.rooms import MAX_PREFLIGHT, Measured, measure

MAX_FACTS = 20
CHUNK = 64 * 1024
Number = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Fact = (
    Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
    | bool
    | Annotated[int, Field(ge=-(2**53), le=2**53)]  # a larger one is read as a float
    | Annotated[float, Field(allow_inf_nan=False)]
    | None
)
FactName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Grade = Literal["green", "amber", "red"]


class BeatBody(Body):
    seen: str = Field("", max_length=64, description="etag of the day that the display has")
    state: dict[FactName, Fact] = Field({}, max_length=MAX_FACTS)


class LessonBody(Body):
    lesson: Id


class SoundTest(Body):
    grade: Grade
    level_db: float = Field(ge=-200, le=100, allow_inf_nan=False)
    echo_ms: Number | None = None


class PictureTest(Body):
    grade: Grade
    width: int = Field(ge=0, le=16384)
    height: int = Field(ge=0, le=16384)
    fps: Number


class LineTest(Body):
    grade: Grade
    up_kbps: Number
    down_kbps: Number


class PreflightBody(Body):
    lesson: Id | None = None
    grade: Grade
    sound: SoundTest
    picture: PictureTest
    line: LineTest


class PhoneBody(Body):
    code: Line


class LineQuery(Query):
    bytes: int = Field(2**20, ge=1, le=MAX_PREFLIGHT)


@dataclass(frozen=True, slots=True)
class Link:
    """:ivar url: of the page for the phone, with its token behind the #. :ivar expires: seconds since 1970."""

    url: str
    expires: int


@dataclass(frozen=True, slots=True)
class Beat:
    """:ivar now: seconds since 1970 of the server's clock. :ivar again_s: when to come again.
    :ivar day: null: the display has it."""

    now: float
    again_s: float
    etag: str
    day: Day | None


class DeviceResource:
    def __init__(self, devices: Devices, passes: Passes) -> None:
        self._devices = devices
        self._passes = passes
        self._line = asyncio.Semaphore(READERS)

    def operations(self) -> Iterable[Operation]:
        yield Operation("POST", "/device/beat", self.beat, rule=Rule.DEVICE)
        yield Operation("POST", "/device/pass", self.enter, rule=Rule.DEVICE)
        yield Operation("POST", "/device/preflight", self.preflight, rule=Rule.DEVICE)
        yield Operation("POST", "/device/line", self.upload, rule=Rule.DEVICE)
        yield Operation("GET", "/device/line", self.download, rule=Rule.DEVICE, content="application/octet-stream")
        yield Operation("POST", "/device/assistant", self.assistant, rule=Rule.DEVICE)
        yield Operation("POST", "/phone", self.phone, rule=Rule.STRANGER)

    async def beat(self, call: Call[BeatBody, Nothing]) -> Beat:
        """I am there; what is my day?"""
        device, contacts = call.request[DEVICE], self._devices.contacts
        await self._devices.take("This device came too often", beats=device.id)
        contacts.heard(device.id, call.now, state=call.body.state)
        told = await self._devices.days.tell(device, call.body.seen, call.now)
        return Beat(round(call.now, 3), contacts.again(call.now, told.next_bell), told.etag, told.day)

    async def enter(self, call: Call[LessonBody, Nothing]) -> Pass:
        """The room token of this device for a lesson that is open"""
        async with self._line:
            return await self._passes.of_device(call.body.lesson, call.request[DEVICE].id, call.now)

    async def preflight(self, call: Call[PreflightBody, Nothing]) -> None:
        """What the test of sound, picture and line before a lesson has shown"""
        found = {**call.body.model_dump(), "at": int(call.now)}
        self._devices.contacts.heard(call.request[DEVICE].id, call.now, preflight=found)

    async def upload(self, call: Call[Nothing, Nothing]) -> Measured:
        """How fast an upload arrives: it is read and thrown away"""
        await self._line_test(call)
        return await measure(call.request)

    async def download(self, call: Call[Nothing, LineQuery]) -> web.StreamResponse:
        """So many random bytes, to measure how fast they arrive"""
        await self._line_test(call)
        left = call.query.bytes
        response = web.StreamResponse(headers=NO_STORE)
        response.content_type = "application/octet-stream"
        response.content_length = left
        await response.prepare(call.request)
        while left > 0 and call.request.method != "HEAD":
            await response.write(os.urandom(min(left, CHUNK)))
            left -= CHUNK
        await response.write_eof()
        return response

    async def assistant(self, call: Call[LessonBody, Nothing]) -> Link:
        """Where the phone beside this display goes, as the code on the screen says it"""
        device = call.request[DEVICE].id
        await self._devices.take("Too many codes were asked for", phones=device)
        async with self._line:
            given = await self._passes.of_phone(call.body.lesson, device, call.now)
        code = phone.write(self._devices.secret, given.room, device, given.closes + LEEWAY_S)
        return Link(f"/assistant#code={code}", given.closes)

    async def phone(self, call: Call[PhoneBody, Nothing]) -> Pass:
        """The room token of the phone that has read the code on a display"""
        beside = phone.read(self._devices.secret, call.body.code, call.now)
        await self._devices.take("Too many phones came with this code", phones=beside.display)
        async with self._line:
            return await self._passes.of_phone(beside.lesson, beside.display, call.now)

    async def _line_test(self, call: Call[Any, Any]) -> None:
        await self._devices.take("The line was tested too often", lines=call.request[DEVICE].id)
