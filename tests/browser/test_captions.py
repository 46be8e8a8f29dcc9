"""The teacher switches captions on, and the display in front of the room shows them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from playwright.async_api import expect

from signalling.captions.captions import Captions
from tests.browser.conftest import School

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FIRST = "同学们好，今天我们学习分数的意义，请大家把课本翻到第三十二页，先看例题一。"
SECOND = "把一个圆平均分成四份，每一份"
PROGRAM = f"""
import json, sys
def say(**it): print(json.dumps(it), flush=True)
say(ready="made-up")
count = 0
while head := sys.stdin.buffer.read(10):
    sys.stdin.buffer.read(int.from_bytes(head[8:], "big"))
    count += 1
    if count == 1: say(settled=[[0, 1, {FIRST!r}]], tentative="", pause=True)
    if count == 2: say(settled=[[1, 2, {SECOND!r}]], tentative="", pause=False)
    if count % 25 == 3: say(settled=[], tentative="是它的四分之一", pause=False)
"""


@pytest.mark.parametrize("plane", ["native"], indirect=True)
async def test_captions_are_switched_on_seen_and_switched_off(school: School, tmp_path: Path) -> None:
    server = school.server
    assert server._media is not None and server._media.taps is not None
    rooms, metrics = server.signalling.rooms, server.signalling.metrics
    without = await school.open("studio", "lead", "other", name="教师乙", room="plain")
    await without.find("go-live").click()
    await without.in_phase("live")
    await expect(without.find("captions-switch")).to_have_count(0)

    async def command(model: Path, room: str) -> tuple[str, ...]:
        return (sys.executable, "-c", PROGRAM)

    captions = Captions(rooms, server._media.taps, lambda: tmp_path, command, 1, metrics)
    captions.start()
    try:
        teacher = await school.open("studio", "lead", "teacher", name="教师甲")
        window = {"viewport": {"width": 1280, "height": 720}}
        display = await school.open("classroom", "classroom", "c1", name="三年级教室", **window)
        await teacher.find("go-live").click()
        await display.sees("camera")
        await expect(display.find("captions")).to_have_count(0)
        await teacher.find("captions-switch").click()
        for person in (display, teacher):
            await expect(person.find("captions-settled")).to_have_text(SECOND)
            await expect(person.find("captions-tentative")).to_have_text("是它的四分之一")
        assert await display.find("captions-tentative").get_attribute("aria-live") == "off"
        band = await display.find("captions").bounding_box()
        picture = await display.find("slot-camera").bounding_box()
        assert band is not None and picture is not None
        assert band["height"] <= 120 and band["height"] / 2 > 720 * 0.05, "two lines for the back row"
        foot = picture["y"] + picture["height"]
        assert foot - 40 < band["y"] + band["height"] <= foot
        await display.page.screenshot(path=tmp_path / "display.png")
        await teacher.page.screenshot(path=tmp_path / "studio.png")
        await teacher.find("captions-switch").click()
        await expect(display.find("captions")).to_have_count(0)
        await expect(teacher.find("captions-switch")).to_have_attribute("data-state", "off")
    finally:
        await captions.stop()
