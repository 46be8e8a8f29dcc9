"""Finished files of every kind play, and are sought, in real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, async_playwright

from recorder import manifest as manifests
from recorder.stages import finalise
from recorder.stages.work import Work
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.recorder.making import SECOND, Maker, level

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

_PLAY = """async ([url, seconds]) => {
    const video = document.createElement('video');
    video.src = url;
    document.body.append(video);
    const told = (name) => new Promise((resolve, reject) => {
        video.addEventListener(name, resolve, { once: true });
        video.addEventListener('error', () => reject(new Error(video.error.message)), { once: true });
    });
    // 'seeked' may come before the picture does: what is drawn then is the one before, or none.
    const shown = (second) => new Promise((resolve) => {
        const look = (_, { mediaTime }) =>
            Math.abs(mediaTime - second) < 0.5 ? resolve() : video.requestVideoFrameCallback(look);
        video.requestVideoFrameCallback(look);
    });
    await told('loadeddata');
    const greys = [];
    for (const second of seconds) {
        const sought = told('seeked'), seen = shown(second);
        video.currentTime = second;
        await sought;
        await seen;
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = 1;
        const context = canvas.getContext('2d');
        context.drawImage(video, 0, 0, 1, 1);
        greys.push(context.getImageData(0, 0, 1, 1).data[0]);
    }
    await video.play();
    while (video.currentTime < seconds.at(-1) + 0.5) await told('timeupdate');
    const heard = video.webkitAudioDecodedByteCount, seen = video.webkitDecodedFrameCount;
    return { greys, duration: video.duration, heard, seen };
}"""


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        await chromium.close()


@pytest.mark.parametrize("codec", ["vp8", "vp9", "h264", "av1"])
async def test_a_film_plays_and_is_sought(codec: str, tmp_path: Path, browser: Browser) -> None:
    maker = Maker(tmp_path)
    maker.talk("teacher", 0, 5 * SECOND)
    maker.talk("teacher", 20 * SECOND, 32 * SECOND)
    maker.film("teacher", 2 * SECOND, 6 * SECOND, codec)
    maker.film("teacher", 20 * SECOND, 32 * SECOND, codec)
    manifests.save(tmp_path, maker.manifest)
    work = Work(tmp_path, maker.manifest)
    finalise.run(work)
    camera = work.manifest.output("camera")
    assert camera is not None

    async def page_of(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>film</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page_of)
    app.router.add_static("/files", tmp_path)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    page = await browser.new_page()
    await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    seconds = [4.55, 28.55, 22.55]
    played = await page.evaluate(_PLAY, [f"/files/{camera.file}", seconds])
    await runner.cleanup()

    # 8-bit video levels: 16 is black, 235 white.
    shown = [(level(int(second)) - 16) * 255 / 219 for second in seconds]
    assert all(abs(grey - wanted) < 12 for grey, wanted in zip(played["greys"], shown, strict=True)), played
    assert abs(played["duration"] - 32) < 0.3
    assert played["heard"] > 0 and played["seen"] > 0
