"""A display whose key is taken away leaves the lesson it is in, and so does the phone beside it."""

from __future__ import annotations

from typing import Any

from signalling.db.lessons import Lesson
from tests.booking.county import fill, set_lesson
from tests.client.waiting import eventually
from tests.devices.conftest import (
    SEVEN,
    Display,
    OpenWorld,
    World,
    book,
    lessons_of,
    problem,
    request,
    single,
    token_of,
)
from tests.signalling.conftest import Page
from tests.signalling.fakes import OFFER


async def live_lesson(world: World) -> Lesson:
    booked = await book(world.database, request(plan=single()), now=SEVEN - 86400)
    [lesson] = await lessons_of(world.database, booked.booking)
    await set_lesson(world.database, lesson.id, state="live")
    return lesson


async def token(display: Display, path: str, lesson: Lesson) -> str:
    answer = await display.call("POST", f"/device/{path}", json={"lesson": lesson.id})
    assert answer.status == 200
    document: dict[str, Any] = await answer.json()
    return str(document["token"]) if "token" in document else await token_of(display.http, document["url"])


async def join(world: World, token: str) -> Page:
    page = Page(await (await world.browser()).ws_connect("/ws"))
    await page.say("hello", v=1, token=token)
    return page


async def test_who_is_revoked_leaves(open_world: OpenWorld) -> None:
    world = await open_world(bell={"tick_s": 0.05})
    await fill(world.database)
    lesson = await live_lesson(world)
    stolen, other = await world.display("r1"), await world.display("r2")
    admin = await world.somebody("admin")
    tokens = {
        "stolen": await token(stolen, "pass", lesson),
        "phone": await token(stolen, "assistant", lesson),
        "other": await token(other, "pass", lesson),
    }
    pages = {name: await join(world, it) for name, it in tokens.items()}
    for page in pages.values():
        await page.until("welcome")
    headers = {"Authorization": f"Bearer {tokens['stolen']}", "Content-Type": "application/sdp"}
    opened = await stolen.http.post(f"/whep/{lesson.id}", data=OFFER, headers=headers)
    assert opened.status == 201
    sessions = world.server.signalling.rooms.sessions
    assert len(sessions) == 1
    assert (await admin.call("DELETE", f"/devices/{stolen.id}")).status == 204
    for name in ("stolen", "phone"):
        bye = await pages[name].until("bye")
        assert bye["reason"] == "device_revoked" and await pages[name].closed() == 4401
    await eventually(lambda: not sessions)
    again = await join(world, tokens["phone"])
    assert (await again.until("bye"))["reason"] == "device_revoked" and await again.closed() == 4403
    refused = await stolen.http.post(f"/whep/{lesson.id}", data=OFFER, headers=headers)
    assert await problem(refused) == (403, "device_revoked")
    assert await pages["other"].since_now() is not None and not pages["other"].ws.closed
