"""Refusals on the audit log: the first ones at once, the flood in few rows."""

from __future__ import annotations

import pytest

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.engine import Database
from signalling.people.refusals import LIMITS, MAX_COUNTED, MAX_SOURCES, Refusals
from signalling.people.throttle import Memory, Throttle
from tests.people.conftest import NOW, Clock, audit_rows


@pytest.fixture
def noted(database: Database, clock: Clock) -> Refusals:
    return Refusals(database, Throttle("refusals", clock, LIMITS, Memory(clock)))


async def test_at_once_with_who_and_where(database: Database, noted: Refusals) -> None:
    await noted.note(NOW, "access.refused", "p1", {"code": "forbidden"}, address="192.0.2.1", person="p1")
    await noted.note(NOW, "login.failed", "unknown", {}, address="192.0.2.1")
    assert await audit_rows(database) == [
        ("p1", "access.refused", "p1", {"code": "forbidden", "from": "192.0.2.1"}),
        ("stranger", "login.failed", "unknown", {"from": "192.0.2.1"}),
    ]


async def test_one_address_has_its_share(database: Database, noted: Refusals, clock: Clock) -> None:
    for _ in range(50):
        await noted.note(NOW, "access.refused", "unknown", {}, address="192.0.2.1")
    await noted.note(NOW, "access.refused", "unknown", {}, address="192.0.2.2")
    assert len(await audit_rows(database)) == 21
    await noted.flush(NOW)
    await noted.flush(NOW)
    assert (await audit_rows(database))[21:] == [("clock", "access.refused.more", "192.0.2.1", {"count": 30})]
    clock.now += 3600
    await noted.note(NOW, "access.refused", "unknown", {}, address="192.0.2.1")
    assert len(await audit_rows(database)) == 23


async def test_many_addresses_have_one_share(
    database: Database, noted: Refusals, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    async def append(_: float, rows: list[object]) -> None:
        written.append(len(rows))

    monkeypatch.setattr(noted, "_append", append)
    for number in range(5000):
        await noted.note(NOW, "access.refused", "unknown", {}, address=f"10.0.{number // 256}.{number % 256}")
    assert written == [1] * 500
    assert len(noted._more) <= MAX_COUNTED + 1
    await noted.note(NOW, "access.refused", "p1", {}, address="192.0.2.1", person="p1")
    assert written == [1] * 501  # somebody who is signed in is not hidden among strangers
    monkeypatch.undo()
    await noted.flush(NOW)
    rows = await audit_rows(database)
    assert len(rows) == MAX_SOURCES + 1
    assert rows[0][2] == "others" and sum(detail["count"] for *_, detail in rows) == 4500
    assert await audit.verify(database) is None


async def test_without_a_database_nothing_is_lost(
    database: Database, noted: Refusals, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def append(*_: object) -> None:
        raise UserError(503, "database_unavailable", "Away.")

    monkeypatch.setattr(noted, "_append", append)
    await noted.note(NOW, "login.failed", "unknown", {}, address="192.0.2.1")
    with pytest.raises(UserError):
        await noted.flush(NOW)
    monkeypatch.undo()
    await noted.flush(NOW)
    assert await audit_rows(database) == [("clock", "login.failed.more", "192.0.2.1", {"count": 1})]
