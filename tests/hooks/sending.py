"""A courier in a process of its own, to be killed: `python -m tests.hooks.sending URL NOW`."""

from __future__ import annotations

import asyncio
import sys

from signalling.db.engine import Database
from signalling.hooks.courier import Courier
from signalling.hooks.sender import Sender
from signalling.hooks.webhooks import key_of
from signalling.metrics import Metrics
from tests.hooks.conftest import LOCAL, SECRET


async def send(url: str, now: float) -> None:
    async with Database(url) as database:
        courier = Courier(database, Sender(LOCAL), key_of(SECRET), Metrics(), lambda: now)
        await courier.look()
        await courier.idle()
        await courier.stop()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], float(sys.argv[2])))
