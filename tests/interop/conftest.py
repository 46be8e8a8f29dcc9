"""A whole server on free ports, and other stacks as processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_asyncio

from mediaserver.api import GetStats
from signalling.cli.serve import Server
from signalling.config import Config

JS = Path(__file__).parent.parent / "js"
TIMEOUT_S = 40


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    config = Config(data_dir=tmp_path, http={"port": 0}, media={"port": 0})
    async with Server(config) as running:
        yield running


async def counter(server: Server, name: str) -> int:
    stats = await server.bus.request(GetStats())
    return stats.counters[name]


async def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for a condition (may be a coroutine function); fails with `what` it was."""

    async def poll() -> None:
        while True:
            value = condition()
            if asyncio.iscoroutine(value):
                value = await value
            if value:
                return
            await asyncio.sleep(0.05)

    try:
        await asyncio.wait_for(poll(), TIMEOUT_S)
    except TimeoutError:
        raise AssertionError(f"not within {TIMEOUT_S} s: {what}") from None


class Peer:
    """A process that prints JSON lines about itself; `seen` is the union of them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.seen: dict[str, Any] = {}
        self.text = ""

    async def read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            try:
                self.seen.update(json.loads(line))
            except ValueError:
                self.text += line.decode(errors="replace")

    async def until(self, condition: Callable[[dict[str, Any]], bool], what: str) -> None:
        def check() -> bool:
            if self.process.returncode is not None:
                raise AssertionError(f"the peer ended with {self.process.returncode}: {self.text[-2000:]}")
            return condition(self.seen)

        await until(check, f"{what}; seen {self.seen}, said {self.text[-500:]}")


@asynccontextmanager
async def spawn(*command: str, ca: Path | None) -> AsyncIterator[Peer]:
    """Run a peer; at the end it is asked to stop and must end well."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(ca or "")},
    )
    peer = Peer(process)
    reading = asyncio.create_task(peer.read())
    try:
        yield peer
        assert process.stdin is not None
        process.stdin.write(b"stop\n")
        await process.stdin.drain()
        assert await asyncio.wait_for(process.wait(), TIMEOUT_S) == 0, peer.text[-2000:]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await reading


def node(script: str, mode: str, server: Server, token: str, *, room: str = "r") -> Any:
    path = "whip" if mode == "publish" else "whep"
    executable = shutil.which("node") or "node"
    url = f"https://localhost:{server.port}/{path}/{room}"
    return spawn(executable, str(JS / script), mode, url, token, ca=server.ca_file)


def python(script: Path, *arguments: str) -> Any:
    return spawn(sys.executable, str(script), *arguments, ca=None)
