"""What is known of the classrooms of a lesson, and what is told from them: readiness, pupils counted, faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import Field

from signalling.access import CLAIMS, Rule
from signalling.bell import evidence
from signalling.bodies import Body, Line
from signalling.devices import faults, readiness
from signalling.devices.faults import Fault
from signalling.devices.readiness import Ready
from signalling.devices.service import Devices
from signalling.rest.operation import Call, Nothing, Operation


class CountBody(Body):
    pupils: int = Field(ge=0, le=evidence.MAX_PUPILS)


class FaultBody(Body):
    kind: Fault
    text: Line = ""


class ClassroomResource:
    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/lessons/{lesson}/readiness", self.ready, right="lesson.ready", of="lesson")
        yield Operation("POST", "/rooms/{room}/count", self.count, rule=Rule.TOKEN)
        yield Operation("POST", "/rooms/{room}/fault", self.fault, rule=Rule.TOKEN)

    async def ready(self, call: Call[Nothing, Nothing]) -> Sequence[Ready]:
        """Displays of the classrooms of a lesson, their last contact and preflight"""
        async with call.database.read() as session:
            return await readiness.of_lesson(session, call.path("lesson"), call.now, self._devices.contacts.waiting)

    async def count(self, call: Call[CountBody, Nothing]) -> None:
        """How many pupils are in the classroom of who holds this token"""
        claims = call.request[CLAIMS]
        await self._take(claims.room, claims.participant)
        await evidence.count_pupils(
            call.database, claims.room, claims.participant, call.body.pupils, call.now, beside=claims.beside
        )

    async def fault(self, call: Call[FaultBody, Nothing]) -> None:
        """Something does not work in the classroom of who holds this token: its planners are told"""
        claims, body = call.request[CLAIMS], call.body
        await self._take(claims.room, claims.participant)
        await faults.report(
            call.database,
            claims.room,
            claims.participant,
            claims.name,
            body.kind,
            body.text,
            call.now,
            beside=claims.beside,
        )

    async def _take(self, room: str, participant: str) -> None:
        await self._devices.take("You have told too much in a short time", reports=f"{room} {participant}")
