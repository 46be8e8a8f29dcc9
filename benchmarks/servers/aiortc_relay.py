"""Stock aiortc with `MediaRelay` (benchmarks/peers/aiortc_relay.py). It decodes, and encodes once per viewer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Self

import aiohttp

from benchmarks.load.peer import ConnectError, Exchange, Peer
from benchmarks.load.sdp import Kind
from benchmarks.process import Child


class AiortcRelay:
    name = "aiortc"
    decodes = True
    process: Child

    def __init__(self, core: int) -> None:
        self.label = f"aiortc {version('aiortc')} MediaRelay"
        self._core = core
        self._url = ""
        self._client: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        program = [sys.executable, "-m", "benchmarks.peers.aiortc_relay"]
        self.process = await Child.start(program, core=self._core, name=self.label)
        self._url = (await self.process.line(r"serves on (\S+)")).group(1)
        self.process.drain_output()
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        await self.process.stop()

    def _exchange(self, path: str) -> Exchange:
        async def post(offer: str) -> str:
            async with self._client.post(f"{self._url}/{path}", data=offer) as response:
                if response.status != 201:
                    raise ConnectError(f"{path} was answered {response.status}")
                return await response.text()

        return post

    async def publish(self, peer: Peer, room: str, ssrcs: Sequence[int]) -> None:
        await peer.connect(("video", "audio"), self._exchange("whip"), ssrcs)

    async def subscribe(self, peer: Peer, room: str, kinds: Sequence[Kind] = ("video", "audio")) -> None:
        await peer.connect(kinds, self._exchange("whep"))
