"""Stock aiortc as a media server: WHIP in, `MediaRelay`, WHEP out. What one writes in an afternoon.

aiortc's receivers decode and its senders encode, once per viewer; that is its design as an endpoint
and what this figure shows.
"""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from signalling.client.seam import gather_loopback


class Relay:
    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._tracks: dict[str, MediaStreamTrack] = {}
        self._connections: set[RTCPeerConnection] = set()

    async def whip(self, request: web.Request) -> web.Response:
        connection = self._connection()
        connection.on("track", lambda track: self._tracks.__setitem__(track.kind, track))
        return await self._answer(connection, await request.text())

    async def whep(self, request: web.Request) -> web.Response:
        connection = self._connection()
        for kind in ("video", "audio"):
            connection.addTrack(self._relay.subscribe(self._tracks[kind]))
        return await self._answer(connection, await request.text())

    def _connection(self) -> RTCPeerConnection:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connections.add(connection)
        return connection

    async def _answer(self, connection: RTCPeerConnection, offer: str) -> web.Response:
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        gather_loopback(connection)
        await connection.setLocalDescription(await connection.createAnswer())
        return web.Response(status=201, text=connection.localDescription.sdp, content_type="application/sdp")


async def main() -> None:
    relay = Relay()
    app = web.Application()
    app.router.add_post("/whip", relay.whip)
    app.router.add_post("/whep", relay.whep)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"serves on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
