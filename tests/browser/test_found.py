"""The whole way in real Chromium: a lesson that was taught is found by a word, played, read, and cut."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect
from sqlalchemy import select

from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.people import passwords
from tests.bell.conftest import county
from tests.bell.county import County
from tests.browser.conftest import CHROMIUM, FLAGS, until
from tests.browser.test_library import Library, at, plays
from tests.library.taught import taught
from tests.people.conftest import PASSWORD, person

__all__ = ["county"]
pytestmark = pytest.mark.browser

LASTS_S = 10
PLAN = ((1.0, "现在开始上课"), (4.0, "勾股定理"), (7.0, "谢谢大家"))


async def test_a_sentence_is_found_played_read_and_cut(
    database: Database, county: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "PARAMETERS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    async with (
        taught(tmp_path, database, county, PLAN, LASTS_S, http={"tls": "off"}) as lesson,
        async_playwright() as playwright,
    ):
        roles = (("staff", "system", ""), ("teacher", "system", ""))
        await person(lesson.server.signalling.people.accounts, "staff", *roles)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        library = Library(None, lesson.server.url, browser)  # type: ignore[arg-type]
        try:
            page = await library.open()
            await page.wait_for_url("**/login?*")
            signed_in = await page.request.post(
                f"{library.base}/api/v1/login", data={"login": "staff", "password": PASSWORD}
            )
            assert signed_in.status == 200
            await page.goto(f"{library.base}/library")
            await page.get_by_test_id("search").press_sequentially("gougudingli", delay=20)
            hit = page.get_by_test_id("spoken")
            await expect(hit.locator("mark")).to_have_text("勾股定理")
            await hit.click()
            await page.wait_for_url(f"**/library#r={lesson.resource}&t=*")
            second = float(page.url.rpartition("t=")[2])
            await expect(page.get_by_test_id("stage")).to_be_visible()
            await plays(page, 1000 * second + 100)
            await page.keyboard.press("k")

            # Sought, read and followed.
            lines = page.get_by_test_id("line")
            await expect(lines).to_have_count(len(PLAN))
            await lines.nth(1).get_by_role("button").first.click()
            await expect(page.get_by_test_id("caption")).to_contain_text("勾股定理")
            await expect(lines.nth(1)).to_have_attribute("aria-current", "true")
            assert abs(await at(page) - 1000 * second) < 1000
            await page.keyboard.press("0")

            async def at_its_beginning() -> bool:
                return await at(page) < 500

            await until("it is at its beginning", at_its_beginning)

            await page.get_by_test_id("cut").click()
            await page.get_by_test_id("cut-to-time").fill("0:04")
            await page.get_by_test_id("cut-to-time").press("Tab")
            await page.get_by_test_id("cut-title").fill("上课")
            await page.get_by_test_id("cut-save").click()
            await expect(page.get_by_test_id("title")).to_have_text("上课")
            await expect(page.get_by_test_id("time")).to_have_text("00:00 / 00:04")
            await page.get_by_test_id("big-play").click()
            await plays(page, 500)
            async with database.read() as session:
                [clip] = await session.scalars(select(Resource).where(Resource.kind == "clip"))
            assert (clip.of, clip.ends_ms - clip.starts_ms) == (lesson.resource, 4000)
            assert clip.made <= time.time()
            assert library.errors == []
        finally:
            await browser.close()
