"""The reference plane: `Forwarder` over real sockets on the caller's event loop."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence

from mediaserver.plane.forward import Forwarder
from mediaserver.plane.interface import (
    Address,
    ControlPacket,
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


def monotonic_us() -> int:
    return time.monotonic_ns() // 1000


class ReferencePlane:
    """`Plane` in pure Python (see `interface.py` for what each call does)."""

    name = "reference"

    def __init__(self, settings: PlaneSettings, clock: Callable[[], int] = monotonic_us) -> None:
        self._settings = settings
        self._clock = clock
        self._forwarder = Forwarder(settings)
        self._sockets: list[socket.socket] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: Callable[[list[ControlPacket]], None] | None = None
        self._wakes = False

    # ------------------------------------------------------------ sockets

    def open(self, hosts: Sequence[str], port: int) -> list[tuple[str, int]]:
        self._sockets = bind_all(hosts, port, self._settings.socket_buffer)
        return [sock.getsockname()[:2] for sock in self._sockets]

    def start(self, listener: Callable[[list[ControlPacket]], None]) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        for number, sock in enumerate(self._sockets):
            self._loop.add_reader(sock.fileno(), self._readable, number, sock)

    def close(self) -> None:
        for sock in self._sockets:
            if self._loop is not None and sock.fileno() >= 0:
                self._loop.remove_reader(sock.fileno())
            sock.close()
        self._sockets = []
        self._listener = None
        self._forwarder.clear()

    def _readable(self, number: int, sock: socket.socket) -> None:
        """One batch: read what is there, work on it, send what it caused, tell control."""
        forwarder = self._forwarder
        limit = self._settings.max_datagram + 1  # one more, so that a longer one is seen as such
        for _ in range(self._settings.batch):
            try:
                data, peer = sock.recvfrom(limit)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                # ICMP errors of earlier sends surface here; they say nothing about this read.
                continue
            forwarder.receive(data, Address(number, peer), self._clock())
        self._flush()
        self._report()

    def _flush(self) -> None:
        forwarder = self._forwarder
        outbox, count = forwarder.outbox, forwarder.count
        if not self._sockets:
            outbox.clear()  # closed; a farewell that comes too late
            return
        for address, data in outbox:
            try:
                self._sockets[address.socket].sendto(data, address.peer)
            except BlockingIOError:
                count["drop_send_full"] += 1
            except OSError:
                count["drop_send_error"] += 1
            else:
                count["tx_datagrams"] += 1
                count["tx_bytes"] += len(data)
        outbox.clear()

    def _report(self) -> None:
        events = self._forwarder.events
        if events and self._listener is not None:
            batch = events[:]
            events.clear()
            self._listener(batch)

    def _changed(self) -> None:
        """After a call from control: send now, report from the loop so that control is not re-entered."""
        self._flush()
        if self._forwarder.events and self._loop is not None and not self._wakes:
            self._wakes = True
            self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._wakes = False
        self._report()

    # ------------------------------------------------------------ calls of control

    def send(self, address: Address, data: bytes) -> None:
        self._forwarder.outbox.append((address, data))
        self._flush()

    def add_transport(self, transport: int, address: Address, inbound: SrtpSession, outbound: SrtpSession) -> None:
        self._forwarder.add_transport(transport, address, inbound, outbound)

    def move_transport(self, transport: int, address: Address) -> None:
        self._forwarder.move_transport(transport, address)

    def set_consent(self, transport: int, username: bytes, password: bytes) -> None:
        self._forwarder.set_consent(transport, username, password)

    def remove_transport(self, transport: int) -> None:
        self._forwarder.remove_transport(transport)

    def send_rtcp(self, transport: int, data: bytes) -> None:
        self._forwarder.send_rtcp(transport, data)
        self._flush()

    def add_stream(self, stream: Stream) -> None:
        self._forwarder.add_stream(stream)

    def remove_stream(self, stream: int) -> None:
        self._forwarder.remove_stream(stream)

    def set_route(self, route: Route) -> None:
        self._forwarder.set_route(route, self._clock())
        self._changed()

    def remove_route(self, route: int) -> None:
        self._forwarder.remove_route(route)

    def retransmit(self, route: int, sequences: Sequence[int]) -> None:
        self._forwarder.retransmit(route, sequences, self._clock())
        self._flush()

    def sender_report(self, stream: int, ntp: int, timestamp: int, route: int | None = None) -> None:
        self._forwarder.sender_report(stream, ntp, timestamp, route)
        self._flush()

    def relayed(self, stream: int, index: int, now_us: int, packet: bytes) -> None:
        self._forwarder.relayed(stream, index, now_us, packet)
        self._changed()

    def relay(self, stream: int, target: ReferencePlane, since_us: int) -> None:
        self._forwarder.relay(stream, target, since_us)

    def stop_relay(self, stream: int, target: ReferencePlane) -> None:
        self._forwarder.stop_relay(stream, target)

    def missing(self, stream: int) -> list[tuple[int, int]]:
        return self._forwarder.missing(stream)

    def read_history(self, stream: int, after: int | None, limit: int) -> list[TapPacket]:
        return self._forwarder.read_history(stream, after, limit)

    def tap(self, stream: int, after: int | None, limit: int, settled_us: int) -> Tapped:
        return self._forwarder.tap(stream, after, limit, settled_us)

    def stream_stats(self, stream: int) -> StreamStats | None:
        return self._forwarder.stream_stats(stream)

    def route_stats(self, route: int) -> RouteStats | None:
        return self._forwarder.route_stats(route)

    def transport_stats(self, transport: int) -> TransportStats | None:
        return self._forwarder.transport_stats(transport)

    def counters(self) -> dict[str, int]:
        return dict(self._forwarder.count)
