"""A recorder box in small: RTSP 1.0 (RFC 2326) that sends H.264 (RFC 6184) interleaved in TCP, round and round.

Like many boxes it gives the parameter sets in the SDP alone.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Iterator

from signalling.client.annexb import PPS, SPS, nal_type

FPS = 25
MAX_PAYLOAD = 1200


class RtspServer:
    """:param pictures: access units, each a list of NAL units. :ivar port: where it listens; kept over a restart."""

    def __init__(self, pictures: list[list[bytes]], codec: str = "H264", credentials: str | None = None) -> None:
        self._sets = {nal_type(nal): nal for picture in pictures for nal in picture if nal_type(nal) in (SPS, PPS)}
        self._pictures = [[nal for nal in picture if nal_type(nal) not in (SPS, PPS)] for picture in pictures]
        self._codec = codec
        self._credentials = credentials and base64.b64encode(credentials.encode()).decode()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0
        self.plays = 0

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/stream"

    async def __aenter__(self) -> RtspServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """As when the box loses its power: every connection is cut."""
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._connections.add(task)
        playing = None
        try:
            while request := await self._request(reader):
                method, cseq, headers = request
                status, extra, body = self._answer(method, headers)
                head = f"RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
                if method == "PLAY" and playing is None:
                    self.plays += 1
                    playing = asyncio.create_task(self._send(writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went, or `stop` cut the line
        finally:
            if playing is not None:
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
            writer.transport.abort()
            self._connections.discard(task)

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]] | None:
        first = await reader.read(1)
        if not first:
            return None
        if first == b"$":  # interleaved RTCP of the client
            _, size = struct.unpack("!BH", await reader.readexactly(3))
            await reader.readexactly(size)
            return await self._request(reader)
        lines = (first + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        return lines[0].split(" ")[0], headers.get("cseq", "0"), headers

    def _answer(self, method: str, headers: dict[str, str]) -> tuple[str, str, bytes]:
        if self._credentials and headers.get("authorization") != f"Basic {self._credentials}":
            return "401 Unauthorized", 'WWW-Authenticate: Basic realm="box"\r\n', b""
        if method == "OPTIONS":
            return "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n", b""
        if method == "DESCRIBE":
            return "200 OK", f"Content-Type: application/sdp\r\nContent-Base: {self.url}/\r\n", self._sdp().encode()
        if method == "SETUP":
            return "200 OK", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n", b""
        return "200 OK", "Session: 1\r\n", b""

    def _sdp(self) -> str:
        sets = ",".join(base64.b64encode(self._sets[kind]).decode() for kind in (SPS, PPS))
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=box\r\nt=0 0\r\na=control:*\r\n"
            f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {self._codec}/90000\r\n"
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\na=framerate:{FPS}\r\na=control:track1\r\n"
        )

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        begin, sequence, number = loop.time(), 0, 0
        while True:
            for picture in self._pictures:
                payloads = [payload for nal in picture for payload in _payloads(nal)]
                for i, payload in enumerate(payloads):
                    marker = 0x80 if i == len(payloads) - 1 else 0
                    packet = struct.pack("!BBHII", 0x80, marker | 96, sequence, number * 90_000 // FPS, 7) + payload
                    writer.write(struct.pack("!cBH", b"$", 0, len(packet)) + packet)
                    sequence = (sequence + 1) & 0xFFFF
                await writer.drain()
                number += 1
                await asyncio.sleep(begin + number / FPS - loop.time())


def _payloads(nal: bytes) -> Iterator[bytes]:
    """Single NAL unit packets and FU-A (RFC 6184 §5.6, §5.8)."""
    if len(nal) <= MAX_PAYLOAD:
        yield nal
        return
    indicator, kind = nal[0] & 0xE0 | 28, nal[0] & 0x1F
    pieces = [nal[i : i + MAX_PAYLOAD] for i in range(1, len(nal), MAX_PAYLOAD)]
    for i, piece in enumerate(pieces):
        start, end = 0x80 * (i == 0), 0x40 * (i == len(pieces) - 1)
        yield bytes((indicator, start | end | kind)) + piece
