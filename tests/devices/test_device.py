"""What a device does with its key besides its beats: into lessons, tests of its line, the phone beside it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from signalling import tokens
from signalling.access import RULES, Rule
from signalling.db.lessons import Lesson
from signalling.rest.rooms import MAX_PREFLIGHT
from tests.booking.county import set_lesson
from tests.devices.conftest import (
    SEVEN,
    Display,
    World,
    audit_rows,
    book,
    lessons_of,
    problem,
    request,
    single,
    token_of,
)

NOW = SEVEN - 86400 * 3
PREFLIGHT = {
    "grade": "amber",
    "sound": {"grade": "green", "level_db": -31.5, "echo_ms": 182.0},
    "picture": {"grade": "green", "width": 1280, "height": 720, "fps": 25.0},
    "line": {"grade": "amber", "up_kbps": 2100.0, "down_kbps": 9000.0},
}


async def lesson_in(world: World, state: str = "open") -> Lesson:
    booked = await book(world.database, request(plan=single()), now=NOW)
    [lesson] = await lessons_of(world.database, booked.booking)
    await set_lesson(world.database, lesson.id, state=state)
    world.clock.now = lesson.starts
    return lesson


async def post(display: Display, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = await display.call("POST", f"/device/{path}", json=body)
    return answer.status, await answer.json() if answer.status != 204 else {}


def claims(world: World, token: str) -> tokens.Claims:
    return tokens.verify(world.server._secret, token, now=world.clock())


class TestEveryRoute:
    async def test_refuses_all_but_a_key_that_is_good(self, world: World) -> None:
        rules = world.server.signalling.app[RULES]
        routes = {(it.method, it.resource.canonical) for it, rule in rules.items() if rule is Rule.DEVICE}  # type: ignore[union-attr]
        assert len(routes) == 7
        revoked = await world.display("r1")
        await world.revoke(revoked.id)
        unknown, teacher = await world.screen(), await world.somebody("admin")
        for method, route in routes:
            path = route.removeprefix("/api/v1")
            for who in (revoked, unknown, teacher):
                answer = await who.call(method, path)
                assert answer.status == 401, (method, path)
                if method != "HEAD":
                    assert await problem(answer) == (401, "device_revoked")


class TestPass:
    async def test_into_the_lesson_of_its_classroom(self, world: World) -> None:
        lesson = await lesson_in(world)
        display = await world.display("r1")
        status, given = await post(display, "pass", lesson=lesson.id)
        assert status == 200 and (given["room"], given["participant"]) == (lesson.id, display.id)
        assert (given["role"], given["closes"]) == ("classroom", lesson.closes)
        assert claims(world, given["token"]).name == "第一村小 · 接收教室"
        studio = await world.display("r0")
        assert (await post(studio, "pass", lesson=lesson.id))[1]["role"] == "staff"
        box = await world.display("r0", "rtsp")
        assert (await post(box, "pass", lesson=lesson.id))[1]["role"] == "lead"

    async def test_into_no_other(self, world: World) -> None:
        lesson = await lesson_in(world)
        other = await world.display("r3")
        status, answer = await post(other, "pass", lesson=lesson.id)
        assert (status, answer["code"]) == (403, "not_in_lesson")
        [row] = [row for row in await audit_rows(world.database) if row[1] == "access.refused"]
        assert row[0] == row[2] == other.id and row[3]["code"] == "not_in_lesson"
        assert (await post(other, "pass", lesson="0123456789abcdef"))[0] == 404
        assert (await post(other, "pass", lesson="../etc"))[0] == 400

    @pytest.mark.parametrize(
        ("state", "code"),
        [("scheduled", "lesson_not_open"), ("ended", "lesson_over"), ("cancelled", "lesson_cancelled")],
    )
    async def test_before_and_after(self, world: World, state: str, code: str) -> None:
        lesson = await lesson_in(world, state)
        display = await world.display("r1")
        for path in ("pass", "assistant"):
            status, answer = await post(display, path, lesson=lesson.id)
            assert (status, answer["code"]) == (403, code)

    async def test_from_a_classroom_it_was_moved_out_of(self, world: World) -> None:
        lesson = await lesson_in(world)
        display, admin = await world.display("r1"), await world.somebody("admin")
        await admin.call("PATCH", f"/devices/{display.id}", json={"classroom": "r3"})
        assert (await post(display, "pass", lesson=lesson.id))[1]["code"] == "not_in_lesson"


class TestPhone:
    async def test_a_remote_of_this_display(self, world: World) -> None:
        lesson = await lesson_in(world)
        display = await world.display("r1")
        status, link = await post(display, "assistant", lesson=lesson.id)
        assert status == 200 and link["expires"] == lesson.closes
        read = claims(world, await token_of(display.http, link["url"]))
        assert read.room == lesson.id
        assert (read.role, read.beside) == ("assistant", display.id)
        assert read.participant != display.id

    async def test_not_of_a_display_where_it_is_taught(self, world: World) -> None:
        lesson = await lesson_in(world)
        for classroom in ("r0", "r3"):
            display = await world.display(classroom)
            status, answer = await post(display, "assistant", lesson=lesson.id)
            assert (status, answer["code"]) == (403, "not_in_lesson")

    async def test_not_without_end(self, world: World) -> None:
        lesson = await lesson_in(world)
        display, other = await world.display("r1"), await world.display("r1")
        statuses = [(await post(display, "assistant", lesson=lesson.id))[0] for _ in range(61)]
        assert statuses == [200] * 60 + [429]
        assert (await post(other, "assistant", lesson=lesson.id))[0] == 200


class TestLine:
    async def test_up(self, world: World) -> None:
        display = await world.display("r1")
        answer = await display.call("POST", "/device/line", data=b"x" * 300_000)
        document = await answer.json()
        assert answer.status == 200 and document["bytes"] == 300_000 and document["seconds"] >= 0
        answer = await display.call("POST", "/device/line", data=io.BytesIO(b"x" * (MAX_PREFLIGHT + 1)))
        assert await problem(answer) == (413, "too_large")

    async def test_down(self, world: World) -> None:
        display = await world.display("r1")
        for wanted in (1, 100_000, MAX_PREFLIGHT):
            answer = await display.call("GET", f"/device/line?bytes={wanted}")
            read = await answer.read()
            assert answer.status == 200 and len(read) == wanted and answer.headers["Cache-Control"] == "no-store"
        assert len(set(read)) == 256
        assert len(await (await display.call("GET", "/device/line")).read()) == 2**20
        for wanted in (0, MAX_PREFLIGHT + 1):
            assert await problem(await display.call("GET", f"/device/line?bytes={wanted}")) == (400, "bad_request")
        assert (await display.call("HEAD", "/device/line?bytes=5")).headers["Content-Length"] == "5"

    async def test_not_without_end(self, world: World) -> None:
        display = await world.display("r1")
        statuses = [(await display.call("GET", "/device/line?bytes=1")).status for _ in range(61)]
        assert statuses == [200] * 60 + [429]


class TestPreflight:
    async def test_kept_and_shown(self, world: World) -> None:
        lesson = await lesson_in(world)
        display, admin = await world.display("r1"), await world.somebody("admin")
        assert await post(display, "preflight", lesson=lesson.id, **PREFLIGHT) == (204, {})
        await display.beat(version="1.0")
        await world.written()
        shown = await admin.get(f"/devices/{display.id}")
        assert shown["preflight"] == {**PREFLIGHT, "lesson": lesson.id, "at": lesson.starts}
        assert shown["state"] == {"version": "1.0"} and shown["online"]

    @pytest.mark.parametrize(
        "change",
        [
            {"grade": "blue"},
            {"sound": {"grade": "green", "level_db": -31.5, "echo_ms": -1.0}},
            {"picture": {"grade": "green", "width": 1 << 20, "height": 1, "fps": 1.0}},
            {"line": {"grade": "green", "up_kbps": 1e300, "down_kbps": 1.0}},
            {"line": None},
            {"lesson": "../x"},
        ],
    )
    async def test_nonsense(self, world: World, change: dict[str, Any]) -> None:
        display = await world.display("r1")
        status, answer = await post(display, "preflight", **{**PREFLIGHT, **change})
        assert (status, answer["code"]) == (400, "bad_request")
