"""Rate limits: what counts, for how long, and how much memory a stranger can take."""

from __future__ import annotations

import pytest

from mediaserver.api import UserError
from signalling import problems
from signalling.people.throttle import Memory, Throttle, network
from tests.people.conftest import Clock


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle("test", clock, {"address": "3 per 10 minute", "login": "2 per minute"}, Memory(clock))


async def refused(throttle: Throttle, **keys: str) -> UserError:
    with pytest.raises(UserError) as caught:
        await throttle.check(**keys)
    assert (caught.value.status, caught.value.code) == (429, "too_many_attempts")
    return caught.value


async def test_failures_count_until_their_time_is_over(throttle: Throttle, clock: Clock) -> None:
    for _ in range(2):
        await throttle.check(address="a", login="x")
        await throttle.failed(address="a", login="x")
    error = await refused(throttle, address="a", login="x")
    assert error.extra["retry_after"] == 60 and "in a minute" in error.detail
    await throttle.check(address="a", login="y")
    await throttle.failed(address="a", login="y")
    clock.now += 59.5
    assert (await refused(throttle, login="x")).extra["retry_after"] == 1
    clock.now += 0.5
    await throttle.check(login="x")
    error = await refused(throttle, address="a", login="x")
    assert error.extra["retry_after"] == 540 and "9 minutes" in error.detail
    await throttle.check(address="b", login="x")


async def test_the_answer_says_when(throttle: Throttle) -> None:
    for _ in range(2):
        await throttle.failed(login="x")
    answer = problems.from_user_error(await refused(throttle, login="x"))
    assert (answer.status, answer.headers["Retry-After"]) == (429, "60")


async def test_a_success_forgets(throttle: Throttle) -> None:
    for _ in range(2):
        await throttle.failed(login="x")
    await throttle.forget(login="x")
    await throttle.check(login="x")


async def test_take(throttle: Throttle) -> None:
    assert [await throttle.take(login="x") for _ in range(3)] == [True, True, False]


async def test_one_kind_is_not_the_other(clock: Clock) -> None:
    storage = Memory(clock)
    pairing = Throttle("pairing", clock, {"address": "1 per minute"}, storage)
    sign_in = Throttle("sign-in", clock, {"address": "1 per minute"}, storage)
    await pairing.failed(address="a")
    await refused(pairing, address="a")
    await sign_in.check(address="a")


async def test_memory_is_bounded_and_holds_no_text(clock: Clock) -> None:
    storage = Memory(clock, max_keys=100)
    throttle = Throttle("test", clock, {"login": "1 per minute"}, storage)
    for number in range(1000):
        await throttle.failed(login=f"geheim {number} \ud800")
        assert len(storage._counters) <= 100
    await refused(throttle, login="geheim 999 \ud800")
    await throttle.check(login="geheim 0 \ud800")
    assert "geheim" not in repr(storage._counters)
    clock.now += 60
    await throttle.failed(login="new")
    assert await storage.reset() <= 100


async def test_what_is_over_makes_room_first(clock: Clock) -> None:
    storage = Memory(clock, max_keys=10)
    throttle = Throttle("test", clock, {"login": "1 per minute", "address": "1 per hour"}, storage)
    await throttle.failed(address="long")
    for number in range(9):
        await throttle.failed(login=str(number))
    clock.now += 60
    await throttle.failed(login="new")
    await refused(throttle, address="long")
    await refused(throttle, login="new")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_addresses(address: str, counted: str) -> None:
    assert network(address) == counted
