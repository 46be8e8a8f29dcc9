"""An account whose lessons are still to come stays in use: nobody would teach them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from signalling.booking import change, series
from signalling.booking.book import Booked
from signalling.db.engine import Database
from signalling.db.people import Person
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
        error = await refused(accounts.change(NOW, COMMAND, person, name="别名", active=False))
        assert error.status == 409 and error.extra["count"] == len(booked.lessons)
        assert error.extra["lessons"][0]["lesson"] == booked.lessons[0]  # type: ignore[index]
    async with county.read() as session:
        assert "别名" not in set(await session.scalars(select(Person.name))), "all of it or nothing"
    assert await accounts.change(NOW, COMMAND, "a3", active=False)
    await series.substitute_assistant(county, booked.booking, None, "r1", None, "p0", NOW, rules=RULES)
    assert await accounts.change(NOW, COMMAND, "a1", active=False)
    for lesson in await lessons_of(county, booked.booking):
        await set_lesson(county, lesson.id, state="ended")
    assert await accounts.change(NOW, COMMAND, "t0", active=False)
    assert await accounts.change(NOW, COMMAND, "t0", active=True)


async def test_leaving_and_booking_at_once(county: Database, accounts: Accounts) -> None:
    """One of the two comes first, and the other one sees it."""
    for _ in range(5):
        left, booked = await asyncio.gather(
            accounts.change(NOW, COMMAND, "t0", active=False),
            book(county, request(plan=single())),
            return_exceptions=True,
        )
        outcome = [getattr(it, "code", None) for it in (left, booked)]
        assert outcome in ([None, "teacher_inactive"], ["lessons_booked", None]), outcome
        if isinstance(booked, Booked):
            await change.cancel(county, booked.lessons[0], "p0", NOW)
        else:
            await accounts.change(NOW, COMMAND, "t0", active=True)
    await consistent(county)
