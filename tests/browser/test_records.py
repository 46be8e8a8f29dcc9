"""What a lesson leaves behind, on its page, in the ledger and in the figures of the school; and who may not see it."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import datetime as dt
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright, expect
from sqlalchemy import select

from mediaserver import api
from signalling import messages
from signalling.bell import rating
from signalling.bell.evidence import Evidence, count_pupils
from signalling.cli.serve import Server
from signalling.config import BellConfig, Config
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Booking, BookingSeat, Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom, Device
from signalling.devices import faults
from signalling.lessons import Lesson as RoomLesson
from signalling.people import passwords
from tests.bell.county import Clock
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.people.conftest import PASSWORD, County, person, seed_county
from tests.signalling.fakes import FakeMedia

pytestmark = pytest.mark.browser

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE = 60
TRACK = (api.TrackState("camera", "video", "VP8", active=True),)


@dataclass
class Records:
    """A server with a lesson that is over, one to come, and browsers."""

    server: Server
    database: Database
    county: County
    browser: Browser
    people: dict[str, str]
    over: str
    coming: str
    begins: int
    errors: list[str]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def open(self, login: str, path: str, language: str = "zh", **context: Any) -> Page:
        """Signed in, at a page, in the zone of the school."""
        settings = {"viewport": {"width": 1366, "height": 900}, "locale": "zh-CN", "timezone_id": ZONE.key}
        window = await self.browser.new_context(**{**settings, **context})
        await window.add_init_script(f"try {{ localStorage.setItem('tongke.lang', '{language}') }} catch {{}}")
        answer = await window.request.post(f"{self.base}/api/v1/login", data={"login": login, "password": PASSWORD})
        assert answer.status == 200
        page = await window.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(self.base + path)
        return page

    @property
    def hours(self) -> str:
        """The fragment of pages of figures, with the month around the lesson."""
        day = dt.datetime.fromtimestamp(self.begins, ZONE).date()
        return f"since={day - dt.timedelta(days=3)}&until={day + dt.timedelta(days=1)}"


async def seed(database: Database, county: County, people: dict[str, str]) -> tuple[str, str, int]:
    """A lesson yesterday at ten that is about to begin, and one tomorrow; ids, and when the first begins."""
    yesterday = dt.datetime.now(ZONE).date() - dt.timedelta(days=1)
    begins = int(dt.datetime.combine(yesterday, dt.time(10), ZONE).timestamp())
    names = {"teacher": "教师甲", "assistant": "教师乙", "foreign": "教师丙", "planner": "排课员甲"}
    async with database.write() as session:
        for login, name in names.items():
            (await session.get_one(Person, people[login])).name = name
        (await session.get_one(Classroom, county.village_room)).name = "同步教室"
        booking = Booking(
            state="booked",
            form="delivered",
            title="三年级音乐《春天来了》",
            school=county.lead,
            teacher=people["teacher"],
            classroom=county.lead_room,
            first=yesterday,
            starts=600,
            minutes=40,
            subject="音乐",
            requested_by=people["planner"],
            requested=begins - 86400,
        )
        session.add(booking)
        test = {"grade": "green", "lesson": None, "at": begins - 600}
        session.add(
            Device(classroom=county.village_room, kind="display", name="大屏", paired=1, seen=begins, preflight=test)
        )
        await session.flush()
        village = {"part": "receiving", "assistant": people["assistant"]}
        session.add(BookingSeat(booking=booking.id, classroom=county.lead_room, part="lead"))
        session.add(BookingSeat(booking=booking.id, classroom=county.village_room, **village))
        ids = []
        for days, state in ((0, "live"), (2, "scheduled")):
            starts = begins + days * 86400
            times = {"starts": starts, "ends": starts + 40 * MINUTE, "closes": starts + 45 * MINUTE}
            day = yesterday + dt.timedelta(days=days)
            lesson = Lesson(
                booking=booking.id, title=booking.title, teacher=booking.teacher, state=state, day=day, **times
            )
            session.add(lesson)
            await session.flush()
            ids.append(lesson.id)
            session.add(Seat(lesson=lesson.id, classroom=county.lead_room, part="lead"))
            session.add(Seat(lesson=lesson.id, classroom=county.village_room, **village))
        await audit.append(session, begins - 300, "clock", "lesson.open", ids[0])
        await audit.append(session, begins, "clock", "lesson.live", ids[0])
    return ids[0], ids[1], begins


async def teach(database: Database, lesson: str, people: dict[str, str], begins: int) -> None:
    """Forty minutes through the server's own evidence; the village came ten minutes late."""
    async with database.read() as session:
        (display,) = await session.scalars(select(Device.id))
    teacher, assistant = people["teacher"], people["assistant"]
    clock = Clock(begins - 120)
    evidence = Evidence(database, {lesson: begins}.get, clock, 3600, monotonic=clock.monotonic)
    room = RoomLesson(0)

    def tell(change: Any) -> None:
        evidence.changed(lesson, room, change.people)

    tell(room.connect(teacher, "教师甲", "lead", 0))
    tell(room.set_tracks(teacher, TRACK, 0))
    clock.set(begins)
    await evidence.beat()
    clock.set(begins + 600)
    tell(room.connect(display, "大屏", "classroom", 0))
    tell(room.connect(assistant, "教师乙", "assistant", 0))
    for second in range(0, 1800, 5):
        clock.set(begins + 600 + second)
        report = messages.Stats(picture=True, sound=True, delay_ms=320.0, freezes=1 if second % 600 == 0 else 0)
        evidence.reported(lesson, display, report)
        up = api.SessionStats(lesson, "s1", teacher, "publish", 20.0, 0.004, 1_000_000)
        down = api.SessionStats(lesson, "s2", display, "subscribe", 20.0, 0.09, 1_000_000)
        evidence.measured(lesson, (up, down))
    now = begins + 1500
    await count_pupils(database, lesson, assistant, 31, now)
    await faults.report(database, lesson, assistant, "教师乙", "sound", "听不清", now)
    clock.set(begins + 40 * MINUTE)
    tell(room.end(0))
    await evidence.beat()
    async with database.write() as session:
        row = await session.get_one(Lesson, lesson)
        row.state, row.opened, row.live, row.ended = "ended", begins - 300, begins, begins + 40 * MINUTE
        await audit.append(session, begins + 40 * MINUTE, teacher, "lesson.ended", lesson, {"reason": "by_hand"})
    answers = {"sound": 2, "picture": 4, "together": True, "remark": "开头听不清"}
    await rating.give(database, lesson, assistant, answers, BellConfig(), begins + 3600)


@pytest_asyncio.fixture
async def records(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Records]:
    monkeypatch.setattr(passwords, "PARAMETERS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    http = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
    config = Config(data_dir=tmp_path, http=http, database={"url": database_url})
    async with contextlib.AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(database_url))
        server = await stack.enter_async_context(Server(config, media=FakeMedia))
        county, accounts = await seed_county(database), server.signalling.people.accounts
        grants = {
            "planner": (("planner", "school", county.lead), county.lead),
            "teacher": (("teacher", "school", county.lead), county.lead),
            "assistant": (("teacher", "school", county.village), county.village),
            "foreign": (("teacher", "school", county.foreign), county.foreign),
        }
        people = {
            login: await person(accounts, login, grant, school=school) for login, (grant, school) in grants.items()
        }
        over, coming, begins = await seed(database, county, people)
        await teach(database, over, people, begins)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        stack.push_async_callback(browser.close)
        it = Records(server, database, county, browser, people, over, coming, begins, [])
        yield it
        assert it.errors == []


async def test_a_lesson_shows_who_was_there_and_is_rated(records: Records) -> None:
    page = await records.open("teacher", f"/lesson#id={records.over}")
    await expect(page.get_by_test_id("title")).to_have_text("三年级音乐《春天来了》")
    places = page.get_by_test_id("place")
    await expect(places).to_have_count(2)
    lead, village = places.nth(0), places.nth(1)
    await expect(lead).to_contain_text("第一小学 · 录播教室")
    await expect(lead.get_by_test_id("sent")).to_contain_text("40 分钟")
    await expect(lead).to_contain_text("发送丢包 0.5 % · 好")
    await expect(village.get_by_test_id("pupils")).to_have_text("学生 31 人")
    display = village.get_by_test_id("attended").filter(has_text="大屏")
    await expect(display).to_contain_text("10:10 进入，10:40 离开 部分")
    await expect(display.get_by_test_id("seen")).to_contain_text("30 分钟")
    for finding in ("延迟 400 ms · 好", "接收丢包 10 % · 差", "卡顿 3 次 · 好"):
        await expect(display).to_contain_text(finding)
    await expect(page.get_by_test_id("faults")).to_contain_text("听不清")
    await expect(page.get_by_test_id("readiness")).to_contain_text("正常")
    await page.get_by_test_id("log").locator("summary").first.click()
    row = page.get_by_test_id("log").locator("[data-action='lesson.evidence']")
    await expect(row).to_contain_text("系统时钟")
    await row.locator("summary").click()
    await expect(row).to_contain_text("participants")

    ratings = page.get_by_test_id("ratings")
    await expect(ratings.get_by_test_id("rated-sound-receiving")).to_contain_text("2 分")
    await page.get_by_test_id("rating-sound-4").click()
    await page.get_by_test_id("rating-send").click()
    await expect(page.get_by_test_id("rating-said")).to_be_visible()
    await expect(ratings.get_by_test_id("rated-sound-lead")).to_contain_text("4 分")
    await expect(ratings.get_by_test_id("measured")).to_contain_text("3 个参加方合计")


async def test_a_recording_is_one_step_from_its_lesson(records: Records) -> None:
    page = await records.open("teacher", "/home")
    await page.get_by_test_id("find").fill("春天")
    await page.get_by_test_id("find").press("Enter")
    await expect(page.get_by_test_id("search")).to_have_value("春天")
    recording = {"state": "ended", "missing_ms": 65_000, "resource": "rec1"}
    await page.route("**/recording", lambda route: route.fulfill(json=recording))
    await page.goto(f"{records.base}/lesson#id={records.over}")
    await expect(page.get_by_test_id("recorded")).to_contain_text("01:05")
    await expect(page.get_by_test_id("to-recording")).to_have_attribute("href", "/library#r=rec1")


async def test_a_line_of_the_ledger_goes_down_to_the_audit_log(records: Records) -> None:
    page = await records.open("planner", f"/ledger#{records.hours}")
    line = page.get_by_test_id("line").filter(has_text="教师甲")
    await expect(line).to_contain_text("0.67 小时")
    await expect(page.get_by_test_id("line")).to_have_count(1)  # the assistant is another school's
    await line.get_by_test_id("unfold").click()
    item = page.get_by_test_id("items").get_by_test_id("row")
    await expect(item).to_contain_text("40 分钟")
    await item.get_by_test_id("item-log").click()
    rows = page.get_by_test_id("audit-row")
    await expect(rows).to_have_count(4)
    await expect(rows.last).to_contain_text("下课")
    await page.get_by_test_id("dialog-close").click()

    await page.get_by_test_id("by").select_option("term")
    await expect(line).to_contain_text("学期外")
    await line.get_by_test_id("unfold").click()
    await expect(item).to_contain_text("三年级音乐")
    for testid, name in (("csv", "hours.csv"), ("items-csv", "lessons.csv")):
        async with page.expect_download() as downloading:
            await page.get_by_test_id(testid).click()
        download = await downloading.value
        assert download.suggested_filename == name
        raw = await asyncio.to_thread(Path(await download.path()).read_text, "utf-8-sig")
        lines = list(csv.reader(io.StringIO(raw)))
        assert len(lines) == 2 and "教师甲" in lines[1] and "0.67" in lines[1]
    await page.get_by_test_id("since").fill("2020-01-01")
    await expect(page.get_by_test_id("wrong")).to_contain_text("400")

    own = await records.open("assistant", f"/ledger#{records.hours}")
    await expect(own.get_by_test_id("line")).to_contain_text("0.50 小时")
    for testid in ("csv", "school", "whose"):
        await expect(own.get_by_test_id(testid)).to_have_count(0)


async def test_a_school_over_a_time(records: Records) -> None:
    page = await records.open("planner", f"/school#{records.hours}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("第一小学")
    await expect(page.get_by_test_id("starsReceiving")).to_contain_text("3")
    await expect(page.get_by_test_id("bars").first.locator("rect")).to_have_count(1)
    held = page.get_by_test_id("held").get_by_test_id("row")
    await expect(held).to_have_count(1)
    await held.get_by_role("link").click()
    await expect(page.get_by_test_id("attendance")).to_be_visible()
    await page.goto(f"{records.base}/school#id={records.county.foreign}&{records.hours}")
    await expect(page.get_by_test_id("trouble").first).to_be_visible()


async def test_a_foreign_teacher_is_refused(records: Records) -> None:
    page = await records.open("foreign", f"/lesson#id={records.over}")
    await expect(page.get_by_test_id("trouble")).to_be_visible()
    await expect(page.get_by_test_id("attendance")).to_have_count(0)
    for path in (f"/lessons/{records.over}/evidence", f"/ledger?teacher={records.people['teacher']}&since=1&until=2"):
        answer = await page.context.request.get(f"{records.base}/api/v1{path}")
        assert answer.status == 403
    await expect(page.get_by_test_id("go-school")).to_have_count(0)
    await page.get_by_test_id("go-ledger").click()
    await expect(page.get_by_test_id("empty")).to_be_visible()


async def test_before_the_bell_and_back_to_the_timetable(records: Records) -> None:
    page = await records.open("planner", f"/lesson#id={records.coming}")
    await expect(page.get_by_test_id("readiness")).to_contain_text("没有联系上")
    await expect(page.get_by_test_id("ratings")).to_have_count(0)
    await page.get_by_test_id("to-timetable").click()
    await expect(page.get_by_test_id("lesson-dialog")).to_contain_text("三年级音乐《春天来了》")

    # What the booking says of itself is corrected for all its lessons, then one gets a title of its own.
    await page.get_by_test_id("do-edit").click()
    await expect(page.get_by_test_id("ask-title")).to_have_value("三年级音乐《春天来了》")
    await page.get_by_test_id("ask-textbook").fill("人音版")
    await page.get_by_test_id("ask-points").fill("节奏、音高")
    await page.get_by_test_id("ask-records").uncheck()
    await page.get_by_test_id("form-save").click()
    await expect(page.get_by_test_id("toast")).to_be_visible()
    await page.goto(f"{records.base}/lesson#id={records.coming}")
    await expect(page.get_by_test_id("facts")).to_contain_text("节奏、音高")
    async with records.database.read() as session:
        (booking,) = await session.scalars(select(Booking))
    assert (booking.textbook, booking.points, booking.records) == ("人音版", ["节奏", "音高"], False)


async def test_a_broken_line_is_said_and_tried_again(records: Records) -> None:
    async def cut(route: Route) -> None:
        await route.abort()

    page = await records.open("planner", f"/lesson#id={records.over}", viewport={"width": 390, "height": 844})
    await expect(page.get_by_test_id("attended").first).to_be_visible()
    for path, testid in ((f"/lesson#id={records.over}", "attendance"), (f"/ledger#{records.hours}", "lines")):
        await page.route("**/api/v1/le*/**", cut)
        await page.route("**/api/v1/ledger?*", cut)
        await page.goto("about:blank")
        await page.goto(records.base + path)
        await expect(page.get_by_test_id("trouble")).to_be_visible()
        await page.unroute_all()
        await page.get_by_test_id("retry").click()
        await expect(page.get_by_test_id(testid)).to_be_visible()
