"""A WebRTC peer without an encoder: ICE checks, DTLS and SRTP over a UDP socket, packets made by the test."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import pylibsrtp
from aioice import stun
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from mediaserver.rtp import rtcp
from tests.plane.helpers import LEVEL, MID, OPUS, RTX, SEND_TIME, VP8, Packet

CERTIFICATE = RTCCertificate.generateCertificate()
"""One for all test peers; making it takes longer than a handshake."""

H264 = 102
_CODECS = {
    "video": f"a=rtpmap:{VP8} VP8/90000\na=rtcp-fb:{VP8} nack\na=rtcp-fb:{VP8} nack pli\na=rtcp-fb:{VP8} goog-remb\n"
    f"a=rtpmap:{RTX} rtx/90000\na=fmtp:{RTX} apt={VP8}",
    "h264": f"a=rtpmap:{H264} H264/90000\na=fmtp:{H264} packetization-mode=1;profile-level-id=42e01f",
    "audio": f"a=rtpmap:{OPUS} opus/48000/2\na=fmtp:{OPUS} minptime=10",
}
_FORMATS = {"video": f"{VP8} {RTX}", "h264": str(H264), "audio": str(OPUS)}


class Wire:
    """What `RTCDtlsTransport` needs of an ICE transport."""

    role = "controlling"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.send = send
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def _recv(self) -> bytes:
        data = await self.queue.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        self.send(data)


class RawPeer(asyncio.DatagramProtocol):
    """:ivar rtp: packets received, decrypted. :ivar rtcp: reports and feedback received.
    :ivar server: where to send; a relay may be put there. :ivar slot_ssrcs: of each m-line watched."""

    def __init__(self) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.remote_ufrag = self.remote_password = ""
        self.server: tuple[Any, ...] = ()
        self.slot_ssrcs: list[int] = []
        self.session = ""
        self.rtp: list[Packet] = []
        self.rtcp: list[rtcp.Packet] = []
        self.answered = 0
        self.errors: list[int] = []
        self.undecipherable = 0
        self._early: list[bytes] = []
        self._news = asyncio.Event()
        self._wire = Wire(self.send)
        self.dtls = RTCDtlsTransport(self._wire, [CERTIFICATE])
        self.dtls._set_role("client")
        self._fingerprints: list[RTCDtlsFingerprint] = []
        self.udp: asyncio.DatagramTransport
        self._tasks: set[asyncio.Task] = set()

    @classmethod
    async def create(cls, host: str = "127.0.0.1") -> RawPeer:
        peer = cls()
        await peer.bind(host)
        return peer

    async def bind(self, host: str = "127.0.0.1") -> None:
        """A new local port, as after a change of network."""
        old = getattr(self, "udp", None)
        self.udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        if old is not None:
            old.close()

    # ------------------------------------------------------------ signalling

    def offer(self, *lines: str, direction: str = "sendonly", ssrcs: Sequence[tuple[int, int | None]] = ()) -> str:
        """:param lines: `video`, `h264` or `audio` for each m-line. :param ssrcs: (media, RTX) of each, if declared."""
        fingerprint = next(f for f in CERTIFICATE.getFingerprints() if f.algorithm == "sha-256")
        mids = " ".join(str(number) for number in range(len(lines)))
        text = f"v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=group:BUNDLE {mids}\n"
        for number, kind in enumerate(lines):
            media = "audio" if kind == "audio" else "video"
            text += (
                f"m={media} 9 UDP/TLS/RTP/SAVPF {_FORMATS[kind]}\nc=IN IP4 0.0.0.0\na=mid:{number}\na={direction}\n"
                f"a=ice-ufrag:{self.ufrag}\na=ice-pwd:{self.password}\n"
                f"a=fingerprint:sha-256 {fingerprint.value}\na=setup:actpass\na=rtcp-mux\n"
                f"a=extmap:{MID} urn:ietf:params:rtp-hdrext:sdes:mid\n"
                f"a=extmap:{SEND_TIME} http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\n"
                f"a=extmap:{LEVEL} urn:ietf:params:rtp-hdrext:ssrc-audio-level\n{_CODECS[kind]}\n"
            )
            if number < len(ssrcs):
                ssrc, rtx = ssrcs[number]
                if rtx is not None:
                    text += f"a=ssrc-group:FID {ssrc} {rtx}\na=ssrc:{rtx} cname:x\n"
                text += f"a=ssrc:{ssrc} cname:x\n"
        return text.replace("\n", "\r\n")

    def accept(self, answer: str) -> None:
        """Take the server's credentials, certificate and address from its answer."""
        self.remote_ufrag = re.search(r"a=ice-ufrag:(\S+)", answer)[1]
        self.remote_password = re.search(r"a=ice-pwd:(\S+)", answer)[1]
        algorithm, value = re.search(r"a=fingerprint:(\S+) (\S+)", answer).groups()
        self._fingerprints = [RTCDtlsFingerprint(algorithm, value)]
        family = ":" in self.udp.get_extra_info("sockname")[0]
        for host, port in re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+)", answer):
            if (":" in host) == family:
                self.server = (host, int(port))
        assert self.server
        found = (re.search(r"a=ssrc:(\d+) ", section) for section in answer.split("m=")[1:])
        self.slot_ssrcs = [int(match[1]) for match in found if match]

    # ------------------------------------------------------------ ICE and DTLS

    def check(self, *, nominate: bool = True, password: str = "", role: str = "ICE-CONTROLLING") -> None:
        """Send one connectivity check."""
        attributes: dict[str, Any] = {
            "USERNAME": f"{self.remote_ufrag}:{self.ufrag}",
            "PRIORITY": 1,
            role: 5,
        }
        if nominate:
            attributes["USE-CANDIDATE"] = None
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        message.add_message_integrity((password or self.remote_password).encode())
        self.send(bytes(message))

    async def reach(self) -> None:
        """Check until an answer comes."""
        before = self.answered
        for _ in range(50):
            self.check()
            try:
                await self.until(lambda: self.answered > before, timeout=0.1)
                return
            except TimeoutError:
                continue
        raise AssertionError("no answer to ICE checks")

    async def connect(self) -> None:
        await self.reach()
        await self.shake_hands()
        assert self.dtls.state == "connected"

    async def shake_hands(self) -> None:
        await self.dtls.start(RTCDtlsParameters(fingerprints=self._fingerprints))
        early, self._early = self._early, []
        for data in early:
            self._media(data)

    # ------------------------------------------------------------ media

    def protect(self, packet: bytes) -> bytes:
        return self.dtls._tx_srtp.protect(packet)

    def send_rtp(self, packet: bytes) -> bytes:
        datagram = self.protect(packet)
        self.send(datagram)
        return datagram

    def send_rtcp(self, packet: bytes) -> bytes:
        datagram = self.dtls._tx_srtp.protect_rtcp(packet)
        self.send(datagram)
        return datagram

    def send(self, datagram: bytes) -> None:
        self.udp.sendto(datagram, self.server)

    def datagram_received(self, data: bytes, address: tuple[Any, ...]) -> None:
        if data[0] <= 3:
            message = stun.parse_message(data)
            assert message.check_message_integrity(self.remote_password.encode())
            if message.message_class is stun.Class.RESPONSE:
                self.answered += 1
            else:
                self.errors.append(message.error_code)
        elif data[0] < 64:
            self._wire.queue.put_nowait(data)
        else:
            self._media(data)
        self._news.set()

    def _media(self, data: bytes) -> None:
        if self.dtls._rx_srtp is None:
            self._early.append(data)  # the server has finished its handshake before our task has
            return
        try:
            if 192 <= data[1] <= 223:
                self.rtcp += rtcp.parse(self.dtls._rx_srtp.unprotect_rtcp(data))
            else:
                self.rtp.append(Packet.of(self.dtls._rx_srtp.unprotect(data)))
        except pylibsrtp.Error:
            self.undecipherable += 1

    # ------------------------------------------------------------ waiting

    async def until(self, condition: Callable[[], object], timeout: float = 20.0) -> None:
        async with asyncio.timeout(timeout):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def feedback(self, kind: type) -> list[Any]:
        return [packet for packet in self.rtcp if isinstance(packet, kind)]

    async def close(self, *, farewell: bool = True) -> None:
        """:param farewell: with a DTLS close_notify, as a page that is closed properly."""
        run = self.dtls._task
        if farewell:
            await self.dtls.stop()
        self._wire.queue.put_nowait(None)
        if run is not None:
            run.cancel()
            await asyncio.wait([run])
        self.udp.close()
