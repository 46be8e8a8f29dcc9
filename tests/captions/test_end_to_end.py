"""A teacher speaks in a real lesson, and a page in the room reads it: real server, real media, the tests' own model."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp

from signalling.cli.serve import Server
from signalling.client.http import SignallingClient, tls_context
from signalling.client.lesson import Lesson, sound_of
from signalling.client.publisher import Publisher
from signalling.config import Config
from tests.asr.phrases import MODEL
from tests.asr.speech import speak
from tests.client.waiting import eventually
from tests.signalling.conftest import Page

PLAN = ((1.0, "同学们好"), (4.0, "勾股定理"), (8.0, "谢谢大家"))
LASTS_S = 11
"""The file is played over and over."""
PATIENCE_S = 60.0


class Patient(Page):
    """A model is loaded on a machine that does other things too."""

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            message = await self.ws.receive_json()
        self.read.append(message)
        return message


async def page(server: Server, stack: contextlib.AsyncExitStack, role: str) -> tuple[Patient, dict[str, Any]]:
    assert server.ca_file is not None
    connector = aiohttp.TCPConnector(ssl=tls_context([server.ca_file]))
    http = await stack.enter_async_context(aiohttp.ClientSession(server.url, connector=connector))
    found = Patient(await stack.enter_async_context(http.ws_connect("/ws")))
    await found.say("hello", v=1, token=server.token("r1", role))
    return found, await found.until("welcome")


async def shown(page: Page, phrase: str) -> None:
    """Wait until a phrase is settled on a page."""
    async with asyncio.timeout(PATIENCE_S):
        await page.until("captions", lambda it: any(phrase in line for line in it["lines"]))


async def again(page: Page) -> None:
    """Pages read all the time, as browsers do: who does not answer the server's pings is gone."""
    await page.until("captioning", lambda it: it["state"] == "starting")
    await page.until("captioning", lambda it: it["state"] == "on")
    await shown(page, PLAN[1][1])


async def test_what_the_teacher_says_is_read_in_the_room(tmp_path: Path) -> None:
    speak(tmp_path / "speech.ogg", PLAN, LASTS_S)
    heard = sound_of(tmp_path / "speech.ogg")
    local = {"host": ["127.0.0.1"], "port": 0}
    recorder = {"enabled": False, "workers": 0, "captions": True, "model": MODEL, "device": "cpu"}
    config = Config(data_dir=tmp_path / "var", http=local, media=local, recorder=recorder)
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(config))
        assert server.captions is not None and server.ca_file is not None
        teacher, welcome = await page(server, stack, "lead")
        pupils, _ = await page(server, stack, "classroom")
        assert welcome["captions"] is True
        await teacher.say("captions", on=True)
        assert (await pupils.until("captioning"))["state"] == "starting"
        client = await stack.enter_async_context(
            SignallingClient(server.url, server.token("r1", "lead"), [server.ca_file])
        )
        await stack.enter_async_context(Publisher(client, "r1", Lesson(heard=heard).tracks))
        for _, phrase in PLAN:
            await asyncio.gather(shown(pupils, phrase), shown(teacher, phrase))

        [pid] = server.captions.pids
        assert os.getpriority(os.PRIO_PROCESS, pid) == config.recorder.nice
        os.kill(pid, signal.SIGKILL)
        await asyncio.gather(again(pupils), again(teacher))
        assert server.captions.pids != [pid]
        sample = server.signalling.metrics.registry.get_sample_value
        assert sample("tongke_captions_deaths_total") == 1 and sample("tongke_captions_children") == 1

        [pid] = server.captions.pids
        await teacher.say("captions", on=False)
        assert (await pupils.until("captioning"))["state"] == "off"
        await eventually(lambda: not Path(f"/proc/{pid}").exists())
        await eventually(lambda: sample("tongke_captions_children") == 0)
        await teacher.say("captions", on=True)
        await eventually(lambda: server.captions.pids)  # type: ignore[union-attr]
        [pid] = server.captions.pids
    await eventually(lambda: not Path(f"/proc/{pid}").exists())
