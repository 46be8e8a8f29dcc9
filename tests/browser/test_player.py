"""The player where a lesson lies in more files than one."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import until
from tests.browser.library_stand_in import BARE
from tests.browser.test_library import Library, library, watched

__all__ = ["library"]
pytestmark = pytest.mark.browser


def track(name: str, file: str, offset_ms: int, length_ms: int) -> dict[str, Any]:
    facts = {"offset_ms": offset_ms, "length_ms": length_ms, "width": 320, "height": 180, "media_type": "video/webm"}
    return {"name": name, "url": f"/library/files/{BARE}/{file}", **facts}


async def test_the_camera_is_waited_for_in_its_next_file(library: Library) -> None:
    library.server.resources[BARE].update(
        tracks=[track("camera", "camera", 0, 4_000), track("camera-2", "screen", 4_000, 7_000)], length_ms=11_000
    )
    page = await library.open()
    held: list[Route] = []
    await page.route("**/screen", lambda route: held.append(route))  # its answer does not come
    await page.evaluate(f"location.hash = '#r={BARE}&t=3'")  # as by a click: it plays at once
    await expect(page.get_by_text("正在缓冲")).to_be_visible()
    await expect(page.get_by_test_id("time")).to_have_text("00:04 / 00:11")
    assert (await watched(page))["camera"]["paused"]
    assert held
    await page.unroute("**/screen")  # now it does

    async def goes_on() -> bool:
        now = (await watched(page))["camera-2"]
        return bool(now["at"] > 1_200 and not now["paused"])

    await until("its next file plays", goes_on)
    await expect(page.get_by_test_id("time")).to_have_text("00:05 / 00:11")
