"""What a publisher sends and how it arrives over a simulated path: input for the over-use detection."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import NamedTuple

TICKS = 1 << 18
"""Of abs-send-time per second."""

Rate = Callable[[float], float]
"""Second → bit/s."""


class Arrival(NamedTuple):
    now_us: int
    sent: int
    """abs-send-time."""
    size: int


def constant(rate: float) -> Rate:
    return lambda _: rate


def step(before: float, after: float, at: float, until: float = float("inf")) -> Rate:
    return lambda second: after if at <= second < until else before


def sender(seed: int, seconds: float, bitrate: Rate, *, start: float = 0.0) -> list[tuple[float, int]]:
    """(second, bytes): 25 pictures a second of uneven size, paced as browsers do, and a voice."""
    choose = random.Random(seed)
    sent = [(start + 0.003 + 0.02 * number, 110) for number in range(int(seconds * 50))]
    for number in range(int(seconds * 25)):
        second = start + number / 25
        rate = bitrate(second)
        left = int(rate / 25 / 8 * min(2.0, max(0.3, choose.gauss(1, 0.25))))
        while left > 0:
            size = max(60, min(1100, left))
            sent.append((second, size))
            second += size * 8 / (2.5 * rate)
            left -= size
    return sorted(sent)


def over_path(
    sent: Iterable[tuple[float, int]],
    seed: int = 0,
    *,
    capacity: Rate | None = None,
    jitter: Callable[[random.Random], float] = lambda _: 0.0,
    in_order: bool = True,
    stamp_offset: int = 0,
) -> list[Arrival]:
    """A queue before a link of `capacity` bit/s, 30 ms of way, then `jitter` seconds more."""
    choose = random.Random(seed + 1000)
    free = last = 0.0
    arrivals = []
    for second, size in sent:
        arrived = second
        if capacity is not None:
            free = arrived = max(free, second) + size * 8 / capacity(second)
        arrived += 0.03 + jitter(choose)
        if in_order:
            last = arrived = max(arrived, last)
        stamp = (int(second * TICKS) + stamp_offset) & 0xFFFFFF
        arrivals.append(Arrival(10_000_000 + int(arrived * 1e6), stamp, size))
    return sorted(arrivals)


def uniform(most: float) -> Callable[[random.Random], float]:
    return lambda choose: choose.random() * most


def exponential(mean: float) -> Callable[[random.Random], float]:
    return lambda choose: choose.expovariate(1 / mean)


def spikes(choose: random.Random) -> float:
    """Now and then everything waits for 80 ms."""
    return (0.08 if choose.random() < 0.001 else 0.0) + choose.random() * 0.005


def noise(seed: int) -> Iterator[Arrival]:
    """No path at all: clocks that jump, bursts, pauses, trends of any steepness, sizes from nothing to all."""
    choose = random.Random(seed)
    now_us, sent = 10_000_000, choose.randrange(1 << 24)
    steepness = 1.0
    for number in count():
        if number % 50 == 0:
            steepness = choose.choice((0.5, 0.9, 1.0, 1.02, 1.1, 1.5))
        gap = choose.choice((0, 0, 300, 4_000, 5_000, 6_000, 20_000, choose.randrange(60_000)))
        match choose.randrange(400):
            case 0:
                gap = choose.randrange(1_900_000, 2_100_000)
            case 1:
                gap = choose.randrange(70_000_000)
            case 2:
                now_us -= choose.randrange(5_000_000)
            case 3:
                sent += choose.randrange(1 << 24)
            case 4:
                sent -= choose.randrange(20_000)
        sent += gap * 4096 // 15625
        now_us = max(1_000_000, now_us + int(gap * steepness) + choose.choice((0, 0, choose.randrange(3000))))
        yield Arrival(now_us, sent & 0xFFFFFF, choose.randrange(1, 1400))
