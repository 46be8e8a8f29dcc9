"""A server that does nothing but ring, for tests with several of them: `python -m tests.bell.ringer URL WALL FASTER`.

Its clocks run FASTER times as fast as time, the wall clock from WALL on. It prints `held` when it has the lease and
the id of each lesson that it opened, and ends when nothing is scheduled any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time

import structlog

from mediaserver.api import UserError
from signalling.bell.ringing import Bell
from signalling.config import BellConfig
from signalling.db.engine import Database
from signalling.metrics import Metrics
from tests.bell.county import states


async def ring(url: str, wall: float, faster: float) -> None:
    began = time.monotonic()

    def passed() -> float:
        return (time.monotonic() - began) * faster

    def say(event: object) -> None:
        print(event.lesson, flush=True)  # type: ignore[attr-defined]

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    async with Database(url) as database:
        bell = Bell(
            database, lambda: wall + passed(), BellConfig(lease_s=3), [say], metrics=Metrics(), monotonic=passed
        )
        held = False
        while "scheduled" in await states(database):
            with contextlib.suppress(UserError):  # the others were in the way
                await bell.ring()
            if bell.held and not held:
                held = True
                print("held", flush=True)


if __name__ == "__main__":
    asyncio.run(ring(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
