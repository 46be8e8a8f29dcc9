"""The Python clients against the real server: signalling and media over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mediaserver.api import UserError
from signalling.cli.serve import Server
from signalling.client.http import SignallingClient
from signalling.client.lesson import Lesson
from signalling.client.publisher import Publisher, keep_publishing
from signalling.client.source import Source
from signalling.client.watcher import Watcher
from signalling.config import Config
from tests.client.media import make_file

CONFIG = {"http": {"host": ["127.0.0.1"], "port": 0}, "media": {"host": ["127.0.0.1"], "port": 0}}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with Server(Config(data_dir=tmp_path, **CONFIG)) as server:
        yield server


@asynccontextmanager
async def client(server: Server, role: str, id: str) -> AsyncIterator[SignallingClient]:
    async with SignallingClient(server.url, server.token("demo", role, id=id), [server.ca_file]) as client:
        yield client


async def test_a_lesson_reaches_a_classroom_with_little_delay(server: Server) -> None:
    async with client(server, "lead", "teacher") as lead, client(server, "classroom", "school") as school:
        async with Publisher(lead, "demo", Lesson().tracks), Watcher(school, "demo") as watcher:
            camera, screen = await watcher.frames("camera", 20), await watcher.frames("screen", 15)
            await watcher.audible("program")
            assert (camera.width, camera.height, screen.width, screen.height) == (640, 360, 1280, 720)
            for slot in (camera, screen):
                assert len(slot.delays_ms) == slot.frames
                assert 0 <= slot.delay_ms(50) < 3000
            watcher.refresh()
            assert watcher.summary()["loss"] < 0.05


async def test_who_comes_later_sees_at_once(server: Server) -> None:
    async with client(server, "lead", "teacher") as lead, client(server, "classroom", "school") as school:
        async with Publisher(lead, "demo", Lesson().tracks):
            async with Watcher(school, "demo") as first:
                await first.frames("camera", 20)
            async with Watcher(school, "demo", videos=1) as later:
                main = await later.first_frame("main")
                assert (main.width, main.height) == (1280, 720)  # the screen is the main picture
                assert main.first_ms < 5000


@pytest.mark.parametrize(
    ("name", "codec", "audio"),
    [("a.mp4", "libx264", "aac"), ("a.webm", "libvpx", "libopus"), ("a.ts", "libx264", None)],
)
async def test_a_file_is_passed_through_to_a_classroom(
    server: Server, tmp_path: Path, name: str, codec: str, audio: str | None
) -> None:
    path = make_file(tmp_path / name, codec, audio=audio, frames=30)
    source = await Source.open(str(path), loop=True)
    async with client(server, "lead", "box") as lead, client(server, "classroom", "school") as school:
        async with source, Publisher(lead, "demo", source.tracks()), Watcher(school, "demo", videos=1) as watcher:
            main = await watcher.frames("main", 45)
            assert (main.width, main.height) == (320, 240)
            if audio is not None:
                await watcher.audible("program")


async def test_two_leads_do_not_share_a_room_unless_one_takes_over(server: Server) -> None:
    async with client(server, "lead", "first") as first, client(server, "lead", "second") as second:
        said: list[str] = []
        work = asyncio.create_task(
            keep_publishing(
                first, "demo", lambda: Lesson().tracks, say=lambda event, _: said.append(event), backoff=(0.02, 0.1)
            )
        )
        async with client(server, "classroom", "school") as school, Watcher(school, "demo") as watcher:
            await watcher.first_frame("camera", 15)
            with pytest.raises(UserError) as caught:
                async with Publisher(second, "demo", Lesson().tracks):
                    pass
            assert (caught.value.status, caught.value.code) == (409, "room_has_lead")
            async with Publisher(second, "demo", Lesson().tracks, takeover=True):
                with pytest.raises(UserError) as caught:
                    await asyncio.wait_for(work, 10)
                assert caught.value.code == "taken_over"
                await watcher.frames("camera", 10)  # the classroom goes on with the new teacher
            assert said == ["published", "lost"]


async def test_a_token_that_may_not_publish_all_is_refused(server: Server) -> None:
    async with client(server, "classroom", "school") as school:
        with pytest.raises(UserError) as caught:
            async with Publisher(school, "demo", Lesson().tracks):
                pass
    assert caught.value.code == "track_refused"


async def test_ice_restart_gets_new_credentials(server: Server) -> None:
    async with client(server, "lead", "teacher") as lead, Publisher(lead, "demo", [Lesson().sound]) as publisher:
        before = publisher.http.etag
        ice = await publisher.http.restart_ice("abcd", "abcdefghijklmnopqrstuv")
        assert len(ice.ufrag) >= 4 and len(ice.password) >= 22 and ice.candidates
        assert publisher.http.etag not in (None, before)
