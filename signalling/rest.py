"""`/api/v1`: the line test before a lesson, and the list of rooms."""

from __future__ import annotations

import time

from aiohttp import web

from mediaserver.api import UserError
from signalling import access, rights
from signalling.access import CLAIMS, Rule
from signalling.rooms import Rooms

MAX_PREFLIGHT = 4 * 1024 * 1024


class Api:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def add_routes(self, app: web.Application) -> None:
        access.add(app, Rule.TOKEN, "POST", "/api/v1/preflight", self.preflight)
        access.add(app, Rule.TOKEN, "GET", "/api/v1/rooms", self.rooms)

    async def preflight(self, request: web.Request) -> web.Response:
        """How fast a page's upload arrives: read and thrown away, timed from the first byte to the last."""
        size, began = 0, 0.0
        async for chunk in request.content.iter_any():
            began = began or time.monotonic()
            size += len(chunk)
            if size > MAX_PREFLIGHT:
                raise UserError(413, "too_large", f"The line test takes up to {MAX_PREFLIGHT // 2**20} MiB; send less.")
        seconds = time.monotonic() - began if began else 0.0
        return web.json_response({"bytes": size, "seconds": round(seconds, 6)}, headers={"Cache-Control": "no-store"})

    async def rooms(self, request: web.Request) -> web.Response:
        claims = request[CLAIMS]
        if not rights.TABLE[claims.role].lists_rooms:
            raise UserError(403, "forbidden_role", f"The role {claims.role} may not list rooms; ask an administrator.")
        listed = [
            {"room": name, "lesson": room.lesson.summary().model_dump(), "participants": len(room.lesson.people)}
            for name, room in sorted(self._rooms.rooms.items())
        ]
        return web.json_response({"rooms": listed}, headers={"Cache-Control": "no-store"})
