"""Peers with fixed SRTP keys around one plane, packets made by hand, and a clock that is told."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import NamedTuple

from pylibsrtp import Error, Policy, Session, ffi

from mediaserver.plane.forward import Forwarder
from mediaserver.plane.interface import Address, ControlPacket, Kind, PlaneSettings, Route, Stream
from mediaserver.rtp.packet import elements, pack_elements, parse_header

GCM = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
SHA1 = Policy.SRTP_PROFILE_AES128_CM_SHA1_80

MID, SEND_TIME, LEVEL, CAPTURE = 1, 2, 3, 4
"""Header extension ids of publishers."""
OUT_MID, OUT_SEND_TIME, OUT_LEVEL = 9, 10, 11
"""… and of subscribers."""
VP8, RTX, OPUS = 96, 97, 111
OUT_VP8, OUT_RTX, OUT_OPUS = 120, 121, 63
CAMERA, CAMERA_RTX, MICROPHONE = 0xCA0001, 0xCA0002, 0xA00001
FIRST_SEQUENCE, FIRST_RTX = 0x1235, 0x0042
FRAME = 3000
"""90 kHz ticks of a picture at 30/s."""

SETTINGS = PlaneSettings(
    video_history=64,
    audio_history=16,
    replay_max_packets=24,
    replay_max_age_us=2_000_000,
    max_ssrcs=6,
    max_gaps=8,
    max_events=50,
    srtp_error=Error,
)
"""Small bounds, so that tests reach them."""

PlaneFactory = Callable[[PlaneSettings], Forwarder]


def srtp(secret: str, *, inbound: bool, profile: int = GCM) -> Session:
    policy = Policy(
        key=sha256(secret.encode()).digest()[: 28 if profile == GCM else 30],
        ssrc_type=Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=profile,
    )
    policy.allow_repeat_tx = True
    policy.window_size = 1024
    session = Session(policy)
    session._cdata = ffi.new("char[]", 2048)  # as the server's seam does: theirs is smaller than a full packet
    session._buffer = ffi.buffer(session._cdata)
    return session


def rtp(
    sequence: int,
    timestamp: int,
    payload: bytes,
    *,
    pt: int = VP8,
    ssrc: int = CAMERA,
    marker: bool = False,
    extensions: Sequence[tuple[int, bytes]] = (),
    padding: int = 0,
    csrcs: Sequence[int] = (),
) -> bytes:
    block = pack_elements(extensions)
    first = 0x80 | (0x20 if padding else 0) | (0x10 if block else 0) | len(csrcs)
    head = struct.pack("!BBHII", first, marker << 7 | pt, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    tail = bytes(padding - 1) + bytes((padding,)) if padding else b""
    return head + struct.pack(f"!{len(csrcs)}I", *csrcs) + block + payload + tail


def rtx(sequence: int, original: bytes, *, pt: int = RTX, ssrc: int = CAMERA_RTX) -> bytes:
    """`original` wrapped as a retransmission (RFC 4588 §4)."""
    header = parse_header(original)
    fixed = struct.pack("!BBHII", original[0], original[1] & 0x80 | pt, sequence, header.timestamp, ssrc)
    return fixed + original[12 : header.payload] + original[2:4] + original[header.payload :]


def key_picture(text: str = "key") -> bytes:
    """A VP8 payload that begins a keyframe."""
    return b"\x10\x00" + text.encode()


def delta_picture(text: str = "delta") -> bytes:
    return b"\x10\x01" + text.encode()


def rest_of_picture(text: str = "more") -> bytes:
    return b"\x00" + text.encode()


class Packet(NamedTuple):
    """What a subscriber got: the parsed datagram."""

    sequence: int
    timestamp: int
    ssrc: int
    pt: int
    marker: bool
    payload: bytes
    extensions: dict[int, bytes]
    plain: bytes

    @classmethod
    def of(cls, plain: bytes) -> Packet:
        header = parse_header(plain)
        found = {i: plain[offset : offset + length] for i, offset, length in elements(plain, header)}
        return cls(
            header.sequence,
            header.timestamp,
            header.ssrc,
            header.payload_type,
            header.marker,
            plain[header.payload : header.end],
            found,
            plain,
        )


@dataclass
class Peer:
    """One transport of the plane seen from its other end."""

    world: World
    id: int
    profile: int = GCM
    datagrams: list[bytes] = field(default_factory=list)
    """Received and not yet taken, still encrypted."""

    def __post_init__(self) -> None:
        self.address = Address(0, (f"192.0.2.{self.id}", 40_000 + self.id))
        self._out = srtp(f"up {self.id}", inbound=False, profile=self.profile)
        self._in = srtp(f"down {self.id}", inbound=True, profile=self.profile)
        self.world.peers.append(self)
        self.world.plane.add_transport(
            self.id,
            self.address,
            srtp(f"up {self.id}", inbound=True, profile=self.profile),
            srtp(f"down {self.id}", inbound=False, profile=self.profile),
        )

    def protect(self, packet: bytes) -> bytes:
        return self._out.protect(packet)

    def protect_rtcp(self, packet: bytes) -> bytes:
        return self._out.protect_rtcp(packet)

    def send(self, packet: bytes) -> bytes:
        """Encrypt and hand to the plane. Returns the datagram."""
        datagram = self.protect(packet)
        self.world.receive(datagram, self.address)
        return datagram

    def send_rtcp(self, packet: bytes) -> bytes:
        datagram = self.protect_rtcp(packet)
        self.world.receive(datagram, self.address)
        return datagram

    def take_datagrams(self) -> list[bytes]:
        self.world.deliver()
        taken, self.datagrams = self.datagrams, []
        return taken

    def take(self) -> list[Packet]:
        """RTP received since the last call, decrypted; RTCP is an error."""
        return [Packet.of(self._in.unprotect(data)) for data in self.take_datagrams()]

    def take_rtcp(self) -> list[bytes]:
        """The same for RTCP; RTP is left out."""
        return [self._in.unprotect_rtcp(data) for data in self.take_datagrams() if 192 <= data[1] <= 223]


@dataclass
class World:
    plane: Forwarder
    now_us: int = 10_000_000
    peers: list[Peer] = field(default_factory=list)
    events: list[ControlPacket] = field(default_factory=list)

    @property
    def count(self) -> dict[str, int]:
        return self.plane.count

    def later(self, ms: float) -> None:
        self.now_us += int(ms * 1000)

    def receive(self, datagram: bytes, address: Address) -> None:
        self.plane.receive(datagram, address, self.now_us)
        self.deliver()

    def deliver(self) -> None:
        """What the plane wants sent reaches the peers; its events are kept."""
        by_address = {peer.address: peer for peer in self.peers}
        for address, data in self.plane.outbox:
            by_address[address].datagrams.append(data)
        self.plane.outbox.clear()
        self.events += self.plane.events
        self.plane.events.clear()

    def take_events(self, *kinds: Kind) -> list[ControlPacket]:
        self.deliver()
        taken = [event for event in self.events if not kinds or event.kind in kinds]
        self.events = [event for event in self.events if event not in taken]
        return taken

    # ------------------------------------------------------------ usual tables

    def camera(self, publisher: Peer, id: int = 100, **changes: object) -> Stream:
        spec = Stream(
            id=id,
            transport=publisher.id,
            video=True,
            clock_rate=90_000,
            payload_types={VP8: "VP8"},
            rtx_payload_types={RTX: VP8},
            ssrc=CAMERA,
            rtx_ssrc=CAMERA_RTX,
            mid=b"0",
            mid_extension=MID,
            abs_send_time_extension=SEND_TIME,
        )
        spec = replace(spec, **changes)
        self.plane.add_stream(spec)
        return spec

    def microphone(self, publisher: Peer, id: int = 200, **changes: object) -> Stream:
        spec = Stream(
            id=id,
            transport=publisher.id,
            video=False,
            clock_rate=48_000,
            payload_types={OPUS: "opus"},
            ssrc=MICROPHONE,
            mid=b"1",
            mid_extension=MID,
            abs_send_time_extension=SEND_TIME,
            audio_level_extension=LEVEL,
        )
        spec = replace(spec, **changes)
        self.plane.add_stream(spec)
        return spec

    def route(self, subscriber: Peer, stream: int | None, id: int = 300, *, with_rtx: bool = True, **changes) -> Route:
        spec = Route(
            id=id,
            transport=subscriber.id,
            stream=stream,
            ssrc=0xBEEF0000 + id,
            clock_rate=90_000,
            payload_types={VP8: OUT_VP8, OPUS: OUT_OPUS},
            rtx_ssrc=0xFEED0000 + id if with_rtx else None,
            rtx_payload_types={OUT_VP8: OUT_RTX} if with_rtx else {},
            extensions={LEVEL: OUT_LEVEL},
            constants=((OUT_MID, b"v"),),
            abs_send_time_extension=OUT_SEND_TIME,
            cname="tongke",
            first_sequence=FIRST_SEQUENCE,
            first_rtx_sequence=FIRST_RTX,
            first_timestamp=0xFFFFF000,
        )
        spec = replace(spec, **changes)
        self.set_route(spec)
        return spec

    def set_route(self, spec: Route) -> None:
        self.plane.set_route(spec, self.now_us)
        self.deliver()

    def switch(self, spec: Route, stream: int | None) -> Route:
        changed = replace(spec, stream=stream)
        self.set_route(changed)
        return changed

    def nack(self, route: Route, sequences: Iterable[int]) -> None:
        self.plane.retransmit(route.id, list(sequences), self.now_us)
        self.deliver()


@dataclass
class Camera:
    """A publisher's encoder: pictures of a few packets each, numbered on."""

    peer: Peer
    sequence: int = 1000
    timestamp: int = 50_000
    ssrc: int = CAMERA
    extensions: tuple[tuple[int, bytes], ...] = ()

    def picture(self, *, key: bool = False, packets: int = 1, ms: float = 33) -> list[bytes]:
        """The RTP packets of the next picture; nothing is sent yet."""
        self.peer.world.later(ms)
        self.timestamp += FRAME
        made = []
        for number in range(packets):
            payload = (key_picture if key else delta_picture)() if number == 0 else rest_of_picture(f"{number}")
            made.append(
                rtp(
                    self.sequence,
                    self.timestamp,
                    payload,
                    ssrc=self.ssrc,
                    marker=number == packets - 1,
                    extensions=self.extensions,
                )
            )
            self.sequence += 1
        return made

    def show(self, pictures: int = 1, *, key: bool = False, packets: int = 1, ms: float = 33) -> None:
        """Send so many pictures; `key` is said of the first."""
        for number in range(pictures):
            for packet in self.picture(key=key and number == 0, packets=packets, ms=ms):
                self.peer.send(packet)


def sequences(packets: Iterable[Packet]) -> list[int]:
    return [packet.sequence for packet in packets]


def consecutive(numbers: Sequence[int], modulus: int = 0x10000) -> bool:
    return all((later - earlier) % modulus == 1 for earlier, later in itertools.pairwise(numbers))
