"""Every codec that is passed through, from Chromium to Chromium, over plain WHIP and WHEP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright

from signalling.cli.serve import Server
from signalling.config import Config
from tests.browser.conftest import CHROMIUM, FLAGS, School, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_CONNECT = """async ([url, token, publish]) => {
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    window.pc = pc;
    if (publish) {
        const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 }, audio: true });
        for (const track of stream.getTracks()) pc.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    } else {
        for (const kind of ['video', 'audio']) pc.addTransceiver(kind, { direction: 'recvonly' });
        pc.ontrack = ({ track }) => {
            const element = document.createElement(track.kind);
            Object.assign(element, { autoplay: true, srcObject: new MediaStream([track]) });
            document.body.append(element);
        };
    }
    await pc.setLocalDescription();
    const response = await fetch(url, {
        method: 'POST', body: pc.localDescription.sdp,
        headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${token}` },
    });
    const body = await response.text();
    if (response.status !== 201) throw new Error(`${response.status} ${body}`);
    await pc.setRemoteDescription({ type: 'answer', sdp: body });
}"""

_DECODED = """async () => {
    const result = { frames: 0, codec: '', energy: 0, lost: 0, implementation: '' };
    const reports = await window.pc.getStats();
    for (const report of reports.values()) {
        if (report.type !== 'inbound-rtp') continue;
        result.lost += report.packetsLost;
        if (report.kind === 'audio') result.energy = report.totalAudioEnergy ?? 0;
        else {
            result.frames = report.framesDecoded;
            result.codec = report.codecId ? reports.get(report.codecId).mimeType : '';
        }
    }
    return result;
}"""


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        await chromium.close()


async def connect(server: Server, page: Page, path: str, token: str) -> None:
    url = f"https://localhost:{server.port}"
    await page.goto(f"{url}/healthz")
    await page.evaluate(_CONNECT, [f"{url}/{path}/r", token, path == "whip"])


@pytest.mark.parametrize("codec", ["VP8", "H264", "VP9", "AV1"])
async def test_codec_is_passed_through(codec: str, plane: str, tmp_path: Path, browser: Browser) -> None:
    others = [name for name in ("VP8", "H264", "VP9", "AV1") if name != codec]
    media = {"port": 0, "plane": plane, "video_codecs": [codec, *others]}
    config = Config(data_dir=tmp_path, http={"port": 0}, media=media)
    async with Server(config) as server:
        context = await browser.new_context(ignore_https_errors=True)
        teacher, display, late = [await context.new_page() for _ in range(3)]
        await connect(server, teacher, "whip", server.token("r", "lead", id="t"))
        await connect(server, display, "whep", server.token("r", "classroom", id="c"))

        async def plays(page: Page) -> bool:
            seen: dict[str, Any] = await page.evaluate(_DECODED)
            return seen["frames"] >= 20 and seen["energy"] > 0 and seen["codec"] == f"video/{codec}"

        await until(f"{codec} is decoded", lambda: plays(display))
        # Somebody who comes later starts in the middle of the stream.
        await connect(server, late, "whep", server.token("r", "classroom", id="late"))
        await until(f"{codec} is decoded by a late joiner", lambda: plays(late))
        assert (await display.evaluate(_DECODED))["lost"] == 0
        await context.close()


async def test_classroom_that_cannot_decode_is_told(school: School) -> None:
    """A browser without the publisher's codec: its page says so, and the sound plays on."""

    async def without_vp8(route: Route) -> None:
        offer = route.request.post_data or ""
        await route.continue_(post_data=offer.replace(" VP8/90000", " X-NONE/90000"))

    teacher = await school.open("studio", "lead", "teacher", name="Teacher")
    await teacher.find("go-live").click()
    display = await school.open("classroom", "classroom", "old", name="Old display")
    await display.page.context.route("**/whep/**", without_vp8)
    await display.page.reload()
    await display.slot_is("camera", "unsupported")
    assert (await display.slot("camera"))["codec"] == "VP8"
    await display.find("unsupported-camera").wait_for()
    await display.hears("teacher")
