"""A running server over the county of tests/people, and a browser of somebody with a role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.people.conftest import County, Office, cheap, clock, office, open_office, person, problem, seed_county

__all__ = ["cheap", "clock", "office", "open_office"]

ADMIN = ("admin", "system", "")


@dataclass
class Desk:
    """:ivar county: ids of what is there."""

    office: Office
    county: County

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The answer's JSON; None where there is none."""
        answer = await self._send(method, path, body, **more)
        assert answer.status < 300, (method, path, await answer.text())
        return None if answer.status == 204 else await answer.json()

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        return await problem(await self._send(method, path, body, **more))

    async def problem(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return dict(await (await self._send(method, path, body)).json())

    async def sign_in(self, login: str, *grants: tuple[str, str, str], school: str | None = None) -> str:
        id = await person(self.office.accounts, login, *grants, school=school)
        assert (await self.office.sign_in(login)).status == 200
        return id

    async def _send(self, method: str, path: str, body: Any, **more: Any) -> Any:
        headers = {**self.office.header(), **more.pop("headers", {})}
        json = {"json": body} if body is not None else {}
        return await self.office.http.request(method, f"/api/v1{path}", headers=headers, **json, **more)


@pytest.fixture
async def empty_desk(office: Office) -> Desk:
    """Nobody has signed in."""
    return Desk(office, await seed_county(office.database))


@pytest.fixture
async def desk(empty_desk: Desk) -> Desk:
    """The system's administrator has."""
    await empty_desk.sign_in("chef", ADMIN)
    return empty_desk
