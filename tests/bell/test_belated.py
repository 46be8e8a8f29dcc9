"""Figures that no server was left to put onto the audit log."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from sqlalchemy import insert, update

from signalling.bell.belated import AGAIN_S, REACH_S, SETTLED_S, Belated
from signalling.bell.evidence import Evidence
from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Lesson, Participation
from tests.bell.county import EIGHT, Clock, County, add_lesson, add_lessons, audited
from tests.bell.test_doors import until
from tests.bell.test_evidence import Classroom

ENDED = EIGHT + 3000


async def end(database: Database, lesson: str, at: int = ENDED) -> None:
    async with database.write() as session:
        await session.execute(update(Lesson).where(Lesson.id == lesson).values(state="ended", ended=at))


async def entries(database: Database) -> list[tuple[str, dict[str, object]]]:
    return [(it.subject, it.detail["participants"]) for it in await audited(database, "lesson.evidence")]


async def measured(database: Database, *lessons: str) -> None:
    rows = [{"lesson": id, "participant": "c", "role": "classroom", "joined": EIGHT, "quality": {}} for id in lessons]
    async with database.write() as session:
        await session.execute(insert(Participation), [{**row, "present": 60} for row in rows])


async def test_a_server_that_stopped_before_the_end(database: Database, county: County, clock: Clock) -> None:
    room = await add_lesson(database, county, state="live")
    await add_lesson(database, county, state="live")  # nobody came to this one
    clock.set(EIGHT)
    evidence = Evidence(database, {room: EIGHT}.get, clock, 30, monotonic=clock.monotonic)
    Classroom(evidence, room).enter(county.teacher, "lead", sends=True)
    clock.pass_(2400)
    await evidence.flush()
    assert await audited(database) == []
    it = Belated(database, clock)
    assert await it.look() == 0, "the lesson goes on"
    await end(database, room)
    clock.set(ENDED + SETTLED_S - 1)
    assert await it.look() == 0, "who measured it may still do so herself"
    clock.pass_(1)
    assert await it.look() == 1
    figures = {"present": 2400, "seen": 0, "heard": 0, "sent": 2400}
    assert await entries(database) == [(room, {county.teacher: figures})]
    assert await it.look() == await Belated(database, clock).look() == 0
    assert await audit.verify(database) is None


async def test_what_has_its_entry_gets_no_second_one(database: Database, county: County, clock: Clock) -> None:
    room = await add_lesson(database, county, state="live")
    clock.set(EIGHT)
    opened = {room: EIGHT}
    evidence = Evidence(database, opened.get, clock, 30, monotonic=clock.monotonic)
    Classroom(evidence, room).enter(county.display)
    clock.pass_(60)
    opened.clear()
    await evidence.beat()
    await end(database, room, EIGHT + 60)
    clock.pass_(86400)
    assert await Belated(database, clock).look() == 0
    assert len(await entries(database)) == 1


async def test_two_servers_come_up_at_once(database: Database, database_url: str, county: County, clock: Clock) -> None:
    rooms = await add_lessons(database, county, [EIGHT] * 120, state="live", seats=False)
    await measured(database, *rooms)
    for room in rooms:
        await end(database, room)
    clock.set(ENDED + 3600)
    async with Database(database_url) as other:
        written = await asyncio.gather(Belated(database, clock).look(), Belated(other, clock).look())
    assert sum(written) == 120
    assert sorted(subject for subject, _ in await entries(database)) == sorted(rooms)
    assert await audit.verify(database) is None


async def test_a_clock_that_was_ahead_hides_nothing(database: Database, county: County, clock: Clock) -> None:
    room, old = await add_lessons(database, county, [EIGHT, EIGHT - 3 * AGAIN_S], state="live")
    await measured(database, room, old)
    clock.set(EIGHT)
    it = Belated(database, clock)
    clock.wall += REACH_S
    assert await it.look() == 0
    clock.wall -= REACH_S
    await end(database, room)
    await end(database, old, EIGHT - 2 * AGAIN_S)
    clock.set(ENDED + 3600)
    assert await it.look() == 1, "a day back"
    assert await Belated(database, clock).look() == 1, "who comes up looks a month back"


async def test_a_server_that_comes_up_looks(
    database: Database, database_url: str, county: County, tmp_path: Path
) -> None:
    now = int(time.time())
    room = await add_lesson(database, county, now - 7200, state="ended")
    await measured(database, room)
    await end(database, room, now - 3600)
    local = {"host": ["127.0.0.1"], "port": 0}
    http = {**local, "tls": "off"}
    async with Server(Config(data_dir=tmp_path, http=http, media=local, database={"url": database_url})):

        async def written() -> bool:
            return len(await entries(database)) == 1

        await until(written)
