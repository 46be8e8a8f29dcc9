"""The assistant teacher's phone beside a display: what it asks for is so, and the teacher sees it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Route

from tests.browser.conftest import Person, School, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

_VOLUME = """() => {
    const find = (root) => {
        const found = root.querySelector('[data-testid="slot-teacher-audio"]');
        if (found) return found;
        for (const element of root.querySelectorAll('*')) {
            const inside = element.shadowRoot && find(element.shadowRoot);
            if (inside) return inside;
        }
        return null;
    };
    return find(document).volume;
}"""


async def open_phone(school: School, beside: str | None, id: str = "phone", **more: Any) -> Person:
    return await school.open("assistant", "assistant", id, name="辅助教师", beside=beside, **{**PHONE, **more})


async def in_phase(phone: Person, phase: str) -> None:
    await phone.page.locator(f'[data-testid="state"][data-phase="{phase}"]').wait_for()


async def teacher_sees(teacher: Person, word: str) -> None:
    await teacher.find("health-c1").filter(has_text=word).wait_for()


async def plays_at(display: Person, volume: float) -> None:
    async def check() -> bool:
        return abs(float(await display.page.evaluate(_VOLUME)) - volume) < 0.01

    await until(f"{display.name} plays at {volume}", check)


async def sends_sound(display: Person, sending: bool) -> None:
    async def check() -> bool:
        enabled = "window.__tongke.whip.pc?.getSenders().find((s) => s.track?.kind === 'audio')?.track.enabled"
        return (await display.page.evaluate(enabled)) is sending

    await until(f"{display.name} sends {'its sound' if sending else 'silence'}", check)


@pytest.mark.parametrize("plane", ["native"], indirect=True)
async def test_the_remote_of_a_display(school: School) -> None:
    display = await school.open("classroom", "classroom", "c1", name="三年级教室")
    other = await school.open("classroom", "classroom", "c2", name="四年级教室")
    teacher = await school.open("studio", "lead", "teacher", name="教师甲")
    phone = await open_phone(school, "c1")
    await in_phase(phone, "waiting")
    await teacher.find("go-live").click()
    await in_phase(phone, "live")
    await display.hears("teacher")

    # The hand.
    await phone.find("hand").tap()
    await teacher.page.locator("tk-tile[hand][data-testid='tile-c1']").wait_for()
    await phone.find("hand-state").wait_for()
    assert await teacher.page.locator("tk-tile[hand]").count() == 1
    await phone.find("hand").tap()
    await teacher.page.locator("tk-tile[hand]").wait_for(state="detached")

    # Called.
    await teacher.find("call-c1").click()
    await phone.find("called").wait_for()
    await display.find("called-banner").wait_for()
    await teacher.find("call-c1").click()
    await phone.find("called").wait_for(state="detached")

    # Volume, loudspeaker, microphone: on this display, on no other.
    await phone.find("volume-less").tap()
    await phone.find("volume-less").tap()
    await plays_at(display, 0.8)
    await phone.find("volume").fill("35")
    await plays_at(display, 0.35)
    await phone.find("loudspeaker").tap()
    await plays_at(display, 0)
    await teacher_sees(teacher, "Their loudspeaker is muted")
    await phone.find("loudspeaker").tap()
    await plays_at(display, 0.35)
    await sends_sound(display, True)
    await phone.find("microphone").tap()
    await sends_sound(display, False)
    await teacher.find("microphone-off-c1").wait_for()

    # A display that is reloaded is as she set it.
    await display.page.reload()
    await display.hears("teacher")
    await plays_at(display, 0.35)
    await sends_sound(display, False)
    await phone.find("microphone").tap()
    await sends_sound(display, True)

    # Taking over, and back: on the phone, and on the display itself.
    await phone.find("local").tap()
    await display.find("local").wait_for()
    await plays_at(display, 0.35 * 0.15)
    await teacher_sees(teacher, "Taken over locally")
    await phone.find("local").tap()
    await display.find("local").wait_for(state="hidden")
    await teacher_sees(teacher, "Sees and hears")
    await plays_at(display, 0.35)
    await phone.find("local").tap()
    await display.find("local-end").click()
    await phone.page.locator("[data-testid='local'][aria-pressed='false']").wait_for()
    await teacher_sees(teacher, "Sees and hears")

    # The other classroom was never touched.
    assert await other.page.evaluate(_VOLUME) == 1
    assert not await other.find("local").is_visible()
    assert await teacher.find("microphone-off-c2").count() == 0

    # A display that goes is missed, and so is one that comes back.
    await display.page.goto("about:blank")
    await phone.page.locator("[data-testid='hand'][disabled]").wait_for()
    await phone.find("notice").wait_for()
    await display.page.go_back()
    await phone.page.locator("[data-testid='hand']:not([disabled])").wait_for()

    await teacher.find("end").click()
    await teacher.find("end-confirm").click()
    await in_phase(phone, "over")


@pytest.mark.parametrize("plane", ["native"], indirect=True)
async def test_the_line_of_the_phone_breaks_and_heals(school: School) -> None:
    await school.open("classroom", "classroom", "c1", name="三年级教室")
    phone = await open_phone(school, "c1")
    await phone.page.locator("[data-testid='hand']:not([disabled])").wait_for()
    await school.server.signalling.sockets.drain(500)
    await in_phase(phone, "reconnecting")
    await phone.page.locator("[data-testid='hand'][disabled]").wait_for()
    school.server.signalling.sockets._draining = None
    await in_phase(phone, "waiting")
    # The same code on a second phone: the first one stops, and says why.
    second = await open_phone(school, "c1")
    await in_phase(second, "waiting")
    await in_phase(phone, "replaced")
    await phone.find("take-back").tap()
    await in_phase(phone, "waiting")
    await in_phase(second, "replaced")


@pytest.mark.parametrize("plane", ["native"], indirect=True)
async def test_reports_and_what_a_link_cannot(school: School) -> None:
    await school.open("classroom", "classroom", "c1", name="三年级教室")
    phone = await open_phone(school, "c1")
    asked: list[tuple[str, Any]] = []
    refuse: list[int] = [503]

    async def answer(route: Route) -> None:
        asked.append((route.request.url.rsplit("/api/v1", 1)[1], route.request.post_data_json))
        assert route.request.headers["authorization"].startswith("Bearer ")
        if refuse:
            problem = {"status": refuse.pop(), "code": "database_unavailable", "detail": "Try again in a moment."}
            await route.fulfill(status=503, json=problem, content_type="application/problem+json")
        else:
            await route.fulfill(status=204)

    await phone.page.route("**/api/v1/rooms/**", answer)
    await in_phase(phone, "waiting")
    await phone.find("fault").tap()
    assert await phone.find("fault-send").is_disabled()
    await phone.find("fault-sound").tap()
    await phone.find("fault-text").fill("音响没有声音")
    await phone.find("fault-send").tap()
    await phone.find("failed").wait_for()
    await phone.find("fault-send").tap()
    await phone.find("told").wait_for()
    await phone.find("count").tap()
    await phone.find("pupils").fill("37")
    await phone.find("count1").tap()
    await phone.find("count-send").tap()
    await phone.find("count").filter(has_text="38").wait_for()
    fault = {"kind": "sound", "text": "音响没有声音"}
    assert asked == [
        ("/rooms/lesson/fault", fault),
        ("/rooms/lesson/fault", fault),
        ("/rooms/lesson/count", {"pupils": 38}),
    ]

    guest = await open_phone(school, None, "guest")
    await guest.find("notice").wait_for()
    assert await guest.find("hand").count() == 0
    wrong = await school.open("assistant", "staff", "wrong", name="Wrong")
    await in_phase(wrong, "wrongRole")


@pytest.mark.parametrize("plane", ["native"], indirect=True)
async def test_signed_in_she_enters_from_her_lessons_and_rates(school: School) -> None:
    """The server's answers are put in here: what they are is tested with the resources themselves."""
    display = await school.open("classroom", "classroom", "c1", name="三年级教室")
    teacher = await school.open("studio", "lead", "teacher", name="教师甲")
    await teacher.find("go-live").click()
    await display.hears("teacher")
    token = school.server.token("lesson", "assistant", id="a1", name="教师乙", beside="c1")
    seat = {"classroom": "k1", "classroom_name": "三年级教室", "school_name": "第二小学"}
    mine = {"teacher_name": "教师甲", "classroom": "k1", "seats": [seat], "opens": 0, "starts": 0, "ends": 2**33}
    answers: dict[str, Any] = {
        "/me": {"person": {"id": "a1", "name": "教师乙"}, "grants": [], "may": {}, "csrf": "c"},
        "/lessons/mine": [
            {**mine, "lesson": "l0", "title": "认识分数", "state": "ended", "part": "assistant"},
            {**mine, "lesson": "lesson", "title": "圆的周长", "state": "live", "part": "assistant"},
        ],
        "/lessons/lesson/pass": {
            "token": token,
            "room": "lesson",
            "participant": "a1",
            "role": "assistant",
            "closes": 0,
        },
        "/lessons/lesson/rating": {
            "questions": [{"id": "sound", "kind": "stars", "zh": "声音清楚吗?", "en": "Was the sound clear?"}],
            "given": False,
            "may": True,
        },
    }

    async def answer(route: Route) -> None:
        await route.fulfill(json=answers[route.request.url.rsplit("/api/v1", 1)[1]])

    phone = await open_phone(school, None)
    await phone.page.context.route("**/api/v1/**", answer)
    await phone.page.goto(f"{school.url}/assistant?signed-in")
    await phone.find("enter-lesson").wait_for()
    assert await phone.find("enter-l0").count() == 0
    await phone.find("enter-lesson").tap()
    await in_phase(phone, "live")
    await phone.find("hand").tap()
    await teacher.page.locator("tk-tile[hand][data-testid='tile-c1']").wait_for()
    # A phone throws pages away; the lesson is in its address.
    await phone.page.reload()
    await in_phase(phone, "live")
    await teacher.find("end").click()
    await teacher.find("end-confirm").click()
    await in_phase(phone, "over")
    await phone.find("rating-sound-5").tap()
    await phone.find("rating-send").tap()
    await phone.find("rating-said").wait_for()
    await phone.find("my-lessons").tap()
    await phone.find("enter-lesson").wait_for()
