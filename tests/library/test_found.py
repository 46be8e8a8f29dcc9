"""From the bell to a sentence found: a real server, real media, real workers, and the tests' own speech model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest

from signalling.cli.serve import Server
from signalling.client.http import SignallingClient, tls_context
from signalling.client.lesson import Lesson, sound_of
from signalling.client.publisher import Publisher
from signalling.config import Config
from signalling.db.engine import Database
from signalling.people import passwords
from tests.asr.phrases import MODEL
from tests.asr.speech import speak
from tests.bell.conftest import county
from tests.bell.county import County, add_lesson, lesson
from tests.client.waiting import eventually
from tests.people.conftest import PASSWORD, person

LASTS_S = 16
PLAN = ((2.0, "现在开始上课"), (6.0, "勾股定理"), (10.0, "谢谢大家"))
PATIENCE_S = 120.0

__all__ = ["county"]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_what_was_said_is_found_at_its_second(
    database_url: str, database: Database, county: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "PARAMETERS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    speak(tmp_path / "speech.ogg", PLAN, LASTS_S)
    heard = sound_of(tmp_path / "speech.ogg")
    local = {"host": ["127.0.0.1"], "port": 0}
    config = Config(
        data_dir=tmp_path / "var",
        http=local,
        media=local,
        database={"url": database_url},
        bell={"open_before_minutes": 0, "tick_s": 0.1, "evidence_s": 1},
        recorder={"model": MODEL},
    )
    room = await add_lesson(database, county, int(time.time()) + 1, seconds=LASTS_S, grace=0)
    async with Server(config) as server:
        assert server.belfry is not None and server.ca_file is not None
        await eventually(lambda: server.belfry.doors.is_open(room))  # type: ignore[union-attr]
        teacher = await server.signalling.passes.of_person(room, county.teacher, time.time())
        async with SignallingClient(server.url, teacher.token, [server.ca_file]) as client:
            async with Publisher(client, room, Lesson(heard=heard).tracks) as publisher:
                await asyncio.wait_for(publisher.lost.wait(), LASTS_S + 15)

        async def published() -> bool:
            return (await lesson(database, room)).state == "published"

        await until(published)
        await person(server.signalling.people.accounts, "staff", ("staff", "system", ""))
        tls = tls_context([server.ca_file])
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(ssl=tls), cookie_jar=jar) as http:
            assert (await http.post("/api/v1/login", json={"login": "staff", "password": PASSWORD})).status == 200

            async def ask(path: str) -> Any:
                answer = await http.get(f"/api/v1{path}")
                assert answer.status == 200, await answer.text()
                return await answer.json()

            async def indexed() -> bool:
                return bool((await ask("/library/search?q=勾股定理"))["total"])

            await until(indexed)
            [found] = (await ask("/library/search?q=勾股定理"))["items"]
            assert (await ask("/library/search?q=光合作用"))["total"] == 0, "nobody said it"
            whole = await ask(f"/resources/{found['id']}")
            by_name = {track["name"]: track for track in whole["tracks"]}
            assert set(by_name) == {"camera", "screen"} and whole["state"] == "published"
            [spoken] = found["spoken"]
            said = [line["starts_ms"] for line in (await ask(f"/resources/{found['id']}/transcript"))["lines"]]
            assert spoken["at_ms"] in said
            first = said[0]
            assert spoken["at_ms"] - first == pytest.approx(4000, abs=1000)
            answer = await http.get(by_name["camera"]["url"], headers={"Range": "bytes=0-99"})
            assert answer.status == 206 and len(await answer.read()) == 100
            (tmp_path / "camera").write_bytes(await (await http.get(by_name["camera"]["url"])).read())
            with av.open(str(tmp_path / "camera")) as container:
                kinds = {stream.type for stream in container.streams}
                assert kinds == {"audio", "video"} and (container.duration or 0) / 1e6 > LASTS_S - 6
            captions = await http.get(whole["captions"][0]["url"])
            assert "勾股定理" in await captions.text()
