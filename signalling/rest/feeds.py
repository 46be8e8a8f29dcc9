"""Calendar feeds: their URLs, which are the keys to them, and what is behind these."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from mediaserver.api import UserError
from signalling.access import Rule, origin
from signalling.config import HttpConfig
from signalling.exchange import feed_lessons, feeds, ical
from signalling.exchange.feed_lessons import Of
from signalling.exchange.feeds import Place
from signalling.people.scopes import is_id
from signalling.rest.operation import ROOT, Call, Nothing, Operation

LESSON_PAGE = "/timetable#lesson="


@dataclass(frozen=True, slots=True)
class Feed:
    """:ivar url: for a calendar program; whoever has it reads the feed."""

    url: str


class FeedsResource:
    """:param secret: signs the URLs of schools and classrooms."""

    def __init__(self, http: HttpConfig, secret: bytes) -> None:
        self._http = http
        self._secret = secret
        # UIDs stay the same, by whatever name a calendar program calls the server.
        own = urlsplit(http.public_url or "").hostname
        self._host = own or next(iter(http.public_names), "tongke")

    def operations(self) -> Iterable[Operation]:
        yield Operation("POST", "/me/feed", self.renew)
        yield Operation("DELETE", "/me/feed", self.revoke)
        yield Operation("GET", "/schools/{school}/feed", self.school, "booking.read", "school")
        yield Operation("DELETE", "/schools/{school}/feed", self.revoke_school, "booking.change", "school")
        yield Operation("GET", "/classrooms/{classroom}/feed", self.classroom, "booking.read", "classroom")
        yield Operation("DELETE", "/classrooms/{classroom}/feed", self.revoke_classroom, "booking.change", "classroom")
        for path, handler in (
            ("person/{token}", self.person_ics),
            ("classroom/{classroom}/{token}", self.classroom_ics),
            ("school/{school}/{token}", self.school_ics),
        ):
            content = ical.CONTENT_TYPE
            yield Operation("GET", f"/feeds/{path}.ics", handler, rule=Rule.PUBLIC, content=content)

    # ------------------------------------------------------------ URLs

    async def renew(self, call: Call[Nothing, Nothing]) -> Feed:
        """A new URL for the feed of my lessons; the one before stops working"""

        async def work(session: Any) -> str:
            return await feeds.renew_person(session, call.person, call.now, call.person)

        return self._feed(call, f"person/{await call.database.run(work)}")

    async def revoke(self, call: Call[Nothing, Nothing]) -> None:
        """No feed of my lessons any more"""

        async def work(session: Any) -> None:
            await feeds.revoke_person(session, call.person, call.now, call.person)

        await call.database.run(work)

    async def school(self, call: Call[Nothing, Nothing]) -> Feed:
        """The URL of the school's feed"""
        return await self._place(call, "school")

    async def classroom(self, call: Call[Nothing, Nothing]) -> Feed:
        """The URL of the classroom's feed"""
        return await self._place(call, "classroom")

    async def revoke_school(self, call: Call[Nothing, Nothing]) -> None:
        """Every URL of the school's feed that was given away stops working"""
        await _revoke(call, "school")

    async def revoke_classroom(self, call: Call[Nothing, Nothing]) -> None:
        """Every URL of the classroom's feed that was given away stops working"""
        await _revoke(call, "classroom")

    async def _place(self, call: Call[Any, Any], place: Place) -> Feed:
        id = call.path(place)
        async with call.database.read() as session:
            token = await feeds.place_token(session, self._secret, place, id)
        return self._feed(call, f"{place}/{id}/{token}")

    def _feed(self, call: Call[Any, Any], path: str) -> Feed:
        return Feed(f"{origin(self._http, call.request)}{ROOT}/feeds/{path}.ics")

    # ------------------------------------------------------------ what is behind them

    async def person_ics(self, call: Call[Nothing, Nothing]) -> web.Response:
        """A person's lessons, for calendar programs"""
        async with call.database.read() as session:
            person = await feeds.person_of(session, call.path("token"))
        return await self._ics(call, "person", person)

    async def classroom_ics(self, call: Call[Nothing, Nothing]) -> web.Response:
        """A classroom's lessons, for calendar programs"""
        return await self._place_ics(call, "classroom")

    async def school_ics(self, call: Call[Nothing, Nothing]) -> web.Response:
        """A school's lessons, for calendar programs"""
        return await self._place_ics(call, "school")

    async def _place_ics(self, call: Call[Any, Any], place: Place) -> web.Response:
        id = call.path(place)
        opens = False
        if is_id(id):
            async with call.database.read() as session:
                opens = await feeds.opens_place(session, self._secret, place, id, call.path("token"))
        return await self._ics(call, place, id if opens else None)

    async def _ics(self, call: Call[Any, Any], of: Of, id: str | None) -> web.Response:
        if id is None:
            raise UserError(404, "not_found", "This calendar does not exist any more; ask for its new address.")
        page = f"{origin(self._http, call.request)}{LESSON_PAGE}"
        async with call.database.read() as session:
            found = await feed_lessons.contents(session, of, id, call.now, page)
        # A school's takes a while to write, and lessons go on meanwhile.
        body = await asyncio.to_thread(ical.feed, found.name, found.zone, self._host, found.lessons, call.now)
        headers = {"ETag": ical.etag(body), "Cache-Control": "private, no-cache"}
        if headers["ETag"] in _seen(call.request):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=ical.CONTENT_TYPE, charset="utf-8", headers=headers)


def _seen(request: web.Request) -> set[str]:
    """ETags that the client has (RFC 9110 §13.1.2)."""
    said = ",".join(request.headers.getall("If-None-Match", ()))
    return {tag.strip().removeprefix("W/") for tag in said.split(",")}


async def _revoke(call: Call[Any, Any], place: Place) -> None:
    async def work(session: Any) -> None:
        await feeds.revoke_place(session, place, call.path(place), call.now, call.person)

    await call.database.run(work)
