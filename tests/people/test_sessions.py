"""Sign-in sessions: how long they last, how many there are, and what the database knows of them."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.engine import Database
from signalling.db.people import Login
from signalling.people import sessions
from signalling.people.accounts import Accounts
from signalling.people.roles import Grant, Scope
from signalling.people.sessions import ABSOLUTE_S, IDLE_S, MAX_SESSIONS, TOUCH_S, Begun
from tests.people.conftest import NOW, person


async def begin(database: Database, id: str, now: float = NOW, before: str | None = None) -> Begun:
    async def work(session: AsyncSession) -> Begun:
        return await sessions.begin(session, now, id, "Browser/1 \udcff", before)

    return await database.run(work)


async def hashes(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(Login.hash)))


@pytest.fixture
async def teacher(accounts: Accounts) -> str:
    return await person(accounts, "jia", ("teacher", "school", "s1"))


@pytest.fixture(autouse=True)
def schools_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def anything(*_: object) -> None: ...

    monkeypatch.setattr(Accounts, "_require_grant", anything)


async def test_whose_cookie_it_is(database: Database, teacher: str) -> None:
    begun = await begin(database, teacher)
    found = await sessions.find(database, NOW, begun.cookie)
    assert found is not None
    assert (found.person, found.login, found.csrf) == (teacher, "jia", begun.csrf)
    assert found.grants == (Grant("teacher", Scope("school", "s1")), Grant("own", Scope("person", teacher)))
    for cookie in ("", begun.cookie[:-1], begun.cookie + "x", begun.csrf, found.hash, "x" * 10_000, "\udcff"):
        assert await sessions.find(database, NOW, cookie) is None


async def test_the_database_does_not_know_the_cookie(database: Database, teacher: str) -> None:
    begun = await begin(database, teacher)
    async with database.read() as session:
        row = await session.scalar(select(Login))
    assert row is not None and row.agent == "Browser/1 ?"
    assert begun.cookie not in {str(getattr(row, column.key)) for column in Login.__table__.columns}
    assert len(begun.cookie) == 43 and begun.cookie != begun.csrf
    found = await sessions.find(database, NOW, begun.cookie)
    for secret in (begun.cookie, begun.csrf):
        assert secret not in repr(begun) + repr(found)


async def test_silence_ends_it(database: Database, teacher: str) -> None:
    begun = await begin(database, teacher)
    assert await sessions.find(database, NOW + IDLE_S - 1, begun.cookie) is not None
    assert await sessions.find(database, NOW + IDLE_S, begun.cookie) is None


async def test_use_prolongs_it_up_to_a_limit(database: Database, teacher: str) -> None:
    begun = await begin(database, teacher)
    now = NOW
    found = await sessions.find(database, now, begun.cookie)
    assert found is not None and not found.due
    while found is not None:
        now += IDLE_S / 2
        await sessions.touch(database, now, found.hash)
        found = await sessions.find(database, now, begun.cookie)
        assert found is None or not found.due
    assert now == NOW + ABSOLUTE_S


async def test_it_is_written_to_seldom(database: Database, teacher: str) -> None:
    begun = await begin(database, teacher)
    for after, due in ((0, False), (TOUCH_S - 1, False), (TOUCH_S, True)):
        found = await sessions.find(database, NOW + after, begun.cookie)
        assert found is not None and found.due is due


async def test_what_is_over_is_not_touched_back_to_life(database: Database, teacher: str) -> None:
    begun = await begin(database, teacher)
    await sessions.touch(database, NOW + IDLE_S, sessions.hash_of(begun.cookie))
    assert await sessions.find(database, NOW + IDLE_S, begun.cookie) is None


async def test_the_browsers_session_before_ends(database: Database, accounts: Accounts, teacher: str) -> None:
    """Whoever put a cookie into this browser does not share what it is used for from now on."""
    other = await person(accounts, "yi")
    planted = await begin(database, other)
    begun = await begin(database, teacher, before=planted.cookie)
    assert begun.cookie != planted.cookie and begun.csrf != planted.csrf
    assert await hashes(database) == {sessions.hash_of(begun.cookie)}
    again = await begin(database, teacher, before="x" * 43)
    assert again.cookie != "x" * 43


async def test_of_many_the_one_unused_for_longest_ends(database: Database, accounts: Accounts, teacher: str) -> None:
    other = await begin(database, await person(accounts, "yi"))
    begun = [await begin(database, teacher, NOW + number) for number in range(MAX_SESSIONS)]
    await sessions.touch(database, NOW + 100, sessions.hash_of(begun[0].cookie))
    last = await begin(database, teacher, NOW + 101)
    left = [begun[0], *begun[2:], last, other]
    assert await hashes(database) == {sessions.hash_of(it.cookie) for it in left}


async def test_signing_out_here_and_everywhere(database: Database, accounts: Accounts, teacher: str) -> None:
    other = await begin(database, await person(accounts, "yi"))
    first, second, third = [await begin(database, teacher) for _ in range(3)]
    await sessions.sign_out(database, NOW, teacher, sessions.hash_of(first.cookie))
    await sessions.sign_out(database, NOW, teacher, sessions.hash_of(other.cookie))  # not hers
    assert await hashes(database) == {sessions.hash_of(it.cookie) for it in (second, third, other)}
    await sessions.sign_out(database, NOW, teacher, None)
    assert await hashes(database) == {sessions.hash_of(other.cookie)}


async def test_the_sweep_takes_what_is_over_a_few_at_a_time(database: Database, teacher: str) -> None:
    for number in range(5):
        await begin(database, teacher, NOW + number)
    left = await begin(database, teacher, NOW + IDLE_S)
    swept = [await sessions.sweep(database, NOW + IDLE_S + 10, limit=2) for _ in range(4)]
    assert swept == [2, 2, 1, 0]
    assert await hashes(database) == {sessions.hash_of(left.cookie)}
