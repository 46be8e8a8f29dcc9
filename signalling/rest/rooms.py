"""For those who hold a room token: the line test before a lesson, and the list of rooms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from mediaserver.api import UserError
from signalling import rights
from signalling.access import CLAIMS, Rule
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rooms import Rooms

MAX_PREFLIGHT = 4 * 1024 * 1024
MEASURE_S = 120.0
"""For all of it: with less than 300 kbit/s there is no lesson anyway."""


@dataclass(frozen=True, slots=True)
class Measured:
    """:ivar seconds: from the first byte to the last."""

    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Running:
    room: str
    lesson: dict[str, Any]
    participants: int


@dataclass(frozen=True, slots=True)
class Listed:
    rooms: list[Running]


async def measure(request: web.Request) -> Measured:
    """Read a body and throw it away. :raises UserError: 408 `too_slow`, 413 `too_large`."""
    size, began = 0, 0.0
    try:
        async with asyncio.timeout(MEASURE_S):
            async for chunk in request.content.iter_any():
                began = began or time.monotonic()
                size += len(chunk)
                if size > MAX_PREFLIGHT:
                    raise UserError(
                        413, "too_large", f"The line test takes up to {MAX_PREFLIGHT // 2**20} MiB; send less."
                    )
    except TimeoutError:
        raise UserError(408, "too_slow", "The line test took too long; try it with less.") from None
    except HttpProcessingError:
        raise UserError(400, "bad_request", "The body is not encoded as it says; send it as it is.") from None
    seconds = time.monotonic() - began if began else 0.0
    return Measured(size, round(seconds, 6))


class RoomsResource:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def operations(self) -> Iterable[Operation]:
        yield Operation("POST", "/preflight", self.preflight, rule=Rule.TOKEN)
        yield Operation("GET", "/rooms", self.rooms, rule=Rule.TOKEN)

    async def preflight(self, call: Call[Nothing, Nothing]) -> Measured:
        """How fast an upload arrives: it is read and thrown away"""
        return await measure(call.request)

    async def rooms(self, call: Call[Nothing, Nothing]) -> Listed:
        """Rooms that are open on this server"""
        claims = call.request[CLAIMS]
        if not rights.TABLE[claims.role].lists_rooms:
            raise UserError(403, "forbidden_role", f"The role {claims.role} may not list rooms; ask an administrator.")
        return Listed(
            [
                Running(name, room.lesson.summary().model_dump(), len(room.lesson.people))
                for name, room in sorted(self._rooms.rooms.items())
            ]
        )
