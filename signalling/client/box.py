"""A recorder box on its way into a lesson, in a process of its own: `python -m signalling.client.box`.

What to do is one line of JSON on standard input, so that no password stands on a command line: `source`, `url`,
`room`, `token` and `fingerprint` (SHA-256 of the server's certificate in hexadecimal, or null). The process ends when
standard input does: whoever started it is gone, or wants it to. On standard output it says with one line of JSON each
what happens: `sending` every two seconds (pictures so far), `said` (a sentence), and at last `failed` (why).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from mediaserver.api import UserError
from signalling.client.http import SignallingClient
from signalling.client.publisher import keep_publishing
from signalling.client.source import Source

EVERY_S = 2.0
END_S = 3.0
"""A source that does not let go of its thread for longer is left to the end of the process."""
STAND_BY_S = 10.0
"""While somebody else teaches it is asked so often whether she still does."""
MAX_DETAIL = 500


def say(t: str, **more: object) -> None:
    """Whoever reads it may be gone."""
    try:
        print(json.dumps({"t": t, **more}), flush=True)
    except BrokenPipeError:
        os._exit(1)


async def publish(order: dict[str, Any]) -> None:
    """:raises UserError: what does not pass by itself."""
    pinned = bytes.fromhex(order["fingerprint"]) if order["fingerprint"] else None
    reporting: asyncio.Task[None] | None = None

    def told(code: str, detail: str) -> None:
        say("said", code=code, detail=detail[:MAX_DETAIL])

    try:
        source = await Source.open(order["source"], say=lambda detail: told("source", detail))
        async with source, SignallingClient(order["url"], order["token"], fingerprint=pinned) as client:
            reporting = asyncio.create_task(report(source))
            publishing = asyncio.create_task(stand_by(client, order["room"], source, told))
            over = asyncio.create_task(source.ended.wait())
            try:
                await asyncio.wait((publishing, over), return_when=asyncio.FIRST_COMPLETED)
                if publishing.done():
                    await publishing
                raise UserError(502, "source_changed", "The recorder box sends something else now; it is opened anew.")
            finally:
                for task in (publishing, over):
                    task.cancel()
                await asyncio.gather(publishing, over, return_exceptions=True)
    finally:
        if reporting is not None:
            reporting.cancel()


async def stand_by(client: SignallingClient, room: str, source: Source, told: Callable[[str, str], None]) -> None:
    """Publish whenever nobody else does: a teacher who teaches from her own page is not pushed out."""
    while True:
        try:
            await keep_publishing(client, room, source.tracks, say=told)
        except UserError as error:
            if error.code not in ("room_has_lead", "taken_over"):
                raise
            told(error.code, error.detail)
        await asyncio.sleep(STAND_BY_S)


async def report(source: Source) -> None:
    while True:
        say("sending", pictures=source.fetched["video"], sounds=source.fetched["audio"])
        await asyncio.sleep(EVERY_S)


async def run(order: dict[str, Any]) -> int:
    loop = asyncio.get_running_loop()
    work = asyncio.create_task(publish(order))
    loop.add_signal_handler(signal.SIGTERM, work.cancel)

    def leash() -> None:
        sys.stdin.buffer.read()  # returns when the other end is closed
        threading.Timer(END_S, os._exit, (1,)).start()
        loop.call_soon_threadsafe(work.cancel)

    threading.Thread(target=leash, name="leash", daemon=True).start()
    try:
        await work
    except asyncio.CancelledError:
        return 0
    except UserError as error:
        say("failed", code=error.code, detail=error.detail[:MAX_DETAIL])
    except Exception as error:
        say("failed", code="bug", detail=f"The program that reads the box has failed ({type(error).__name__}).")
    return 1


if __name__ == "__main__":
    status = asyncio.run(run(json.loads(sys.stdin.buffer.readline())))
    sys.stdout.flush()
    os._exit(status)  # a thread that hangs in a source does not keep the process
