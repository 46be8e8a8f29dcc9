"""Lives of lessons become deliveries in the transaction of what they tell of."""

from __future__ import annotations

import pytest

from signalling.bell.ringing import Bell
from signalling.bell.transitions import Order
from signalling.booking import change, outbox, series
from signalling.config import BellConfig
from signalling.db import audit
from signalling.db.engine import Database
from signalling.hooks.webhooks import EVENTS, Webhooks
from signalling.metrics import Metrics
from tests.bell.county import EIGHT, MINUTE, Clock, add_lesson, add_lessons, make_county
from tests.booking.county import NOW, RULES, TUESDAY, book, fill, lessons_of, request
from tests.booking.county import series as weekly
from tests.hooks.conftest import LOCAL, SECRET, deliveries

ALL = list(outbox.LESSON_EVENTS)


def bell_at(database: Database, clock: Clock) -> Bell:
    return Bell(database, clock, BellConfig(), metrics=Metrics(), monotonic=clock.monotonic)


async def test_a_lesson_is_told_from_its_bell_to_its_end(database: Database, webhooks: Webhooks, clock: Clock) -> None:
    county = await make_county(database)
    lesson = await add_lesson(database, county)
    everything = await webhooks.create("https://hooks.example/", ALL, "", "tester", clock())
    village = await webhooks.create("https://hooks.example/", ["lesson.ended"], county.village, "tester", clock())
    await webhooks.create("https://hooks.example/", ["booking.moved"], "", "tester", clock())
    bell = bell_at(database, clock)
    clock.set(EIGHT - 9 * MINUTE)
    await bell.ring()
    bell.order(Order(lesson, "arrives", county.teacher))
    clock.set(EIGHT)
    await bell.ring()
    clock.set(EIGHT + 50 * MINUTE)
    await bell.ring()
    told = await deliveries(database)
    assert [(row.event, row.webhook) for row in told][:2] == [
        ("lesson.open", everything.id),
        ("lesson.live", everything.id),
    ]
    assert {(row.event, row.webhook) for row in told[2:]} == {
        ("lesson.ended", everything.id),
        ("lesson.ended", village.id),
    }
    body = told[0].body
    assert body == {
        "lesson": lesson,
        "booking": county.booking,
        "title": "认识分数",
        "form": "delivered",
        "school": "第一小学",
        "teacher": "教师甲",
        "starts": EIGHT,
        "ends": EIGHT + 40 * MINUTE,
        "state": "open",
        "reason": "",
        "at": EIGHT - 9 * MINUTE,
        "late_s": MINUTE,
    }
    assert [row.body["state"] for row in told] == ["open", "live", "ended", "ended"]
    assert all(row.due == row.body["at"] for row in told)


async def test_a_bell_for_many_lessons_tells_each(database: Database, webhooks: Webhooks, clock: Clock) -> None:
    county = await make_county(database)
    ids = await add_lessons(database, county, [EIGHT] * 700)
    await webhooks.create("https://hooks.example/", ["lesson.open"], county.school, "tester", clock())
    clock.set(EIGHT)
    await bell_at(database, clock).ring()
    told = await deliveries(database, "lesson.open")
    assert sorted(row.body["lesson"] for row in told) == sorted(ids)


async def test_what_is_rolled_back_is_told_to_nobody(
    database: Database, webhooks: Webhooks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = await make_county(database)
    await add_lesson(database, county)
    await webhooks.create("https://hooks.example/", ALL, "", "tester", clock())
    clock.set(EIGHT)

    async def broken(*_: object) -> None:
        raise RuntimeError("the last step")

    with monkeypatch.context() as patch:
        patch.setattr(audit, "append_all", broken)
        with pytest.raises(RuntimeError):
            await bell_at(database, clock).ring()
    assert await deliveries(database) == []


@pytest.mark.parametrize("how", ["lesson", "series", "day", "moved"])
async def test_called_off_lessons_are_told(how: str, database: Database) -> None:
    await fill(database)
    webhooks = Webhooks(database, SECRET, LOCAL)
    hook = await webhooks.create("https://hooks.example/", ["lesson.cancelled"], "county", "tester", NOW)
    made = await book(database, request())
    if how == "lesson":
        await change.cancel(database, made.lessons[1], "clock", NOW, reason="停电")
        wanted = [made.lessons[1]]
    elif how == "series":
        await series.cancel(database, made.booking, "clock", NOW, reason="停电")
        wanted = list(made.lessons)
    elif how == "day":
        day = (await lessons_of(database, made.booking))[2].day
        await series.leave_out(database, made.booking, day, "clock", NOW, reason="停电")
        wanted = [made.lessons[2]]
    else:
        shorter = weekly(rule="FREQ=WEEKLY;COUNT=2")
        await series.move(database, made.booking, TUESDAY, shorter, "clock", NOW, rules=RULES)
        wanted = [made.lessons[2]]
    told = await deliveries(database)
    assert [row.body["lesson"] for row in told] == wanted
    assert {(row.event, row.webhook, row.body["state"], row.body["at"]) for row in told} == {
        ("lesson.cancelled", hook.id, "cancelled", NOW)
    }
    assert {row.body["reason"] for row in told} == ({""} if how == "moved" else {"停电"})


def test_events_have_one_list() -> None:
    assert len(EVENTS) == len(set(EVENTS)) == 18 and {*ALL, "booking.booked", "booking.made_up"} <= set(EVENTS)
