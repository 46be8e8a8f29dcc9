"""Displays and recorder boxes, for those who look after them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Literal

from pydantic import Field, SecretStr

from mediaserver.api import UserError
from signalling.bodies import Body, Id, Name
from signalling.devices import keys, pairing, registry
from signalling.devices.boxes import Sends
from signalling.devices.contacts import latest
from signalling.devices.registry import Change, Shown, Wanted
from signalling.devices.service import Devices
from signalling.people import roles
from signalling.people.accounts import forbidden
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged, after, page

Password = SecretStr


class PairBody(Body):
    code: str = Field(min_length=1, max_length=20, description="as the screen shows it")
    classroom: Id
    name: str = Field("", max_length=120, pattern=r"^[^\x00]*$")


class BoxBody(Body):
    classroom: Id
    name: Name
    url: str = Field(max_length=500, description="rtsp://user@host/path, without a password")
    password: Password = Field(SecretStr(""), max_length=keys.MAX_PASSWORD)


class ChangeBody(Body):
    name: Name | None = None
    classroom: Id | None = None
    url: str | None = Field(None, max_length=500)
    password: Password | None = Field(None, max_length=keys.MAX_PASSWORD, description="empty: it has none")


class DevicesQuery(Paged):
    school: Id | None = None
    classroom: Id | None = None
    kind: Literal["display", "rtsp"] | None = None
    lost: bool = Field(False, description="displays alone that have not been heard for two minutes")
    revoked: bool = Field(False, description="also those whose key was taken away")


class DevicesResource:
    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/devices", self.list, right="device.read")
        yield Operation("POST", "/devices/pair", self.pair, right="device.pair", status=201, creates=True)
        yield Operation("POST", "/devices/rtsp", self.add_box, right="device.pair", status=201)
        yield Operation("GET", "/devices/{device}", self.get, right="device.read", of="device")
        yield Operation("PATCH", "/devices/{device}", self.change, right="device.pair", of="device")
        yield Operation("POST", "/devices/{device}/test", self.test, right="device.pair", of="device")
        yield Operation("DELETE", "/devices/{device}", self.revoke, right="device.revoke", of="device")

    async def list(self, call: Call[Nothing, DevicesQuery]) -> Page[Shown]:
        """Devices of the classrooms that you may look after"""
        scopes = roles.reach(call.caller.grants, "device.read")
        if not scopes:
            raise forbidden("device.read")
        query = call.query
        begin = after(query, str)
        wanted = Wanted(query.school, query.classroom, query.kind, query.lost, query.revoked)
        async with call.database.read() as session:
            rows = await registry.listed(
                session, scopes, wanted, call.now, query.limit + 1, str(begin[0]) if begin else ""
            )
        return page(rows, query.limit, lambda row: (row.id,))

    async def pair(self, call: Call[PairBody, Nothing]) -> Shown:
        """Make the display that shows a code one of a classroom"""
        body = call.body
        await call.caller.require("device.pair", "classroom", body.classroom)
        limits = self._devices.limits
        await limits.check(codes=call.person)
        try:
            id = await pairing.pair(call.database, call.now, call.person, body.code, body.classroom, body.name)
        except UserError as error:
            if error.code == "unknown_code":
                await limits.failed(codes=call.person)
            raise
        return await self._shown(call, id)

    async def add_box(self, call: Call[BoxBody, Nothing]) -> Shown:
        """Add a recorder box that is read over RTSP"""
        body = call.body
        await call.caller.require("device.pair", "classroom", body.classroom)
        password = body.password.get_secret_value()
        id = await registry.add_box(
            call.database, self._devices.secret, call.now, call.person, body.classroom, body.name, body.url, password
        )
        return await self._shown(call, id)

    async def get(self, call: Call[Nothing, Nothing]) -> Shown:
        """One device"""
        return await self._shown(call, call.path("device"))

    async def change(self, call: Call[ChangeBody, Nothing]) -> Shown:
        """Give a device another name or place, or a box another address"""
        body, id = call.body, call.path("device")
        if body.classroom is not None:
            await call.caller.require("device.pair", "classroom", body.classroom)
        password = body.password.get_secret_value() if body.password is not None else None
        wanted = Change(body.name, body.classroom, body.url, password)
        await registry.change(call.database, self._devices.secret, call.now, call.person, id, wanted)
        return await self._shown(call, id)

    async def revoke(self, call: Call[Nothing, Nothing]) -> None:
        """Take a device's key away for good"""
        await registry.revoke(call.database, call.now, call.person, call.path("device"))

    async def test(self, call: Call[Nothing, Nothing]) -> Sends:
        """Open a recorder box and say what it sends"""
        await self._devices.take("You have tested too many recorder boxes", boxes=call.person)
        async with call.database.read() as session:
            url, password = await registry.box_address(session, self._devices.secret, call.path("device"))
        return await self._devices.boxes.test(url, password)

    async def _shown(self, call: Call[Body, Nothing], id: str) -> Shown:
        async with call.database.read() as session:
            shown = await registry.get(session, id, call.now)
        heard = self._devices.contacts.waiting(id)
        seen = latest(heard, shown.seen, call.now)
        return dataclasses.replace(shown, seen=seen, online=registry.is_online(seen, shown.revoked, call.now))
