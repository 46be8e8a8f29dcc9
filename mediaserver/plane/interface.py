"""The packet plane's interface: the tables control writes and the messages it reads.

A plane knows sockets, transports, streams and routes; it knows no rooms, no people and no
policy. `reference.py` is the readable implementation; a compiled one may stand in its place
as long as it turns the same input into the same bytes, events and counters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, Protocol, Self


class Address(NamedTuple):
    """Where a datagram came from or goes to: which of our sockets, and the peer's socket address."""

    socket: int
    peer: tuple[Any, ...]


class Kind(Enum):
    """What a `ControlPacket` tells."""

    STUN = "stun"
    DTLS = "dtls"
    RTCP = "rtcp"
    """Decrypted, compound, from `transport`. Receiver reports and REMB are read by the plane (`RouteStats`,
    `TransportStats`); a compound that holds nothing else is not handed over."""
    GAP = "gap"
    """`stream` misses packets; ask `missing`."""
    KEYFRAME_WANTED = "keyframe_wanted"
    """A route waits for a keyframe of `stream` and the history holds none to start from."""
    BOUND = "bound"
    """`stream` got its first packet and so its SSRC."""
    STARTED = "started"
    """`route` sends the first packet of `stream`; a sender report would help it to sync now."""


@dataclass(frozen=True, slots=True)
class ControlPacket:
    """Plane → control, handed over in batches, in the order of arrival."""

    kind: Kind
    now_us: int
    transport: int = 0
    stream: int = 0
    route: int = 0
    address: Address | None = None
    data: bytes = b""


class SrtpSession(Protocol):
    """What `pylibsrtp.Session` offers and a plane needs. Errors are `PlaneSettings.srtp_error`."""

    def protect(self, packet: bytes) -> bytes: ...
    def protect_rtcp(self, packet: bytes) -> bytes: ...
    def unprotect(self, packet: bytes) -> bytes: ...
    def unprotect_rtcp(self, packet: bytes) -> bytes: ...


class SrtpLibrary(Protocol):
    """Where compiled code finds libsrtp 2 (`int f(srtp_t context, void *packet, int *length)`)."""

    @property
    def functions(self) -> tuple[int, int, int, int]:
        """Addresses of `srtp_protect`, `srtp_unprotect`, `srtp_protect_rtcp`, `srtp_unprotect_rtcp`."""

    def context(self, session: SrtpSession) -> int:
        """The `srtp_t` of a session; valid as long as the session lives."""

    def sessions(self, profile: str, key: bytes) -> tuple[SrtpSession, SrtpSession]:
        """(inbound, outbound) with one master key and salt, for the self-test.

        :param profile: `AEAD_AES_128_GCM` or `AES_CM_128_HMAC_SHA1_80`.
        """


@dataclass(frozen=True, slots=True)
class PlaneSettings:
    """Bounds of a plane. All sizes are per object named, all times in µs."""

    video_history: int = 2048
    """Packets kept per video stream; a power of two."""
    audio_history: int = 256
    replay_max_packets: int = 768
    """A joiner is sent at most this many packets from the history …"""
    replay_max_age_us: int = 5_000_000
    """… and only from a keyframe at most this old; otherwise a new one is wanted."""
    max_ssrcs: int = 64
    """SSRCs one transport may use before further ones are dropped."""
    max_gaps: int = 512
    """Missing packets remembered per stream."""
    max_datagram: int = 1500
    """Bytes of a datagram taken, and of a packet sent before its authentication tag; at most 1500."""
    max_events: int = 65_536
    """Events waiting for control."""
    batch: int = 64
    """Datagrams read from a socket before what they cause is sent."""
    socket_buffer: int = 4 * 1024 * 1024
    srtp_error: type[Exception] | tuple[type[Exception], ...] = ()
    srtp: SrtpLibrary | None = None
    """For a compiled plane."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One incoming RTP stream, written by control."""

    id: int
    transport: int
    """0 for a mirror: its packets come through `Relaying.relayed`, and nothing of it reaches control but
    KEYFRAME_WANTED and STARTED."""
    video: bool
    clock_rate: int
    payload_types: Mapping[int, str]
    """Payload type → codec name (for the keyframe test)."""
    rtx_payload_types: Mapping[int, int] = field(default_factory=dict)
    """RTX payload type → the one it repairs."""
    ssrc: int | None = None
    rtx_ssrc: int | None = None
    mid: bytes = b""
    mid_extension: int = 0
    """Negotiated ids of header extensions, 0 when not negotiated."""
    abs_send_time_extension: int = 0
    audio_level_extension: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """What one slot of one subscriber receives: stream, subscriber, rewrite. Written by control.

    The same id written again with another `stream` is a switch: SSRC, sequence numbers and
    time stamps go on without a break. Layers, pacing and a bit budget will join these fields.
    """

    id: int
    transport: int
    stream: int | None
    ssrc: int
    clock_rate: int
    payload_types: Mapping[int, int] = field(default_factory=dict)
    """The stream's payload type → the subscriber's. Others are dropped."""
    rtx_ssrc: int | None = None
    rtx_payload_types: Mapping[int, int] = field(default_factory=dict)
    """The subscriber's payload type → its RTX payload type."""
    extensions: Mapping[int, int] = field(default_factory=dict)
    """Elements copied: the stream's id → the subscriber's."""
    constants: Sequence[tuple[int, bytes]] = ()
    """Elements written into every packet: `(subscriber's id, value)`, the mid among them."""
    abs_send_time_extension: int = 0
    """The subscriber's id; its value is the time of sending."""
    cname: str = ""
    first_sequence: int = 0
    """Numbers the slot starts with, random (RFC 3550 §5.1); read when the route is first set.
    Sequence numbers below 2¹⁵ (RFC 3711 §3.3.1)."""
    first_rtx_sequence: int = 0
    first_timestamp: int = 0


@dataclass(frozen=True, slots=True)
class StreamStats:
    """Counters of RFC 3550 A.3/A.8 and what the room needs to know of a stream."""

    ssrc: int | None
    packets: int
    bytes: int
    expected: int
    highest: int
    """Extended highest sequence number (RFC 3550 §6.4.1)."""
    jitter: int
    """In units of the clock rate."""
    last_us: int
    """Arrival of the latest packet; 0 before the first."""
    level: int
    """Smoothed audio level in −dBov, 127 when unknown or silent."""
    keyframes: int
    last_keyframe_us: int


@dataclass(frozen=True, slots=True)
class RouteStats:
    packets: int
    octets: int
    retransmitted: int
    started: bool
    fraction_lost: int = 0
    """The subscriber's latest report block (RFC 3550 §6.4.1): lost of 256, …"""
    jitter: int = 0
    """… in units of the clock rate, …"""
    lsr: int = 0
    dlsr: int = 0
    """… which sender report it had and for how long (1/65536 s), …"""
    reported_us: int = 0
    """… and when it came; 0 before the first."""


@dataclass(frozen=True, slots=True)
class TransportStats:
    last_us: int
    """Arrival of the latest authenticated packet; 0 before the first."""
    rx_packets: int
    rx_bytes: int
    tx_packets: int
    tx_bytes: int
    estimate: int = 0
    """bit/s the peer thinks its way here carries (REMB); 0 when it never said."""
    consent_us: int = 0
    """Arrival of the latest connectivity check the plane answered; 0 before the first."""
    overused_us: int = 0
    """When the peer was last seen to send more than its path carries (`overuse.py`); 0 before the first time."""
    overused_rate: int = 0
    """bit/s that came in then: about what the path carries."""


class TapPacket(NamedTuple):
    """For the recorder: one decrypted RTP packet out of a stream's history."""

    index: int
    """Extended sequence number; pass it back as `after` to go on."""
    now_us: int
    packet: bytes


class Tapped(NamedTuple):
    """Several packets of a stream in one piece, for who passes them on without looking into them.

    :ivar data: one after the other `index` and arrival in µs (8 bytes each), length (2 bytes), all little-endian, and
        the decrypted RTP packet. :ivar packets: how many. :ivar last: index of the last one; 0 when there is none.
    :ivar missed: packets after `after` that the history has no room for any more.
    """

    data: bytes
    packets: int
    last: int
    missed: int


class Plane(Protocol):
    """The calls control makes. All from one thread; none of them blocks."""

    name: str

    def open(self, hosts: Sequence[str], port: int) -> list[tuple[str, int]]:
        """Bind one UDP socket per host, all to the same port (0: a free one); returns what was bound.

        A host whose address family this machine lacks is left out as long as another is bound. `OSError`.
        """

    def start(self, listener: Callable[[list[ControlPacket]], None]) -> None:
        """Begin to receive. `listener` is called on the event loop of the caller."""

    def close(self) -> None:
        """Stop receiving, close the sockets, drop every table. May be called twice."""

    def send(self, address: Address, data: bytes) -> None:
        """A datagram as it is: STUN and DTLS."""

    def add_transport(self, transport: int, address: Address, inbound: SrtpSession, outbound: SrtpSession) -> None: ...

    def move_transport(self, transport: int, address: Address) -> None: ...

    def set_consent(self, transport: int, username: bytes, password: bytes) -> None:
        """Checks from the transport's address with this USERNAME, signed with `password`, are the plane's to answer.

        All others, and those of a username of more than 64 or a password of more than 32 bytes, go to control.
        """

    def remove_transport(self, transport: int) -> None:
        """Also drops its streams and routes."""

    def send_rtcp(self, transport: int, data: bytes) -> None: ...

    def add_stream(self, stream: Stream) -> None: ...

    def remove_stream(self, stream: int) -> None:
        """Routes that play it fall silent and keep their numbering."""

    def set_route(self, route: Route) -> None: ...

    def remove_route(self, route: int) -> None: ...

    def retransmit(self, route: int, sequences: Sequence[int]) -> None:
        """Answer a NACK from the history, over RTX when the route has it."""

    def sender_report(self, stream: int, ntp: int, timestamp: int, route: int | None = None) -> None:
        """Tell the stream's routes (or one) that `timestamp` of the stream was at `ntp` (64-bit, RFC 3550 §6.4.1)."""

    def missing(self, stream: int) -> list[tuple[int, int]]:
        """Gaps still open as `(extended sequence number, first noticed µs)`, oldest first."""

    def read_history(self, stream: int, after: int | None, limit: int) -> list[TapPacket]:
        """Packets of the history following `after` (None: from its oldest), in order, holes left out."""

    def tap(self, stream: int, after: int | None, limit: int, settled_us: int) -> Tapped:
        """The same in one piece, but only up to a hole whose next packet came after `settled_us`: what is missing there
        may still come."""

    def stream_stats(self, stream: int) -> StreamStats | None: ...

    def route_stats(self, route: int) -> RouteStats | None: ...

    def transport_stats(self, transport: int) -> TransportStats | None: ...

    def counters(self) -> dict[str, int]:
        """Every name of `COUNTERS`, also those still at zero."""


class Relaying(Plane, Protocol):
    """A plane that shares streams with others of its kind. `group.py` makes one plane of several."""

    def relayed(self, stream: int, index: int, now_us: int, packet: bytes) -> None:
        """Take a decrypted packet into a mirror, under the index and arrival time it has at its origin."""

    def relay(self, stream: int, target: Self, since_us: int) -> None:
        """From now on hand what the stream's history takes to its mirror at `target`, also what is repaired later;
        first of all what has come at or after `since_us`. Never waits: a full inbox is a counted drop."""

    def stop_relay(self, stream: int, target: Self) -> None: ...


COUNTERS: dict[str, str] = {
    "rx_datagrams": "datagrams read from the sockets",
    "rx_bytes": "their bytes",
    "rx_stun": "handed to control as STUN",
    "rx_consent": "connectivity checks of a peer whose address is known, answered by the plane",
    "rx_dtls": "handed to control as DTLS",
    "rx_rtp": "RTP packets accepted into a history",
    "rx_rtcp": "compound RTCP packets",
    "rx_reports": "of these, reports the plane read by itself",
    "rx_rtx": "retransmissions unwrapped",
    "tx_datagrams": "datagrams handed to the kernel",
    "tx_bytes": "their bytes",
    "tx_rtp": "RTP packets forwarded",
    "tx_rtx": "RTP packets sent again after a NACK",
    "tx_replayed": "RTP packets sent to a joiner out of the history",
    "tx_rtcp": "RTCP packets sent",
    "tx_relayed": "RTP packets handed to another plane that has a mirror of their stream",
    "rx_relayed": "RTP packets accepted into a mirror's history, those it begins with included",
    "switches": "routes that began to play a stream",
    "history_resets": "streams whose numbering jumped too far to go on",
    "drop_empty": "datagrams without content",
    "drop_too_long": "datagrams longer than the path allows",
    "drop_first_byte": "neither STUN nor DTLS nor RTP by RFC 7983",
    "drop_unknown_address": "RTP or RTCP from an address no transport has",
    "drop_malformed_rtp": "not RTP, or pointing outside of itself",
    "drop_malformed_rtcp": "shorter than an RTCP header",
    "drop_srtp": "SRTP authentication or replay check failed",
    "drop_srtcp": "SRTCP authentication or replay check failed",
    "drop_ssrc_limit": "one transport used too many SSRCs",
    "drop_unknown_ssrc": "no stream takes this SSRC, mid or payload type",
    "drop_payload_type": "payload type not negotiated for the stream",
    "drop_duplicate": "already in the history",
    "drop_too_old": "older than the history reaches",
    "drop_rtx_padding": "RTX packets that only probe for bandwidth",
    "drop_rtx_unknown": "RTX before its stream has an SSRC, or for an unknown payload type",
    "drop_gap_overflow": "missing packets given up because too many are missing",
    "drop_no_payload_type": "the subscriber cannot take this payload type",
    "drop_waiting_keyframe": "not forwarded to a route that waits for a keyframe",
    "drop_before_start": "older than the point where the route began",
    "drop_nack_unknown": "asked again for a packet this route never sent or no longer has",
    "drop_send_full": "the socket buffer was full",
    "drop_send_error": "the kernel refused the datagram",
    "drop_protect": "longer than the path allows once rewritten, or SRTP could not protect it",
    "drop_relay_full": "not handed to another plane, which has not taken in what waits for it",
    "drop_relay_stale": "relayed packets whose mirror is gone, holds them already or has moved on",
    "drop_event_overflow": "events for control beyond what may wait for it",
}
"""Every counter of a plane with its meaning. The names are metric labels."""
