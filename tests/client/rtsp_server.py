"""A recorder box in small: RTSP 1.0 (RFC 2326) that sends H.264 (RFC 6184), and G.711 if it is given any, interleaved
in TCP, round and round.

Like many boxes it gives the parameter sets in the SDP alone.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import struct
from collections.abc import Iterator

from signalling.client.annexb import PPS, SPS, nal_type

FPS = 25
MAX_PAYLOAD = 1200
SAMPLES = 8000 // FPS
NONCE = "5ccc069c403ebaf9f0171e9517f40e41"


class RtspServer:
    """:param pictures: access units, each a list of NAL units. :param sound: A-law, 8 kHz; 40 ms go with each picture.
    :param credentials: `user:password`. :param digest: RFC 2617 instead of Basic.
    :ivar port: where it listens; kept over a restart. :ivar refused: requests without the right credentials."""

    def __init__(
        self,
        pictures: list[list[bytes]],
        codec: str = "H264",
        credentials: str | None = None,
        *,
        digest: bool = False,
        sound: bytes = b"",
    ) -> None:
        self._sets = {nal_type(nal): nal for picture in pictures for nal in picture if nal_type(nal) in (SPS, PPS)}
        self._pictures = [[nal for nal in picture if nal_type(nal) not in (SPS, PPS)] for picture in pictures]
        self._codec = codec
        self._credentials = credentials
        self._digest = digest
        self._sound = sound
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0
        self.plays = 0
        self.refused = 0

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
                method, url, cseq, headers = request
                status, extra, body = self._answer(method, url, headers)
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

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, str, str, dict[str, str]] | None:
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
        method, url, _ = lines[0].split(" ")
        return method, url, headers.get("cseq", "0"), headers

    def _answer(self, method: str, url: str, headers: dict[str, str]) -> tuple[str, str, bytes]:
        if self._credentials and not self._lets_in(method, headers.get("authorization", "")):
            self.refused += 1
            way = f'Digest realm="box", nonce="{NONCE}"' if self._digest else 'Basic realm="box"'
            return "401 Unauthorized", f"WWW-Authenticate: {way}\r\n", b""
        if method == "OPTIONS":
            return "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n", b""
        if method == "DESCRIBE":
            return "200 OK", f"Content-Type: application/sdp\r\nContent-Base: {self.url}/\r\n", self._sdp().encode()
        if method == "SETUP":
            channels = "2-3" if url.endswith("track2") else "0-1"
            return "200 OK", f"Transport: RTP/AVP/TCP;unicast;interleaved={channels}\r\nSession: 1\r\n", b""
        return "200 OK", "Session: 1\r\n", b""

    def _lets_in(self, method: str, header: str) -> bool:
        assert self._credentials is not None
        if not self._digest:
            return header == f"Basic {base64.b64encode(self._credentials.encode()).decode()}"
        user, _, password = self._credentials.partition(":")
        given = dict(re.findall(r'(\w+)="([^"]*)"', header))

        def md5(*parts: str) -> str:
            return hashlib.md5(":".join(parts).encode()).hexdigest()

        wanted = md5(md5(user, "box", password), NONCE, md5(method, given.get("uri", "")))
        return given.get("response") == wanted and given.get("nonce") == NONCE

    def _sdp(self) -> str:
        sets = ",".join(base64.b64encode(self._sets[kind]).decode() for kind in (SPS, PPS))
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=box\r\nt=0 0\r\na=control:*\r\n"
            f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {self._codec}/90000\r\n"
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\na=framerate:{FPS}\r\na=control:track1\r\n"
        ) + ("m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:track2\r\n" if self._sound else "")

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
                if self._sound:
                    at = number * SAMPLES % len(self._sound)
                    head = struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, number * SAMPLES, 9)
                    packet = head + (self._sound * 2)[at : at + SAMPLES]
                    writer.write(struct.pack("!cBH", b"$", 2, len(packet)) + packet)
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
