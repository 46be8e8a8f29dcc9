"""A planner books, moves and calls off on the week; what she did is in the database."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from sqlalchemy import select

from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson
from signalling.db.places import Classroom, School
from signalling.db.times import BellTable, Period, Term
from signalling.people import passwords
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.people.conftest import PASSWORD, County, person, seed_county
from tests.signalling.fakes import FakeMedia

pytestmark = pytest.mark.browser

PERIODS = ((480, 520), (530, 570), (600, 640), (650, 690))
SECOND, THIRD = 1, 2
"""Rows of the week."""


def coming_monday() -> dt.date:
    """The server goes by the real clock: what is booked has to lie ahead of it, and a week behind is a quiet one."""
    today = dt.datetime.now(dt.UTC).date()
    return today + dt.timedelta(days=14 - today.weekday())


@dataclass
class Office:
    """A server with a lead school, two villages, a planner and two teachers; and a browser."""

    server: Server
    database: Database
    county: County
    browser: Browser
    monday: dt.date
    errors: list[str]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def open(self, login: str, path: str, **context: Any) -> Page:
        """Signed in, at a page."""
        window = await self.browser.new_context(viewport={"width": 1366, "height": 900}, locale="zh-CN", **context)
        if login:
            answer = await window.request.post(f"{self.base}/api/v1/login", data={"login": login, "password": PASSWORD})
            assert answer.status == 200
        page = await window.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda it: print("failed", it.method, it.url, it.failure))
        await page.goto(self.base + path)
        return page

    async def week(self, login: str) -> Page:
        page = await self.open(login, f"/timetable?view=school&id={self.county.lead}&week={self.monday}")
        await expect(page.locator("tk-week-grid td[data-key]").first).to_be_visible()
        return page

    def day(self, weekday: int) -> str:
        return (self.monday + dt.timedelta(days=weekday)).isoformat()

    def cell(self, page: Page, weekday: int, row: int) -> Locator:
        return page.locator(f'td[data-key="{self.day(weekday)}/{row}"]')

    async def lessons(self) -> list[Lesson]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Lesson).order_by(Lesson.starts)))


async def times(database: Database, county: County, monday: dt.date) -> None:
    """A term around the week, bell tables, and classrooms with names of their own."""
    async with database.write() as session:
        school = await session.get_one(School, county.lead)
        first = monday - dt.timedelta(days=28)
        session.add(Term(calendar=school.calendar, name="学期", starts=first, ends=monday + dt.timedelta(days=20)))
        for id in (county.lead, county.village, county.foreign):
            table = BellTable(school=id, name="作息时间", starts=first)
            session.add(table)
            await session.flush()
            for number, (starts, ends) in enumerate(PERIODS, 1):
                session.add(Period(bell_table=table.id, number=number, name=f"第{number}节", starts=starts, ends=ends))
        for id, name in ((county.village_room, "村小教室"), (county.foreign_room, "西县教室")):
            (await session.get_one(Classroom, id)).name = name


@pytest_asyncio.fixture
async def office(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr(passwords, "PARAMETERS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    http = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
    config = Config(data_dir=tmp_path, http=http, database={"url": database_url})
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(config, media=FakeMedia))
        database = await stack.enter_async_context(Database(database_url))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        stack.push_async_callback(browser.close)
        county, monday = await seed_county(database), coming_monday()
        await times(database, county, monday)
        accounts = server.signalling.people.accounts
        await person(accounts, "planner", ("planner", "region", county.city))
        for login in ("甲teacher", "乙teacher"):
            await person(accounts, login, ("teacher", "school", county.lead), school=county.lead)
        office = Office(server, database, county, browser, monday, [])
        yield office
        assert office.errors == []


async def press(page: Page, first: Locator, last: Locator, *, release: bool = True) -> None:
    """Drag from the foot of one cell, or from a lesson, to the foot of another."""
    for place, begins in ((first, True), (last, False)):
        box = await place.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 6
        await page.mouse.move(x, y, steps=1 if begins else 8)
        if begins:
            await page.mouse.down()
    if release:
        await page.mouse.up()


async def pick(page: Page, testid: str, name: str) -> None:
    await page.get_by_test_id(testid).locator("input").fill(name)
    await page.get_by_test_id("option").filter(has_text=name).first.click()


async def fill(page: Page, title: str, teacher: str, village: str) -> None:
    """The booking that is open: one lead, one receiver."""
    await page.get_by_test_id("book-title").fill(title)
    await pick(page, "book-classroom", "录播教室")
    await pick(page, "book-teacher", teacher)
    await pick(page, "receiver-room-0", village)
    await page.get_by_test_id("receiver-1").get_by_role("button").click()


async def book(page: Page) -> None:
    await expect(findings(page, "booking-dialog")).to_have_attribute("data-state", "free")
    await page.get_by_test_id("book").click()
    await shut(page)


async def shut(page: Page) -> None:
    """The booking is made; when it is not, what the dialog says is part of the failure."""
    dialog = page.get_by_test_id("booking-dialog")
    try:
        await expect(dialog).to_have_count(0)
    except AssertionError as error:
        button = await page.get_by_test_id("book").evaluate("it => it.outerHTML")
        said = await page.locator("tk-booking-dialog").inner_text()
        draft = await page.locator("tk-booking-dialog").evaluate("it => JSON.stringify(it.draft)")
        raise AssertionError(f"{said}\n{button}\n{draft}") from error


def findings(page: Page, dialog: str) -> Locator:
    host = {"booking-dialog": "tk-booking-dialog", "move-dialog": "tk-move-dialog"}[dialog]
    return page.locator(host).get_by_test_id("findings")


async def test_a_series_is_booked_by_drag_and_a_conflict_is_explained(office: Office) -> None:
    page = await office.week("planner")
    await press(page, office.cell(page, 1, SECOND), office.cell(page, 3, SECOND))
    await fill(page, "三年级音乐", "甲teacher", "村小教室")
    await book(page)
    for weekday in (1, 2, 3):
        await expect(office.cell(page, weekday, SECOND).get_by_test_id("lesson")).to_contain_text("三年级音乐")
    lessons = await office.lessons()
    assert [lesson.day.weekday() for lesson in lessons] == [1, 2, 3] * 3
    async with office.database.read() as session:
        assert await session.scalar(select(Booking.rule)) == "FREQ=WEEKLY;BYDAY=TU,WE,TH"

    await office.cell(page, 0, THIRD).click()
    await fill(page, "五年级科学", "甲teacher", "西县教室")
    await book(page)
    card = office.cell(page, 0, THIRD).get_by_test_id("lesson")
    await expect(card).to_contain_text("五年级科学")

    await press(page, card, office.cell(page, 1, SECOND), release=False)
    check = page.get_by_test_id("drag-check")
    await expect(check.get_by_test_id("findings")).to_have_attribute("data-state", "conflict")
    await expect(check).to_contain_text("三年级音乐")
    await expect(check.locator('[data-code="teacher_busy"]')).to_have_count(1)
    await expect(office.cell(page, 1, SECOND)).to_have_class(re.compile("over conflict"))
    assert await page.locator("td.offer").count() > 0
    await page.mouse.up()
    assert [lesson.day for lesson in await office.lessons() if lesson.title == "五年级科学"] == [office.monday]

    await expect(findings(page, "move-dialog")).to_have_attribute("data-state", "conflict")
    await findings(page, "move-dialog").get_by_test_id("alternative").first.click()
    await expect(findings(page, "move-dialog")).to_have_attribute("data-state", "free")
    await page.get_by_test_id("move").click()
    await expect(page.get_by_test_id("move-dialog")).to_have_count(0)
    (moved,) = [lesson for lesson in await office.lessons() if lesson.title == "五年级科学"]
    assert (moved.day, moved.moved) == (office.monday + dt.timedelta(days=1), True)
    assert moved.period != SECOND + 1
    await expect(office.cell(page, 1, (moved.period or 0) - 1).get_by_test_id("lesson")).to_contain_text("五年级科学")


async def test_a_series_moves_from_one_lesson_on_and_is_called_off(office: Office) -> None:
    page = await office.week("planner")
    await press(page, office.cell(page, 0, SECOND), office.cell(page, 1, SECOND))
    await fill(page, "三年级音乐", "甲teacher", "村小教室")
    await book(page)
    await press(page, office.cell(page, 1, SECOND).get_by_test_id("lesson"), office.cell(page, 3, THIRD))
    await page.get_by_test_id("scope-following").click()
    await expect(findings(page, "move-dialog")).to_have_attribute("data-state", "free")
    await page.get_by_test_id("move").click()
    await expect(page.get_by_test_id("move-dialog")).to_have_count(0)
    tail = [(lesson.day.weekday(), lesson.period) for lesson in await office.lessons()]
    assert tail == [(0, 2), (3, 3), (0, 3), (3, 3), (0, 3), (3, 3)]

    await office.cell(page, 3, THIRD).get_by_test_id("lesson").click()
    await page.get_by_test_id("do-cancel").click()
    await page.get_by_test_id("reason").fill("教师外出培训")
    await page.get_by_test_id("do-it").click()
    await expect(office.cell(page, 3, THIRD).locator(".card.cancelled")).to_have_count(1)
    off = [lesson for lesson in await office.lessons() if lesson.state == "cancelled"]
    assert [(lesson.day.weekday(), lesson.reason) for lesson in off] == [(3, "教师外出培训")]

    await office.cell(page, 0, SECOND).get_by_test_id("lesson").click()
    await page.get_by_test_id("do-cancel").click()
    await page.get_by_test_id("scope-all").click()
    await page.get_by_test_id("do-it").click()
    await expect(page.get_by_test_id("lesson-dialog")).to_have_count(0)
    assert {lesson.state for lesson in await office.lessons()} == {"cancelled"}


async def test_lessons_changed_one_by_one_are_asked_about(office: Office) -> None:
    page = await office.week("planner")
    await press(page, office.cell(page, 0, SECOND), office.cell(page, 1, SECOND))
    await fill(page, "三年级音乐", "甲teacher", "村小教室")
    await book(page)
    await press(page, office.cell(page, 1, SECOND).get_by_test_id("lesson"), office.cell(page, 2, THIRD))
    await expect(findings(page, "move-dialog")).to_have_attribute("data-state", "free")
    await page.get_by_test_id("move").click()
    await expect(page.get_by_test_id("move-dialog")).to_have_count(0)
    await press(page, office.cell(page, 0, SECOND).get_by_test_id("lesson"), office.cell(page, 0, THIRD))
    await page.get_by_test_id("scope-all").click()
    await expect(findings(page, "move-dialog")).to_have_attribute("data-state", "free")
    await page.get_by_test_id("move").click()
    await page.get_by_test_id("by-hand-keep").click()
    await expect(page.get_by_test_id("move-dialog")).to_have_count(0)
    found = [(lesson.day.weekday(), lesson.period) for lesson in await office.lessons()]
    assert found == [(0, 3), (2, 3), (0, 3), (1, 3), (0, 3), (1, 3)]


async def test_a_teacher_reads_and_changes_nothing(office: Office) -> None:
    planner = await office.week("planner")
    await office.cell(planner, 2, SECOND).click()
    await fill(planner, "三年级音乐", "甲teacher", "村小教室")
    await book(planner)
    page = await office.week("甲teacher")
    card = office.cell(page, 2, SECOND).get_by_test_id("lesson")
    await press(page, card, office.cell(page, 3, THIRD))
    assert await page.locator("tk-move-dialog").count() == 0
    assert [lesson.day.weekday() for lesson in await office.lessons()] == [2]
    await card.click()
    await expect(page.locator("tk-lesson-dialog")).to_contain_text("村小教室")
    await expect(page.get_by_test_id("do-move")).to_have_count(0)
    await expect(page.get_by_test_id("do-cancel")).to_have_count(0)


async def test_a_request_waits_until_the_school_agrees(office: Office) -> None:
    async with office.database.write() as session:
        (await session.get_one(School, office.county.lead)).approves = True
    page = await office.week("乙teacher")
    await office.cell(page, 2, SECOND).click()
    await fill(page, "三年级音乐", "乙teacher", "村小教室")
    await book(page)
    assert await office.lessons() == []
    planner = await office.week("planner")
    await expect(planner.get_by_test_id("requests")).to_contain_text("1")
    await planner.get_by_test_id("requests").click()
    await expect(planner.get_by_test_id("request")).to_contain_text("三年级音乐")
    await planner.get_by_test_id("approve").click()
    await expect(planner.get_by_test_id("request")).to_have_count(0)
    await expect(office.cell(planner, 2, SECOND).get_by_test_id("lesson")).to_have_count(1)
    await page.reload()
    await expect(page.get_by_test_id("bell")).to_contain_text("1")


async def test_the_keyboard_is_enough(office: Office) -> None:
    page = await office.week("planner")
    await office.cell(page, 0, 0).focus()
    for key in ("ArrowRight", "ArrowDown", "b"):
        await page.keyboard.press(key)
    await fill(page, "三年级音乐", "甲teacher", "村小教室")
    await book(page)
    await expect(office.cell(page, 1, SECOND).get_by_test_id("lesson")).to_have_count(1)
    await office.cell(page, 1, SECOND).focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("m")
    await page.get_by_test_id("when-period").select_option("4")
    await expect(findings(page, "move-dialog")).to_have_attribute("data-state", "free")
    await page.get_by_test_id("move").press("Enter")
    await expect(page.get_by_test_id("move-dialog")).to_have_count(0)
    await page.keyboard.press("ArrowDown")
    await expect(office.cell(page, 1, THIRD)).to_be_focused()
    await expect(office.cell(page, 1, 3).get_by_test_id("lesson")).to_have_count(1)


async def test_who_is_signed_out_comes_back_to_the_same_week(office: Office) -> None:
    page = await office.open("", f"/timetable?view=school&id={office.county.lead}&week={office.monday}")
    await page.wait_for_url("**/login?next=*")
    assert str(office.monday) in page.url
