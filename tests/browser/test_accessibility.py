"""axe finds nothing serious on any page that people sign in to, in either language, on a desk and on a phone."""

from __future__ import annotations

import pytest

from tests.browser.axe import faults
from tests.browser.test_timetable import Office, office
from tests.people.conftest import person

__all__ = ["office"]
pytestmark = pytest.mark.browser

PAGES = (
    "/login",
    "/home",
    "/library",
    "/library#q=abc&subject=abc&grade=abc",
    "/timetable",
    "/ledger",
    "/school",
    "/studio",
    "/assistant",
    "/admin#/people",
    "/admin#/places",
    "/admin#/devices",
    "/admin#/calendars",
    "/admin#/bells",
    "/admin#/imports",
    "/admin#/audit",
    "/admin#/webhooks",
)
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_nobody_is_kept_out(office: Office, language: str) -> None:
    school = office.county.lead
    roles = (("admin", "system", ""), ("teacher", "school", school), ("assistant", "school", school))
    await person(office.server.signalling.people.accounts, "boss", *roles, school=school)
    page = await office.open("boss", "/home")
    await page.evaluate("language => localStorage.setItem('tongke.lang', language)", language)
    found = {}
    for path in PAGES:
        # From elsewhere: a change of the part behind # alone loads nothing.
        await page.goto("about:blank")
        await page.goto(office.base + path)
        for size in (DESK, PHONE):
            await page.set_viewport_size(size)
            found[f"{path} {size['width']}"] = await faults(page)
    assert {where: what for where, what in found.items() if what} == {}
