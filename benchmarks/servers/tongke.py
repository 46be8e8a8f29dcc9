"""Our own server as a user starts it: `tongke serve` on loopback, plain HTTP, one plane."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import aiohttp

from benchmarks.load.peer import ConnectError, Exchange, Peer
from benchmarks.load.sdp import Kind
from benchmarks.process import Child, ChildError
from benchmarks.servers import Unavailable
from signalling import tokens

HTTP_TIMEOUT_S = 30.0
CONNECTIONS = 1000
"""Joiners do not share HTTP connections: each is another machine."""
_SERVE = "from signalling.cli import main; main(['serve'])"


class Tongke:
    """:param plane: `reference` or `native`. :param prelude: Python that the server's process runs first.
    :param index: of the library, instead of none."""

    decodes = False
    process: Child

    def __init__(
        self,
        core: int,
        plane: str,
        *,
        settings: dict[str, str] | None = None,
        prelude: str = "",
        index: Path | None = None,
    ) -> None:
        self.name = plane
        self.label = f"Tongke, {plane} plane"
        self._core = core
        self._directory = tempfile.TemporaryDirectory(prefix="tongke-bench-")
        if index is not None:
            (Path(self._directory.name) / "index").symlink_to(index)
        self._environment = {
            "TONGKE_DATA_DIR": self._directory.name,
            "TONGKE_HTTP__HOST": "127.0.0.1",
            "TONGKE_HTTP__PORT": "0",
            "TONGKE_HTTP__TLS": "off",
            "TONGKE_MEDIA__HOST": "127.0.0.1",
            "TONGKE_MEDIA__PLANE": plane,
            "TONGKE_MEDIA__MAX_SESSIONS": "8000",
            "TONGKE_MEDIA__MAX_PEERS_PER_ROOM": "4000",
            "TONGKE_LOG__LEVEL": "warning",
            **(settings or {}),
        }
        self._program = f"{prelude}\n{_SERVE}"
        self.url = ""
        self._secret = b""
        self._client: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        """Raises `Unavailable` when the plane cannot be loaded."""
        self.process = await Child.start(
            [sys.executable, "-c", self._program], core=self._core, name=self.label, environment=self._environment
        )
        try:
            self.url = (await self.process.line(r"serves on (http://\S+)")).group(1).replace("localhost", "127.0.0.1")
        except ChildError as error:
            await self.process.stop()
            raise Unavailable(_reason(str(error))) from None
        self.process.drain_output()
        self._secret = tokens.load_secret(Path(self._directory.name) / "token-secret")
        self._client = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=HTTP_TIMEOUT_S), connector=aiohttp.TCPConnector(limit=CONNECTIONS)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        await self.process.stop()
        self._directory.cleanup()

    def token(self, room: str, role: str, participant: str) -> str:
        return tokens.mint(self._secret, room=room, role=role, participant=participant, now=time.time())

    def exchange(self, path: str, room: str, role: str, participant: str) -> Exchange:
        """WHIP (`path` whip) or WHEP (whep) of one participant."""

        async def post(offer: str) -> str:
            headers = {
                "Authorization": f"Bearer {self.token(room, role, participant)}",
                "Content-Type": "application/sdp",
            }
            async with self._client.post(f"{self.url}/{path}/{room}", data=offer, headers=headers) as response:
                text = await response.text()
                if response.status != 201:
                    raise ConnectError(f"{path} was answered {response.status}: {text}")
                return text

        return post

    async def publish(self, peer: Peer, room: str, ssrcs: Sequence[int]) -> None:
        await peer.connect(("video", "audio"), self.exchange("whip", room, "lead", "lead"), ssrcs)

    async def subscribe(self, peer: Peer, room: str, kinds: Sequence[Kind] = ("video", "audio")) -> None:
        participant = f"c{peer.local.port}"
        await peer.connect(kinds, self.exchange("whep", room, "classroom", participant))

    # ------------------------------------------------------------ both ways

    async def send_back(self, peer: Peer, room: str, classroom: str, ssrcs: Sequence[int]) -> None:
        """Picture and sound of a classroom."""
        await peer.connect(("video", "audio"), self.exchange("whip", room, "classroom", classroom), ssrcs)

    async def watch_tiles(self, peer: Peer, room: str, tiles: int) -> None:
        """The lead sees `tiles` classrooms and hears the one that is called."""
        kinds: list[Kind] = ["video"] * tiles + ["audio"]
        await peer.connect(kinds, self.exchange("whep", room, "lead", "lead"))


def _reason(words: str) -> str:
    """The server's own sentence, without what led to it."""
    sentences = [line.removeprefix("tongke: ") for line in words.splitlines() if line.startswith("tongke: ")]
    return sentences[-1] if sentences else words
