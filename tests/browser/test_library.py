"""The library in real Chromium: somebody finds where something was said, plays it from there, and cuts it out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from tests.browser.axe import faults
from tests.browser.conftest import CHROMIUM, FLAGS, until
from tests.browser.library_stand_in import BARE, LESSON, LINK, PAPER, ROUGH, TITLE, WORK, StandIn

pytestmark = pytest.mark.browser

_WATCHED = """() => {
    const all = {};
    const look = (root) => {
        for (const element of root.querySelectorAll('*')) {
            if (element.dataset && element.dataset.track) {
                const {currentTime, paused, playbackRate} = element;
                all[element.dataset.track] = {at: currentTime * 1000, paused, rate: playbackRate};
            }
            if (element.shadowRoot) look(element.shadowRoot);
        }
    };
    look(document);
    return all;
}"""


_AS_AN_IPHONE = """() => {
    delete Element.prototype.requestFullscreen;
    delete Document.prototype.fullscreenElement;
    HTMLVideoElement.prototype.webkitEnterFullscreen = function () { window.full = this.dataset.track; };
}"""


@dataclass
class Library:
    """A server with a lesson, and browsers in front of it."""

    server: StandIn
    base: str
    browser: Browser
    errors: list[str] = field(default_factory=list)

    async def open(self, address: str = "", language: str = "zh", **context: Any) -> Page:
        settings = {"viewport": {"width": 1366, "height": 768}, "locale": "zh-CN"}
        window = await self.browser.new_context(**{**settings, **context})
        await window.add_init_script(f"try {{ localStorage.setItem('tongke.lang', '{language}') }} catch {{}}")
        page = await window.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(f"{self.base}/library{address}")
        return page


@pytest_asyncio.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    stand_in = StandIn(tmp_path)
    runner = web.AppRunner(stand_in.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        library = Library(stand_in, f"http://127.0.0.1:{port}", browser)
        try:
            yield library
            assert library.errors == []
        finally:
            await browser.close()
            await runner.cleanup()


async def watched(page: Page) -> dict[str, dict[str, Any]]:
    """Where each file is, ms of its own time."""
    return dict(await page.evaluate(_WATCHED))


async def at(page: Page) -> float:
    return float((await watched(page))["camera"]["at"])


async def plays(page: Page, beyond_ms: float) -> None:
    async def check() -> bool:
        now = await watched(page)
        return "camera" in now and now["camera"]["at"] > beyond_ms and not now["camera"]["paused"]

    await until(f"the camera plays beyond {beyond_ms} ms", check)


async def test_what_was_said_is_found_and_plays_from_its_second(library: Library) -> None:
    page = await library.open()
    await expect(page.get_by_test_id("result")).to_have_count(4)
    await expect(page.get_by_test_id("own-added")).to_contain_text("四年级科学")
    box = page.get_by_test_id("search")
    await box.press_sequentially("四分之一", delay=20)
    await expect(page.get_by_test_id("result")).to_have_count(1)
    await expect(page.get_by_test_id("count")).to_contain_text("1")
    asked = [it.get("q", "") for it in library.server.asked]
    assert asked[-1] == "四分之一" and len(asked) <= 4  # not with every letter
    hit = page.get_by_test_id("spoken")
    await expect(hit.locator("mark")).to_have_text("四分之一")
    await hit.click()
    await expect(page).to_have_url(f"{library.base}/library#r={LESSON}&t=5.5")
    await expect(page.get_by_test_id("title")).to_have_text(TITLE)
    await plays(page, 5600)
    await page.go_back()
    await expect(box).to_have_value("四分之一")
    await expect(page.get_by_test_id("result")).to_have_count(1)
    await until("the place is kept", lambda: _kept(library))
    assert 5500 <= library.server.places[-1] <= 12_000


async def test_suggestions_by_keyboard(library: Library) -> None:
    page = await library.open()
    box = page.get_by_test_id("search")
    await box.fill("教师")
    await expect(page.get_by_test_id("suggestion")).to_have_count(1)
    await box.press("ArrowDown")
    await box.press("Enter")
    await expect(box).to_have_value("教师甲")
    await expect(page.get_by_test_id("empty")).to_be_visible()
    await page.get_by_test_id("clear").click()
    await expect(page.get_by_test_id("result")).to_have_count(4)


async def test_several_filters_at_once_and_each_taken_away(library: Library) -> None:
    page = await library.open("#q=分数&subject=数学")
    results = page.get_by_test_id("result")
    await expect(page.get_by_test_id("search")).to_have_value("分数")
    await expect(page.get_by_test_id("facet-subject-数学").get_by_role("checkbox")).to_be_checked()
    await expect(page.get_by_test_id("chip-subject-数学")).to_be_visible()
    kind = page.get_by_test_id("facet-kind-document")
    await expect(kind).to_contain_text("1")
    await kind.click()
    await expect(results).to_have_count(1)
    assert "kind=document" in page.url
    await page.get_by_test_id("facet-kind-lesson").get_by_role("checkbox").press("Space")
    await expect(results).to_have_count(2)
    assert "kind=document&kind=lesson" in page.url
    await page.go_back()
    await expect(results).to_have_count(1)
    await expect(page.get_by_test_id("facet-kind-lesson").get_by_role("checkbox")).not_to_be_checked()
    await page.get_by_test_id("chip-kind-document").click()
    await expect(results).to_have_count(2)
    await page.get_by_test_id("chip-subject-数学").click()
    await expect(page.get_by_test_id("chips")).to_have_count(0)
    await expect(page).to_have_url(re.compile("#q=[^&]*$"))


async def test_filters_fold_on_a_phone(library: Library) -> None:
    page = await library.open("#subject=数学&subject=音乐", viewport={"width": 390, "height": 844})
    await expect(page.get_by_test_id("result")).to_have_count(4)
    subject = page.get_by_test_id("facet-subject-数学")
    await expect(subject).to_be_hidden()
    await page.get_by_test_id("facets").locator("summary").click()
    await subject.click()
    await expect(page.get_by_test_id("result")).to_have_count(1)
    await expect(subject).to_be_visible()  # it stays open while one chooses
    await expect(page.get_by_test_id("facet-form-delivered")).to_have_count(0)  # all have it
    await page.get_by_test_id("chip-subject-音乐").click()
    await expect(page.get_by_test_id("result")).to_have_count(4)


async def test_both_pictures_keep_together(library: Library) -> None:
    page = await library.open(f"#r={LESSON}&t=3")
    await page.get_by_test_id("do-toggle").click()
    await plays(page, 3200)

    async def together() -> bool:
        now = await watched(page)
        return abs(now["camera"]["at"] - now["screen"]["at"] - 2000) < 80 and not now["screen"]["paused"]

    await until("both pictures show the same moment", together)
    await expect(page.get_by_test_id("stage")).to_have_attribute("data-large", "screen")
    await page.keyboard.press("s")
    await expect(page.get_by_test_id("stage")).to_have_attribute("data-large", "both")
    await page.keyboard.press("s")
    await page.get_by_test_id("video-screen").click()
    await expect(page.get_by_test_id("stage")).to_have_attribute("data-large", "screen")
    await page.keyboard.press(">")
    await expect(page.get_by_test_id("speed")).to_have_value("1.25")
    await until("both are faster", lambda: _faster(page))
    await page.keyboard.press("8")  # 9.6 s: in the gap, and the screen has ended
    await page.keyboard.press("k")
    await expect(page.get_by_test_id("picture-screen")).to_contain_text("到此结束")
    await expect(page.get_by_test_id("in-gap")).to_contain_text("网络中断")
    await page.keyboard.press("0")
    await expect(page.get_by_test_id("picture-screen")).to_contain_text("00:02")
    await page.keyboard.press("Space")
    await until("the screen begins later, by itself", together)
    await page.keyboard.press("9")
    await expect(page.get_by_test_id("time")).to_have_text("00:12 / 00:12")
    await expect(page.get_by_test_id("stage")).to_have_attribute("data-playing", "false")
    await page.evaluate(_AS_AN_IPHONE)
    await page.get_by_test_id("do-full").click()
    assert await page.evaluate("window.full") == "camera"
    await page.keyboard.press("m")
    await expect(page.get_by_test_id("do-full")).to_have_attribute("aria-pressed", "false")


async def _faster(page: Page) -> bool:
    return all(abs(it["rate"] - 1.25) < 0.13 for it in (await watched(page)).values())


async def test_captions_and_transcript_follow(library: Library) -> None:
    page = await library.open(f"#r={LESSON}")
    lines = page.get_by_test_id("line")
    await expect(lines).to_have_count(5)
    await lines.nth(3).get_by_role("button").first.click()
    await expect(page.get_by_test_id("caption")).to_have_text("分数线下面的数叫分母")
    await expect(lines.nth(3)).to_have_attribute("aria-current", "true")
    assert abs(await at(page) - 8000) < 50
    await expect(page.get_by_test_id("follow")).to_have_count(0)
    await page.keyboard.press("Tab")
    await expect(page.get_by_test_id("follow")).to_be_visible()  # who reads on by keyboard is not fetched back
    await page.keyboard.press("ArrowDown")
    assert await page.locator(".volume").input_value() == "1"
    await page.get_by_test_id("do-captions").click()
    await expect(page.get_by_test_id("caption")).to_have_count(0)
    await page.get_by_test_id("words").fill("分数")
    await expect(page.get_by_test_id("words-count")).to_have_text("1 / 2")
    await page.get_by_test_id("words").press("Enter")
    await expect(page.get_by_test_id("words-count")).to_have_text("2 / 2")
    await page.get_by_test_id("tab-slides").click()
    await page.get_by_test_id("stop").nth(1).locator("visible=true").get_by_role("button").click()
    await until("the slide's second", lambda: _is_at(page, 6000))
    await page.get_by_test_id("do-help").click()
    await expect(page.get_by_test_id("keys-list")).to_contain_text("全屏")


async def _is_at(page: Page, ms: float) -> bool:
    return abs(await at(page) - ms) < 50


async def test_a_line_is_corrected_although_somebody_else_did_too(library: Library) -> None:
    page = await library.open(f"#r={LESSON}")
    line = page.get_by_test_id("line").nth(1)
    await line.get_by_test_id("correct").click()
    await page.get_by_test_id("correction").fill("把一个圆平均分成四份。")
    library.server.lines[1].update(text="把一张饼平均分成四份", version=2)
    await page.get_by_test_id("correction-save").click()
    await expect(page.get_by_test_id("theirs")).to_contain_text("把一张饼")
    await expect(page.get_by_test_id("correction")).to_have_value("把一个圆平均分成四份。")
    player = page.locator("tk-player")
    await player.evaluate("it => { it.same = true; }")
    library.server.down = True  # what changed is taken, and not shown any more
    await page.get_by_test_id("correction-save").click()
    await expect(line).to_contain_text("把一个圆平均分成四份。")
    assert library.server.lines[1]["version"] == 3
    stale = page.locator("tk-resource .stale")
    await expect(stale).to_be_visible()
    assert await player.evaluate("it => it.same")
    library.server.down = False
    await line.get_by_test_id("correct").click()
    await page.get_by_test_id("correction").fill("把一个圆平均分成四份")
    await page.get_by_test_id("correction").press("Enter")
    await expect(stale).to_have_count(0)
    assert await player.evaluate("it => it.same")


async def test_a_clip_is_cut_and_plays_its_part_alone(library: Library) -> None:
    page = await library.open(f"#r={LESSON}&t=3")
    await page.get_by_test_id("cut").click()
    begins = page.get_by_test_id("cut-from-time")
    await begins.fill("1:75")
    await page.get_by_test_id("cut-to-time").fill("0:06")
    await page.get_by_test_id("cut-to-time").press("Tab")
    await expect(page.get_by_test_id("cut-to-time")).to_have_value("00:06")
    await expect(begins).to_have_value("1:75")
    await expect(begins).to_have_attribute("aria-invalid", "true")
    handle = page.get_by_test_id("cut-from")
    await handle.press("ArrowRight")
    await expect(handle).to_have_attribute("aria-valuenow", "4000")
    await expect(begins).to_have_value("00:04")
    await expect(begins).to_have_attribute("aria-invalid", "false")
    await expect(page.get_by_test_id("cut-long")).to_contain_text("00:02")
    await page.get_by_test_id("cut-save").click()
    await expect(page.get_by_text("请写一个标题")).to_be_visible()
    await page.get_by_test_id("cut-title").fill("平均分")
    await page.get_by_test_id("cut-save").click()
    await expect(page.get_by_test_id("title")).to_have_text("平均分")
    await expect(page.get_by_test_id("time")).to_have_text("00:00 / 00:02")
    await page.get_by_test_id("big-play").click()
    await plays(page, 4100)
    await expect(page.get_by_test_id("time")).to_have_text("00:02 / 00:02")
    await expect(page.get_by_test_id("stage")).to_have_attribute("data-playing", "false")
    assert abs(await at(page) - 6000) < 350
    await page.get_by_role("link", name="看完整录像").click()
    await expect(page.get_by_test_id("title")).to_have_text(TITLE)
    await expect(page.get_by_test_id("clips")).to_contain_text("平均分")


async def test_an_end_of_a_clip_is_dragged_from_where_it_is_taken(library: Library) -> None:
    page = await library.open(f"#r={LESSON}&t=3")
    await page.get_by_test_id("cut").click()
    handle = page.get_by_test_id("cut-to")
    await expect(handle).to_have_attribute("aria-valuenow", "12000")
    box = await handle.bounding_box()
    assert box is not None and min(box["width"], box["height"]) >= 44
    x, y = box["x"] + 6, box["y"] + box["height"] / 2

    async def value() -> int:
        return int(await handle.get_attribute("aria-valuenow") or 0)

    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - 1, y)
    assert await value() >= 11_900
    await page.mouse.move(x - 200, y, steps=4)
    assert 7000 < await value() < 11_500
    await page.mouse.up()


async def test_comments_sharing_and_where_one_stopped(library: Library) -> None:
    page = await library.open(f"#r={LESSON}&t=4", permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_test_id("tab-remarks").click()
    await page.get_by_test_id("remark").fill("这里可以请学生上台")
    await page.get_by_test_id("remark-send").click()
    row = page.get_by_test_id("remark-row")
    await expect(row).to_contain_text("00:04")
    await page.get_by_test_id("share").click()
    await expect(page.get_by_test_id("said")).to_contain_text("00:04")
    assert await page.evaluate("navigator.clipboard.readText()") == f"{library.base}/library#r={LESSON}&t=4"
    await page.get_by_test_id("do-toggle").click()
    await plays(page, 4500)
    await page.get_by_test_id("do-toggle").click()
    await until("the place is kept", lambda: _kept(library))
    await row.get_by_test_id("remark-remove").click()
    await expect(row).to_have_count(0)
    again = await library.open(f"#r={LESSON}")
    await expect(again.get_by_test_id("resumed")).to_contain_text("00:0")
    await until("it is where she stopped", lambda: _is_at(again, library.server.places[-1]))
    await again.get_by_test_id("from-start").click()
    await plays(again, 100)
    await expect(again.get_by_test_id("resumed")).to_have_count(0)


async def _kept(library: Library) -> bool:
    return bool(library.server.places)


async def test_a_file_is_sent_described_and_removed(library: Library) -> None:
    page = await library.open()
    await page.get_by_test_id("add-file").click()
    await page.get_by_test_id("upload-send").click()
    await expect(page.get_by_text("请选择一个文件")).to_be_visible()
    await page.get_by_test_id("upload-file").set_input_files(
        {"name": "荷花.mp4", "mimeType": "video/mp4", "buffer": b"x" * 5000}
    )
    await expect(page.get_by_test_id("upload-title")).to_have_value("荷花")
    await page.get_by_test_id("upload-subject").fill("语文")
    sent: asyncio.Future[Route] = asyncio.get_running_loop().create_future()
    await page.route(re.compile("/resources/upload"), lambda route: sent.set_result(route))
    await page.get_by_test_id("upload-send").click()
    await expect(page.get_by_test_id("upload-progress")).to_be_visible()
    for _ in range(2):  # the second one closes a dialog whatever its page wants
        await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("upload-held")).to_be_visible()
    await page.get_by_test_id("dialog-close").click()
    await (await sent).continue_()
    await expect(page.get_by_test_id("title")).to_have_text("荷花")
    assert library.server.uploaded == [b"x" * 5000]
    await expect(page.get_by_test_id("stage").nth(1)).to_contain_text("42 %")
    await page.get_by_test_id("edit").click()
    await expect(page.get_by_test_id("ask-subject")).to_have_value("语文")
    await page.get_by_test_id("ask-points").fill("荷花、写景")
    await page.get_by_test_id("form-save").click()
    await expect(page.get_by_test_id("facts")).to_contain_text("荷花、写景")
    await page.get_by_test_id("remove").click()
    await page.get_by_test_id("form-save").click()
    await expect(page.get_by_test_id("results")).to_be_visible()


async def test_what_does_not_play_says_so(library: Library) -> None:
    for id, testid, text in (
        (ROUGH, "stages", "文件无法播放"),
        (WORK, "stages", "截取画面"),
        (PAPER, "pages", "二、选择"),
        (LINK, "open-link", "打开链接"),
        (BARE, "note", "语音识别模型"),
        ("nothing0", "empty", "找不到这一项"),
    ):
        page = await library.open(f"#r={id}&t=7")  # a second, where there is none
        await expect(page.get_by_test_id(testid)).to_contain_text(text)
        await page.close()
    page = await library.open(f"#r={ROUGH}", "en")
    await expect(page.get_by_test_id("stages")).to_contain_text("export it again")  # what the server says is English


async def test_a_picture_that_does_not_come_is_tried_again(library: Library) -> None:
    page = await library.open()
    await page.route("**/camera", lambda route: route.abort())
    await page.get_by_test_id("result-title").first.click()
    await expect(page.get_by_test_id("play-broken")).to_be_visible()
    await page.unroute("**/camera")
    await page.get_by_test_id("play-broken").get_by_role("button").click()
    await page.get_by_test_id("big-play").click()
    await plays(page, 100)


async def test_a_server_that_is_away_leaves_what_is_there(library: Library) -> None:
    page = await library.open("#q=分数")
    await expect(page.get_by_test_id("result")).to_have_count(2)
    library.server.down = True
    await page.get_by_test_id("search").fill("四分之一")
    await expect(page.get_by_test_id("stale")).to_be_visible()
    await expect(page.get_by_test_id("result")).to_have_count(2)
    library.server.down = False
    await page.get_by_test_id("stale").get_by_role("button").click()
    await expect(page.get_by_test_id("stale")).to_have_count(0)
    await expect(page.get_by_test_id("result")).to_have_count(1)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [1366, 390])
async def test_nobody_is_kept_out(library: Library, language: str, width: int) -> None:
    found: dict[str, list[str]] = {}
    page = await library.open("#q=分数&kind=lesson", language, viewport={"width": width, "height": 844})
    await expect(page.get_by_test_id("result")).to_have_count(1)
    if width < 1081:
        await page.get_by_test_id("facets").locator("summary").click()
    found["results"] = await faults(page)
    await page.get_by_test_id("add-file").click()
    found["upload"] = await faults(page)
    await page.goto("about:blank")
    await page.goto(f"{library.base}/library#r={LESSON}&t=3")
    for pane in ("words", "slides", "chapters", "remarks"):
        await page.get_by_test_id(f"tab-{pane}").click()
        found[pane] = await faults(page)
    await page.get_by_test_id("cut").click()
    found["cut"] = await faults(page)
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    for id in (PAPER, LINK, ROUGH):
        await page.goto("about:blank")
        await page.goto(f"{library.base}/library#r={id}")
        await expect(page.get_by_test_id("title")).to_be_visible()
        found[id] = await faults(page)
    assert {where: what for where, what in found.items() if what} == {}
