"""Whether a recorder box sends what a lesson needs: a process of its own opens it, so that a box that hangs, or breaks
the decoder, hangs and breaks that one."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass

from mediaserver.api import UserError
from signalling.devices import keys

PROBE = "signalling.client.probe"
"""Reads the address from its standard input: what stands on a command line can be read by everybody."""
PATIENCE_S = 20.0
AT_ONCE = 2
MAX_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sends:
    """What arrived within about two seconds. :ivar video: and :ivar audio: codecs, None where there is none.
    :ivar kbps: of both together."""

    video: str | None
    width: int
    height: int
    fps: float
    audio: str | None
    kbps: float


class Boxes:
    """At most `AT_ONCE` boxes are opened at the same time."""

    def __init__(self) -> None:
        self._line = asyncio.Semaphore(AT_ONCE)

    async def test(self, url: str, password: str) -> Sends:
        """:raises UserError: 503 `busy`; 504 `source_silent`; as `client.demux.Demuxer`."""
        if self._line.locked():
            raise UserError(
                503, "busy", "Other recorder boxes are being tested; try again in a moment.", retry_after=10
            )
        async with self._line:
            return await _ask(keys.with_password(url, password))


async def _ask(address: str) -> Sends:
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", PROBE, stdin=pipe, stdout=pipe, stderr=nothing, start_new_session=True
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await process.communicate(address.encode())
    except TimeoutError:
        raise UserError(
            504, "source_silent", "The recorder box was opened and sends nothing; restart it and try again."
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer = json.loads(said[:MAX_ANSWER])
        if "problem" in answer:
            raise _problem(*answer["problem"])
        return Sends(**answer)
    except (ValueError, TypeError):
        raise UserError(
            502, "source_unreadable", "The recorder box sends what cannot be read; check its settings for H.264."
        ) from None


def _problem(status: int, code: str, detail: str) -> UserError:
    if code == "source_refused":  # 401 would say that the person is signed out
        return UserError(422, code, "The recorder box refuses the user name or the password; set them again.")
    return UserError(status, code, detail)
