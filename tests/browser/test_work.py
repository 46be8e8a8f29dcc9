"""The work after lessons as an administrator sees it: what failed, why, and that it is tried again."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from playwright.async_api import expect

from signalling.db.engine import Database
from signalling.db.library import Resource, Stage
from signalling.library import work
from signalling.library.stages import NEVER
from tests.browser.test_admin import Town, row, town

__all__ = ["town"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


async def add(town: Town, database: Database, title: str, **stages: dict[str, object]) -> str:
    now = time.time()
    async with database.write() as session:
        resource = Resource(
            **{"kind": "lesson", "state": "processing", "title": title, "teacher_name": "教师甲"},
            **{"school": town.county.lead, "region": town.county.county, "day": dt.date(2026, 3, 2)},
            **{"made": int(now), "changed": int(now)},
        )
        session.add(resource)
        await session.flush()
        await work.begin(session, resource.id, "lesson", now)
        for stage in await work.rows_of(session, resource.id):
            stage.due = NEVER  # no worker takes it while it is looked at
            for column, value in stages.get(stage.name, {}).items():
                setattr(stage, column, value)
        return resource.id


async def test_what_failed_is_shown_and_tried_again(town: Town, database: Database) -> None:
    done = {"state": "done", "progress": 1000}
    given_up = {"state": "given_up", "error": "crashed", "detail": "It crashed.", "tries": 6}
    later = {"state": "running", "progress": 500, "worker": "elsewhere", "lease": int(time.time()) + 600}
    failed = await add(town, database, "认识分数", finalise=given_up)
    await add(town, database, "圆的面积", finalise=done, pictures=done, transcript=later)
    page = await town.signed_in("guanli", "/admin#/work", viewport={"width": 1280, "height": 720})
    await expect(row(page, "work", "圆的面积")).to_contain_text("语音转写 进行中")
    await expect(row(page, "work", "圆的面积")).to_contain_text("2 / 6 步完成")
    assert await row(page, "work", "圆的面积").get_by_test_id("retry").count() == 0
    await expect(row(page, "work", "认识分数")).to_contain_text("加工程序异常退出。")
    await expect(row(page, "work", "认识分数")).to_contain_text("已试 6 次")
    await page.get_by_test_id("work-state").select_option("failed")
    await expect(page.get_by_test_id("work").get_by_test_id("row")).to_have_count(1)
    await row(page, "work", "认识分数").get_by_test_id("retry").click()
    await expect(page.get_by_test_id("said")).to_contain_text("「认识分数」将重新加工。")
    async with database.read() as session:
        stage = await session.get_one(Stage, (failed, "finalise"))
    assert stage.due < NEVER
