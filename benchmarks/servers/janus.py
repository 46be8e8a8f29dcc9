"""Debian's Janus with its videoroom, over its WebSocket API, ICE-lite like ours."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import aiohttp

from benchmarks.load.build import shared_object
from benchmarks.load.peer import ConnectError, Peer
from benchmarks.load.sdp import Kind
from benchmarks.process import Child
from benchmarks.servers import Unavailable

REQUEST_S = 30.0
KEEP_ALIVE_S = 20.0
ROOM = 4711
_SHIM = Path(__file__).parents[1] / "peers" / "loopback.c"

_MAIN = """
general: {{
    configs_folder = "{folder}"
    debug_level = 2
    server_name = "bench"
}}
media: {{
    rtp_port_range = "20000-60000"
}}
nat: {{
    ice_lite = true
    ice_enforce_list = "lo,127.0.0.1"
}}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
_WEBSOCKETS = 'general: {{ json = "compact", ws = true, ws_port = {port}, ws_ip = "127.0.0.1" }}\n'
_TRANSPORTS = "http rabbitmq mqtt nanomsg pfunix".split()
_OTHERS = "audiobridge duktape echotest lua nosip recordplay sip streaming textroom videocall voicemail".split()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Janus:
    name = "janus"
    decodes = False
    process: Child

    def __init__(self, core: int) -> None:
        program = shutil.which("janus")
        if program is None:
            raise Unavailable("janus is not installed; benchmarks/install-peers does it")
        self._program = program
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10).stdout
        found = re.search(r"\(([\d.]+)\)", said)
        self.label = f"Janus {found.group(1)}" if found else "Janus"
        self._core = core
        self._directory = tempfile.TemporaryDirectory(prefix="janus-bench-")
        self._replies: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._session = 0
        self._feed = 0
        self._http: aiohttp.ClientSession
        self._socket: aiohttp.ClientWebSocketResponse

    async def __aenter__(self) -> Self:
        folder, port = Path(self._directory.name), _free_port()
        plugins, transports = (",".join(f"libjanus_{name}.so" for name in names) for names in (_OTHERS, _TRANSPORTS))
        (folder / "janus.jcfg").write_text(_MAIN.format(folder=folder, plugins=plugins, transports=transports))
        (folder / "janus.transport.websockets.jcfg").write_text(_WEBSOCKETS.format(port=port))
        (folder / "janus.plugin.videoroom.jcfg").write_text("general: {}\n")
        shim = shared_object("loopback", [_SHIM])
        self.process = await Child.start(
            [self._program, "-F", str(folder)],
            core=self._core,
            name=self.label,
            environment={"LD_PRELOAD": str(shim)},
        )
        self.process.drain_output()
        self._http = aiohttp.ClientSession()
        try:
            self._socket = await self._open(f"ws://127.0.0.1:{port}")
        except BaseException:
            await self._http.close()
            await self.process.stop()
            raise
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._keep_alive())]
        self._session = (await self._request({"janus": "create"}))["data"]["id"]
        room = {"request": "create", "room": ROOM, "publishers": 10, "bitrate": 0, "videocodec": "vp8"}
        await self._plugin(await self._attach(), room)
        return self

    async def _open(self, url: str) -> aiohttp.ClientWebSocketResponse:
        async with asyncio.timeout(10):
            while self.process.running:
                with contextlib.suppress(aiohttp.ClientError):
                    return await self._http.ws_connect(url, protocols=("janus-protocol",), max_msg_size=0)
                await asyncio.sleep(0.1)
        raise Unavailable(f"janus ended:\n{self.process.last_words()}")

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()
        await self._http.close()
        await self.process.stop()
        self._directory.cleanup()

    # ------------------------------------------------------------ the API

    async def _read(self) -> None:
        async for message in self._socket:
            data = message.json()
            queue = self._replies.get(data.get("transaction", ""))
            if queue is not None:
                queue.put_nowait(data)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_S)
            await self._socket.send_json(
                {"janus": "keepalive", "session_id": self._session, "transaction": secrets.token_hex(8)}
            )

    async def _request(self, message: dict[str, Any]) -> dict[str, Any]:
        """The final reply: `ack` only says that an event will follow."""
        transaction = secrets.token_hex(8)
        queue = self._replies[transaction] = asyncio.Queue()
        try:
            await self._socket.send_json({**message, "transaction": transaction})
            async with asyncio.timeout(REQUEST_S):
                while (reply := await queue.get())["janus"] == "ack":
                    continue
        except TimeoutError:
            raise ConnectError(f"janus did not answer {message['janus']}") from None
        finally:
            del self._replies[transaction]
        plugin = reply.get("plugindata", {}).get("data", {})
        if reply["janus"] == "error" or "error_code" in plugin:
            raise ConnectError(f"janus answered {reply}")
        return reply

    async def _attach(self) -> int:
        request = {"janus": "attach", "session_id": self._session, "plugin": "janus.plugin.videoroom"}
        return int((await self._request(request))["data"]["id"])

    async def _plugin(self, handle: int, body: dict[str, Any], kind: str = "", description: str = "") -> dict[str, Any]:
        message: dict[str, Any] = {
            "janus": "message",
            "session_id": self._session,
            "handle_id": handle,
            "body": body,
        }
        if description:
            message["jsep"] = {"type": kind, "sdp": description}
        return await self._request(message)

    # ------------------------------------------------------------ media

    async def publish(self, peer: Peer, room: str, ssrcs: Sequence[int]) -> None:
        handle = await self._attach()
        joined = await self._plugin(handle, {"request": "join", "ptype": "publisher", "room": ROOM})
        self._feed = joined["plugindata"]["data"]["id"]

        async def exchange(offer: str) -> str:
            reply = await self._plugin(handle, {"request": "publish"}, "offer", offer)
            return str(reply["jsep"]["sdp"])

        await peer.connect(("video", "audio"), exchange, ssrcs)

    async def subscribe(self, peer: Peer, room: str, kinds: Sequence[Kind] = ("video", "audio")) -> None:
        handle = await self._attach()
        streams = [{"feed": self._feed}]
        reply = await self._plugin(handle, {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": streams})

        async def send_answer(answer: str) -> None:
            await self._plugin(handle, {"request": "start"}, "answer", answer)

        await peer.accept(kinds, reply["jsep"]["sdp"], send_answer)
