"""A display and a teacher through one bell: paired by a code, checked, in the lesson, restarted, idle again."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright
from sqlalchemy import select, update

from signalling.app import Signalling
from signalling.bell.belfry import Belfry
from signalling.cli import serve
from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.people import Person as PersonRow
from signalling.db.people import RoleGrant
from signalling.db.places import Device
from signalling.people import sessions
from tests.booking.county import TUESDAY, at, book, fill, lessons_of, request, single
from tests.browser.conftest import CHROMIUM, FLAGS, Person, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

EIGHT = at(TUESDAY, 8)
OPENS = EIGHT - 600
FIRST = "Math.random = () => 0"
"""The displays of a county spread over half a minute; this one is the first of them, every time."""


class Clock:
    """Goes on by itself; tests set where it begins."""

    def __init__(self, begins: float) -> None:
        self._apart = begins - time.monotonic()

    def __call__(self) -> float:
        return time.monotonic() + self._apart


class County:
    """A server whose Tuesday is about to begin, and everybody who opened a page of it."""

    def __init__(self, server: Server, database: Database, browser: Browser, clock: Clock) -> None:
        self.server = server
        self.database = database
        self.clock = clock
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.people: list[Person] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def apart_ms(self) -> int:
        """By how much the server's clock is ahead of this machine's, ms."""
        return round((self.clock() - time.time()) * 1000)

    async def window(self, zone: str) -> BrowserContext:
        context = await self._browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id=zone
        )
        self._contexts.append(context)
        return context

    async def open(self, context: BrowserContext, path: str, name: str) -> Person:
        page = await context.new_page()
        person = Person(name, page)
        self.people.append(person)
        await page.goto(f"{self.url}/{path}")
        return person

    async def display(self) -> tuple[BrowserContext, Person]:
        """A box that thinks it stands elsewhere, and at another time."""
        context = await self.window("America/Lima")
        await context.add_init_script(FIRST)
        return context, await self.open(context, "classroom", "display")

    async def signed_in(self, id: str) -> tuple[BrowserContext, str]:
        """A browser in which somebody is signed in, and what its changes have to repeat."""
        async with self.database.write() as session:
            begun = await sessions.begin(session, self.clock(), id, "test")
        context = await self.window("Asia/Shanghai")
        await context.add_init_script(f"(now => {{ Date.now = () => now() + {self.apart_ms} }})(Date.now.bind(Date))")
        await context.add_cookies([{"name": "tongke", "value": begun.cookie, "url": self.url}])
        return context, begun.csrf

    async def type_code(self, code: str, classroom: str) -> str:
        """An administrator types what the screen shows. Returns the device's id."""
        admin = new_id()
        async with self.database.write() as session:
            session.add(PersonRow(id=admin, name="管理员"))
            await session.flush()
            session.add(RoleGrant(person=admin, role="admin", kind="system", scope=""))
            begun = await sessions.begin(session, self.clock(), admin, "test")
        async with aiohttp.ClientSession(cookies={"tongke": begun.cookie}) as http:
            body = {"code": code, "classroom": classroom}
            answer = await http.post(f"{self.url}/api/v1/devices/pair", json=body, headers={"X-CSRF-Token": begun.csrf})
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["id"])

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


OpenCounty = Callable[..., Awaitable[County]]


@pytest_asyncio.fixture
async def open_county(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpenCounty]:
    async with contextlib.AsyncExitStack() as stack:

        async def start(begins: float, **bell: Any) -> County:
            """:param bell: settings of the bell."""
            clock = Clock(begins)
            monkeypatch.setattr(serve, "Signalling", functools.partial(Signalling, clock=clock))
            monkeypatch.setattr(serve, "Belfry", functools.partial(Belfry, clock=clock))
            config = Config(
                data_dir=tmp_path,
                http={"host": ["127.0.0.1"], "port": 0, "tls": "off"},
                media={"port": 0},
                database={"url": database_url},
                bell=bell,
            )
            server = await stack.enter_async_context(Server(config))
            database = await stack.enter_async_context(Database(database_url))
            await fill(database)
            playwright = await stack.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            stack.push_async_callback(browser.close)
            county = County(server, database, browser, clock)
            stack.push_async_callback(county.close)
            return county

        yield start


async def lesson_at_eight(county: County) -> str:
    booked = await book(county.database, request(plan=single()))
    [lesson] = await lessons_of(county.database, booked.booking)
    return lesson.id


async def paired(county: County, display: Person) -> str:
    """From the code on the screen to the idle page. Returns the device's id."""
    await display.in_phase("unpaired")

    async def shown() -> str:
        return str(await display.find("pairing-code").get_attribute("data-code") or "")

    return await county.type_code(await until("a code is shown", shown), "r1")


async def stored(display: Person, name: str) -> str:
    return str(await display.page.evaluate("(name) => localStorage.getItem(name) ?? ''", name))


async def test_from_the_code_to_the_bell_and_back(open_county: OpenCounty) -> None:
    county = await open_county(OPENS - 25)
    lesson = await lesson_at_eight(county)
    context, display = await county.display()
    device = await paired(county, display)

    # The key is here, and in no address; the page shows the classroom's day.
    await display.find("day").wait_for()
    assert await stored(display, "tongke.device")
    assert "#" not in display.page.url and await stored(display, "tongke.device") not in display.page.url
    await display.find(f"lesson-{lesson}").wait_for()
    assert "第一村小" in await display.find("display").inner_text()
    assert (await display.find("clock").inner_text()).startswith("07:")

    # The bell: it checks itself, tells the server, and is in the room without a hand.
    await display.in_phase("preflight", patience=60)
    await display.in_phase("waiting", patience=60)
    await display.find("grade").wait_for()

    async def told() -> dict[str, Any] | None:
        await county.server.signalling.devices.contacts.write(county.clock())
        async with county.database.read() as session:
            return await session.scalar(select(Device.preflight).where(Device.id == device)) or None

    found = await until("the server knows what the check has found", told)
    assert found["lesson"] == lesson and found["picture"]["width"] > 0 and found["line"]["up_kbps"] > 0

    # The teacher finds her lesson on top, goes in, and is seen and heard.
    teacher_context, _ = await county.signed_in("t0")
    teacher = await county.open(teacher_context, "studio", "teacher")
    await teacher.find(f"enter-{lesson}").click()
    await teacher.in_phase("preflight")
    assert "token" not in teacher.page.url
    await teacher.find("go-live").click()
    await teacher.in_phase("live")
    await display.in_phase("live", "weak")
    await display.sees("camera")
    await display.hears("teacher")
    assert await stored(display, "tongke.lesson") == lesson

    # The display loses its power in the middle of it, and is back by itself: no check, no code, no hand.
    await display.page.close()
    display = await county.open(context, "classroom", "display")
    await display.in_phase("live", "weak")
    await display.sees("camera")

    # So is the teacher's page after it was loaded anew.
    await teacher.page.reload()
    await teacher.in_phase("live")
    await display.sees("camera")

    # A few minutes more, because nothing comes after it.
    await teacher.find("extend").click()
    await teacher.find("extend-10").click()
    await teacher.find("extend-said").get_by_text("08:50").wait_for()
    await teacher.find("extend-close").click()

    # She ends it: the form for her, the idle page with a sentence for the classroom.
    await teacher.find("end").click()
    await teacher.find("end-confirm").click()
    await teacher.find("rating-sound-4").click()
    await teacher.find("rating-send").click()
    await teacher.find("rating-said").get_by_text("谢谢").wait_for()
    await display.in_phase("idle")
    await display.find("bye").wait_for()
    assert await stored(display, "tongke.lesson") == ""

    async def over() -> bool:
        return await display.find(f"lesson-{lesson}").get_attribute("data-mark") == "over"

    await until("the day says that it is over", over)
    for person in county.people:
        assert person.errors == []


async def test_a_key_that_was_taken_back_leads_to_the_code(open_county: OpenCounty) -> None:
    county = await open_county(at(TUESDAY, 7))
    await lesson_at_eight(county)
    _, display = await county.display()
    device = await paired(county, display)
    await display.in_phase("idle")
    async with county.database.write() as session:
        await session.execute(update(Device).where(Device.id == device).values(revoked=int(county.clock())))
    await display.page.reload()
    await display.in_phase("unpaired", patience=90)
    assert await stored(display, "tongke.device") == ""
    assert display.errors == []
