"""A server's HTTP side on loopback over the schools of tests/booking, a clock that tests set, and people at pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import aiohttp
from sqlalchemy import update

from signalling.db.engine import Database
from signalling.db.people import Login
from signalling.people import sessions
from tests.booking.county import NOW, TUESDAY

GRANTS = [
    ("boss", "admin", "system", ""),
    ("t0", "teacher", "school", "s0"),
    ("t00", "teacher", "school", "s0"),
    ("a1", "assistant", "school", "s1"),
    ("inspector", "supervisor", "region", "county"),
    ("janitor", "staff", "school", "s3"),
]
"""Beside the planners of `county.py`: who has which role where."""
PEOPLE = {"boss": None, "inspector": None, "janitor": "s3"}
"""Beside those of `county.py` → school."""


class Clock:
    def __init__(self) -> None:
        self.now: float = NOW

    def __call__(self) -> float:
        return self.now


class Page:
    """Somebody who is signed in, at a browser."""

    def __init__(self, http: aiohttp.ClientSession, cookie: str, csrf: str) -> None:
        self._http = http
        self._headers = {"Cookie": cookie, "X-CSRF-Token": csrf}

    async def raw(self, method: str, path: str, body: Any = None, **headers: str) -> aiohttp.ClientResponse:
        json = {} if body is None else {"json": body}
        return await self._http.request(method, f"/api/v1{path}", headers={**self._headers, **headers}, **json)

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON."""
        answer = await self.raw(method, path, body, **headers)
        return answer.status, None if answer.status == 204 else await answer.json()

    async def get(self, path: str) -> Any:
        status, document = await self.call("GET", path)
        assert status == 200, document
        return document

    async def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """What came of it, where it went well."""
        status, document = await self.call("POST", path, {} if body is None else body, **headers)
        assert status in (200, 201, 204), document
        return document

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and code of a problem."""
        status, document = await self.call(method, path, body)
        assert status >= 400, document
        assert document["detail"].endswith("."), document
        return status, document["code"]


class Office:
    """:ivar http: a browser of nobody."""

    def __init__(self, http: aiohttp.ClientSession, database: Database, clock: Clock) -> None:
        self.http = http
        self.database = database
        self.clock = clock

    async def page(self, person: str, cookie: str = "tongke") -> Page:
        """:param cookie: its name; another one with HTTPS."""
        async with self.database.write() as session:
            begun = await sessions.begin(session, self.clock.now, person, "test")
            # Tests turn the clock by weeks.
            await session.execute(update(Login).values(expires=int(self.clock.now) + 10**9))
        return Page(self.http, f"{cookie}={begun.cookie}", begun.csrf)


def plan(day: dt.date = TUESDAY, period: int | None = 1, **more: Any) -> dict[str, Any]:
    return {"first": day.isoformat(), "minutes": 40, "period": period, **more}


def body(**changes: Any) -> dict[str, Any]:
    """`request` of county.py, as a page sends it; one lesson."""
    return {
        "title": "三年级数学",
        "form": "delivered",
        "school": "s0",
        "teacher": "t0",
        "classroom": "r0",
        "plan": plan(),
        "receivers": [
            {"classroom": "r1", "assistant": "a1", "pupil_class": "c1"},
            {"classroom": "r2", "assistant": "a2", "pupil_class": "c2"},
        ],
        "lead_class": "c0",
        "subject": "数学",
        **changes,
    }
