"""What all pages share: a session that ended, a server that is away, somebody without a role, hands without a mouse."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

import pytest
from playwright.async_api import Error, Locator, Page, expect
from sqlalchemy import delete

from signalling.db.people import Login
from tests.browser.test_timetable import Office, findings, office
from tests.people.conftest import person

__all__ = ["office"]
pytestmark = pytest.mark.browser
MOST_TABS = 40


async def tab_to(page: Page, place: Locator) -> None:
    """By the tabulator alone, as somebody without a mouse."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if await place.evaluate("it => it.getRootNode().activeElement === it"):
            return
    raise AssertionError(f"the tabulator does not come to {place}")


async def test_a_session_that_ended_leads_to_signing_in_and_back(office: Office) -> None:
    for path, act in (
        (f"/timetable?view=school&id={office.county.lead}&week={office.monday}", "week-after"),
        ("/admin#/people", "tab-places"),
        ("/home", "bell"),
    ):
        page = await office.open("planner", path)
        await expect(page.get_by_test_id(act)).to_be_visible()
        await page.wait_for_load_state("networkidle")
        async with office.database.write() as session:
            await session.execute(delete(Login))
        with contextlib.suppress(Error):  # the page may have asked by itself, and be on its way already
            await page.get_by_test_id(act).click(timeout=5000)
        await page.wait_for_url("**/login?next=*")
        assert path.partition("?")[0].partition("#")[0].strip("/") in page.url
        await page.context.close()


async def test_a_server_that_is_away_is_said_and_comes_back(office: Office) -> None:
    page = await office.week("planner")
    await page.context.set_offline(True)
    await expect(page.get_by_test_id("offline")).to_be_visible()
    await page.get_by_test_id("week-after").click()
    await expect(page.get_by_test_id("problem")).to_be_visible()
    await page.context.set_offline(False)
    await page.get_by_test_id("problem").get_by_role("button").click()
    await expect(page.locator("tk-week-grid td[data-key]").first).to_be_visible()


async def test_signing_out_of_the_studio(office: Office) -> None:
    """On a computer that others use after her. Where the server does not answer she is told that she still is in."""
    page = await office.open("planner", "/studio")
    out = page.get_by_test_id("sign-out")
    await expect(out).to_be_visible()
    await page.context.set_offline(True)
    await out.click()
    await expect(page.get_by_role("alert")).to_contain_text("仍处于登录状态")
    await page.context.set_offline(False)
    await out.click()
    await page.wait_for_url("**/login")
    await page.goto(f"{office.base}/studio")
    await page.wait_for_url("**/login?next=*")


async def test_who_has_no_role_is_told_what_to_do(office: Office) -> None:
    await person(office.server.signalling.people.accounts, "nobody", school=office.county.lead)
    page = await office.open("nobody", "/home")
    await expect(page.get_by_test_id("empty")).to_contain_text("请联系本校的管理员")
    await expect(page.get_by_test_id("go-timetable")).to_have_count(0)
    await page.goto(f"{office.base}/timetable")
    await page.get_by_test_id("no-right").get_by_role("link").click()
    await page.wait_for_url("**/home")
    await page.goto(f"{office.base}/admin")
    await page.get_by_test_id("empty").get_by_role("link").click()
    await page.wait_for_url("**/home")


async def test_a_lesson_is_booked_without_a_mouse(office: Office) -> None:
    page = await office.week("planner")
    dialog: Callable[[str], Locator] = page.locator("tk-booking-dialog").get_by_test_id
    await tab_to(page, page.locator('td[tabindex="0"]'))
    for key in ("ArrowRight", "ArrowDown", "b"):
        await page.keyboard.press(key)
    await expect(dialog("book-title")).to_be_visible()
    await tab_to(page, dialog("book-title"))
    await page.keyboard.type("三年级音乐")
    for testid, name in (
        ("book-classroom", "录播教室"),
        ("book-teacher", "甲teacher"),
        ("receiver-room-0", "村小教室"),
    ):
        await tab_to(page, dialog(testid).locator("input"))
        await page.keyboard.type(name)
        await expect(page.get_by_test_id("option").filter(has_text=name).first).to_be_visible()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(dialog(testid).locator("input")).to_have_value(re.compile(name))
    await tab_to(page, dialog("receiver-1").get_by_role("button"))
    await page.keyboard.press("Enter")
    await expect(findings(page, "booking-dialog")).to_have_attribute("data-state", "free")
    await tab_to(page, page.get_by_test_id("book"))
    await page.keyboard.press("Enter")
    await expect(page.locator("tk-booking-dialog")).to_have_count(0)
    assert [lesson.title for lesson in await office.lessons()] == ["三年级音乐"]
    await expect(page.locator("td:focus")).to_have_count(1)
