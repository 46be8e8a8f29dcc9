"""The library of a real server, as those who look after it use it: a list imported, narrowed down, a lesson kept."""

from __future__ import annotations

import asyncio
import datetime as dt
import time

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from signalling.db.library import Resource
from signalling.db.records import Audit
from tests.browser.axe import faults
from tests.browser.conftest import until
from tests.browser.test_timetable import Office, office
from tests.people.conftest import person

__all__ = ["office"]
pytestmark = pytest.mark.browser

ROWS = (
    ("分数的初步认识", "数学", "三年级", "教师甲"),
    ("认识分数单位", "数学", "三年级", "教师乙"),
    ("分数除法", "数学", "六年级", "教师甲"),
    ("荷花", "语文", "三年级", "教师丙"),
    ("小雨沙沙", "音乐", "一年级", "教师丁"),
)


@pytest.fixture
async def staffed(office: Office) -> Office:
    accounts = office.server.signalling.people.accounts
    await person(accounts, "staff", ("staff", "school", office.county.lead), school=office.county.lead)
    return office


def table(headings: str, *rows: tuple[str, str, str, str]) -> bytes:
    """As somebody fills the template in: by the names of its columns."""
    names = headings.strip().split(",")
    lines = [headings.strip()]
    for title, subject, grade, teacher in rows:
        said = {
            "标题": title,
            "学科": subject,
            "年级": grade,
            "教师": teacher,
            "公开范围": "本校",
            "日期": "2026-09-08",
        }
        said["链接"] = f"https://example.org/{title}" if title else ""
        lines.append(",".join(said.get(name, "") for name in names))
    return "\r\n".join(lines).encode("utf-8-sig")


async def send(page: Page, file: bytes) -> None:
    await page.get_by_test_id("import-file").set_input_files(
        {"name": "资源.csv", "mimeType": "text/csv", "buffer": file}
    )


async def drop(page: Page, name: str, file: bytes) -> None:
    held = await page.evaluate_handle(
        """([name, text]) => {
            const held = new DataTransfer();
            held.items.add(new File([text], name));
            return held;
        }""",
        [name, file.decode()],
    )
    await page.locator("tk-import .drop").dispatch_event("drop", {"dataTransfer": held})


async def found(page: Page, many: int) -> None:
    await expect(page.get_by_test_id("result")).to_have_count(many)


async def test_a_list_is_imported_and_narrowed_down(staffed: Office) -> None:
    page = await staffed.open("staff", "/library")
    await page.get_by_test_id("add-list").click()
    async with page.expect_download() as download:
        await page.get_by_test_id("list-template").click()
    headings = (await asyncio.to_thread((await (await download.value).path()).read_bytes)).decode("utf-8-sig")
    wrong = table(headings, *ROWS, ("", "语文", "二年级", ""))
    await drop(page, "资源.xlsx", wrong)
    await expect(page.get_by_test_id("refused")).to_contain_text(".csv")
    await drop(page, "资源.csv", wrong)
    over = page.get_by_test_id("import-over")
    await expect(over).to_have_attribute("data-state", "refused")
    await expect(page.get_by_test_id("refusals")).to_contain_text("第 7 行")
    await send(page, table(headings, *ROWS))
    await expect(over).to_have_attribute("data-state", "done")
    assert await faults(page) == []
    await page.get_by_test_id("list-close").click()

    async def all_found() -> bool:
        await page.reload()
        await expect(page.get_by_test_id("count")).to_be_visible()
        return await page.get_by_test_id("result").count() == len(ROWS)

    await until("what was imported is found", all_found)
    await page.get_by_test_id("facet-subject-数学").click()
    await found(page, 3)
    await page.get_by_test_id("facet-subject-语文").click()
    await found(page, 4)
    await page.get_by_test_id("facet-teacher_name-教师甲").click()
    await found(page, 2)
    await expect(page.get_by_test_id("facet-teacher_name-教师丙")).to_contain_text("1")
    await expect(page.get_by_test_id("facet-teacher_name-教师丁")).to_have_count(0)
    again = await staffed.open("staff", page.url.removeprefix(staffed.base))
    await found(again, 2)
    await again.close()
    grades = await page.locator("[data-testid^=facet-grade-] span").all_inner_texts()
    assert grades == ["三年级", "六年级"]
    await page.go_back()
    await found(page, 4)
    await page.get_by_test_id("chips-none").click()
    await found(page, len(ROWS))
    await page.get_by_test_id("search").fill("分数")
    await found(page, 3)
    await page.get_by_test_id("facet-grade-六年级").click()
    await found(page, 1)
    assert await faults(page) == []


async def test_a_lesson_is_kept_for_good(staffed: Office) -> None:
    now = int(time.time())
    async with staffed.database.write() as session:
        lesson = Resource(id="lesson", kind="lesson", state="published", title="分数", school=staffed.county.lead)
        lesson.rights, lesson.made, lesson.changed, lesson.day = "school", now, now, dt.date(2026, 9, 8)
        lesson.region = staffed.county.county
        session.add(lesson)

    async def kept() -> bool:
        async with staffed.database.read() as session:
            return (await session.get_one(Resource, "lesson")).kept

    page = await staffed.open("staff", "/library#r=lesson")
    switch = page.get_by_test_id("keep")
    await expect(switch).not_to_be_checked()
    await switch.check()
    await until("it is kept", kept)
    await page.reload()
    await expect(switch).to_be_checked()
    async with staffed.database.read() as session:
        said = await session.scalars(select(Audit.detail).where(Audit.action == "resource.changed"))
        assert list(said) == [{"kept": {"before": False, "after": True}}]
    other = await staffed.open("甲teacher", "/library#r=lesson")
    await expect(other.get_by_test_id("title")).to_have_text("分数")
    await expect(other.get_by_test_id("keep")).to_have_count(0)
    async with staffed.database.write() as session:  # somebody else changes it meanwhile
        (await session.get_one(Resource, "lesson")).version += 1
    await switch.click()
    await expect(page.get_by_test_id("keep-problem")).to_be_visible()
    await expect(switch).to_be_checked()
    await switch.uncheck()
    await expect(page.get_by_test_id("keep-problem")).to_have_count(0)
    await until("it is not kept any more", _not(kept))


def _not(condition):
    async def check() -> bool:
        return not await condition()

    return check
