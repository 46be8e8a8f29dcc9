"""Rate limits on attempts: signing in, pairing a display, saying the old password.

What is counted are failures: a school whose sixty teachers sign in at 08:00 from one address has none.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter

from mediaserver.api import UserError

MAX_KEYS = 50_000


class Memory(Storage):
    """Counters of this process: at most `max_keys`, by a clock that tests can set.

    The package's own memory storage has neither, and looks through all of its keys at every hit (limits 5.8).
    """

    STORAGE_SCHEME: ClassVar[list[str]] = ["async+tongke"]

    def __init__(self, clock: Callable[[], float], max_keys: int = MAX_KEYS) -> None:
        super().__init__()
        self._clock = clock
        self._max_keys = max_keys
        self._counters: dict[str, tuple[int, float]] = {}  # in the order of their first hit

    @property
    def base_exceptions(self) -> type[Exception]:
        return ArithmeticError

    def _counter(self, key: str) -> tuple[int, float]:
        """How often, and until when that counts."""
        count, until = self._counters.get(key, (0, 0.0))
        if until <= self._clock():
            self._counters.pop(key, None)
            return 0, 0.0
        return count, until

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        count, until = self._counter(key)
        if not count and len(self._counters) >= self._max_keys:
            self._make_room()
        self._counters[key] = (count + amount, until or self._clock() + expiry)
        return count + amount

    def _make_room(self) -> None:
        now = self._clock()
        self._counters = {key: counter for key, counter in self._counters.items() if counter[1] > now}
        # A tenth at once: looking through all of them is not done for each one that comes.
        for key in list(self._counters)[: len(self._counters) - self._max_keys * 9 // 10]:
            del self._counters[key]

    async def get(self, key: str) -> int:
        return self._counter(key)[0]

    async def get_expiry(self, key: str) -> float:
        return self._counter(key)[1] or self._clock()

    async def check(self) -> bool:
        return True

    async def reset(self) -> int:
        count = len(self._counters)
        self._counters.clear()
        return count

    async def clear(self, key: str) -> None:
        self._counters.pop(key, None)


class Throttle:
    """Limits of one kind of attempt.

    An attempt has several keys, such as its address and the login it is for, each with a limit of its own::

        await throttle.check(address=address, login=login)   # 429 when one of them is used up
        …                                                    # try
        await throttle.failed(address=address, login=login)

    :param limits: name of a key → `"10 per 5 minute"`.
    """

    def __init__(self, name: str, clock: Callable[[], float], limits: Mapping[str, str], storage: Storage) -> None:
        self._name = name
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(storage)
        self._limits: dict[str, RateLimitItem] = {key: parse(text) for key, text in limits.items()}

    async def check(self, **keys: str) -> None:
        """:raises UserError: 429 `too_many_attempts` with `retry_after`, in seconds."""
        for item, parts in self._items(keys):
            if not await self._limiter.test(item, *parts):
                until = (await self._limiter.get_window_stats(item, *parts)).reset_time
                seconds = max(1, math.ceil(until - self._clock()))
                raise UserError(
                    429,
                    "too_many_attempts",
                    f"Too many failed attempts; try again in {_duration(seconds)}.",
                    retry_after=seconds,
                )

    async def failed(self, **keys: str) -> None:
        for item, parts in self._items(keys):
            await self._limiter.hit(item, *parts)

    async def take(self, **keys: str) -> bool:
        """Count, and say whether it was still within the limits."""
        return all([await self._limiter.hit(item, *parts) for item, parts in self._items(keys)])

    async def forget(self, **keys: str) -> None:
        """After a success: what failed before was a typing error."""
        for item, parts in self._items(keys):
            await self._limiter.clear(item, *parts)

    def _items(self, keys: Mapping[str, str]) -> Iterable[tuple[RateLimitItem, tuple[str, str, str]]]:
        # Hashed: what a stranger types may be long, and may be the password in the wrong field.
        return [
            (self._limits[key], (self._name, key, hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()[:32]))
            for key, value in keys.items()
        ]


def _duration(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{seconds} seconds" if seconds < 60 else "a minute" if minutes == 1 else f"{minutes} minutes"


def network(address: str) -> str:
    """What counts as one address: with IPv6 everybody has 2⁶⁴ of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
