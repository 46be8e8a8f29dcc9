"""A WHIP and WHEP server of aiortc's own endpoints: what is published is decoded and encoded again for watchers.

It lets the clients be tested without the media server, and answers in ways that the media server never would.
"""

from __future__ import annotations

import asyncio
import json
import re

from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay


class Answerer:
    """:ivar url: its address while it runs. :ivar published: tracks received, in the order of m-lines.

    :ivar packets: raw RTP packets received over WHIP, per m-line kind (`video`, `audio`), bounded by the test's length.
    :ivar refuse: indices of m-lines to answer with port 0. :ivar problem: status, code and detail to answer instead.
    """

    def __init__(self) -> None:
        self.url = ""
        self.published: list[MediaStreamTrack] = []
        self.packets: dict[str, list] = {"video": [], "audio": []}
        self.offers: list[str] = []
        self.deleted: list[str] = []
        self.refuse: tuple[int, ...] = ()
        self.problem: tuple[int, str, str] | None = None
        self.authorization: list[str | None] = []
        self.queries: list[str] = []
        self._connections: dict[str, RTCPeerConnection] = {}
        self._relay = MediaRelay()
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Answerer:
        app = web.Application()
        app.router.add_post("/{protocol:whip|whep}/{room}", self._post)
        app.router.add_delete("/{protocol:whip|whep}/{room}/{session}", self._delete)
        app.router.add_patch("/{protocol:whip|whep}/{room}/{session}", self._patch)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close_connections()
        await self._runner.cleanup()

    async def close_connections(self) -> None:
        """End every session from this side."""
        connections, self._connections = list(self._connections.values()), {}
        await asyncio.gather(*(pc.close() for pc in connections))

    async def until(self, condition, timeout: float = 10.0) -> None:
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _post(self, request: web.Request) -> web.Response:
        self.authorization.append(request.headers.get("Authorization"))
        self.queries.append(request.query_string)
        if self.problem is not None:
            status, code, detail = self.problem
            body = {"type": f"about:blank#{code}", "title": code, "status": status, "detail": detail, "code": code}
            return web.Response(status=status, text=json.dumps(body), content_type="application/problem+json")
        offer = await request.text()
        self.offers.append(offer)
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        session = f"s{len(self._connections) + 1}"
        self._connections[session] = pc
        if request.match_info["protocol"] == "whep":
            await self._send_published(pc, self._without_refused(offer))
        await pc.setRemoteDescription(RTCSessionDescription(self._without_refused(offer), "offer"))
        if request.match_info["protocol"] == "whip":
            for transceiver in pc.getTransceivers():
                self.published.append(transceiver.receiver.track)
                self._record(transceiver)
            self._changed.set()
        await pc.setLocalDescription(await pc.createAnswer())
        headers = {"Location": f"{request.path}/{session}", "ETag": '"1"'}
        answer = self._with_refused(offer, pc.localDescription.sdp)
        return web.Response(status=201, text=answer, content_type="application/sdp", headers=headers)

    async def _send_published(self, pc: RTCPeerConnection, offer: str) -> None:
        waiting = list(self.published)
        for kind in re.findall(r"^m=(\w+)", offer, re.M):
            track = next((track for track in waiting if track.kind == kind), None)
            assert track is not None, f"no {kind} is published"
            waiting.remove(track)
            pc.addTrack(self._relay.subscribe(track, buffered=False))

    def _record(self, transceiver) -> None:
        """Keep the packets as they came, before aiortc's jitter buffer."""
        receiver, packets = transceiver.receiver, self.packets[transceiver.kind]
        handle = receiver._handle_rtp_packet

        async def handle_and_keep(packet, arrival_time_ms: int) -> None:
            packets.append(packet)
            self._changed.set()
            await handle(packet, arrival_time_ms)

        receiver._handle_rtp_packet = handle_and_keep

    def _without_refused(self, offer: str) -> str:
        head, *sections = re.split(r"^(?=m=)", offer, flags=re.M)
        kept = [section for i, section in enumerate(sections) if i not in self.refuse]
        mids = " ".join(re.search(r"^a=mid:(\S+)", section, re.M).group(1) for section in kept)
        head = re.sub(r"a=group:BUNDLE[^\r]*", f"a=group:BUNDLE {mids}", head)
        return head + "".join(kept)

    def _with_refused(self, offer: str, answer: str) -> str:
        _, *offered = re.split(r"^(?=m=)", offer, flags=re.M)
        head, *answered = re.split(r"^(?=m=)", answer, flags=re.M)
        for i in self.refuse:
            mid = re.search(r"^a=mid:\S+", offered[i], re.M).group(0)
            kind, _, rest = offered[i].splitlines()[0].split(" ", 2)
            answered.insert(i, f"{kind} 0 {rest}\r\nc=IN IP4 0.0.0.0\r\n{mid}\r\na=inactive\r\n")
        return head + "".join(answered)

    async def _delete(self, request: web.Request) -> web.Response:
        session = request.match_info["session"]
        self.deleted.append(session)
        pc = self._connections.pop(session, None)
        if pc is None:
            return web.Response(status=404)
        await pc.close()
        return web.Response()

    async def _patch(self, request: web.Request) -> web.Response:
        if request.headers.get("If-Match") not in ('"1"', '"*"'):
            body = {
                "status": 412,
                "code": "ice_generation",
                "detail": "Another ICE restart came first; fetch its ETag.",
            }
            return web.Response(status=412, text=json.dumps(body), content_type="application/problem+json")
        fragment = (
            "a=ice-ufrag:serv\r\na=ice-pwd:serverserverserverserver\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"
        )
        headers = {"ETag": '"2"'}
        return web.Response(text=fragment, content_type="application/trickle-ice-sdpfrag", headers=headers)
