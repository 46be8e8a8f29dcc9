"""A phone reads the code on a real display of a real lesson, and is its remote."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from signalling.db.lessons import Participation
from signalling.db.records import Audit
from tests.browser.conftest import Person, until
from tests.browser.test_assistant import PHONE, in_phase, plays_at
from tests.browser.test_display import OPENS, County, OpenCounty, lesson_at_eight, open_county, paired

__all__ = ["open_county"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


async def scanned(county: County, display: Person) -> Person:
    code = display.find("phone-code")
    await code.wait_for(timeout=60_000)
    url = await code.get_attribute("data-url")
    assert url is not None
    context = await county._browser.new_context(locale="zh-CN", **PHONE)
    county._contexts.append(context)
    phone = Person("phone", await context.new_page())
    county.people.append(phone)
    await phone.page.goto(url if url.startswith("http") else f"{county.url}{url}")
    return phone


async def told(county: County, lesson: str) -> dict[str, Any]:
    """What is on record of the lesson's classroom."""
    async with county.database.read() as session:
        faults = await session.scalars(
            select(Audit.detail).where(Audit.action == "lesson.fault", Audit.subject == lesson)
        )
        pupils = await session.scalars(
            select(Participation.count).where(Participation.lesson == lesson, Participation.count.is_not(None))
        )
        return {"faults": [(it["classroom"], it["fault"], it["text"]) for it in faults], "pupils": list(pupils)}


async def test_the_code_on_the_display_is_its_remote(open_county: OpenCounty) -> None:
    county = await open_county(OPENS + 60)
    lesson = await lesson_at_eight(county)
    _, display = await county.display()
    await paired(county, display)
    phone = await scanned(county, display)
    await in_phase(phone, "waiting")
    await phone.find("left").wait_for()
    teacher_pass = await county.server.signalling.passes.of_person(lesson, "t0", county.clock())
    context = await county.window("Asia/Shanghai")
    await context.add_init_script(f"(now => {{ Date.now = () => now() + {county.apart_ms} }})(Date.now.bind(Date))")
    teacher = await county.open(context, f"studio#room={lesson}&token={teacher_pass.token}", "teacher")
    await teacher.find("go-live").click()
    await in_phase(phone, "live")
    await display.hears("teacher")

    await phone.find("hand").tap()
    await teacher.page.locator("tk-tile[hand]").wait_for()
    await phone.find("volume").fill("30")
    await plays_at(display, 0.3)
    await phone.find("local").tap()
    await display.find("local").wait_for()
    await display.page.reload()
    await display.find("local").wait_for()
    await plays_at(display, 0.3 * 0.15)
    await phone.find("local").tap()
    await display.find("local").wait_for(state="hidden")

    await phone.find("fault").tap()
    await phone.find("fault-picture").tap()
    await phone.find("fault-text").fill("画面发白")
    await phone.find("fault-send").tap()
    await phone.find("told").wait_for()
    await phone.find("count").tap()
    await phone.find("pupils").fill("31")
    await phone.find("count-send").tap()
    await phone.find("count").filter(has_text="31").wait_for()

    async def on_record() -> bool:
        return await told(county, lesson) == {"faults": [("r1", "picture", "画面发白")], "pupils": [31]}

    await until("the report and the count are on record", on_record)
    await teacher.find("end").click()
    await teacher.find("end-confirm").click()
    await in_phase(phone, "over")
    await phone.page.reload()
    await in_phase(phone, "over")
    for person in county.people:
        assert person.errors == []
