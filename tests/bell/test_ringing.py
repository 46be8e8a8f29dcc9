"""The bell on both databases: opened and closed once, whatever the clock, the server and its neighbours do."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.bell import transitions
from signalling.bell.ringing import Bell, LessonClosed, LessonOpened, LessonWentLive
from signalling.bell.steady import JUMP_S, SETTLE_S
from signalling.bell.transitions import BATCH, Order
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Lesson
from signalling.db.records import Lease
from tests.bell.county import EIGHT, MINUTE, Clock, County, add_lesson, add_lessons, audited, lesson, states

MakeBell = Callable[..., Bell]


def sample(bell: Bell, name: str, **labels: str) -> float:
    value = bell._metrics.registry.get_sample_value(name, labels)
    return 0.0 if value is None else value


class TestALesson:
    async def test_opens_ten_minutes_before_and_ends_after_its_grace(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        id = await add_lesson(database, county)
        heard: list[Any] = []
        bell = make_bell(heard.append)
        clock.set(EIGHT - 10 * MINUTE - 1)
        assert await bell.ring() == 0
        clock.pass_(1)
        assert await bell.ring() == 1
        assert heard == [LessonOpened(id, EIGHT - 10 * MINUTE, EIGHT, EIGHT + 50 * MINUTE)]
        bell.order(Order(id, "arrives", county.teacher))
        bell.order(Order(id, "arrives", county.teacher))
        clock.set(EIGHT)
        assert await bell.ring() == 1
        assert heard[1:] == [LessonWentLive(id, EIGHT)]
        clock.set(EIGHT + 50 * MINUTE - 1)
        assert await bell.ring() == 0
        clock.pass_(1)
        assert await bell.ring() == 1
        assert heard[2:] == [LessonClosed(id, EIGHT + 50 * MINUTE, "")]
        clock.pass_(86400)
        assert await bell.ring() == 0
        row = await lesson(database, id)
        assert (row.state, row.opened, row.live, row.ended) == ("ended", EIGHT - 600, EIGHT, EIGHT + 3000)
        rows = await audited(database)
        assert [(it.actor, it.action, it.subject) for it in rows] == [
            ("clock", "lesson.open", id),
            (county.teacher, "lesson.live", id),
            ("clock", "lesson.ended", id),
        ]
        assert rows[0].detail == {"from": "scheduled", "to": "open"}
        assert await audit.verify(database) is None

    async def test_nobody_came(self, database: Database, county: County, clock: Clock, make_bell: MakeBell) -> None:
        id = await add_lesson(database, county)
        bell = make_bell()
        clock.set(EIGHT)
        await bell.ring()
        clock.set(EIGHT + 2 * 3600)
        await bell.ring()
        row = await lesson(database, id)
        assert (row.state, row.reason) == ("ended", transitions.NOBODY_CAME)

    async def test_the_teacher_ends_it(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        """Even when the word comes together with her first picture, which must not be lost over it."""
        id = await add_lesson(database, county, state="open")
        heard: list[Any] = []
        bell = make_bell(heard.append)
        clock.set(EIGHT + 60)
        bell.order(Order(id, "close", county.teacher))
        bell.order(Order(id, "arrives", county.teacher))
        assert await bell.ring() == 2
        row = await lesson(database, id)
        assert (row.state, row.reason, row.live, row.ended) == ("ended", "by_hand", EIGHT + 60, EIGHT + 60)
        assert [type(event) for event in heard] == [LessonWentLive, LessonClosed]
        bell.order(Order(id, "arrives", county.teacher))
        assert await bell.ring() == 0
        assert await states(database) == {"ended": 1}

    async def test_what_was_passed_over_does_not_end_before_it_was_live(
        self,
        database: Database,
        county: County,
        clock: Clock,
        make_bell: MakeBell,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Somebody holds the row when her arrival is to be written, and lets go before the bell rings: as a connection
        that was given up does when the database comes back. SQLite knows no lock on a row."""
        id = await add_lesson(database, county, state="open")
        bell = make_bell()
        async with AsyncExitStack() as held:
            if database.url.get_backend_name() == "postgresql":
                session = await held.enter_async_context(database.write())
                await session.execute(select(Lesson.id).where(Lesson.id == id).with_for_update())
            wanted = bell._wanted

            async def let_go(now: float, monotonic: float) -> bool:
                await held.aclose()
                return await wanted(now, monotonic)

            monkeypatch.setattr(bell, "_wanted", let_go)
            clock.set(EIGHT + 50 * MINUTE)
            for _ in range(2):
                bell.order(Order(id, "arrives", county.teacher))
                await bell.ring()
        row = await lesson(database, id)
        assert (row.state, row.reason, row.live) == ("ended", "", EIGHT + 50 * MINUTE)

    async def test_an_order_for_a_lesson_that_is_gone_has_no_effect(
        self, database: Database, county: County, make_bell: MakeBell
    ) -> None:
        bell = make_bell()
        bell.order(Order("0123456789abcdef", "arrives", county.teacher))
        assert await bell.ring() == 0
        assert await audited(database) == []

    async def test_extended_while_it_goes_on(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        id = await add_lesson(database, county, state="live")
        bell = make_bell()
        async with database.write() as session:
            await session.execute(update(Lesson).values(closes=EIGHT + 60 * MINUTE))
        clock.set(EIGHT + 55 * MINUTE)
        assert await bell.ring() == 0
        clock.set(EIGHT + 60 * MINUTE)
        assert await bell.ring() == 1
        assert (await lesson(database, id)).ended == EIGHT + 60 * MINUTE

    async def test_cancelled_and_moved_ones_stay_shut(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        await add_lesson(database, county, state="cancelled")
        await add_lesson(database, county, EIGHT + 86400)
        clock.set(EIGHT)
        assert await make_bell().ring() == 0

    async def test_a_listener_with_a_bug_disturbs_nobody(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        await add_lesson(database, county)
        heard: list[Any] = []

        def broken(_: object) -> None:
            raise ArithmeticError

        clock.set(EIGHT)
        assert await make_bell(broken, heard.append).ring() == 1
        assert len(heard) == 1


class TestRestart:
    async def test_at_seven_past_the_lesson_of_eight_opens_at_once(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        id = await add_lesson(database, county)
        clock.set(EIGHT + 7 * MINUTE)
        bell = make_bell()
        assert await bell.ring() == 1
        assert (await lesson(database, id)).opened == EIGHT + 7 * MINUTE
        assert sample(bell, "tongke_bell_lateness_seconds_sum") == 17 * MINUTE
        assert sample(bell, "tongke_bell_rung_total", state="open") == 1
        [row] = await audited(database)
        assert row.detail["late_s"] == 17 * MINUTE

    async def test_down_for_the_whole_lesson(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        id = await add_lesson(database, county)
        heard: list[Any] = []
        clock.set(EIGHT + 86400)
        await make_bell(heard.append).ring()
        row = await lesson(database, id)
        assert (row.state, row.reason, row.opened) == ("ended", transitions.MISSED, None)
        assert heard == [LessonClosed(id, EIGHT + 86400, transitions.MISSED)]

    async def test_two_thousand_lessons_of_one_bell(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        """With a restart after the second batch; each is opened once and stands on the audit log once."""
        ids = await add_lessons(database, county, [EIGHT] * 2000, seats=False)
        clock.set(EIGHT - 10 * MINUTE)
        opened: list[str] = []

        class Killed(BaseException):
            pass

        def dies(event: Any) -> None:
            opened.append(event.lesson)
            if len(opened) == 2 * BATCH:
                raise Killed

        began = time.monotonic()
        with pytest.raises(Killed):
            await make_bell(dies).ring()
        heard: list[Any] = []
        bell = make_bell(heard.append)
        await bell.ring()
        clock.pass_(20)  # nobody renews its lease
        assert await bell.ring() == 2000 - 2 * BATCH
        assert time.monotonic() - began < 10
        assert sorted(opened + [event.lesson for event in heard]) == sorted(ids)
        assert await states(database) == {"open": 2000}
        assert sorted(row.subject for row in await audited(database, "lesson.open")) == sorted(ids)
        assert await audit.verify(database) is None
        clock.set(EIGHT + 3600)
        assert await bell.ring() == 2000
        assert await states(database) == {"ended": 2000}


class TestClock:
    async def test_a_jump_forward_that_is_put_right_again(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        await add_lesson(database, county, state="live")
        await add_lesson(database, county, EIGHT + 86400)
        bell = make_bell()
        clock.set(EIGHT + 10 * MINUTE)
        await bell.ring()
        assert bell.held
        clock.wall += 3 * 86400
        for _ in range(5):
            assert await bell.ring() == 0
            clock.pass_(1)
        assert not bell.held
        clock.wall -= 3 * 86400
        assert await bell.ring() == 0
        assert bell.held
        assert await states(database) == {"live": 1, "scheduled": 1}
        clock.set(EIGHT + 50 * MINUTE)
        assert await bell.ring() == 1

    async def test_a_machine_that_slept_goes_on_when_its_clock_has_settled(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        id = await add_lesson(database, county)
        clock.set(EIGHT - 3600)
        bell = make_bell()
        await bell.ring()
        clock.wall = EIGHT + 7 * MINUTE  # the monotonic clock stood still
        assert await bell.ring() == 0
        clock.pass_(SETTLE_S)
        assert await bell.ring() == 1
        assert (await lesson(database, id)).state == "open"

    async def test_a_jump_backward_opens_nothing_again(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        id = await add_lesson(database, county)
        bell = make_bell()
        clock.set(EIGHT)
        assert await bell.ring() == 1
        clock.wall -= 3600
        for _ in range(60):
            assert await bell.ring() == 0
            clock.pass_(1)
        assert (await lesson(database, id)).opened == EIGHT
        for passed in (3600, 3000):
            clock.pass_(passed)
            await bell.ring()
        assert (await lesson(database, id)).state == "ended"
        assert len(await audited(database)) == 2

    async def test_small_steps_are_just_time(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        await add_lesson(database, county)
        bell = make_bell()
        clock.set(EIGHT - 10 * MINUTE - JUMP_S)
        assert await bell.ring() == 0
        clock.wall += JUMP_S
        assert await bell.ring() == 1


class TestNeighbours:
    async def test_somebody_moves_a_lesson_at_its_bell(
        self, database_url: str, database: Database, county: County, clock: Clock, make_bell: MakeBell
    ) -> None:
        """The one that is being moved is passed over, the others ring; afterwards its new time counts."""
        moving = await add_lesson(database, county)
        others = await add_lessons(database, county, [EIGHT] * 3)
        clock.set(EIGHT)
        bell = make_bell()
        if database.url.get_backend_name() == "postgresql":
            async with Database(database_url) as planner, planner.write() as session:
                later = update(Lesson).where(Lesson.id == moving)
                await session.execute(later.values(starts=EIGHT + 86400, ends=EIGHT + 88800, closes=EIGHT + 89400))
                assert await bell.ring() == len(others)
            assert await bell.ring() == 0
        else:
            assert await bell.ring() == 4

    async def test_census(self, database: Database, county: County, clock: Clock, make_bell: MakeBell) -> None:
        await add_lessons(database, county, [EIGHT + 20 * MINUTE, EIGHT + 86400])
        await add_lessons(database, county, [EIGHT] * 3, state="live")
        clock.set(EIGHT)
        bell = make_bell()
        await bell.ring()
        got = {state: sample(bell, "tongke_lessons", state=state) for state in ("scheduled", "open", "live")}
        assert got == {"scheduled": 1, "open": 0, "live": 3}
        assert sample(bell, "tongke_bell_held") == 1

    async def test_an_idle_bell_writes_only_its_lease(
        self, database: Database, county: County, clock: Clock, make_bell: MakeBell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writes = 0
        run = database.run

        async def counted(work: Any) -> Any:
            nonlocal writes
            writes += 1
            return await run(work)

        monkeypatch.setattr(database, "run", counted)
        bell = make_bell()
        for _ in range(20):
            await bell.ring()
            clock.pass_(1)
        assert writes == 5  # every fourth second: 10 s / 3
        await bell.stop()

        async def read(session: AsyncSession) -> tuple[str, int]:
            return tuple((await session.execute(select(Lease.holder, Lease.until))).one())  # type: ignore[return-value]

        assert await run(read) == ("", 0)
