"""An administrator's morning: sign in, an account with a role, a classroom, its display paired, the log read."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db.engine import Database
from signalling.people import passwords
from signalling.people.accounts import COMMAND
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.people.conftest import PASSWORD, County, seed_county
from tests.signalling.fakes import FakeMedia

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LANGUAGE = "try { localStorage.setItem('tongke.lang', 'zh') } catch {}"


@dataclass
class Town:
    """A running server, a county in its database, and browsers at it."""

    url: str
    county: County
    browser: Browser
    server: Server
    errors: list[str]

    async def visitor(self, **context: Any) -> Page:
        window = await self.browser.new_context(locale="zh-CN", **context)
        await window.add_init_script(LANGUAGE)
        page = await window.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    async def signed_in(self, login: str, path: str = "/home", **context: Any) -> Page:
        page = await self.visitor(**context)
        await page.goto(f"{self.url}{path}")
        await sign_in(page, login, PASSWORD)
        await expect(page.get_by_test_id("person")).to_be_attached()
        return page


async def sign_in(page: Page, login: str, password: str) -> None:
    await page.get_by_test_id("login").fill(login)
    await page.get_by_test_id("password").fill(password)
    await page.get_by_test_id("sign-in").click()


@pytest_asyncio.fixture
async def town(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setattr(passwords, "PARAMETERS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    http = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
    config = Config(data_dir=tmp_path, http=http, database={"url": database_url})
    async with (
        Server(config, media=FakeMedia) as server,
        Database(database_url) as database,
        async_playwright() as playwright,
    ):
        county = await seed_county(database)
        accounts, now = server.signalling.people.accounts, time.time()
        admin = await accounts.create(now, COMMAND, name="管理员甲", login="guanli", password=PASSWORD)
        await accounts.grant(now, COMMAND, admin, "admin", "system", "")
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        town = Town(f"http://127.0.0.1:{server.port}", county, browser, server, [])
        yield town
        await browser.close()
        assert town.errors == []


async def choose(page: Page, testid: str, name: str) -> None:
    """Type into a field that searches, and take the first of what it finds."""
    await page.get_by_test_id(testid).fill(name)
    await page.get_by_test_id("choice").filter(has_text=name).first.click()


async def save(page: Page) -> None:
    await page.get_by_test_id("form-save").click()
    await expect(page.get_by_test_id("form")).to_have_count(0)


def row(page: Page, table: str, text: str) -> Any:
    return page.get_by_test_id(table).get_by_test_id("row").filter(has_text=text)


async def ask(page: Page, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What the page's person asks of the server by other means than the page."""
    api = f"{page.url.split('/home')[0]}/api/v1"
    csrf = (await (await page.context.request.get(f"{api}/me")).json())["csrf"]
    answer = await page.context.request.fetch(
        f"{api}{path}", method=method, data=body, headers={"X-CSRF-Token": csrf, "Content-Type": "application/json"}
    )
    assert answer.ok, await answer.text()
    return await answer.json()


async def test_an_administrator_sets_a_school_up(town: Town) -> None:
    page = await town.visitor()
    await page.goto(f"{town.url}/admin#/people")
    await expect(page.get_by_test_id("sign-in")).to_be_visible()  # sent here, to come back afterwards
    await sign_in(page, "guanli", "this is not it")
    await expect(page.get_by_test_id("problem")).to_contain_text("用户名或密码不对")
    await sign_in(page, "guanli", PASSWORD)
    await expect(page).to_have_url(f"{town.url}/admin#/people")

    # An account with a role in its school.
    await page.get_by_test_id("person-new").click()
    await page.get_by_test_id("form-save").click()
    await expect(page.get_by_text("请填写这一项。").first).to_be_visible()
    await page.get_by_test_id("ask-name").fill("教师甲")
    await page.get_by_test_id("ask-login").fill("laoshi-yi")
    await page.get_by_test_id("ask-password").fill("kurz")
    await choose(page, "ask-school", "第一小学")
    await page.get_by_test_id("ask-role").select_option("teacher")
    await page.get_by_test_id("form-save").click()
    await expect(page.get_by_test_id("form-problem")).to_contain_text("至少 10 个字符")
    await page.get_by_test_id("ask-password").fill(PASSWORD)
    await save(page)
    await expect(row(page, "people", "教师甲")).to_contain_text("教师 · 第一小学")

    # Another role, for one classroom.
    await row(page, "people", "教师甲").get_by_test_id("person-open").click()
    await page.get_by_test_id("grant").click()
    await page.get_by_test_id("ask-role").select_option("assistant")
    await page.get_by_test_id("ask-kind").select_option("classroom")
    await choose(page, "ask-classroom", "录播教室")
    await save(page)
    await expect(page.get_by_test_id("grants")).to_contain_text("辅助教师 · 录播教室")
    await page.get_by_test_id("person-dialog").get_by_test_id("dialog-close").click()

    # A classroom.
    await page.get_by_test_id("tab-places").click()
    await page.get_by_test_id("regions").get_by_role("link", name="东县").click()
    await expect(row(page, "schools", "西县小学")).to_have_count(0)
    await row(page, "schools", "河边村小学").get_by_test_id("school-open").click()
    await page.get_by_test_id("room-new").click()
    await page.get_by_test_id("ask-name").fill("同步教室")
    await save(page)
    await expect(row(page, "rooms", "同步教室")).to_contain_text("接收")

    # Its display: the code on the screen is typed here.
    async with aiohttp.ClientSession(town.url) as display:
        shown = await (await display.post("/api/v1/pairings", json={})).json()
        await page.get_by_test_id("tab-devices").click()
        await page.get_by_test_id("pair").click()
        await page.get_by_test_id("ask-code").fill(shown["code"].lower().replace("-", " "))
        await choose(page, "ask-classroom", "同步教室")
        await save(page)
        await expect(row(page, "devices", "同步教室")).to_contain_text("教室大屏")
        claim = {"Authorization": f"Bearer {shown['claim']}"}
        told = await (await display.get("/api/v1/pairing", headers=claim)).json()
        assert told["state"] == "paired" and told["key"]

    # All of it is on the log, and the log is whole.
    await page.get_by_test_id("tab-audit").click()
    for action in ("person.created", "role.granted"):
        await expect(row(page, "audit", action).first).to_contain_text("管理员甲")
    await page.get_by_test_id("audit-action").select_option("device.")
    await expect(row(page, "audit", "device.paired")).to_have_count(1)
    await page.get_by_test_id("verify").click()
    await expect(page.get_by_test_id("verified")).to_have_attribute("data-ok", "true")


async def test_an_account_is_closed_and_its_sessions_end(town: Town) -> None:
    accounts, now = town.server.signalling.people.accounts, time.time()
    id = await accounts.create(
        now, COMMAND, name="教师乙", login="yi-laoshi", password=PASSWORD, school=town.county.lead
    )
    await accounts.grant(now, COMMAND, id, "teacher", "school", town.county.lead)
    teacher = await town.signed_in("yi-laoshi")
    await expect(teacher.get_by_test_id("go-admin")).to_have_count(0)
    await expect(teacher.get_by_test_id("my-lessons").get_by_test_id("empty")).to_be_visible()
    admin = await town.signed_in("guanli", "/admin")
    await row(admin, "people", "教师乙").get_by_test_id("person-open").click()
    await admin.get_by_test_id("close-account").click()
    await save(admin)
    await expect(row(admin, "people", "教师乙")).to_contain_text("已停用")
    await teacher.reload()
    await expect(teacher).to_have_url(re.compile("/login"))
    await sign_in(teacher, "yi-laoshi", PASSWORD)
    await expect(teacher.get_by_test_id("problem")).to_be_visible()


async def test_her_own_password_and_calendar_address(town: Town) -> None:
    page = await town.signed_in("guanli")
    await page.get_by_test_id("password").click()
    await page.get_by_test_id("ask-old").fill("not the old one")
    await page.get_by_test_id("ask-new").fill("drei-andere-woerter")
    await page.get_by_test_id("form-save").click()
    await expect(page.get_by_test_id("form-problem")).to_contain_text("原密码不对")
    await page.get_by_test_id("ask-old").fill(PASSWORD)
    await save(page)
    await page.get_by_test_id("feed").click()
    address = await page.get_by_test_id("feed-url").input_value()
    async with aiohttp.ClientSession() as calendar, calendar.get(address) as answer:
        assert answer.status == 200 and answer.content_type == "text/calendar"
    await page.get_by_test_id("sign-out").click()
    await expect(page).to_have_url(f"{town.url}/login")
    await page.goto(f"{town.url}/home")
    await expect(page).to_have_url(re.compile(r"/login\?next=%2Fhome"))


async def test_a_planner_approves_what_is_asked_of_her_school(town: Town) -> None:
    county, accounts, now = town.county, town.server.signalling.people.accounts, time.time()
    people = {"yi-laoshi": ("教师乙", "teacher", county.lead), "pai-ke": ("排课员甲", "planner", county.village)}
    ids = {}
    for login, (name, role, school) in people.items():
        ids[login] = await accounts.create(now, COMMAND, name=name, login=login, password=PASSWORD, school=school)
        await accounts.grant(now, COMMAND, ids[login], role, "school", school)
    today = dt.date.today()
    admin = await town.signed_in("guanli")
    await ask(admin, "PATCH", f"/schools/{county.village}", {"approves": True})
    calendar = (await ask(admin, "GET", f"/schools/{county.village}"))["calendar"]
    ends = (today + dt.timedelta(days=100)).isoformat()
    await ask(admin, "POST", f"/calendars/{calendar}/terms", {"name": "第一学期", "starts": str(today), "ends": ends})
    teacher = await town.signed_in("yi-laoshi")
    booking = {
        **{"title": "语文三年级", "form": "delivered", "school": county.lead, "teacher": ids["yi-laoshi"]},
        **{"classroom": county.lead_room, "receivers": [{"classroom": county.village_room}]},
        "plan": {"first": (today + dt.timedelta(days=7)).isoformat(), "minutes": 40, "starts": 600},
    }
    assert (await ask(teacher, "POST", "/bookings", booking))["state"] == "requested"

    planner = await town.signed_in("pai-ke")
    waiting = planner.get_by_test_id("approvals")
    await expect(waiting).to_contain_text("语文三年级")
    await waiting.get_by_role("button", name="同意", exact=True).click()
    await expect(waiting).to_contain_text("没有等待审批的申请")
    await teacher.reload()
    await teacher.get_by_test_id("bell").click()
    await expect(teacher.get_by_test_id("notices")).to_contain_text("「语文三年级」的预约申请已通过")
    await teacher.get_by_test_id("read-all").click()
    await expect(teacher.get_by_test_id("read-all")).to_have_count(0)


async def test_a_line_that_is_cut_is_said_and_tried_again(town: Town) -> None:
    page = await town.signed_in("guanli", "/admin", viewport={"width": 390, "height": 844})
    await expect(row(page, "people", "管理员甲")).to_be_visible()
    await page.context.set_offline(True)
    await expect(page.get_by_test_id("offline")).to_be_visible()
    await page.get_by_test_id("tab-places").click()
    await expect(page.get_by_test_id("retry").first).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_test_id("offline")).to_have_count(0)
    school, retry = row(page, "schools", "第一小学"), page.get_by_test_id("retry")
    # What was asked while the line was down may fail only now, and be offered once more.
    while not await school.is_visible():
        await retry.evaluate_all("buttons => buttons.forEach((button) => button.click())")
        await expect(school.or_(retry).first).to_be_visible()


async def test_a_file_with_wrong_rows_is_answered_row_by_row(town: Town) -> None:
    page = await town.signed_in("guanli", "/admin#/imports")
    await page.get_by_test_id("import-kind").select_option("days")
    await choose(page, "import-calendar", "校历")
    file = {"name": "days.csv", "mimeType": "text/csv"}
    wrong = "日期,补课日期,名称\n2026-10-01,,国庆节\n十月二日,,国庆节\n"
    await page.get_by_test_id("import-file").set_input_files({**file, "buffer": wrong.encode()})
    await expect(page.get_by_test_id("import-over")).to_have_attribute("data-state", "refused")
    await expect(page.get_by_test_id("refusals")).to_contain_text("第 3 行")
    right = wrong.replace("十月二日", "2026-10-02")
    await page.get_by_test_id("import-file").set_input_files({**file, "buffer": right.encode()})
    await expect(page.get_by_test_id("import-over")).to_have_attribute("data-state", "done")
    await page.get_by_test_id("tab-calendars").click()
    await expect(page.get_by_test_id("days").locator("li")).to_have_count(2)
