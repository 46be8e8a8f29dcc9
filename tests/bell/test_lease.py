"""Several servers on one database: one rings, and when it is gone another does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.bell.lease import SKEW_S
from signalling.bell.ringing import Bell
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.records import Lease
from tests.bell.county import EIGHT, Clock, County, add_lesson, add_lessons, audited, lesson, states

MakeBell = Callable[..., Bell]
LEASE_S = 10


async def row(database: Database) -> tuple[str, int]:
    async with database.read() as session:
        holder, until = (await session.execute(select(Lease.holder, Lease.until))).one()
    return holder, until


async def test_two_bells_ring_together(
    database_url: str, database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    """Each in its own connections, at the same moment: one holds the lease, every lesson opens once."""
    ids = await add_lessons(database, county, [EIGHT] * 600, seats=False)
    clock.set(EIGHT)
    heard: list[Any] = []
    async with Database(database_url) as other:
        bells = [make_bell(heard.append), make_bell(heard.append, on=other)]
        for _ in range(3):
            await asyncio.gather(*(bell.ring() for bell in bells))
            clock.pass_(1)
        assert sorted(bell.held for bell in bells) == [False, True]
    assert sorted(event.lesson for event in heard) == sorted(ids)
    assert len(await audited(database)) == 600
    assert await audit.verify(database) is None


async def test_the_second_takes_over_when_the_first_is_gone(
    database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    first, second = make_bell(), make_bell()
    await first.ring()
    for _ in range(LEASE_S + SKEW_S):
        await second.ring()
        assert not second.held
        clock.pass_(1)
    await second.ring()
    assert second.held
    await first.ring()
    assert not first.held


async def test_a_server_that_stops_gives_way_at_once(
    database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    first, second = make_bell(), make_bell()
    await first.ring()
    await second.ring()
    assert (first.held, second.held) == (True, False)
    await first.stop()
    await second.ring()
    assert (first.held, second.held) == (False, True)


async def test_a_restart_after_a_crash_long_ago_rings_when_nobody_renews(
    database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    await make_bell().ring()
    await add_lesson(database, county)
    clock.set(EIGHT + 7 * 60)
    bell = make_bell()
    assert await bell.ring() == 0
    clock.pass_(LEASE_S / 2 + SKEW_S)
    assert await bell.ring() == 1


@pytest.mark.parametrize("ahead", [-5, 3, 5])
async def test_clocks_may_differ_a_little(
    ahead: float, database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    """As long as the holder renews, nobody takes the lease, whichever clock is ahead."""
    theirs = Clock(clock.wall + ahead)
    first, second = make_bell(), make_bell(at=theirs)
    for _ in range(60):
        await first.ring()
        await second.ring()
        assert (first.held, second.held) == (True, False)
        clock.pass_(1)
        theirs.pass_(1)


@pytest.mark.parametrize("ahead", [15, 3600, 8 * 3600])
async def test_a_server_whose_clock_is_ahead_takes_nothing_from_a_living_one(
    ahead: float, database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    """It says once that the clocks differ. When the holder is gone it takes over all the same."""
    id = await add_lesson(database, county, EIGHT - 1800, state="live")
    clock.set(EIGHT)
    theirs = Clock(clock.wall + ahead)
    first, second = make_bell(), make_bell(at=theirs)
    with structlog.testing.capture_logs() as logged:
        for _ in range(60):
            await first.ring()
            await second.ring()
            assert (first.held, second.held) == (True, False)
            clock.pass_(1)
            theirs.pass_(1)
    assert (await lesson(database, id)).state == "live"
    (said,) = [entry for entry in logged if entry["event"] == "clocks_differ"]
    assert said["log_level"] == "error" and abs(said["by_s"] - ahead) <= LEASE_S
    for _ in range(10):
        await second.ring()
        theirs.pass_(1)
    assert second.held


async def test_a_lease_from_a_wrong_clock_keeps_nobody_out(
    database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    """Its holder thought it was next year, and is gone."""
    await make_bell(at=Clock(clock.wall + 365 * 86400)).ring()
    bell = make_bell()
    for _ in range(LEASE_S + SKEW_S):
        await bell.ring()
        assert not bell.held
        clock.pass_(1)
    await bell.ring()
    assert bell.held
    assert (await row(database))[1] <= clock.wall + LEASE_S


class Paused(Database):
    """A server whose process stands still before its next transaction, until it is woken."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asleep, self.woken = asyncio.Event(), asyncio.Event()
        self.woken.set()

    async def run(self, work: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        if not self.woken.is_set():
            self.asleep.set()
            await self.woken.wait()
        return await super().run(work)


async def test_a_process_that_was_paused_does_not_ring_when_it_wakes_up(
    database_url: str, database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    ids = await add_lessons(database, county, [EIGHT] * 3)
    heard: list[Any] = []
    async with Paused(database_url) as paused:
        first, second = make_bell(heard.append, on=paused), make_bell(heard.append)
        await first.ring()
        await second.ring()
        assert first.held
        clock.set(EIGHT)
        paused.woken.clear()
        ringing = asyncio.create_task(first.ring())
        await paused.asleep.wait()  # it has seen that the lessons are due, and that the lease is its own
        assert await second.ring() == 3 and second.held
        # Planned anew meanwhile: a row that it could open, if only its states were asked.
        again = await add_lesson(database, county)
        paused.woken.set()
        assert await ringing == 0
        assert not first.held
        assert sorted(event.lesson for event in heard) == sorted(ids)
        assert await second.ring() == 1 and heard[-1].lesson == again


async def test_a_clock_that_jumps_leaves_the_lease_to_others(
    database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    theirs = Clock(clock.wall)
    first, second = make_bell(), make_bell(at=theirs)
    await first.ring()
    clock.wall += 86400
    for _ in range(LEASE_S + SKEW_S + 1):
        clock.pass_(0.9)
        theirs.pass_(1)
        await first.ring()
        await second.ring()
    assert (first.held, second.held) == (False, True)


async def test_three_processes_of_which_one_is_killed(database_url: str, database: Database, county: County) -> None:
    ids = await add_lessons(database, county, [EIGHT] * 2000, seats=False)
    arguments = ("-m", "tests.bell.ringer", database_url, str(EIGHT), "10")
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    try:

        async def killed(process: asyncio.subprocess.Process) -> list[str]:
            """Reads on; the first process that opens something is killed at once."""
            assert process.stdout is not None
            lines = []
            async for line in process.stdout:
                lines.append(line.decode().strip())
                if not victims and lines[-1] != "held":
                    victims.append(process)
                    process.kill()
            return lines

        victims: list[asyncio.subprocess.Process] = []
        async with asyncio.timeout(60):
            printed = await asyncio.gather(*(killed(process) for process in processes))
            errors = [await process.stderr.read() for process in processes if process.stderr is not None]
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()
    assert errors == [b""] * 3
    assert await states(database) == {"open": 2000}
    assert sorted(it.subject for it in await audited(database, "lesson.open")) == sorted(ids)
    assert await audit.verify(database) is None
    opened = [line for lines in printed for line in lines if line != "held"]
    assert len(opened) == len(set(opened)), "two processes opened one lesson"


async def test_a_lease_taken_away_by_hand(
    database: Database, county: County, clock: Clock, make_bell: MakeBell
) -> None:
    bell = make_bell()
    await bell.ring()
    async with database.write() as session:
        await session.execute(update(Lease).values(holder="somebody else", until=int(clock.wall) + 1000))
    await bell.ring()
    assert not bell.held
    await bell.stop()
    assert (await row(database))[0] == "somebody else"
