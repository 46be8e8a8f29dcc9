"""An account whose lessons are still to come stays in use: nobody would teach them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from signalling.booking import change, series
from signalling.booking.book import Booked
from signalling.db.engine import Database
from signalling.people.accounts import COMMAND, Accounts
from signalling.people.passwords import Passwords
from tests.booking.conftest import county
from tests.booking.county import NOW, RULES, book, consistent, lessons_of, request, set_lesson, single
from tests.places.test_coming import refused

__all__ = ["county"]


@pytest.fixture
def accounts(county: Database) -> Iterator[Accounts]:
    passwords = Passwords(1)
    yield Accounts(county, passwords)
    passwords.close()


async def test_who_teaches_or_assists_stays(county: Database, accounts: Accounts) -> None:
    booked = await book(county, request())
    for person in ("t0", "a1"):
        error = await refused(accounts.set_active(NOW, COMMAND, person, False))
        assert error.status == 409 and error.extra["count"] == len(booked.lessons)
        assert error.extra["lessons"][0]["lesson"] == booked.lessons[0]  # type: ignore[index]
    assert await accounts.set_active(NOW, COMMAND, "a3", False)
    await series.substitute_assistant(county, booked.booking, None, "r1", None, "p0", NOW, rules=RULES)
    assert await accounts.set_active(NOW, COMMAND, "a1", False)
    for lesson in await lessons_of(county, booked.booking):
        await set_lesson(county, lesson.id, state="ended")
    assert await accounts.set_active(NOW, COMMAND, "t0", False)
    assert await accounts.set_active(NOW, COMMAND, "t0", True)


async def test_leaving_and_booking_at_once(county: Database, accounts: Accounts) -> None:
    """One of the two comes first, and the other one sees it."""
    for _ in range(5):
        left, booked = await asyncio.gather(
            accounts.set_active(NOW, COMMAND, "t0", False),
            book(county, request(plan=single())),
            return_exceptions=True,
        )
        outcome = [getattr(it, "code", None) for it in (left, booked)]
        assert outcome in ([None, "teacher_inactive"], ["lessons_booked", None]), outcome
        if isinstance(booked, Booked):
            await change.cancel(county, booked.lessons[0], "p0", NOW)
        else:
            await accounts.set_active(NOW, COMMAND, "t0", True)
    await consistent(county)
