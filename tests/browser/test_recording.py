"""Everybody sees that a lesson is recorded, and the teacher's hand on it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from mediaserver.api import UserError
from recorder import manifest
from signalling.messages import Record
from signalling.tokens import Claims
from tests.bell.county import add_lesson, make_county
from tests.bell.test_doors import FUTURE
from tests.browser.conftest import Person, School, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


async def marked(person: Person, state: str) -> None:
    await person.page.locator(f'[data-testid="recording"][data-state="{state}"]').first.wait_for()


@pytest.mark.parametrize("plane", ["native"], indirect=True)
async def test_the_recording_is_seen_and_steered(school: School) -> None:
    database = school.server._database
    assert database is not None
    county = await make_county(database)
    room = await add_lesson(database, county, FUTURE, state="open")
    teacher = await school.open("studio", "lead", county.teacher, name="教师甲", room=room)
    display = await school.open("classroom", "classroom", county.display, name="三年级教室", room=room)
    phone = await school.open(
        "assistant",
        "assistant",
        "phone",
        name="辅助教师",
        room=room,
        beside=county.display,
        viewport={"width": 360, "height": 740},
    )
    await teacher.find("go-live").click()
    for person in (teacher, display, phone):
        await marked(person, "recording")

    rooms = school.server.signalling.rooms
    obey = rooms.record

    async def refuse(claims: Claims, message: Record) -> None:
        raise UserError(503, "database_unavailable", "The database does not answer; try again.")

    rooms.record = refuse
    await teacher.find("recording-menu").click()
    box, refused = teacher.find(f"recorded-{county.display}"), teacher.find("recording-refused")
    await box.click()
    await expect(refused).to_contain_text("The database does not answer")
    await expect(box).to_be_checked()  # she is recorded
    rooms.record = obey
    await box.click()
    await marked(display, "outHere")
    await expect(refused).to_have_count(0)
    await expect(box).not_to_be_checked()
    await marked(phone, "outHere")
    await teacher.find("recording-pause").click()
    await marked(teacher, "paused")
    await teacher.find("recording-menu").click()
    await teacher.find("recording-resume").click()
    await marked(teacher, "recording")
    await teacher.find("recording-menu").click()
    await teacher.find("recording-stop").click()
    await marked(teacher, "off")
    await display.page.locator('[data-testid="recording"]').wait_for(state="detached")
    await teacher.find("recording-menu").click()
    await teacher.find("recording-start").click()
    await marked(display, "outHere")

    folder = school.server.config.recording_dir / room

    async def resumed() -> bool:
        pauses = manifest.load(folder).pauses
        return len(pauses) == 2 and all(pause.end_us is not None for pause in pauses)

    await until("the recording goes on", resumed)
    kept = manifest.load(folder)
    assert {track.participant for track in kept.tracks} == {county.teacher}
    assert [pause.by for pause in kept.pauses] == [county.teacher] * 2
    assert list(kept.excluded) == [county.display]
