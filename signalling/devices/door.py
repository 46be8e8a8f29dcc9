"""What stands before every route for devices: whose key is it, and where does that device stand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy import select

from mediaserver.api import UserError
from signalling.access import ADDRESS, bearer
from signalling.db.engine import Database
from signalling.db.places import Classroom, Device, School
from signalling.db.times import Calendar
from signalling.devices import keys
from signalling.people.refusals import Refusals
from signalling.people.throttle import Throttle, network

LIMITS = {"address": "60 per 10 minute"}
READERS = 2
"""Of the database's connections: a county of displays that comes back at once leaves the others for people."""


@dataclass(frozen=True, slots=True)
class Known:
    """A device that has shown its key, as its row was when the request came. :ivar zone: of its school's calendar."""

    id: str
    kind: str
    name: str
    classroom: str
    classroom_name: str
    school: str
    school_name: str
    zone: str


DEVICE: web.RequestKey[Known] = web.RequestKey("device", Known)


class DeviceDoor:
    """:param throttle: with the keys of `LIMITS`; counts unknown keys alone."""

    def __init__(self, database: Database, refusals: Refusals, throttle: Throttle, clock: Callable[[], float]) -> None:
        self._database = database
        self._refusals = refusals
        self._throttle = throttle
        self._clock = clock
        self._line = asyncio.Semaphore(READERS)

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request in and go with it: the refusals of its handler are written down too.

        A key that is good is good whoever else fails from the same address: a village's displays share one.
        """
        known: Known | None = None
        device: str | None = None
        try:
            known, device = await self._find(bearer(request))
            if known is None:
                await self._failed(request)
                raise UserError(
                    401, "device_revoked", "This device is not paired with a classroom here (any more); pair it again."
                )
            request[DEVICE] = known
            return await handler(request)
        except UserError as error:
            if error.status in (401, 403):
                await self._note(request, device, known, error)
            raise

    async def _find(self, key: str) -> tuple[Known | None, str | None]:
        """The device, where its key is good; and its id, also where the key was good once."""
        if not key or len(key) > keys.MAX_KEY:
            return None, None
        query = (
            select(Device.id, Device.kind, Device.name, Classroom.id, Classroom.name)
            .add_columns(School.id, School.name, Calendar.zone, Device.revoked)
            .join(Classroom, Classroom.id == Device.classroom)
            .join(School, School.id == Classroom.school)
            .join(Calendar, Calendar.id == School.calendar)
            .where(Device.key_hash == keys.hashed(key))
        )
        async with self._line, self._database.read() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            return None, None
        *known, revoked = row
        return (Known(*known) if revoked is None else None), row[0]

    async def _failed(self, request: web.Request) -> None:
        address = network(request[ADDRESS])
        try:
            await self._throttle.check(address=address)
        finally:
            await self._throttle.failed(address=address)

    async def _note(self, request: web.Request, device: str | None, known: Known | None, error: UserError) -> None:
        resource = request.match_info.route.resource
        route = f"{request.method} {resource.canonical if resource is not None else ''}"
        with contextlib.suppress(UserError):
            await self._refusals.note(
                self._clock(),
                "access.refused",
                device or "unknown",
                {"route": route, "code": error.code},
                address=network(request[ADDRESS]),
                person=known.id if known is not None else None,
            )
