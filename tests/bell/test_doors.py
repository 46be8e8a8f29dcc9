"""Rooms of lessons open and close with them; other rooms are as they were."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import delete, insert, update

from mediaserver import api
from mediaserver.api import UserError
from signalling import tokens
from signalling.bell import passes
from signalling.bell.doors import FORGET_S, Doors
from signalling.bell.passes import Passes
from signalling.bell.ringing import LessonClosed, LessonOpened
from signalling.booking.limits import MAX_EXTENSION_MINUTES
from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.lessons import Lesson, Participation, Seat
from signalling.db.people import Person
from signalling.db.places import Device
from signalling.metrics import Metrics
from signalling.rooms import Rooms
from tests.bell.county import EIGHT, County, add_lesson, lesson
from tests.client.waiting import eventually
from tests.signalling.conftest import Page, School
from tests.signalling.fakes import OFFER, FakeMedia

SECRET = b"s" * 32


class Opened(School):
    """A server whose bell is not rung by time: `look` is called by the tests."""

    server: Server

    @property
    def doors(self) -> Doors:
        assert self.server.belfry is not None
        return self.server.belfry.doors

    async def state(self, id: str, state: str) -> None:
        """Another server moves the lesson."""
        async with self.server._database.write() as session:  # type: ignore[union-attr]
            await session.execute(update(Lesson).where(Lesson.id == id).values(state=state))

    async def page_of(self, room: str, role: str, id: str) -> Page:
        page = await self.stranger()
        await page.say("hello", v=1, token=self.server.token(room, role, id=id))
        return page

    async def whip(self, room: str, role: str, id: str) -> Any:
        headers = {**self.bearer(role, id, room), "Content-Type": "application/sdp"}
        return await self.http.post(f"/whip/{room}", data=OFFER, headers=headers)


@pytest.fixture
async def school(database_url: str, database: Database, tmp_path: Path) -> AsyncIterator[Opened]:
    made: list[FakeMedia] = []

    def media(*arguments: Any) -> FakeMedia:
        made.append(FakeMedia(*arguments))
        return made[0]

    http = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
    config = Config(data_dir=tmp_path, http=http, database={"url": database_url}, bell={"tick_s": 0.05})
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(config, media=media))
        session = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{server.port}"))
        yield Opened(server, made[0], session)


FUTURE = 4102444800
"""The year 2100: the server's own bell leaves these lessons alone."""


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("scheduled", "lesson_not_open"),
        ("ended", "lesson_over"),
        ("processing", "lesson_over"),
        ("published", "lesson_over"),
        ("cancelled", "lesson_cancelled"),
    ],
)
async def test_a_closed_door(school: Opened, database: Database, county: County, state: str, code: str) -> None:
    room = await add_lesson(database, county, FUTURE, state=state)
    refused = await school.whip(room, "lead", "t")
    assert refused.status == 403 and (await refused.json())["code"] == code
    page = await school.page_of(room, "classroom", "c")
    assert await page.closed() == 4403
    assert page.read == [{"t": "bye", "reason": code, "retry_after_ms": 5000 if code == "lesson_not_open" else None}]
    assert school.media.sessions == {} and room not in school.server.signalling.rooms.rooms


async def test_from_too_early_to_the_end(school: Opened, database: Database, county: County) -> None:
    room = await add_lesson(database, county, FUTURE)
    assert (await school.whip(room, "lead", county.teacher)).status == 403
    await school.state(room, "open")
    await eventually(lambda: school.doors.is_open(room))
    page = await school.page_of(room, "classroom", county.display)
    await page.until("welcome")
    assert (await school.whip(room, "lead", county.teacher)).status == 201
    school.media.send(county.teacher, active=True, room=room)
    await page.until("lesson", lambda it: it["lesson"]["state"] == "live")

    async def live() -> bool:
        return (await lesson(database, room)).state == "live"

    await until(live)
    await school.state(room, "ended")
    await page.until("lesson", lambda it: it["lesson"]["state"] == "ended")
    await eventually(lambda: school.media.of(api.CloseRoom) == [api.CloseRoom(room, "room_ended")])
    assert school.media.sessions == {}
    refused = await school.whip(room, "lead", county.teacher)
    assert (await refused.json())["code"] == "lesson_over"


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_teacher_ends_her_lesson(school: Opened, database: Database, county: County) -> None:
    room = await add_lesson(database, county, FUTURE, state="open")
    page = await school.page_of(room, "lead", county.teacher)
    await page.until("welcome")
    await page.say("end")
    await page.until("lesson", lambda it: it["lesson"]["state"] == "ended")
    refused = await school.whip(room, "lead", county.teacher)
    assert (await refused.json())["code"] == "lesson_over", "from this moment, not from the next beat on"

    async def ended() -> bool:
        return (await lesson(database, room)).state == "ended"

    await until(ended)
    assert (await lesson(database, room)).reason == "by_hand"


async def test_the_teacher_gone_for_a_while_ends_nothing(school: Opened, database: Database, county: County) -> None:
    room = await add_lesson(database, county, FUTURE, state="open")
    page = await school.page_of(room, "lead", county.teacher)
    await page.until("welcome")
    for active, state in ((True, "live"), (False, "interrupted"), (True, "live")):
        school.media.send(county.teacher, active=active, room=room)
        await page.until("lesson", lambda it, state=state: it["lesson"]["state"] == state)  # type: ignore[misc]
    assert (await school.whip(room, "lead", county.teacher)).status == 201


async def test_a_lesson_that_is_deleted_under_way(school: Opened, database: Database, county: County) -> None:
    room = await add_lesson(database, county, FUTURE, state="open", seats=False)
    page = await school.page_of(room, "lead", county.teacher)
    await page.until("welcome")
    async with database.write() as session:
        await session.execute(delete(Participation).where(Participation.lesson == room))
        await session.execute(delete(Lesson).where(Lesson.id == room))
    await page.until("lesson", lambda it: it["lesson"]["state"] == "ended")


@pytest.mark.parametrize("room", ["demo", "0123456789abcdef", "0123456789ABCDEF"])
async def test_a_room_that_is_no_lessons(school: Opened, room: str) -> None:
    assert (await school.whip(room, "lead", "t")).status == 201
    page = await school.page_of(room, "lead", "t")
    await page.until("welcome")
    await page.say("end")
    await page.until("lesson", lambda it: it["lesson"]["state"] == "ended")
    assert (await school.whip(room, "lead", "t")).status == 201, "these rooms may be used again"


class Away:
    """A database that does not answer. `raised` counts."""

    def __init__(self) -> None:
        self.raised = 0

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        self.raised += 1
        raise UserError(503, "database_unavailable", "away")
        yield


async def test_while_the_database_is_away_known_doors_stay(school: Opened, database: Database, county: County) -> None:
    known, unknown = [await add_lesson(database, county, FUTURE, state="open") for _ in range(2)]
    page = await school.page_of(known, "lead", county.teacher)
    await page.until("welcome")
    away = Away()
    school.doors._database = away  # type: ignore[assignment]
    await eventually(lambda: away.raised >= 2)
    assert (await school.whip(known, "lead", county.teacher)).status == 201
    assert (await school.whip("demo", "classroom", "c")).status == 201
    refused = await school.whip(unknown, "lead", county.teacher)
    assert refused.status == 503 and refused.headers["Retry-After"]
    stranger = await school.page_of(unknown, "lead", "t")
    assert await stranger.closed() == 1013
    assert (await page.since_now()) == []


class Counting:
    """A database that counts who reads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.reads = 0

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        self.reads += 1
        async with self._database.read() as session:
            yield session


async def test_a_school_that_joins_at_once_asks_once(database: Database, county: County) -> None:
    room, other = [await add_lesson(database, county, FUTURE, state="open") for _ in range(2)]
    counting = Counting(database)
    rooms = Rooms(api.LocalBus(), Metrics(), lambda: EIGHT)
    doors = Doors(counting, rooms, lambda order: None)  # type: ignore[arg-type]

    def claims(room: str) -> tokens.Claims:
        return tokens.Claims(room, "c", "classroom", "c", frozenset(), True, FUTURE)

    await asyncio.gather(*(doors.admit(claims(room)) for _ in range(100)))
    assert counting.reads == 1
    doors.hear(LessonOpened(other, EIGHT - 600, EIGHT, FUTURE))
    assert doors.begins(other) == EIGHT
    await doors.admit(claims(other))
    assert counting.reads == 1, "the bell has said it"
    doors.hear(LessonClosed(other, EIGHT, ""))
    await doors.look()
    assert counting.reads == 2 and doors.is_open(other)
    with pytest.raises(UserError, match="over"):
        async with database.write() as session:
            await session.execute(update(Lesson).values(state="ended"))
        await doors.look()
        await doors.admit(claims(room))


async def test_doors_are_forgotten(school: Opened, database: Database, county: County) -> None:
    room = await add_lesson(database, county, FUTURE)
    await school.whip(room, "lead", "t")
    doors = school.doors
    assert list(doors._doors) == [room]
    real = doors._monotonic
    doors._monotonic = lambda: real() + FORGET_S + 1
    await eventually(lambda: doors._doors == {})


class TestPasses:
    @pytest.fixture
    def service(self, database: Database) -> Passes:
        return Passes(database, SECRET)

    async def test_everybody_gets_her_own(self, service: Passes, database: Database, county: County) -> None:
        room = await add_lesson(database, county, state="open")
        now = EIGHT + 60.0
        got = {
            "teacher": await service.of_person(room, county.teacher, now),
            "assistant": await service.of_person(room, county.assistant, now),
            "supervisor": await service.of_supervisor(room, county.stranger, now),
            "display": await service.of_device(room, county.display, now),
            "side display": await service.of_device(room, county.studio_display, now),
            "box": await service.of_device(room, county.box, now),
            "phone": await service.of_phone(room, county.display, now),
        }
        assert {name: it.role for name, it in got.items()} == {
            "teacher": "lead",
            "assistant": "assistant",
            "supervisor": "supervisor",
            "display": "classroom",
            "side display": "staff",
            "box": "lead",
            "phone": "assistant",
        }
        for it in got.values():
            claims = tokens.verify(SECRET, it.token, now=now)
            assert (claims.room, claims.participant, claims.role) == (room, it.participant, it.role)
            assert abs(claims.expires - (EIGHT + 3000 + passes.LEEWAY_S)) <= 1 and it.closes == EIGHT + 3000
            assert it.token not in repr(it)
            assert claims.beside == (county.display if it.role == "assistant" else None)
        assert tokens.verify(SECRET, got["display"].token, now=now).name == "村小 · 三年级教室"

    async def test_who_came_before_the_lesson_was_extended_stays(
        self, service: Passes, database: Database, county: County
    ) -> None:
        """By as much as a lesson can be: no page and no session is closed in the middle of it."""
        room = await add_lesson(database, county, state="open")
        got = [
            await service.of_person(room, county.teacher, EIGHT),
            await service.of_device(room, county.display, EIGHT),
            await service.of_phone(room, county.display, EIGHT),
        ]
        closes = EIGHT + 3000 + MAX_EXTENSION_MINUTES * 60
        for it in got:
            assert tokens.verify(SECRET, it.token, now=closes - 1).expires >= closes

    async def test_who_has_no_part_in_it(self, service: Passes, database: Database, county: County) -> None:
        room = await add_lesson(database, county, state="live")
        bare = await add_lesson(database, county, state="live", seats=False)
        asked = [
            service.of_person(room, county.stranger, EIGHT),
            service.of_person(room, "0123456789abcdef", EIGHT),
            service.of_person(bare, county.assistant, EIGHT),
            service.of_supervisor(room, "0123456789abcdef", EIGHT),
            service.of_device(bare, county.display, EIGHT),
            service.of_phone(bare, county.display, EIGHT),
            service.of_phone(room, county.studio_display, EIGHT),
            service.of_phone(room, county.box, EIGHT),
        ]
        for asking in asked:
            with pytest.raises(UserError) as caught:
                await asking
            assert (caught.value.status, caught.value.code) == (403, "not_in_lesson")
        async with database.write() as session:
            await session.execute(update(Device).values(revoked=EIGHT))
            await session.execute(update(Person).values(active=False))
        for asking in (service.of_device(room, county.display, EIGHT), service.of_person(room, county.teacher, EIGHT)):
            with pytest.raises(UserError, match="no part"):
                await asking

    async def test_of_two_displays_none_is_hers(self, service: Passes, database: Database, county: County) -> None:
        room = await add_lesson(database, county, state="live")

        async def beside() -> str | None:
            got = await service.of_person(room, county.assistant, EIGHT)
            return tokens.verify(SECRET, got.token, now=EIGHT).beside

        second = {"id": "second", "classroom": county.classroom, "kind": "display", "name": "二号", "paired": EIGHT}
        async with database.write() as session:
            await session.execute(insert(Device).values(second))
        assert await beside() is None
        async with database.write() as session:
            await session.execute(update(Device).where(Device.id == "second").values(revoked=EIGHT))
        assert await beside() == county.display
        async with database.write() as session:
            await session.execute(update(Seat).values(assistant=None))
            await session.execute(update(Seat).where(Seat.part == "lead").values(assistant=county.assistant))
        assert await beside() is None, "a display in the lead classroom only watches"

    @pytest.mark.parametrize(
        ("state", "code"),
        [("scheduled", "lesson_not_open"), ("ended", "lesson_over"), ("cancelled", "lesson_cancelled")],
    )
    async def test_none_for_a_closed_lesson(
        self, service: Passes, database: Database, county: County, state: str, code: str
    ) -> None:
        room = await add_lesson(database, county, state=state)
        with pytest.raises(UserError) as caught:
            await service.of_person(room, county.teacher, EIGHT)
        assert caught.value.code == code
        with pytest.raises(UserError) as caught:
            await service.of_device("0123456789abcdef", county.display, EIGHT)
        assert caught.value.code == "not_found"

    async def test_a_substitute_gets_the_teachers(self, service: Passes, database: Database, county: County) -> None:
        room = await add_lesson(database, county, state="open", teacher=county.stranger)
        assert (await service.of_person(room, county.stranger, EIGHT)).role == "lead"
        with pytest.raises(UserError, match="no part"):
            await service.of_person(room, county.teacher, EIGHT)
        async with database.write() as session:
            await session.execute(update(Seat).where(Seat.part == "lead").values(assistant=county.teacher))
        assert replace(await service.of_person(room, county.teacher, EIGHT), token="").role == "assistant"
