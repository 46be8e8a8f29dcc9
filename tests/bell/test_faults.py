"""A database that is locked or away: said loudly, nothing lost, and on as soon as it is back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from mediaserver.api import UserError
from signalling.bell.pulse import Pulse
from signalling.bell.ringing import Bell
from signalling.bell.transitions import Order
from signalling.config import BellConfig
from signalling.db import engine
from signalling.db.engine import Database
from signalling.metrics import Metrics
from tests.bell.county import EIGHT, Clock, County, add_lesson, add_lessons, audited, lesson, make_county, states
from tests.client.waiting import eventually
from tests.database.postgresql import PostgreSQL

KINDS = ("sqlite", "postgresql")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WAIT_S", 0.5)
    monkeypatch.setattr(engine, "CONNECT_S", 0.5)
    monkeypatch.setattr(engine, "ATTEMPTS", 2)


class Outage:
    """Something that can make a database unusable, and usable again."""

    def __init__(self, url: str, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self.url = url
        self.begin = begin
        self.end = end


@pytest.fixture(params=KINDS)
def outage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outage]:
    if request.param == "sqlite":
        file = tmp_path / "locked.sqlite3"
        holder = sqlite3.connect(file, isolation_level=None)
        yield Outage(f"sqlite:///{file}", lambda: holder.execute("BEGIN IMMEDIATE"), lambda: holder.execute("ROLLBACK"))
        holder.close()
        return
    server = PostgreSQL()
    try:
        server.start()
        yield Outage(server.url(server.create()), server.pause, server.resume)
    finally:
        server.stop()


@pytest.fixture
async def database(outage: Outage) -> AsyncIterator[Database]:
    async with Database(outage.url) as database:
        await database.upgrade()
        yield database


@pytest.fixture
async def county(database: Database) -> County:
    return await make_county(database)


def bell_on(database: Database, clock: Clock, *listeners: Callable[[Any], None]) -> Bell:
    settings = BellConfig(tick_s=0.05)
    return Bell(database, clock, settings, listeners, metrics=Metrics(), monotonic=clock.monotonic)


def failures(bell: Bell) -> float:
    return bell._metrics.registry.get_sample_value("tongke_bell_failures_total", {"task": "bell"}) or 0.0


async def test_what_fell_into_the_outage_happens_after_it(
    outage: Outage, database: Database, county: County, clock: Clock
) -> None:
    """Lessons that were due, what rooms ordered meanwhile, and the lease."""
    due = await add_lessons(database, county, [EIGHT] * 3)
    running = await add_lesson(database, county, EIGHT - 60, state="open")
    heard: list[Any] = []
    bell = bell_on(database, clock, heard.append)
    clock.set(EIGHT - 3600)
    await bell.ring()
    outage.begin()
    try:
        clock.set(EIGHT)
        bell.order(Order(running, "arrives", county.teacher))
        with pytest.raises(UserError, match="database"):
            await bell.ring()
        bell.order(Order(running, "close", county.teacher))
        with pytest.raises(UserError, match="database"):
            await bell.ring()
        assert heard == [] and not bell.held
    finally:
        outage.end()
    clock.pass_(60)
    assert await bell.ring() == 5
    assert bell.held
    assert sorted(event.lesson for event in heard) == sorted([*due, running, running])
    assert await states(database) == {"open": 3, "ended": 1}
    assert (await lesson(database, running)).live == EIGHT + 60
    assert len(await audited(database)) == 5


async def test_it_is_loud_and_comes_back_by_itself(
    outage: Outage, database: Database, county: County, clock: Clock
) -> None:
    id = await add_lesson(database, county)
    heard: list[Any] = []
    bell = bell_on(database, clock, heard.append)
    with structlog.testing.capture_logs() as logged:
        bell.start()
        await eventually(lambda: bell.held)
        outage.begin()
        try:
            clock.set(EIGHT)
            await eventually(lambda: failures(bell) >= 2)
            assert heard == []
        finally:
            outage.end()
        await eventually(lambda: heard)
        await bell.stop()
    assert [event.lesson for event in heard] == [id]
    silent = [entry for entry in logged if entry["event"] == "silent"]
    assert len(silent) == 1 and silent[0]["log_level"] == "error", "once, and not with every beat"
    assert any(entry["event"] == "back" for entry in logged)


async def test_a_bug_does_not_stop_the_pulse() -> None:
    beats: list[int] = []

    async def work() -> None:
        beats.append(1)
        raise ArithmeticError

    metrics = Metrics()
    with structlog.testing.capture_logs() as logged:
        pulse = Pulse("bell", work, 0.001, metrics)
        pulse.start()
        await eventually(lambda: len(beats) >= 3)
        await pulse.stop()
        await pulse.stop()
    assert logged[0]["event"] == "bug"
    assert (metrics.registry.get_sample_value("tongke_bell_failures_total", {"task": "bell"}) or 0) >= 3


async def test_a_beat_under_way_ends_before_the_pulse_does() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()
    go_on = asyncio.Event()

    async def work() -> None:
        begun.set()
        await go_on.wait()
        ended.set()

    pulse = Pulse("bell", work, 60, Metrics())
    pulse.start()
    await begun.wait()
    asyncio.get_running_loop().call_soon(go_on.set)
    await pulse.stop()
    assert ended.is_set()
