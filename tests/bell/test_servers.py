"""Whole servers around the bell: one takes over from another, and rooms live through an outage."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import update

from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.lessons import Lesson
from tests.bell.county import County, add_lesson, audited, lesson, make_county
from tests.bell.test_doors import until
from tests.bell.test_evidence import rows
from tests.client.waiting import eventually
from tests.database.postgresql import PostgreSQL
from tests.signalling.conftest import Page, School
from tests.signalling.fakes import OFFER, FakeMedia

LOCAL = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
Start = Callable[..., Any]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a server on a database; all of them have one secret."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(url: str) -> School:
            made: list[FakeMedia] = []

            def media(*arguments: Any) -> FakeMedia:
                made.append(FakeMedia(*arguments))
                return made[0]

            bell = {"tick_s": 0.05, "lease_s": 3, "evidence_s": 1}
            server = Server(Config(data_dir=tmp_path, http=LOCAL, database={"url": url}, bell=bell), media=media)
            await stack.enter_async_context(server)
            http = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{server.port}"))
            return School(server, made[0], http)

        yield start


async def enter(school: School, room: str, role: str, id: str) -> Page:
    page = await school.page(role, id, room)
    await page.until("welcome")
    return page


def state_is(database: Database, room: str, *states: str) -> Callable[[], Any]:
    async def check() -> bool:
        return (await lesson(database, room)).state in states

    return check


async def test_a_lesson_outlives_the_server_it_began_on(
    database: Database, database_url: str, county: County, start: Start
) -> None:
    """The second server rings while the first one stops; the evidence of both adds up in one row."""
    now = int(time.time())
    room = await add_lesson(database, county, now)
    first, second = await start(database_url), await start(database_url)
    await until(state_is(database, room, "open"))
    page = await enter(first, room, "lead", county.teacher)
    first.media.send(county.teacher, active=True, room=room)
    await page.until("lesson", lambda it: it["lesson"]["state"] == "live")
    await until(state_is(database, room, "live"))
    code, _ = await asyncio.gather(page.closed(), first.server.stop())
    assert code == 1012
    before = (await rows(database, room))[county.teacher]
    assert before.left is not None
    page = await enter(second, room, "lead", county.teacher)
    second.media.send(county.teacher, active=True, room=room)

    async def again() -> bool:
        row = (await rows(database, room))[county.teacher]
        return row.left is None and row.sent > before.sent

    await until(again)
    async with database.write() as session:
        await session.execute(update(Lesson).where(Lesson.id == room).values(closes=int(time.time())))
    await page.until("lesson", lambda it: it["lesson"]["state"] == "ended")
    await until(lambda: found(database, "lesson.evidence"))
    row = (await rows(database, room))[county.teacher]
    assert row.joined == before.joined and row.left is not None and row.present <= row.left - row.joined + 1
    got = [it.action for it in await audited(database)]
    assert got == ["lesson.open", "lesson.live", "lesson.ended", "lesson.evidence"]


async def found(database: Database, action: str) -> bool:
    return bool(await audited(database, action))


async def test_rooms_live_on_while_the_database_is_away(start: Start) -> None:
    """Who is in stays in, who has lost her line comes back, and what fell due happens afterwards."""
    postgresql = PostgreSQL()
    try:
        postgresql.start()
        url = postgresql.url(postgresql.create())
        async with Database(url) as database:
            await database.upgrade()
            county = await make_county(database)
            closes = int(time.time()) + 3
            room = await add_lesson(database, county, closes - 3, seconds=3, grace=0)
            school = await start(url)
            await until(state_is(database, room, "open"))
            page = await enter(school, room, "classroom", county.display)
            postgresql.pause()

            def beats() -> float:
                registry = school.server.signalling.metrics.registry
                return registry.get_sample_value("tongke_bell_failures_total", {"task": "bell"}) or 0.0

            async def two_beats_more() -> None:
                """The first may have begun before."""
                before = beats()
                await eventually(lambda: beats() >= before + 2)

            await two_beats_more()
            await eventually(lambda: time.time() > closes)
            teacher = await enter(school, room, "lead", county.teacher)
            headers = {**school.bearer("lead", county.teacher, room), "Content-Type": "application/sdp"}
            assert (await school.http.post(f"/whip/{room}", data=OFFER, headers=headers)).status == 201
            school.media.send(county.teacher, active=True, room=room)
            await page.until("lesson", lambda it: it["lesson"]["state"] == "live")
            await two_beats_more()
            postgresql.resume()
            for it in (page, teacher):
                await it.until("lesson", lambda it: it["lesson"]["state"] == "ended")
            await until(lambda: found(database, "lesson.evidence"))
            row = await lesson(database, room)
            assert row.state == "ended" and row.live is not None, "her picture came while nobody could write it down"
            assert set(await rows(database, room)) == {county.display, county.teacher}
            await school.server.stop()
    finally:
        postgresql.stop()
