"""The compiled plane behind the interface of `interface.py`.

`native/*.c` forwards packets on a thread of its own that never asks for the interpreter. This file turns
the interface's dataclasses into plain tables and back. SRTP is the libsrtp inside the pylibsrtp wheel:
the compiled code gets the addresses of four of its functions and of each session's context.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mediaserver.plane import _native
from mediaserver.plane.interface import (
    Address,
    ControlPacket,
    Kind,
    PlaneSettings,
    Route,
    RouteStats,
    SrtpSession,
    Stream,
    StreamStats,
    TapPacket,
    Tapped,
    TransportStats,
)
from mediaserver.plane.sockets import bind_all

_KINDS = (Kind.STUN, Kind.DTLS, Kind.RTCP, Kind.GAP, Kind.KEYFRAME_WANTED, Kind.BOUND, Kind.STARTED)
"""In the order of `enum event_kind`."""
_CODECS = {"VP8": 1, "H264": 2, "VP9": 3, "AV1": 4}
"""`enum codec`."""
_NONE = 0xFF


class Engine:
    """Tables and the way of a packet, without sockets: the calls of `Forwarder`, compiled."""

    def __init__(self, settings: PlaneSettings) -> None:
        srtp = settings.srtp
        if srtp is None:
            raise RuntimeError("the compiled plane needs PlaneSettings.srtp")
        self.settings = settings
        self._srtp = srtp
        self._sessions: dict[int, tuple[SrtpSession, SrtpSession]] = {}
        self.native = _native.Plane(
            settings.video_history,
            settings.audio_history,
            settings.replay_max_packets,
            settings.replay_max_age_us,
            settings.max_ssrcs,
            settings.max_gaps,
            settings.max_datagram,
            settings.max_events,
            settings.batch,
            *srtp.functions,
        )
        # Whoever drops a plane without closing it: its thread ends before the sessions whose contexts it uses.
        weakref.finalize(self, self.native.stop)

    # ------------------------------------------------------------ packets

    def receive(self, data: bytes, address: Address, now_us: int, *, wait: bool = False) -> None:
        """One datagram. :param wait: leave what it causes to the next call, as in a batch."""
        self.native.receive(data, address, now_us, wait)

    def take_outbox(self) -> list[tuple[Address, bytes]]:
        return [(Address(*address), data) for address, data in self.native.take_outbox()]

    def take_events(self) -> list[ControlPacket]:
        return [
            ControlPacket(_KINDS[kind], now_us, transport, stream, route, Address(*address) if address else None, data)
            for kind, now_us, transport, stream, route, address, data in self.native.take_events()
        ]

    def send(self, address: Address, data: bytes) -> None:
        self.native.send(address, data)

    def send_rtcp(self, transport: int, data: bytes) -> None:
        self.native.send_rtcp(transport, data)

    def retransmit(self, route: int, sequences: Sequence[int], now_us: int) -> None:
        self.native.retransmit(route, struct.pack(f"!{len(sequences)}H", *sequences), now_us)

    def sender_report(self, stream: int, ntp: int, timestamp: int, route: int | None = None) -> None:
        self.native.sender_report(stream, ntp, timestamp, -1 if route is None else route)

    # ------------------------------------------------------------ tables

    def add_transport(self, transport: int, address: Address, inbound: SrtpSession, outbound: SrtpSession) -> None:
        self.native.add_transport(transport, address, self._srtp.context(inbound), self._srtp.context(outbound))
        self._sessions[transport] = (inbound, outbound)  # their contexts live as long as they do

    def move_transport(self, transport: int, address: Address) -> None:
        self.native.move_transport(transport, address)

    def set_consent(self, transport: int, username: bytes, password: bytes) -> None:
        self.native.set_consent(transport, username, password)

    def remove_transport(self, transport: int) -> None:
        self.native.remove_transport(transport)
        self._sessions.pop(transport, None)

    def add_stream(self, stream: Stream) -> None:
        self.native.add_stream(
            stream.id,
            stream.transport,
            stream.video,
            stream.clock_rate,
            _bytes(128, {number: _CODECS.get(codec, 0) for number, codec in stream.payload_types.items()}),
            _bytes(128, stream.rtx_payload_types),
            -1 if stream.ssrc is None else stream.ssrc,
            -1 if stream.rtx_ssrc is None else stream.rtx_ssrc,
            stream.mid,
            stream.mid_extension,
            stream.abs_send_time_extension,
            stream.audio_level_extension,
        )

    def remove_stream(self, stream: int) -> None:
        self.native.remove_stream(stream)

    def set_route(self, route: Route, now_us: int) -> None:
        self.native.set_route(
            route.id,
            route.transport,
            -1 if route.stream is None else route.stream,
            route.ssrc,
            -1 if route.rtx_ssrc is None else route.rtx_ssrc,
            _bytes(128, route.payload_types),
            _bytes(128, route.rtx_payload_types),
            _bytes(256, route.extensions, empty=0),
            b"".join(bytes((identifier, len(value))) + value for identifier, value in route.constants),
            route.abs_send_time_extension,
            route.cname.encode(),
            route.first_sequence,
            route.first_rtx_sequence,
            route.first_timestamp,
            now_us,
        )

    def remove_route(self, route: int) -> None:
        self.native.remove_route(route)

    def relayed(self, stream: int, index: int, now_us: int, packet: bytes) -> None:
        self.native.relayed(stream, index, now_us, packet)

    def relay(self, stream: int, target: Engine, since_us: int) -> None:
        self.native.relay(stream, target.native, since_us)

    def stop_relay(self, stream: int, target: Engine) -> None:
        self.native.stop_relay(stream, target.native)

    def clear(self) -> None:
        self.native.stop()
        self._sessions.clear()

    # ------------------------------------------------------------ reading

    def missing(self, stream: int) -> list[tuple[int, int]]:
        return list(self.native.missing(stream))

    def read_history(self, stream: int, after: int | None, limit: int) -> list[TapPacket]:
        return [TapPacket(*item) for item in self.native.read_history(stream, -1 if after is None else after, limit)]

    def tap(self, stream: int, after: int | None, limit: int, settled_us: int) -> Tapped:
        return Tapped(*self.native.tap(stream, -1 if after is None else after, limit, settled_us))

    def stream_stats(self, stream: int) -> StreamStats | None:
        values = self.native.stream_stats(stream)
        return None if values is None else StreamStats(None if values[0] < 0 else values[0], *values[1:])

    def route_stats(self, route: int) -> RouteStats | None:
        return _or_none(RouteStats, self.native.route_stats(route))

    def transport_stats(self, transport: int) -> TransportStats | None:
        return _or_none(TransportStats, self.native.transport_stats(transport))

    def counters(self) -> dict[str, int]:
        return dict(self.native.counters())


class NativePlane(Engine):
    """`Plane`, compiled: the engine with sockets and its thread."""

    name = "native"

    def __init__(self, settings: PlaneSettings) -> None:
        super().__init__(settings)
        self._sockets: list[socket.socket] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: Callable[[list[ControlPacket]], None] | None = None
        self._notify = -1

    def open(self, hosts: Sequence[str], port: int) -> list[tuple[str, int]]:
        self._sockets = bind_all(hosts, port, self.settings.socket_buffer)
        return [sock.getsockname()[:2] for sock in self._sockets]

    def start(self, listener: Callable[[list[ControlPacket]], None]) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._notify = self.native.start([sock.fileno() for sock in self._sockets])
        self._loop.add_reader(self._notify, self._report)

    def close(self) -> None:
        if self._loop is not None and self._notify >= 0:
            self._loop.remove_reader(self._notify)
            self._notify = -1
        self.clear()
        for sock in self._sockets:
            sock.close()
        self._sockets = []
        self._listener = None

    def _report(self) -> None:
        events = self.take_events()
        if events and self._listener is not None:
            self._listener(events)

    def retransmit(self, route: int, sequences: Sequence[int], now_us: int = 0) -> None:
        super().retransmit(route, sequences, now_us or _now_us())

    def set_route(self, route: Route, now_us: int = 0) -> None:
        super().set_route(route, now_us or _now_us())


def _now_us() -> int:
    return time.monotonic_ns() // 1000


def _bytes(size: int, values: Mapping[int, int], empty: int = _NONE) -> bytes:
    """A table indexed by number."""
    table = bytearray([empty]) * size
    for number, value in values.items():
        table[number] = value
    return bytes(table)


def _or_none(kind: Callable[..., Any], values: tuple[Any, ...] | None) -> Any:
    return None if values is None else kind(*values)
