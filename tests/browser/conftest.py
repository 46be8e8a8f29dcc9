"""A whole server with the built pages, and people in front of real Chromium windows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright, expect

from signalling.cli.serve import Server
from signalling.config import Config
from tests.database.postgresql import PostgreSQL
from tests.relay import Relay

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
)
ROOM = "lesson"
PATIENCE_S = 30.0
expect.set_options(timeout=1000 * PATIENCE_S)

_RECEIVED = """async (which) => {
    const link = window.__tongke[which === 'published' ? 'whip' : 'whep'];
    const stats = {};
    if (!link.pc) return stats;
    const mids = new Map(link.pc.getTransceivers().map((t) => [t.mid, t]));
    const slots = new Map(window.__tongke.slots.map((slot) => [slot.mid, `${slot.kind}:${slot.slot}`]));
    for (const report of (await link.pc.getStats()).values()) {
        if (report.type !== 'inbound-rtp') continue;
        stats[slots.get(report.mid) ?? `${report.kind}:${report.mid}`] = {
            frames: report.framesDecoded ?? 0, energy: report.totalAudioEnergy ?? 0,
            lost: report.packetsLost, width: report.frameWidth ?? 0, height: report.frameHeight ?? 0,
        };
    }
    return stats;
}"""

_PIXELS = """(testid) => {
    const find = (root) => {
        const found = root.querySelector(`[data-testid="${testid}"]`);
        if (found) return found;
        for (const element of root.querySelectorAll('*')) {
            const inside = element.shadowRoot && find(element.shadowRoot);
            if (inside) return inside;
        }
        return null;
    };
    const video = find(document);
    if (!video || !video.videoWidth) return null;
    const canvas = document.createElement('canvas');
    canvas.width = 32; canvas.height = 18;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 32, 18);
    const data = context.getImageData(0, 0, 32, 18).data;
    let brightest = 0;
    for (let i = 0; i < data.length; i += 4) brightest = Math.max(brightest, data[i], data[i + 1], data[i + 2]);
    return brightest;
}"""


async def until(what: str, condition: Callable[[], Awaitable[Any]], patience: float = PATIENCE_S) -> Any:
    """Wait until `condition` gives something true, and return it."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        value = await condition()
        if value:
            return value
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {patience:.0f} s: {what}")
        await asyncio.sleep(0.1)


class Person:
    """Somebody in front of a page."""

    def __init__(self, name: str, page: Page) -> None:
        self.name = name
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def find(self, testid: str) -> Any:
        return self.page.get_by_test_id(testid)

    async def phase(self) -> str:
        return str(await self.page.evaluate("window.__tongke ? window.__tongke.phase : ''"))

    async def in_phase(self, *phases: str, patience: float = PATIENCE_S) -> None:
        async def check() -> bool:
            return await self.phase() in phases

        try:
            await until(f"{self.name} in phase {phases}", check, patience)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is in {await self.phase()!r}") from None

    async def received(self) -> dict[str, dict[str, float]]:
        """Decoded frames and sound energy by `kind:slot`."""
        return dict(await self.page.evaluate(_RECEIVED, "watched"))

    async def sees(self, slot: str, frames: int = 10, patience: float = PATIENCE_S) -> None:
        """Frames of a slot are decoded from now on."""
        key = f"video:{slot}"
        before = (await self.received()).get(key, {}).get("frames", 0)

        async def check() -> bool:
            now = (await self.received()).get(key, {}).get("frames", 0)
            return now >= before + frames or 0 < now < before  # a new connection counts from zero

        await until(f"{self.name} sees {frames} more frames in {slot}", check, patience)

    async def hears(self, slot: str, patience: float = PATIENCE_S) -> None:
        """A slot is audible from now on: the decoded sound gains energy."""
        key = f"audio:{slot}"
        before = (await self.received()).get(key, {}).get("energy", 0.0)

        async def check() -> bool:
            return (await self.received()).get(key, {}).get("energy", 0.0) > before + 0.001

        await until(f"{self.name} hears {slot}", check, patience)

    async def shows(self, testid: str) -> None:
        """A video element shows something else than black."""

        async def check() -> bool:
            return (await self.page.evaluate(_PIXELS, testid) or 0) > 60

        await until(f"{self.name}'s {testid} is not black", check)

    async def slot(self, name: str, kind: str = "video") -> dict[str, Any]:
        slots = await self.page.evaluate("window.__tongke.slots")
        return next((slot for slot in slots if slot["slot"] == name and slot["kind"] == kind), {})

    async def slot_is(self, name: str, status: str, kind: str = "video") -> None:
        async def check() -> bool:
            return (await self.slot(name, kind)).get("status") == status

        await until(f"{self.name}'s slot {name} is {status}", check)


class School:
    """The server and everybody who opened a page of it."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self.server = server
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.people: list[Person] = []

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server.port}"

    async def open(
        self,
        path: str,
        role: str,
        id: str,
        *,
        name: str,
        relay: Relay | None = None,
        options: str = "",
        beside: str | None = None,
        room: str = ROOM,
        **context: Any,
    ) -> Person:
        window = await self._browser.new_context(ignore_https_errors=True, **context)
        self._contexts.append(window)
        if relay is not None:
            await window.route(re.compile(r"/wh[ie]p/"), lambda route: _through(route, relay, self.server.media_port))
        page = await window.new_page()
        person = Person(id, page)
        self.people.append(person)
        token = self.server.token(room, role, id=id, name=name, beside=beside)
        await page.goto(f"{self.url}/{path}#room={room}&token={token}{options}")
        return person

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


async def _through(route: Route, relay: Relay, port: int) -> None:
    """Let this browser's media take the relay: its answers name the relay's port, and IPv4 alone."""
    response = await route.fetch()
    body = await response.text()
    lines = [line for line in body.splitlines(keepends=True) if not (line.startswith("a=candidate:") and "::" in line)]
    await route.fulfill(response=response, body="".join(lines).replace(f" {port} typ host", f" {relay.port} typ host"))


@pytest.fixture
def database_url(postgresql: PostgreSQL, postgresql_template: str) -> Iterator[str]:
    """A page does not see which database there is: its routes are tested on each, the pages on the larger one."""
    name = postgresql.create(postgresql_template)
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture(params=["native", "reference"])
def plane(request: pytest.FixtureRequest) -> str:
    """Every browser test runs over both packet planes."""
    return str(request.param)


@pytest_asyncio.fixture
async def school(tmp_path: Path, plane: str) -> AsyncIterator[School]:
    config = Config(data_dir=tmp_path, http={"port": 0}, media={"port": 0, "plane": plane})
    async with Server(config) as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        school = School(server, browser)
        try:
            yield school
            for person in school.people:
                assert person.errors == [], f"{person.name}'s page threw {person.errors}"
        finally:
            await school.close()
            await browser.close()
