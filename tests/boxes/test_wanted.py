"""Which lesson a box belongs to, and what is written into its address."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from mediaserver.api import UserError
from signalling.bell.passes import Passes
from signalling.boxes import child as child_module
from signalling.boxes import wanted
from signalling.boxes.boxes import YIELD_S, Boxes
from signalling.boxes.child import Child, Order
from signalling.boxes.wanted import BEFORE_S, Wanted, one_each
from signalling.db.engine import Database
from signalling.db.lessons import Booking
from signalling.db.places import Device
from signalling.devices import keys
from signalling.metrics import Metrics
from tests.bell.county import EIGHT, MINUTE, Clock, County, add_lesson, make_county
from tests.client.test_cli import alive
from tests.client.waiting import eventually

SECRET = b"s" * 32


def want(device: str, lesson: str, starts: int, minutes: int = 40) -> Wanted:
    return Wanted(device, lesson, "rtsp://box/1", "", EIGHT + starts * MINUTE, EIGHT + (starts + minutes) * MINUTE)


class TestOneEach:
    def test_until_its_end_the_first_one_keeps_the_box(self) -> None:
        rows = [want("b", "first", 0), want("c", "other", 0), want("b", "second", 45)]
        for minute, lesson in ((-1, "first"), (39, "first"), (40, "first"), (44, "second"), (60, "second")):
            chosen = {it.device: it.lesson for it in one_each(rows, EIGHT + minute * MINUTE)}
            assert chosen == {"b": lesson, "c": "other"}

    def test_it_begins_shortly_before_the_lesson(self) -> None:
        """Its room is open for longer, but an empty classroom would make the lesson live."""
        rows = [want("b", "first", 0)]
        assert not one_each(rows, EIGHT - BEFORE_S - 1)
        assert [it.lesson for it in one_each(rows, EIGHT - BEFORE_S)] == ["first"]

    def test_in_its_grace_it_keeps_the_box_that_nobody_else_wants(self) -> None:
        assert [it.lesson for it in one_each([want("b", "first", 0)], EIGHT + 45 * MINUTE)] == ["first"]


@pytest.mark.parametrize(
    ("url", "password", "whole"),
    [
        ("rtsp://box/1", "", "rtsp://box/1"),
        ("rtsp://admin@box:554/1?x=1", "", "rtsp://admin@box:554/1?x=1"),
        ("rtsp://admin@box:554/1?x=1", "a@b:/c d", "rtsp://admin:a%40b%3A%2Fc%20d@box:554/1?x=1"),
        ("rtsp://[fd00::1]/1", "p", "rtsp://:p@[fd00::1]/1"),
    ],
)
def test_addresses(url: str, password: str, whole: str) -> None:
    assert keys.with_password(url, password) == whole


# ---------------------------------------------------------------- without boxes: programs that only talk

TALKS = """
import json, sys, time
json.loads(sys.stdin.buffer.readline())
{body}
"""


def order(room: str = "r") -> Order:
    return Order("rtsp://admin:p%2Fw@box/1", ("p%2Fw", "p/w"), "https://127.0.0.1:1", room, "token", b"\1" * 32)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What runs instead of the program that reads a box."""

    def install(body: str) -> None:
        (tmp_path / "talks.py").write_text(TALKS.format(body=body))

        async def spawn() -> asyncio.subprocess.Process:
            pipe = asyncio.subprocess.PIPE
            return await asyncio.create_subprocess_exec(
                *(sys.executable, str(tmp_path / "talks.py")), stdin=pipe, stdout=pipe, limit=child_module.MAX_LINE
            )

        monkeypatch.setattr(child_module, "_spawn", spawn)

    return install


STAYS = 'print(json.dumps({"t": "sending", "pictures": 5, "sounds": 5}), flush=True)\nsys.stdin.buffer.read()'


async def gone(child: Child) -> None:
    await eventually(lambda: child.done)
    assert child.pid is not None and not alive(child.pid)


class TestChild:
    async def test_what_it_says_is_shown_without_the_password(self, program: Any) -> None:
        program('print(json.dumps({"t": "failed", "code": "x", "detail": "rtsp://admin:p%2Fw@box p/w"}))')
        child = Child(order())
        await gone(child)
        assert (child.connected, child.code, child.sentence) == (False, "x", "rtsp://admin:…@box …")

    async def test_pictures_that_stand_still_are_no_pictures(self, program: Any) -> None:
        program(
            'for n in (0, 5, 5):\n    print(json.dumps({"t": "sending", "pictures": n, "sounds": 0}), flush=True)\n'
            'print(json.dumps({"t": "said", "code": "source", "detail": "gone"}), flush=True)\nsys.stdin.buffer.read()'
        )
        child = Child(order())
        await eventually(lambda: child.sentence == "gone")
        assert child.worked and not child.connected
        await child.stop(2.0)
        assert child.done

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ("", "bug"),
            ('print("no JSON", flush=True)\ntime.sleep(99)', "bug"),
            ('print("[" * 20_000, flush=True)\ntime.sleep(99)', "bug"),
            ('print("{}", flush=True)\ntime.sleep(99)', "bug"),
            ("time.sleep(99)", "source_silent"),
        ],
    )
    async def test_a_program_that_hangs_or_fails_is_ended(
        self, program: Any, monkeypatch: pytest.MonkeyPatch, body: str, code: str
    ) -> None:
        if code == "source_silent":
            monkeypatch.setattr(child_module, "SILENT_S", 0.3)
        program(body)
        child = Child(order())
        await gone(child)
        assert child.code == code and child.sentence.endswith(".")

    async def test_without_pictures_and_without_a_word_it_is_ended(self, program: Any) -> None:
        clock = Clock()
        program(
            'for _ in range(99):\n    print(json.dumps({"t": "sending", "pictures": 1, "sounds": 0}), flush=True)\n'
            "    time.sleep(0.05)"
        )
        child = Child(order(), clock.monotonic)
        await eventually(lambda: child.worked)
        clock.pass_(child_module.STUCK_S + 1)
        await gone(child)
        assert child.code == "source_silent"

    async def test_one_that_does_not_want_to_end_is_killed(self, program: Any) -> None:
        program(STAYS.replace("sys.stdin.buffer.read()", "time.sleep(99)"))
        child = Child(order())
        await eventually(lambda: child.connected)
        began = time.monotonic()
        await child.stop(0.1)
        assert child.done and not alive(child.pid or 0) and time.monotonic() - began < 5

    async def test_the_real_one_ends_with_its_input(self) -> None:
        """Whoever started it was killed: nobody stops it, but the pipe is closed."""
        child = Child(Order("rtsp://127.0.0.1:1/x", (), "https://127.0.0.1:1", "r", "t", None))
        await eventually(lambda: child.code == "source", 30)
        process = child._process
        assert process is not None and process.stdin is not None
        process.stdin.close()
        await eventually(lambda: child.done, 15)
        assert not alive(process.pid)


# ---------------------------------------------------------------- many boxes, and programs that only talk


@pytest.fixture
async def county(database: Database) -> County:
    return await make_county(database)


class Keeper:
    def __init__(self, database: Database, clock: Clock, at_once: int = 5) -> None:
        self.held = True
        self.boxes = Boxes(
            *(database, Passes(database, SECRET), lambda: self.held, Metrics()),
            url="https://127.0.0.1:1",
            fingerprint=None,
            secret=SECRET,
            at_once=at_once,
            clock=clock,
            monotonic=clock.monotonic,
        )

    async def pids(self) -> list[int]:
        children = [box.child for box in self.boxes._boxes.values() if box.child is not None]
        await eventually(lambda: all(child.pid for child in children))
        return [child.pid or 0 for child in children]


@pytest.fixture
async def clock() -> Clock:
    return Clock(EIGHT)


@pytest.fixture
async def keeper(database: Database, clock: Clock, program: Any) -> AsyncIterator[Keeper]:
    program(STAYS)
    keeper = Keeper(database, clock)
    yield keeper
    await keeper.boxes.stop()


async def give(database: Database, county: County, device: str | None) -> None:
    async with database.write() as session:
        await session.execute(update(Booking).values(device=device))


async def test_only_open_lessons_with_a_box_that_is_in_use(database: Database, county: County) -> None:
    async def found() -> list[str]:
        async with database.read() as session:
            return [it.lesson for it in await wanted.read(session)]

    await add_lesson(database, county, EIGHT + 3600)
    await add_lesson(database, county, EIGHT - 7200, state="ended")
    room = await add_lesson(database, county, EIGHT, state="open")
    assert await found() == []
    await give(database, county, county.box)
    assert await found() == [room]
    async with database.write() as session:
        await session.execute(update(Device).where(Device.id == county.box).values(revoked=EIGHT))
    assert await found() == []


async def test_another_server_rings(database: Database, county: County, clock: Clock, keeper: Keeper) -> None:
    await add_lesson(database, county, EIGHT, state="open")
    await give(database, county, county.box)
    keeper.held = False
    await keeper.boxes.look()
    assert keeper.boxes.state(county.box) is None
    keeper.held = True
    await keeper.boxes.look()
    [pid] = await keeper.pids()
    keeper.held = False  # for a moment
    clock.pass_(YIELD_S - 1)
    await keeper.boxes.look()
    assert alive(pid)
    clock.pass_(2)
    await keeper.boxes.look()
    assert keeper.boxes.state(county.box) is None
    await eventually(lambda: not alive(pid))


async def test_while_the_database_is_away_boxes_go_on(
    database: Database, county: County, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_lesson(database, county, EIGHT, state="open")
    await give(database, county, county.box)
    await keeper.boxes.look()
    [pid] = await keeper.pids()

    async def away(_: object) -> list[Wanted]:
        raise UserError(503, "database_unavailable", "The database is away.")

    with monkeypatch.context() as patch:
        patch.setattr(wanted, "read", away)
        with pytest.raises(UserError):
            await keeper.boxes.look()
    assert alive(pid)


async def test_no_more_than_allowed_at_once(database: Database, county: County, clock: Clock, program: Any) -> None:
    program(STAYS)
    keeper = Keeper(database, clock, at_once=0)
    await add_lesson(database, county, EIGHT, state="open")
    await give(database, county, county.box)
    await keeper.boxes.look()
    found = keeper.boxes.state(county.box)
    assert found is not None and (found.connected, found.code, found.starts) == (False, "too_many_boxes", 0)
    await keeper.boxes.stop()


async def test_a_box_of_another_room_and_a_password_of_another_server(
    database: Database, county: County, clock: Clock, keeper: Keeper
) -> None:
    await add_lesson(database, county, EIGHT, state="open", seats=False)
    await give(database, county, county.box)
    await keeper.boxes.look()
    found = keeper.boxes.state(county.box)
    assert found is not None and found.code == "not_in_lesson"
    async with database.write() as session:
        await session.execute(update(Device).where(Device.id == county.box).values(secret="rubbish"))
    clock.pass_(60)
    await keeper.boxes.look()
    found = keeper.boxes.state(county.box)
    assert found is not None and found.code == "password_lost" and found.starts == 0


async def test_pauses_grow_and_end_with_success(
    database: Database, county: County, clock: Clock, keeper: Keeper, program: Any
) -> None:
    program('print(json.dumps({"t": "failed", "code": "x", "detail": "It fails."}))')
    await add_lesson(database, county, EIGHT, state="open", seconds=86400)
    await give(database, county, county.box)
    for _ in range(300):
        await keeper.boxes.look()
        box = keeper.boxes._boxes[county.box]
        if box.child is not None:
            await gone(box.child)
        clock.pass_(1)
    found = keeper.boxes.state(county.box)
    assert found is not None and found.sentence == "It fails." and 9 <= found.starts <= 20
