"""A real Chromium takes our answers to its own offers."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright

from mediaserver.rtp import sdp
from mediaserver.sfu.answer import build_answer
from mediaserver.sfu.negotiate import plan_publish, plan_subscribe
from mediaserver.sfu.plan import Negotiated
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.sfu.test_negotiate_publish import ALL, LOCAL

pytestmark = pytest.mark.browser

OFFER = """async ({lines, policy, data}) => {
    window.pc = new RTCPeerConnection({bundlePolicy: policy});
    window.streams = {};
    pc.ontrack = (event) => streams[event.transceiver.mid] = event.streams.map((stream) => stream.id);
    for (const {kind, ...init} of lines) pc.addTransceiver(kind, init);
    if (data) pc.createDataChannel('data');
    await pc.setLocalDescription();
    return pc.localDescription.sdp;
}"""
ANSWER = """async (sdp) => {
    await pc.setRemoteDescription({type: 'answer', sdp});
    const lines = pc.getTransceivers().map(({mid, currentDirection, sender}) => ({
        mid, direction: currentDirection, streams: streams[mid] ?? [],
        codecs: sender.getParameters().codecs.map((codec) => codec.mimeType.split('/')[1]),
        extensions: sender.getParameters().headerExtensions.map((extension) => extension.id),
        rids: sender.getParameters().encodings.map((encoding) => encoding.rid ?? null),
    }));
    const state = pc.signalingState;
    pc.close();
    return {state, lines};
}"""


def line(kind: str, direction: str, **init: Any) -> dict[str, Any]:
    return {"kind": kind, "direction": direction, **init}


@pytest_asyncio.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield await browser.new_page()
        finally:
            await browser.close()


async def offer(page: Page, *lines: dict[str, Any], policy: str = "balanced", data: bool = False) -> sdp.Session:
    return sdp.parse(await page.evaluate(OFFER, {"lines": lines, "policy": policy, "data": data}))


async def answer(page: Page, plan: Negotiated, **options: Any) -> list[dict[str, Any]]:
    result = await page.evaluate(ANSWER, build_answer(plan, LOCAL, **options))
    assert result["state"] == "stable"
    return result["lines"]


@pytest.mark.parametrize(
    ("codecs", "policy"),
    [(("H264", "VP8"), "balanced"), (("VP8",), "max-bundle"), (("VP9",), "max-compat"), (("AV1",), "max-bundle")],
)
async def test_publish_camera_screen_and_microphone(page, codecs, policy):
    video = line("video", "sendonly")
    session = await offer(page, video, video, line("audio", "sendonly"), policy=policy)
    plan = plan_publish(session, video_codecs=codecs, sources=ALL)
    assert [media.source for media in plan.media] == ["camera", "screen", "microphone"]
    lines = await answer(page, plan)
    assert [line["direction"] for line in lines] == ["sendonly"] * 3
    assert [line["codecs"] for line in lines] == [[codecs[0], "rtx"], [codecs[0], "rtx"], ["opus", "red"]]
    for planned, agreed in zip(plan.media, lines, strict=True):
        assert set(agreed["extensions"]) == set(planned.extensions.values())


async def test_publish_with_refused_m_lines(page):
    video = line("video", "sendrecv")
    session = await offer(page, video, video, video, line("audio", "sendrecv"), data=True, policy="max-bundle")
    plan = plan_publish(session, video_codecs=("VP8",), sources=("camera", "microphone"))
    assert [media.refusal for media in plan.media] == ["", "not_allowed", "too_many", "", "kind"]
    # A browser takes transceivers on refused m-lines away.
    assert [(line["mid"], line["direction"]) for line in await answer(page, plan)] == [
        ("0", "sendonly"),
        ("3", "sendonly"),
    ]


async def test_publish_simulcast(page):
    layers = [{"rid": "q", "scaleResolutionDownBy": 4}, {"rid": "h", "scaleResolutionDownBy": 2}, {"rid": "f"}]
    session = await offer(page, line("video", "sendonly", sendEncodings=layers), line("audio", "sendonly"))
    plan = plan_publish(session, video_codecs=("VP8",), sources=ALL)
    assert plan.media[0].rids == ("q", "h", "f")
    camera, _ = await answer(page, plan)
    assert camera["direction"] == "sendonly"
    assert camera["rids"] == ["q"]


@pytest.mark.parametrize(("videos", "sounds"), [(1, 1), (3, 2), (8, 1)])
async def test_subscribe(page, videos, sounds):
    lines = [line("video", "recvonly")] * videos + [line("audio", "recvonly")] * sounds
    fresh = itertools.count(1000)
    plan = plan_subscribe(
        await offer(page, *lines), video_codecs=("H264", "VP8", "VP9", "AV1"), allocate=lambda: next(fresh)
    )
    agreed = await answer(page, plan, msid=lambda index: f"stream{index % 2}")
    assert [line["direction"] for line in agreed] == ["recvonly"] * (videos + sounds)
    assert [line["streams"] for line in agreed] == [[f"stream{index % 2}"] for index in range(videos + sounds)]
