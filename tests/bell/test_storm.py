"""Everything at once: clocks that are set, servers that restart, teachers that come, end and extend."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from signalling.bell.ringing import Bell, LessonClosed, LessonOpened
from signalling.bell.transitions import Order
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Lesson
from signalling.timetable.lifecycle import TRANSITIONS
from tests.bell.county import EIGHT, MINUTE, Clock, County, add_lessons, audited

MakeBell = Callable[..., Bell]
LESSONS = 12


@pytest.mark.parametrize("seed", range(8))
async def test_nothing_is_doubled_reopened_or_left_behind(
    seed: int, database: Database, database_url: str, county: County, make_bell: MakeBell
) -> None:
    chance = random.Random(seed)
    heard: list[Any] = []
    ids = await add_lessons(
        database, county, [EIGHT + chance.randrange(-90, 90) * MINUTE for _ in range(LESSONS)], seats=False
    )
    async with Database(database_url) as other:
        clocks = [Clock(EIGHT - 7200), Clock(EIGHT - 7200 + 3)]
        bells = [make_bell(heard.append, on=on, at=at) for on, at in zip((database, other), clocks, strict=True)]

        async def everybody(seconds: float) -> None:
            for clock, bell in zip(clocks, bells, strict=True):
                clock.pass_(seconds)
                await bell.ring()

        for _ in range(80):
            which = chance.randrange(2)
            match chance.randrange(10):
                case 0:
                    clocks[which].wall += chance.choice((-1800, -60, 25, 1800))
                case 1:  # killed and started again, with whatever its clock says now
                    bells[which] = make_bell(heard.append, on=(database, other)[which], at=clocks[which])
                case 2:
                    bells[which].order(Order(chance.choice(ids), "arrives", county.teacher))
                case 3:
                    bells[which].order(Order(chance.choice(ids), "close", county.teacher))
                case 4:
                    later = update(Lesson).where(Lesson.id == chance.choice(ids), Lesson.state.in_(("open", "live")))
                    async with database.write() as session:
                        await session.execute(later.values(closes=Lesson.closes + 5 * MINUTE))
                case _:
                    await everybody(chance.choice((1, 20, 300, 600)))
        for clock in clocks:
            clock.wall = EIGHT + 30 * 3600
        for _ in range(40):
            await everybody(1)
    rows = await audited(database)
    state: dict[str, str] = dict.fromkeys(ids, "scheduled")
    for row in rows:
        before, after = row.detail["from"], row.detail["to"]
        assert before == state[row.subject] and after in {
            target for (source, _), target in TRANSITIONS.items() if source == before
        }
        state[row.subject] = after
    async with database.read() as session:
        assert {id: now for id, now in await session.execute(select(Lesson.id, Lesson.state))} == state
    assert set(state.values()) == {"ended"}
    assert await audit.verify(database) is None
    told = Counter((type(event), event.lesson) for event in heard)
    assert max(told.values()) == 1
    assert sum(told.values()) == len(rows)
    assert {event.lesson for event in heard if isinstance(event, LessonClosed)} == set(ids)
    assert any(isinstance(event, LessonOpened) for event in heard)
