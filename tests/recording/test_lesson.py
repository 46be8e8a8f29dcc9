"""From the booking's word over the teacher's orders to the lesson's end: what is recorded, told and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from recorder import spool
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson
from signalling.db.library import Recording
from signalling.recording import orders, rows
from signalling.recording.orders import TRANSITIONS
from tests.bell.county import County, add_lesson, audited
from tests.bell.test_doors import FUTURE, until
from tests.client.waiting import eventually
from tests.recording.conftest import Recorded


def has(school: Recorded, **wanted: Any) -> Callable[[], Any]:
    async def look() -> bool:
        row = await school.row()
        return row is not None and all(getattr(row, name) == value for name, value in wanted.items())

    return look


async def test_from_the_teachers_coming_to_the_end(school: Recorded) -> None:
    page = await school.joined_as("lead", school.county.teacher)
    await school.go_live()
    await school.recording()
    assert school.recorder.begun == [(school.room, True)]
    told = await page.until("recording", lambda it: it["state"] == "recording")
    assert told == {"t": "recording", "state": "recording", "excluded": [], "by": ""}
    late = await school.joined_as("classroom", school.county.display)
    assert (await late.until("recording"))["state"] == "recording"
    await school.state(school.room, "ended")
    await eventually(lambda: school.recorder.ending == [school.room])
    assert (await school.row()).state == "recording", "not before its files are closed"
    school.recorder.say(school.room, ended=True, bytes=5_000_000, tracks=2, missing_ms=40)
    await until(has(school, state="ended", bytes=5_000_000, tracks=2, missing_ms=40))
    assert (await school.row()).ended is not None
    assert (await late.until("recording", lambda it: it["state"] == "off"))["by"] == ""


async def test_a_booking_that_says_no(school: Recorded, database: Database, county: County) -> None:
    async with database.write() as session:
        await session.execute(update(Booking).values(records=False))
    page = await school.joined_as("lead", county.teacher)
    await school.go_live()
    await until(has(school, state="none"))
    assert (await page.until("recording"))["state"] == "off"
    assert school.recorder.begun == []
    school.recorder.first[school.room] = 1.0
    await page.say("record", action="start")
    await eventually(lambda: school.recorder.begun == [(school.room, False)])
    await school.recording()
    told = await page.until("recording", lambda it: it["state"] == "recording")
    assert told["by"] == county.teacher


async def test_orders_before_it_begins_cost_nothing_of_it(school: Recorded, county: County) -> None:
    """A classroom is left out before the bell, and the booking's word is given once more."""
    page = await school.joined_as("lead", county.teacher)
    await page.say("record", action="exclude", participant=county.display)
    await page.say("record", action="start")
    await page.until("recording", lambda it: it["excluded"] == [county.display])
    school.recorder.first[school.room] = 1.0
    await school.go_live()
    await eventually(lambda: school.recorder.begun == [(school.room, True)])


@pytest.mark.parametrize("order", ["none", "paused", "stopped"])
async def test_what_was_said_before_somebody_ordered_it_is_not_wanted(
    school: Recorded, database: Database, county: County, order: orders.State
) -> None:
    """Nor when the server was started again meanwhile; what a later server has is all wanted."""
    async with database.write() as session:
        row = orders.new(school.room, True, 0)
        row.state = order
        session.add(row)
    now = 2_000_000_000.5
    action: orders.Action = "resume" if order == "paused" else "start"
    await orders.give(database, school.room, action, actor=county.teacher, now=now)
    keeper = school.server.signalling.recordings._keeper
    assert keeper is not None
    async with database.read() as session:
        [found] = await rows.read(session, [school.room])
    for first, wanted in ((now - 5, False), (now + 0.1, False), (now + 1, True)):
        school.recorder.first[school.room] = first
        assert keeper._from_the_beginning(found) is wanted


async def test_pause_resume_stop_and_start(school: Recorded, county: County) -> None:
    page = await school.joined_as("lead", county.teacher)
    other = await school.joined_as("staff", "observer")
    await school.go_live()
    await school.recording()
    await other.until("recording", lambda it: it["state"] == "recording")
    for action, told, state, paused in (
        ("pause", "paused", "paused", True),
        ("resume", "recording", "recording", False),
        ("stop", "off", "stopped", True),
        ("start", "recording", "recording", False),
    ):
        await page.say("record", action=action)
        assert (await other.until("recording", lambda it, told=told: it["state"] == told))["by"] == county.teacher
        assert (await school.row()).state == state
        assert (school.recorder.paused == {school.room: county.teacher}) is paused
        [entry] = await audited(school.database, f"recording.{action}")
        assert (entry.actor, entry.subject) == (county.teacher, school.room)
    assert len(school.recorder.begun) == 1, "what was stopped goes on in the same files"


async def test_a_classroom_is_left_out(school: Recorded, county: County) -> None:
    page = await school.joined_as("lead", county.teacher)
    display = await school.joined_as("classroom", county.display)
    other = await school.joined_as("classroom", "elsewhere")
    await page.say("record", action="exclude", participant=county.display)
    assert (await page.until("recording"))["excluded"] == [county.display]
    assert (await display.until("recording"))["excluded"] == [county.display]
    assert (await other.until("recording"))["excluded"] == [], "it knows nothing of that classroom"
    await school.go_live()
    await eventually(lambda: school.recorder.left_out == {school.room: {county.display: county.teacher}})
    await page.say("record", action="include", participant=county.display)
    await eventually(lambda: school.recorder.left_out == {school.room: {}})
    [entry] = await audited(school.database, "recording.exclude")
    assert entry.detail == {"participant": county.display}
    assert len(await audited(school.database, "recording.include")) == 1


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"action": "exclude", "participant": "nobody"}, "not_found"),
        ({"action": "exclude"}, "bad_request"),
        ({"action": "burn"}, "bad_request"),
    ],
)
async def test_orders_that_make_no_sense(school: Recorded, county: County, order: dict[str, Any], code: str) -> None:
    page = await school.joined_as("lead", county.teacher)
    await page.say("record", **order)
    assert (await page.until("error"))["code"] == code


async def test_nobody_else_gives_orders(school: Recorded, county: County) -> None:
    for role in ("classroom", "assistant", "staff", "supervisor"):
        page = await school.joined_as(role, f"a-{role}")
        await page.say("record", action="stop")
        refused = await page.until("error")
        assert (refused["code"], refused["re"]) == ("forbidden_role", "record")
    assert await school.row() is None


async def test_trouble_is_loud_and_passes(school: Recorded) -> None:
    page = await school.joined_as("classroom", school.county.display)
    await school.go_live()
    await school.recording()
    await page.until("recording", lambda it: it["state"] == "recording")
    school.recorder.say(school.room, trouble="disk_full")
    assert (await page.until("recording", lambda it: it["state"] == "troubled"))["excluded"] == []
    await until(has(school, state="troubled", trouble="disk_full"))
    school.recorder.say(school.room, bytes=77)
    assert (await page.until("recording", lambda it: it["state"] == "recording"))["excluded"] == []
    await until(has(school, state="recording", trouble="", bytes=77))


async def test_a_paused_lesson_stays_paused_when_a_server_comes_back(school: Recorded, database: Database) -> None:
    async with database.write() as session:
        row = orders.new(school.room, True, 0)
        row.state, row.by = "paused", school.county.teacher
        session.add(row)
    await school.go_live()
    await eventually(lambda: school.recorder.paused == {school.room: school.county.teacher})


async def test_what_a_dead_server_left_is_closed_or_given_up(
    school: Recorded, database: Database, county: County
) -> None:
    found = await add_lesson(database, county, FUTURE + 86400, state="processing")
    lost = await add_lesson(database, county, FUTURE + 2 * 86400, state="ended")
    async with database.write() as session:
        await session.execute(update(Lesson).where(Lesson.id.in_((found, lost))).values(ended=1_700_000_000))
        for id in (found, lost):
            row = orders.new(id, True, 1_700_000_000)
            row.bytes = 1000
            session.add(row)
    school.recorder.there.add(found)
    keeper = school.server.signalling.recordings._keeper
    assert keeper is not None
    keeper._swept = None
    await keeper.look()
    assert sorted(school.recorder.begun) == sorted([(found, False), (lost, False)])
    assert found in school.recorder.ending
    await keeper.look()
    assert len(school.recorder.begun) == 2, "it has said that there is nothing"
    gone = await school.row(lost)
    assert gone is not None and (gone.state, gone.trouble) == ("ended", "no_files")
    school.recorder.say(found, ended=True, bytes=2000)

    async def closed() -> bool:
        row = await school.row(found)
        return row is not None and (row.state, row.bytes) == ("ended", 2000)

    await until(closed)


async def test_orders_at_once_leave_one_row(school: Recorded, county: County) -> None:
    give = school.server.signalling.recordings.give
    await asyncio.gather(*(give(school.room, "pause", actor=county.teacher, now=1.0) for _ in range(5)))
    assert (await school.row()).state == "paused"
    assert len(await audited(school.database, "recording.pause")) == 1


def test_each_state_knows_its_orders() -> None:
    assert {state for state, _ in TRANSITIONS} == {"none", "recording", "troubled", "paused", "stopped"}
    for (state, action), after in TRANSITIONS.items():
        assert TRANSITIONS[after, action] == after, f"{action} twice from {state} is once"
    assert ("ended", "start") not in TRANSITIONS and ("stopped", "resume") not in TRANSITIONS


async def test_what_lies_on_another_machine_is_given_up_after_a_week_alone(
    school: Recorded, database: Database, county: County
) -> None:
    theirs = await add_lesson(database, county, FUTURE + 86400, state="ended")
    keeper = school.server.signalling.recordings._keeper
    assert keeper is not None
    now = keeper._clock()

    async def ended(ago: float) -> Recording:
        async with database.write() as session:
            await session.execute(update(Lesson).where(Lesson.id == theirs).values(ended=int(now - ago)))
        keeper._swept = None
        await keeper.look()
        row = await school.row(theirs)
        assert row is not None
        return row

    async with database.write() as session:
        row = orders.new(theirs, True, now)
        row.bytes, row.spool = 1000, "f" * 16
        session.add(row)
    assert (await ended(3600)).state == "recording"
    row = await ended(8 * 86_400)
    assert (row.state, row.trouble) == ("ended", "no_files")


async def test_who_begins_last_has_the_files(school: Recorded, database: Database) -> None:
    await school.go_live()
    await school.recording()
    keeper = school.server.signalling.recordings._keeper
    assert keeper is not None
    await keeper.look()
    row = await school.row()
    assert row is not None and row.spool == spool.identity(school.server.config.recording_dir)
    async with database.write() as session:  # the teacher came back by way of another server
        await session.execute(update(Recording).values(spool="f" * 16))
    school.recorder.say(school.room, bytes=77)
    await keeper.look()
    row = await school.row()
    assert row is not None and (row.spool, row.bytes) == ("f" * 16, 0), "which writes how it goes on"
    async with database.write() as session:
        await session.execute(
            update(Lesson).where(Lesson.id == school.room).values(state="ended", ended=int(keeper._clock()))
        )
    school.recorder.say(school.room, bytes=77, ended=True)
    await keeper.look()
    row = await school.row()
    assert row is not None and row.state == "recording", "and closes it"
