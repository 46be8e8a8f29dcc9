"""A server with lessons whose media and recorder are made up, on both databases."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from recorder import spool
from recorder.capture import State
from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.library import Recording
from tests.bell.conftest import county
from tests.bell.county import County, add_lesson
from tests.bell.test_doors import FUTURE, Opened
from tests.client.waiting import eventually
from tests.signalling.conftest import Page
from tests.signalling.fakes import FakeMedia

__all__ = ["county"]

NEW = State(begun=False, paused=False, trouble="", bytes=0, tracks=0, missing_ms=0)


class FakeRecorder:
    """Does as it is told. :ivar begun: (room, with what came before). :ivar states: a test may say more.

    :ivar there: what it has of rooms whose lessons are over. :ivar first: Unix time with which histories begin.
    """

    def __init__(self, changed: Callable[[str, State], None]) -> None:
        self.changed = changed
        self.deaths = self.missed = 0
        self.begun: list[tuple[str, bool]] = []
        self.paused: dict[str, str] = {}
        self.left_out: dict[str, dict[str, str]] = {}
        self.states: dict[str, State] = {}
        self.there: set[str] = set()
        self.ending: list[str] = []
        self.first: dict[str, float] = {}
        self.stopped = False

    @property
    def rooms(self) -> list[str]:
        return list(self.states)

    def state(self, room: str) -> State | None:
        return self.states.get(room)

    def excluded(self, room: str) -> frozenset[str]:
        return frozenset(self.left_out.get(room, {}))

    def oldest(self, room: str) -> float | None:
        return self.first.get(room)

    def begin(self, room: str, *, back: bool, only: bool = False) -> None:
        self.begun.append((room, back))
        if only and room not in self.there:
            self.changed(room, replace(NEW, ended=True, absent=True))
        else:
            self.states[room] = NEW

    def pause(self, room: str, by: str) -> None:
        self.paused.setdefault(room, by)

    def resume(self, room: str) -> None:
        self.paused.pop(room, None)

    def exclude(self, room: str, participant: str, by: str) -> None:
        self.left_out.setdefault(room, {})[participant] = by

    def include(self, room: str, participant: str) -> None:
        del self.left_out[room][participant]

    def end(self, room: str) -> None:
        if room not in self.ending:
            self.ending.append(room)

    def say(self, room: str, **fields: Any) -> None:
        """Something happened to a recording."""
        state = State(**{**{name: getattr(NEW, name) for name in NEW.__slots__}, "begun": True, **fields})
        if state.ended:
            del self.states[room]
        else:
            self.states[room] = state
        self.changed(room, state)

    async def stop(self) -> None:
        self.stopped = True


class Recorded(Opened):
    """:ivar room: of a lesson that is open."""

    recorder: FakeRecorder
    database: Database
    county: County
    room: str

    async def go_live(self, room: str = "") -> None:
        room = room or self.room
        assert (await self.whip(room, "lead", self.county.teacher)).status == 201
        self.media.send(self.county.teacher, active=True, room=room)

    async def joined_as(self, role: str, id: str) -> Page:
        page = await self.page_of(self.room, role, id)
        await page.until("welcome")
        return page

    async def row(self, room: str = "") -> Recording | None:
        async with self.database.read() as session:
            return await session.get(Recording, room or self.room)

    async def recording(self) -> None:
        """Wait until it is begun, and say so."""
        await eventually(lambda: self.recorder.begun)
        self.recorder.say(self.room)


@pytest.fixture
async def school(database_url: str, database: Database, county: County, tmp_path: Path) -> AsyncIterator[Recorded]:
    made: list[FakeMedia] = []

    def media(*arguments: Any) -> FakeMedia:
        made.append(FakeMedia(*arguments))
        return made[0]

    http = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
    config = Config(data_dir=tmp_path, http=http, database={"url": database_url}, bell={"tick_s": 0.05})
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(config, media=media))
        session = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{server.port}"))
        it = Recorded(server, made[0], session)
        it.database, it.county = database, county
        it.room = await add_lesson(database, county, FUTURE, state="open")

        def make(changed: Callable[[str, State], None]) -> FakeRecorder:
            it.recorder = FakeRecorder(changed)
            return it.recorder

        server.signalling.recordings.start(make, lambda: spool.identity(config.recording_dir))
        yield it
    assert it.recorder.stopped
