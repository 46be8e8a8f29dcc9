"""Real Chromium as publisher and viewer, on the benchmark's own page served under the server's origin."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks.process import every_core
from benchmarks.servers import Unavailable
from benchmarks.servers.tongke import Tongke

CHROMIUM = "/usr/bin/chromium"
PAGES = Path(__file__).parent / "pages"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
)
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


class Chromium:
    """Pages of one browser; each is a window of its own."""

    def __init__(self, browser: Any, server: Tongke) -> None:
        self._browser = browser
        self._server = server

    async def page(self) -> Any:
        """A playwright page with `window.bench`."""
        context = await self._browser.new_context(ignore_https_errors=True)
        page = await context.new_page()

        async def serve(route: Any) -> None:
            file = PAGES / route.request.url.rpartition("/")[2]
            await route.fulfill(body=file.read_text(), content_type=_TYPES[file.suffix])

        await page.route("**/bench/*", serve)
        await page.goto(f"{self._server.url}/bench/bench.html")
        await page.wait_for_function("window.bench !== undefined")
        return page

    async def publisher(self, room: str) -> Any:
        """A page that publishes the clock as the room's lead."""
        page = await self.page()
        token = self._server.token(room, "lead", "lead")
        await page.evaluate("([url, token]) => bench.publish(url, token)", [f"{self._server.url}/whip/{room}", token])
        return page

    def place(self, room: str, participant: str) -> list[str]:
        """URL and token of a viewer, as the page's functions want them."""
        return [f"{self._server.url}/whep/{room}", self._server.token(room, "classroom", participant)]


@contextlib.asynccontextmanager
async def chromium(server: Tongke) -> AsyncIterator[Chromium]:
    """Raises `Unavailable` without playwright or Chromium."""
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise Unavailable("playwright is not installed") from None
    if not os.access(CHROMIUM, os.X_OK):
        raise Unavailable(f"there is no {CHROMIUM}")
    manager = async_playwright()
    with every_core():  # a browser is many processes, and its users have more than one core
        playwright = await manager.start()
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    try:
        yield Chromium(browser, server)
    finally:
        await browser.close()
        await playwright.stop()
