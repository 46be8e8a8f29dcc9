"""A server that does nothing but ring, for the benchmark `booking`: `python -m benchmarks.ring URL WALL`.

Its wall clock begins at WALL and it prints the id of each lesson that it opened, with seconds since it began to ring.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time

import structlog

from mediaserver.api import UserError
from signalling.bell.ringing import Bell, Event, LessonOpened
from signalling.config import BellConfig
from signalling.db.engine import Database
from signalling.metrics import Metrics

TICK_S = 0.05


async def ring(url: str, wall: float) -> None:
    began = time.monotonic()

    def clock() -> float:
        return wall + time.monotonic() - began

    def say(event: Event) -> None:
        if isinstance(event, LessonOpened):
            print(event.lesson, f"{time.monotonic() - began:.3f}", flush=True)

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    async with Database(url) as database:
        bell = Bell(database, clock, BellConfig(), [say], metrics=Metrics())
        while True:
            with contextlib.suppress(UserError):
                await bell.ring()
            await asyncio.sleep(TICK_S)


if __name__ == "__main__":
    asyncio.run(ring(sys.argv[1], float(sys.argv[2])))
