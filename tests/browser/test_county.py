"""The whole of it, from a drag on the timetable to the hours in the ledger: a planner, an administrator, a display, a
teacher and a bell; on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.async_api import Locator, Page, expect

from signalling.bell import ledger
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.people import Person as PersonRow
from signalling.db.people import RoleGrant
from tests.booking.county import TUESDAY, at
from tests.browser.conftest import Person, until
from tests.browser.test_admin import choose, row, save
from tests.browser.test_display import EIGHT, County, OpenCounty, open_county
from tests.browser.test_timetable import findings, press

__all__ = ["open_county"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

MONDAY = TUESDAY - dt.timedelta(days=1)
FIRST = 0
"""The row of the first period."""


def cell(page: Page, day: dt.date, period: int) -> Locator:
    return page.locator(f'td[data-key="{day}/{period}"]')


async def pick(page: Page, testid: str, text: str, name: str) -> None:
    await page.get_by_test_id(testid).locator("input").fill(text)
    await page.get_by_test_id("option").filter(has_text=name).first.click()


async def fill(page: Page, title: str, room: str, village: str) -> None:
    """The booking that is open, for teacher 教师甲."""
    await page.get_by_test_id("book-title").fill(title)
    await pick(page, "book-classroom", room, room)
    await pick(page, "book-teacher", "教师甲", "教师甲")
    await pick(page, "receiver-room-0", "接收教室", village)
    await page.get_by_test_id("receiver-1").get_by_role("button").click()


async def book_by_drag(page: Page) -> None:
    """A series on three days; then one that clashes with it, is explained, and takes what is offered instead."""
    await press(page, cell(page, TUESDAY, FIRST), cell(page, TUESDAY + dt.timedelta(days=2), FIRST))
    await fill(page, "三年级数学", "主讲教室", "第一村小")
    await expect(findings(page, "booking-dialog")).to_have_attribute("data-state", "free")
    await page.get_by_test_id("book").click()
    await expect(page.get_by_test_id("booking-dialog")).to_have_count(0)
    for days in range(3):
        card = cell(page, TUESDAY + dt.timedelta(days=days), FIRST).get_by_test_id("lesson")
        await expect(card).to_contain_text("三年级数学")

    await page.get_by_test_id("new-booking").click()
    await fill(page, "四年级数学", "第二主讲教室", "第二村小")
    await page.get_by_test_id("when-day").fill((TUESDAY + dt.timedelta(days=1)).isoformat())
    await page.get_by_test_id("when-period").select_option("1")
    said = findings(page, "booking-dialog")
    await expect(said).to_have_attribute("data-state", "conflict")
    await expect(said.locator('[data-code="teacher_busy"]')).to_contain_text("教师甲")
    await expect(said).to_contain_text("三年级数学")
    await said.get_by_test_id("alternative").first.click()
    await expect(said).to_have_attribute("data-state", "free")
    await page.get_by_test_id("book").click()
    await expect(page.get_by_test_id("booking-dialog")).to_have_count(0)


async def pair(county: County, display: Person) -> None:
    """An administrator types what the screen shows, on her own page."""
    async with county.database.write() as session:
        admin = PersonRow(id=new_id(), name="管理员")
        session.add(admin)
        await session.flush()
        session.add(RoleGrant(person=admin.id, role="admin", kind="system", scope=""))
    await display.in_phase("unpaired")

    async def shown() -> str:
        return str(await display.find("pairing-code").get_attribute("data-code") or "")

    code = await until("a code is shown", shown)
    context, _ = await county.signed_in(admin.id)
    page = (await county.open(context, "admin#/devices", "admin")).page
    await page.get_by_test_id("pair").click()
    await page.get_by_test_id("ask-code").fill(code)
    await choose(page, "ask-classroom", "第一村小")
    await save(page)
    await expect(row(page, "devices", "第一村小")).to_have_count(1)
    await page.close()


async def test_from_a_drag_to_the_hours_in_the_ledger(open_county: OpenCounty) -> None:
    county = await open_county(EIGHT - 20, evidence_s=2, open_before_minutes=0)
    async with county.database.write() as session:
        session.add(RoleGrant(person="t0", role="teacher", kind="school", scope="s0"))
    context, _ = await county.signed_in("p0")
    planner = await county.open(context, f"timetable?view=school&id=s0&week={MONDAY}", "planner")
    await expect(cell(planner.page, TUESDAY, FIRST)).to_be_visible()
    await book_by_drag(planner.page)

    _, display = await county.display()
    await pair(county, display)
    await display.in_phase("preflight", "waiting", patience=120)
    await display.in_phase("waiting", patience=60)

    teacher_context, _ = await county.signed_in("t0")
    teacher = await county.open(teacher_context, "studio", "teacher")
    await teacher.page.get_by_text("三年级数学").first.wait_for()
    await teacher.page.locator('[data-testid^="enter-"]').first.click()
    await teacher.find("go-live").click()
    await teacher.in_phase("live")
    await display.in_phase("live", "weak")
    await display.sees("camera")
    await display.hears("teacher")

    # What is measured from eight o'clock on is written now and then, and at the end.
    hours = ledger.Scope(at(TUESDAY, 0), at(TUESDAY, 23), teacher="t0")

    async def taught() -> list[ledger.Item]:
        return [item for item in await ledger.items(county.database, hours) if item.taught_s > 0]

    await until("it is measured that she teaches", taught, patience=180)
    await teacher.find("end").click()
    await teacher.find("end-confirm").click()
    await display.in_phase("idle")

    async def ended() -> list[ledger.Item]:
        """Opened, live, ended, and what was measured: four rows of the audit log."""
        return [item for item in await taught() if item.state == "ended" and len(item.audit) >= 4]

    (item,) = await until("the lesson is in the ledger", ended)
    assert (item.title, item.part, item.planned_s) == ("三年级数学", "lead", 40 * 60)
    assert await audit.verify(county.database) is None

    # The planner finds it: the teacher's line, the lesson behind it, and the rows behind that.
    page = planner.page
    await page.goto(f"{county.url}/ledger#since={TUESDAY}&until={TUESDAY}&school=s0")
    line = page.get_by_test_id("line").filter(has_text="教师甲")
    await line.get_by_test_id("unfold").click()
    found = page.get_by_test_id("items").get_by_test_id("row").filter(has_text="三年级数学")
    await found.get_by_test_id("item-log").click()
    await expect(page.get_by_test_id("audit-row")).to_have_count(len(item.audit))
    for person in county.people:
        assert person.errors == []
