"""A whole lesson in real browsers: a teacher and two classrooms, from going live to the end."""

from __future__ import annotations

import asyncio

import pytest

from mediaserver.api import GetStats
from tests.browser.conftest import School, until
from tests.relay import Relay

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CUT_S = 10.0


async def negotiations(school: School) -> int:
    """Offers answered so far."""
    stats = await school.server.bus.request(GetStats())
    return int(stats.counters["session_published"] + stats.counters["session_subscribed"])


async def test_lesson_from_going_live_to_the_end(school: School) -> None:
    async with Relay(school.server.media_port) as line:
        near = await school.open("classroom", "classroom", "near", name="Near")
        far = await school.open("classroom", "classroom", "far", name="Far", relay=line)
        teacher = await school.open("studio", "lead", "teacher", name="Teacher")
        await near.in_phase("waiting")
        await far.in_phase("waiting")

        # Going live: both classrooms see and hear her, and she sees both of them.
        await teacher.find("go-live").click()
        await teacher.in_phase("live")
        for room in (near, far):
            await room.in_phase("live", "weak")
            await room.sees("camera")
            await room.hears("teacher")
            await room.shows("slot-camera")
        await teacher.find("tile-near").wait_for()
        await teacher.find("tile-far").wait_for()
        await teacher.sees("tile1")
        await teacher.sees("tile2")
        assert (await near.slot("screen"))["status"] == "empty"

        # The screen is shared without any new negotiation.
        before = await negotiations(school)
        await teacher.find("share-screen").click()
        for room in (near, far):
            await room.slot_is("screen", "playing")
            await room.sees("screen", 3)
            await room.shows("slot-screen")
        assert await negotiations(school) == before

        # Calling one classroom: the other one sees and hears it, the teacher hears it, itself has no echo.
        await teacher.find("call-near").click()
        await far.slot_is("called", "playing")
        await far.sees("called")
        await far.hears("called")
        await teacher.hears("called")
        await near.find("called-banner").wait_for()
        assert (await near.slot("called"))["status"] == "empty"
        assert (await near.slot("called", "audio"))["status"] == "empty"
        await teacher.find("call-near").click()
        await far.slot_is("called", "empty")

        # A display that is reloaded is back by itself.
        await near.page.reload()
        await near.in_phase("live", "weak")
        await near.sees("camera")
        await near.sees("screen", 3)
        await near.hears("teacher")

        # Ten seconds without any network: the picture stays, the page says so, and it comes back.
        line.cut = True
        await far.page.context.set_offline(True)
        cut_at = asyncio.get_running_loop().time()
        await far.in_phase("reconnecting", "weak")
        await far.shows("slot-camera")
        await asyncio.sleep(max(0.0, cut_at + CUT_S - asyncio.get_running_loop().time()))
        line.cut = False
        await far.page.context.set_offline(False)
        await far.in_phase("live")
        await far.sees("camera")
        await far.sees("screen", 3)
        await far.hears("teacher")
        await near.sees("camera")

        # The end, after the one question that is asked.
        await teacher.find("end").click()
        await teacher.find("end-confirm").click()
        await teacher.in_phase("ended")
        await near.in_phase("ended")
        await far.in_phase("ended")


async def test_teacher_reloads_and_is_live_again(school: School) -> None:
    display = await school.open("classroom", "classroom", "c", name="C")
    teacher = await school.open("studio", "lead", "teacher", name="Teacher")
    await teacher.find("go-live").click()
    await display.sees("camera")
    await teacher.page.reload()
    await teacher.in_phase("live")
    await display.in_phase("live", "weak")
    await display.sees("camera")
    await display.hears("teacher")


async def test_second_teacher_may_take_over(school: School) -> None:
    display = await school.open("classroom", "classroom", "c", name="C")
    first = await school.open("studio", "lead", "first", name="First")
    await first.find("go-live").click()
    await display.sees("camera")
    second = await school.open("studio", "lead", "second", name="Second")
    await second.find("go-live").click()
    await second.in_phase("conflict")
    await first.in_phase("live")
    await second.find("takeover").click()
    await second.in_phase("live")
    await first.in_phase("takenOver")

    async def shows_second() -> bool:
        slot = await display.slot("camera")
        return slot.get("participant") == "second" and slot.get("status") == "playing"

    await until("the display shows the second teacher", shows_second)
    await display.sees("camera")


async def test_publisher_killed_leaves_the_room_usable(school: School) -> None:
    display = await school.open("classroom", "classroom", "c", name="C")
    teacher = await school.open("studio", "lead", "teacher", name="Teacher")
    await teacher.find("go-live").click()
    await display.sees("camera")
    await teacher.page.context.close()
    await display.in_phase("interrupted")
    again = await school.open("studio", "lead", "teacher", name="Teacher")
    await again.find("go-live").click()
    await display.in_phase("live")
    await display.sees("camera")
    await display.hears("teacher")
