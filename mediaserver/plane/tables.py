"""What the reference plane keeps per transport, stream and route."""

from __future__ import annotations

from typing import Protocol

from mediaserver.plane.history import FIRST_INDEX, History
from mediaserver.plane.interface import (
    Address,
    PlaneSettings,
    Route,
    RouteStats,
    SrtpSession,
    Stream,
    StreamStats,
    TransportStats,
)
from mediaserver.plane.overuse import Overuse
from mediaserver.rtp.codecs import KEYFRAME_TESTS
from mediaserver.rtp.sequence import timestamp_delta

SILENT = 127
"""Audio level of silence and of the unknown (RFC 6464)."""


class RelayTarget(Protocol):
    """The plane, or its core, that has a mirror of a stream."""

    def relayed(self, stream: int, index: int, now_us: int, packet: bytes) -> None: ...


class TransportState:
    """A peer after its DTLS handshake."""

    __slots__ = (
        "address",
        "by_ssrc",
        "consent_us",
        "estimate",
        "inbound",
        "last_us",
        "outbound",
        "overuse",
        "password",
        "routes",
        "rtx_by_ssrc",
        "rx_bytes",
        "rx_packets",
        "ssrcs",
        "streams",
        "tx_bytes",
        "tx_packets",
        "username",
    )

    def __init__(self, address: Address, inbound: SrtpSession, outbound: SrtpSession) -> None:
        self.address = address
        self.inbound = inbound
        self.outbound = outbound
        self.streams: set[int] = set()
        self.routes: set[int] = set()
        self.by_ssrc: dict[int, StreamState] = {}
        self.rtx_by_ssrc: dict[int, StreamState] = {}
        self.ssrcs: set[int] = set()
        """All that were ever authentic: libsrtp keeps a context for each until the end."""
        self.username = self.password = b""
        """Of its connectivity checks; empty: control answers them."""
        self.consent_us = 0
        self.overuse = Overuse()
        self.last_us = self.rx_packets = self.rx_bytes = self.tx_packets = self.tx_bytes = self.estimate = 0

    def stats(self) -> TransportStats:
        return TransportStats(
            self.last_us,
            self.rx_packets,
            self.rx_bytes,
            self.tx_packets,
            self.tx_bytes,
            self.estimate,
            self.consent_us,
            self.overuse.overused_us,
            self.overuse.overused_rate,
        )


class StreamState:
    """An incoming stream: its history and the statistics of RFC 3550."""

    __slots__ = (
        "bytes",
        "history",
        "jitter_q4",
        "keyframe_tests",
        "keyframes",
        "last_us",
        "level_q8",
        "packets",
        "relays",
        "routes",
        "rtx_ssrc",
        "spec",
        "ssrc",
        "transit",
    )

    def __init__(self, spec: Stream, settings: PlaneSettings) -> None:
        self.spec = spec
        self.ssrc = spec.ssrc
        self.rtx_ssrc = spec.rtx_ssrc
        self.history = History(settings.video_history if spec.video else settings.audio_history, settings.max_gaps)
        self.keyframe_tests = {
            payload_type: KEYFRAME_TESTS[codec]
            for payload_type, codec in spec.payload_types.items()
            if codec in KEYFRAME_TESTS
        }
        self.routes: dict[int, RouteState] = {}
        self.relays: list[RelayTarget] = []
        self.packets = self.bytes = self.keyframes = self.last_us = self.jitter_q4 = 0
        self.transit: int | None = None
        self.level_q8 = SILENT << 8

    @property
    def is_mirror(self) -> bool:
        """Of a stream that another plane receives."""
        return not self.spec.transport

    def update_jitter(self, timestamp: int, now_us: int) -> None:
        """RFC 3550 A.8, scaled by 16."""
        transit = now_us * self.spec.clock_rate // 1_000_000 - timestamp
        if self.transit is not None:
            difference = abs(timestamp_delta(transit, self.transit))
            if difference < 10 * self.spec.clock_rate:
                self.jitter_q4 += difference - ((self.jitter_q4 + 8) >> 4)
        self.transit = transit & 0xFFFFFFFF

    def stats(self) -> StreamStats:
        history = self.history
        return StreamStats(
            ssrc=self.ssrc,
            packets=self.packets,
            bytes=self.bytes,
            expected=history.expected,
            highest=max(0, history.highest - FIRST_INDEX),
            jitter=self.jitter_q4 >> 4,
            last_us=self.last_us,
            level=self.level_q8 >> 8,
            keyframes=self.keyframes,
            last_keyframe_us=history.keyframe_us,
        )


class RouteState:
    """A slot of a subscriber: how the current stream's numbers become the slot's."""

    __slots__ = (
        "dlsr",
        "fraction_lost",
        "jitter",
        "last_index",
        "last_timestamp",
        "last_us",
        "live",
        "live_us",
        "lsr",
        "octets",
        "packets",
        "reported_us",
        "retimed",
        "retransmitted",
        "rtx_sequence",
        "sequence_offset",
        "spec",
        "start",
        "started",
        "stream",
        "timestamp_offset",
        "transport",
    )

    def __init__(self, spec: Route, transport: TransportState) -> None:
        self.spec = spec
        self.transport = transport
        self.stream: StreamState | None = None
        self.started = False
        self.start = self.live = self.live_us = 0
        """First index played, the newest one then, and when that was."""
        self.sequence_offset = 0
        self.timestamp_offset = 0
        self.last_index = 0x10000 + spec.first_sequence - 1
        self.last_timestamp = spec.first_timestamp
        self.last_us = 0
        self.rtx_sequence = spec.first_rtx_sequence
        self.retimed: dict[int, int] = {}
        """Time stamps of the pictures replayed, in their order → those they were sent with."""
        self.packets = self.octets = self.retransmitted = 0
        self.fraction_lost = self.jitter = self.lsr = self.dlsr = self.reported_us = 0

    def stats(self) -> RouteStats:
        return RouteStats(
            self.packets,
            self.octets,
            self.retransmitted,
            self.started,
            self.fraction_lost,
            self.jitter,
            self.lsr,
            self.dlsr,
            self.reported_us,
        )
