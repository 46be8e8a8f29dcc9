"""Who may switch captions on, how many, and what becomes of the processes that hear."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from recorder.tap import Taps
from signalling.captions import child, hearing
from signalling.captions.captions import Captions
from tests.captions.test_feed import rtp
from tests.client.waiting import eventually
from tests.signalling.conftest import Page, School

READER = """
import json, sys
def say(**it): print(json.dumps(it), flush=True)
say(ready="made-up")
while head := sys.stdin.buffer.read(10):
    sound = sys.stdin.buffer.read(int.from_bytes(head[8:], "big"))
    say(settled=[[0, 1, sound.decode()]], tentative="…", pause=False)
    if sound == b"slow": say(lost_s=2.5)
    if sound == b"die": sys.exit(3)
    if sound == b"rubbish": print("rubbish", flush=True)
"""
DEAF = """
import time
print('{"ready": "made-up"}', flush=True)
time.sleep(600)
"""


class Track(NamedTuple):
    participant: str = "lead"
    stream: int = 1
    source: str = "microphone"
    kind: str = "audio"
    payload_types: Any = MappingProxyType({111: "opus"})
    muted: bool = False
    report: Any = None


class Piece(NamedTuple):
    data: bytes
    packets: int
    last: int
    missed: int


class Rings:
    """One stream's history, of its latest packets."""

    def __init__(self) -> None:
        self.track = Track()
        self.packets: list[tuple[int, bytes]] = []
        self.oldest = 0

    def say(self, *words: str) -> None:
        for word in words:
            at = len(self.packets)
            packet = rtp(at * 960, word.encode())
            head = at.to_bytes(8, "little") + (at * 20_000).to_bytes(8, "little") + len(packet).to_bytes(2, "little")
            self.packets.append((at, head + packet))

    def lead(self, room: str) -> str:
        return "lead"

    def tracks(self, room: str) -> list[Track]:
        return [Track("c1", 2), self.track]

    def read(self, stream: int, after: int | None, limit: int, settled_us: int) -> Piece:
        assert stream == 1, "only the lead is heard"
        first = max(self.oldest, 0 if after is None else after + 1)
        found = self.packets[first : first + limit]
        missed = first - after - 1 if after is not None and found else 0
        return Piece(b"".join(data for _, data in found), len(found), found[-1][0] if found else 0, missed)

    def newest(self, stream: int, now_us: int) -> int | None:
        return len(self.packets) - 1 if self.packets else None


class Class:
    """A school with captions that a test's program makes."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.rings = Rings()
        self.program = READER
        self.model: Path | None = Path("model")
        taps: Any = self.rings
        _: Taps = taps
        rooms, self.metrics = school.server.signalling.rooms, school.server.signalling.metrics
        self.captions = Captions(rooms, taps, lambda: self.model, self.command, 1, self.metrics)

    async def command(self, model: Path, room: str) -> tuple[str, ...]:
        assert model == self.model and room in ("r1", "r2")
        return (sys.executable, "-c", self.program)

    def count(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"tongke_captions_{name}")

    async def on(self) -> tuple[Page, Page]:
        """A lead and a classroom, and the program hears."""
        lead, pupils = await self.school.joined("lead", "lead"), await self.school.joined("classroom", "c1")
        await lead.say("captions", on=True)
        assert (await pupils.until("captioning"))["state"] == "starting"
        await pupils.until("captioning", lambda it: it["state"] == "on")
        await eventually(lambda: self.captions._hearings["r1"]._cursor is not None)
        return lead, pupils


@pytest.fixture
async def room(school: School, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Class]:
    monkeypatch.setattr(hearing, "PAUSES_S", (0.01, 0.02))
    it = Class(school)
    yield it
    await it.captions.stop()
    assert it.captions.pids == [] and it.count("children") == 0


def has(*words: str) -> Callable[[dict[str, Any]], bool]:
    return lambda it: it["lines"] == list(words)


async def test_where_there_are_none_they_are_refused(school: School) -> None:
    page = await school.page("lead")
    assert (await page.until("welcome"))["captions"] is False
    for on in (True, False):
        await page.say("captions", on=on)
        assert (await page.until("error"))["code"] == "captions_off"


async def test_without_a_model_they_are_refused(room: Class) -> None:
    room.model = None
    room.captions.start()
    page = await room.school.page("lead")
    assert (await page.until("welcome"))["captions"] is False
    await page.say("captions", on=True)
    error = await page.until("error")
    assert error["code"] == "captions_off" and error["re"] == "captions"


@pytest.mark.parametrize("role", ["classroom", "assistant", "staff", "supervisor", "admin"])
async def test_only_the_lead_may(room: Class, role: str) -> None:
    room.captions.start()
    page = await room.school.joined(role)
    await page.say("captions", on=True)
    assert (await page.until("error"))["code"] == "forbidden_role"
    assert room.captions.pids == []


async def test_off_by_default_on_for_everybody_and_off_again(room: Class) -> None:
    room.captions.start()
    pupils = await room.school.joined("classroom", "c2")
    assert not [it for it in await pupils.since_now() if it["t"] == "captioning"], "off by default"
    room.rings.say("before")
    lead, _ = await room.on()
    await lead.say("captions", on=True)  # once more changes nothing
    room.rings.say("同学", "们好")
    assert (await pupils.until("captions", has("同学们好")))["tentative"] == "…", "not what was said before"
    late = await room.school.joined("supervisor", "s1")
    assert (await late.until("captioning"))["state"] == "on"
    assert has("同学们好")(await late.until("captions")), "what stands there, not only what is said next"
    [pid] = room.captions.pids
    assert room.count("children") == 1
    await lead.say("captions", on=False)
    await late.until("captioning", lambda it: it["state"] == "off")
    await eventually(lambda: not Path(f"/proc/{pid}").exists())
    room.rings.say("下课")
    await lead.say("captions", on=False)
    assert not [it for it in await late.since_now() if it["t"] == "captions"]


async def test_who_is_muted_is_not_heard(room: Class) -> None:
    room.captions.start()
    _, pupils = await room.on()
    room.rings.say("一")
    await pupils.until("captions", has("一"))
    room.rings.track = Track(muted=True)
    room.rings.say("二")
    await eventually(lambda: room.captions._hearings["r1"]._cursor.after == 1)  # type: ignore[union-attr]
    room.rings.track = Track()
    room.rings.say("三")
    await pupils.until("captions", has("一三"))


async def test_no_more_rooms_than_the_server_can_do(room: Class) -> None:
    room.captions.start()
    lead, _ = await room.on()
    other = await room.school.joined("lead", "l2", "r2")
    await other.say("captions", on=True)
    assert (await other.until("error"))["code"] == "captions_busy"
    await lead.say("captions", on=False)
    await lead.until("captioning", lambda it: it["state"] == "off")
    await other.say("captions", on=True)
    await other.until("captioning", lambda it: it["state"] == "on")


async def test_with_the_lesson_they_end(room: Class) -> None:
    room.captions.start()
    lead, pupils = await room.on()
    [pid] = room.captions.pids
    await lead.say("end")
    await pupils.until("captioning", lambda it: it["state"] == "off")
    await eventually(lambda: not Path(f"/proc/{pid}").exists())
    await lead.say("captions", on=True)
    assert (await lead.until("error"))["code"] == "lesson_over"


@pytest.mark.parametrize("way", ["die", "rubbish", "kill"])
async def test_one_that_dies_is_started_again_and_hears_what_comes(room: Class, way: str) -> None:
    room.captions.start()
    _, pupils = await room.on()
    room.rings.say("一")
    await pupils.until("captions", has("一"))
    [pid] = room.captions.pids
    if way == "kill":
        os.kill(pid, signal.SIGKILL)
    else:
        room.rings.say(way)
    await pupils.until("captioning", lambda it: it["state"] == "starting")
    await pupils.until("captioning", lambda it: it["state"] == "on")
    assert pid not in room.captions.pids
    await eventually(lambda: room.captions._hearings["r1"]._cursor is not None)
    room.rings.say("再见")
    await pupils.until("captions", lambda it: it["lines"][-1] == "再见")
    assert room.count("deaths_total") == 1


async def test_one_that_cannot_start_is_told(room: Class) -> None:
    room.program = "import sys; sys.exit(1)"
    room.captions.start()
    lead = await room.school.joined("lead", "lead")
    await lead.say("captions", on=True)
    await lead.until("captioning", lambda it: it["state"] == "troubled")
    deaths = room.count("deaths_total")
    assert deaths is not None and deaths >= hearing.LOUD


async def test_one_that_is_slow_says_so(room: Class) -> None:
    room.captions.start()
    _, pupils = await room.on()
    room.rings.say("slow")
    await pupils.until("captioning", lambda it: it["state"] == "late")
    assert room.count("lost_seconds_total") == 2.5


async def test_what_the_history_lost_is_counted(room: Class) -> None:
    room.captions.start()
    _, pupils = await room.on()
    room.rings.say("一")
    await pupils.until("captions", has("一"))
    room.rings.oldest = 51
    room.rings.say(*["x"] * 51)
    await pupils.until("captions", has("一x"))
    assert room.count("lost_seconds_total") == pytest.approx(1.0)


async def test_one_that_takes_nothing_keeps_nothing_waiting_and_is_killed(
    room: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "UNANSWERED", 1000)
    room.program = DEAF
    room.captions.start()
    _, pupils = await room.on()
    [pid] = room.captions.pids
    room.rings.say(*["x" * 100] * 2000)
    await pupils.until("captioning", lambda it: it["state"] == "starting")
    await eventually(lambda: not Path(f"/proc/{pid}").exists())
    assert room.count("deaths_total") == 1


async def test_a_full_pipe_is_not_waited_for() -> None:
    said: list[Any] = []

    async def command() -> tuple[str, ...]:
        return (sys.executable, "-c", DEAF)

    it = child.Child(command, said.append)
    try:
        await eventually(lambda: it.ready)
        frame = b"x" * 32_768
        for _ in range(100):
            it.send(frame, 1)
        assert it.hangs
        assert it._process is not None and it._process.stdin is not None
        assert it._process.stdin.transport.get_write_buffer_size() <= child.WAITING_BYTES + len(frame)
    finally:
        await it.stop()
    assert it.done
