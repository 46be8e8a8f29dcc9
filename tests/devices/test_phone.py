"""From the code on a display to the remote in a lesson: passes over HTTP, the rest over the WebSocket."""

from __future__ import annotations

import pytest

from signalling.bell.passes import Passes
from signalling.db.lessons import Lesson
from signalling.devices import phone as phone_code
from tests.devices.conftest import Display, World, token_of
from tests.devices.test_classroom import lesson, opened
from tests.signalling.conftest import Page

__all__ = ["lesson"]


async def page(world: World, token: str) -> Page:
    """A page in the lesson; its `welcome` is unread."""
    page = Page(await (await world.browser()).ws_connect("/ws"))
    await page.say("hello", v=1, token=token)
    return page


async def on_air(world: World, display: Display, lesson: Lesson) -> Page:
    answer = await display.call("POST", "/device/pass", json={"lesson": lesson.id})
    joined = await page(world, (await answer.json())["token"])
    await joined.until("welcome")
    return joined


async def scanned(world: World, display: Display, lesson: Lesson) -> Page:
    """A phone that has read the code on a display."""
    answer = await display.call("POST", "/device/assistant", json={"lesson": lesson.id})
    return await page(world, await token_of(display.http, (await answer.json())["url"]))


async def test_whoever_reads_the_code_moves_that_display(world: World, lesson: Lesson) -> None:
    await opened(world, lesson)
    here, there = await world.display("r1"), await world.display("r2")
    mine, theirs = await on_air(world, here, lesson), await on_air(world, there, lesson)
    phone = await scanned(world, here, lesson)
    seen = {it["id"] for it in (await phone.until("welcome"))["participants"]}
    assert here.id in seen and there.id not in seen
    await phone.say("remote", volume=40, hand=True)
    assert (await mine.until("remote"))["volume"] == 40
    assert (await phone.until("participant", lambda it: it["participant"]["hand"]))["participant"]["id"] == here.id
    assert [it["t"] for it in await theirs.since_now()] == []
    # Two phones have one remote: the later one holds it.
    second = await scanned(world, here, lesson)
    await second.until("welcome")
    assert await phone.closed() == 4409
    await second.say("remote", local=True)
    told = await mine.until("remote", lambda it: it["local"])
    assert told["volume"] == 40


async def test_the_assistant_of_the_lesson_needs_no_code(world: World, lesson: Lesson) -> None:
    await opened(world, lesson)
    display, other = await world.display("r1"), await world.display("r2")
    shown, away = await on_air(world, display, lesson), await on_air(world, other, lesson)
    passes: Passes = world.server.signalling.passes
    for person, obeys, rests in (("a1", shown, away), ("a2", away, shown)):
        phone = await page(world, (await passes.of_person(lesson.id, person, world.clock())).token)
        await phone.until("welcome")
        await phone.say("remote", microphone=False)
        assert (await obeys.until("remote"))["microphone"] is False
        assert [it["t"] for it in await rests.since_now() if it["t"] == "remote"] == []


@pytest.mark.parametrize("state", ["ended", "cancelled"])
async def test_the_phone_is_sent_home_with_the_lesson(world: World, lesson: Lesson, state: str) -> None:
    await opened(world, lesson)
    display = await world.display("r1")
    answer = await display.call("POST", "/device/assistant", json={"lesson": lesson.id})
    token = await token_of(display.http, (await answer.json())["url"])
    phone = await page(world, token)
    await phone.until("welcome")
    async with world.database.write() as session:
        (await session.get_one(Lesson, lesson.id)).state = state
    belfry = world.server.belfry
    assert belfry is not None
    await belfry.doors.look()
    await phone.until("lesson", lambda it: it["lesson"]["state"] == "ended")
    again = await page(world, token)
    assert await again.closed() == 4403
    assert again.read[-1]["reason"] == ("lesson_over" if state == "ended" else "lesson_cancelled")


async def test_a_code_is_of_this_server_and_of_its_time(world: World, lesson: Lesson) -> None:
    await opened(world, lesson)
    display = await world.display("r1")
    answer = await display.call("POST", "/device/assistant", json={"lesson": lesson.id})
    code = (await answer.json())["url"].partition("#code=")[2]
    somebody = await world.browser()

    async def tried(code: str) -> tuple[int, str]:
        answer = await somebody.post("/api/v1/phone", json={"code": code})
        return answer.status, (await answer.json()).get("code", "")

    head, _, mac = code.rpartition(".")
    other = phone_code.write(b"another" * 5, lesson.id, display.id, lesson.closes)
    old = phone_code.write(world.server.signalling.devices.secret, lesson.id, display.id, int(world.clock()))
    for wrong in (
        "",
        ".",
        "a.b.c.d",
        head,
        f"{head}.{mac[:-1]}",
        f"{head}.{mac}x",
        f"1{code}",
        other,
        old,
        "\u20ac" * 40,
        "x" * 400,
    ):
        assert await tried(wrong) == (403, "phone_code"), wrong
    assert await tried(code) == (200, "")
    admin = await world.somebody("admin")
    assert (await admin.call("DELETE", f"/devices/{display.id}")).status == 204
    assert await tried(code) == (403, "not_in_lesson")
