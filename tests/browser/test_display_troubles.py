"""A display whose key is taken back in the middle of a lesson, and one that waits for a lesson that is cancelled."""

from __future__ import annotations

import pytest

from signalling.booking import change
from signalling.devices import registry
from tests.booking.county import TUESDAY, at
from tests.browser.test_display import OPENS, OpenCounty, lesson_at_eight, open_county, paired, stored

__all__ = ["open_county"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
BEAT_S = 120.0
"""A display in a lesson asks about its day at least this often, with some patience."""


async def test_a_display_revoked_inside_a_lesson_goes_to_pairing(open_county: OpenCounty) -> None:
    county = await open_county(OPENS + 60)
    lesson = await lesson_at_eight(county)
    _, display = await county.display()
    device = await paired(county, display)
    await display.in_phase("waiting", patience=60)
    context, _ = await county.signed_in("t0")
    teacher = await county.open(context, f"studio#lesson={lesson}", "teacher")
    await teacher.in_phase("preflight")
    await teacher.find("go-live").click()
    await display.in_phase("live", "weak")

    await registry.revoke(county.database, county.clock(), "command", device)
    await display.in_phase("unpaired", patience=BEAT_S)
    await display.find("pairing-code").wait_for()
    assert await stored(display, "tongke.device") == "" and await stored(display, "tongke.lesson") == ""
    for person in county.people:
        assert person.errors == []


async def test_a_lesson_cancelled_while_the_display_waits(open_county: OpenCounty) -> None:
    county = await open_county(at(TUESDAY, 7, 52))
    lesson = await lesson_at_eight(county)
    _, display = await county.display()
    await paired(county, display)
    await display.in_phase("waiting", patience=60)

    await change.cancel(county.database, lesson, "p0", county.clock(), reason="教师外出培训")
    await display.in_phase("idle", patience=BEAT_S)
    await display.find(f"lesson-{lesson}").wait_for()
    await display.page.locator(f'[data-testid="lesson-{lesson}"][data-mark="cancelled"]').wait_for(timeout=90_000)
    assert await stored(display, "tongke.lesson") == ""
    assert display.errors == []
