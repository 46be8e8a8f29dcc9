"""Several planes as one, so that a room may be spread over more than one core.

Each plane has a thread and sockets of its own; what is on one of them never waits for another. A stream that is
watched on a plane it does not come in on has a mirror there: a history that is fed by the origin's, out of which
routes are served as from any other. Which peer is where, the address of its socket says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from mediaserver.plane.interface import (
    Address,
    ControlPacket,
    Relaying,
    Route,
    RouteStats,
    SrtpSession,
    Stream,
    StreamStats,
    TapPacket,
    Tapped,
    TransportStats,
)

_WHOLE_HISTORY = 1 << 20
"""More packets than any history has."""


@dataclass(slots=True)
class _Transport:
    plane: int
    streams: set[int] = field(default_factory=set)
    routes: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Stream:
    """:ivar plane: where it comes in. :ivar mirrors: plane → its routes that play the stream; never empty."""

    spec: Stream
    plane: int
    mirrors: dict[int, set[int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Route:
    plane: int
    transport: int
    stream: int | None = None


class PlaneGroup:
    """`Plane` over planes of one kind (see `interface.py` for what each call does).

    Their sockets are numbered consecutively. A transport stays on the plane of its first address.
    """

    def __init__(self, planes: Sequence[Relaying]) -> None:
        self._planes = tuple(planes)
        self.name = planes[0].name
        self._plane_of: list[int] = []
        """Socket → the number of its plane."""
        self._first = [0] * len(planes)
        """Plane → the number of its first socket."""
        self._transports: dict[int, _Transport] = {}
        self._streams: dict[int, _Stream] = {}
        self._routes: dict[int, _Route] = {}

    # ------------------------------------------------------------ sockets

    def open(self, hosts: Sequence[str], port: int) -> list[tuple[str, int]]:
        """The first plane gets `port`, the others those after it; with 0 each gets a free one."""
        every: list[tuple[str, int]] = []
        for number, plane in enumerate(self._planes):
            bound = plane.open(hosts, port + number if port else 0)
            self._first[number] = len(every)
            self._plane_of += [number] * len(bound)
            every += bound
        return every

    def start(self, listener: Callable[[list[ControlPacket]], None]) -> None:
        for plane, first in zip(self._planes, self._first, strict=True):
            plane.start(_renumbering(listener, first) if first else listener)

    def close(self) -> None:
        for plane in self._planes:
            plane.close()
        self._transports.clear()
        self._streams.clear()
        self._routes.clear()

    def _local(self, address: Address) -> tuple[int, Address]:
        number = self._plane_of[address.socket]
        return number, Address(address.socket - self._first[number], address.peer)

    def send(self, address: Address, data: bytes) -> None:
        number, local = self._local(address)
        self._planes[number].send(local, data)

    # ------------------------------------------------------------ transports

    def add_transport(self, transport: int, address: Address, inbound: SrtpSession, outbound: SrtpSession) -> None:
        self.remove_transport(transport)
        number, local = self._local(address)
        self._planes[number].add_transport(transport, local, inbound, outbound)
        self._transports[transport] = _Transport(number)

    def move_transport(self, transport: int, address: Address) -> None:
        """Within its plane; an address of another one's sockets is not taken."""
        known = self._transports.get(transport)
        number, local = self._local(address)
        if known is not None and known.plane == number:
            self._planes[number].move_transport(transport, local)

    def set_consent(self, transport: int, username: bytes, password: bytes) -> None:
        if (known := self._transports.get(transport)) is not None:
            self._planes[known.plane].set_consent(transport, username, password)

    def remove_transport(self, transport: int) -> None:
        known = self._transports.pop(transport, None)
        if known is None:
            return
        self._planes[known.plane].remove_transport(transport)
        for route in known.routes:
            self._leave(self._routes.pop(route), route)
        for stream in known.streams:
            self._remove_mirrors(self._streams.pop(stream))

    def send_rtcp(self, transport: int, data: bytes) -> None:
        if (known := self._transports.get(transport)) is not None:
            self._planes[known.plane].send_rtcp(transport, data)

    def transport_stats(self, transport: int) -> TransportStats | None:
        known = self._transports.get(transport)
        return None if known is None else self._planes[known.plane].transport_stats(transport)

    # ------------------------------------------------------------ streams

    def add_stream(self, stream: Stream) -> None:
        transport = self._transports[stream.transport]
        self.remove_stream(stream.id)
        self._planes[transport.plane].add_stream(stream)
        transport.streams.add(stream.id)
        self._streams[stream.id] = _Stream(stream, transport.plane)

    def remove_stream(self, stream: int) -> None:
        known = self._streams.pop(stream, None)
        if known is None:
            return
        self._transports[known.spec.transport].streams.discard(stream)
        self._planes[known.plane].remove_stream(stream)
        self._remove_mirrors(known)

    def sender_report(self, stream: int, ntp: int, timestamp: int, route: int | None = None) -> None:
        if (known := self._streams.get(stream)) is not None:
            for number in (known.plane, *known.mirrors):
                self._planes[number].sender_report(stream, ntp, timestamp, route)

    def missing(self, stream: int) -> list[tuple[int, int]]:
        known = self._streams.get(stream)
        return [] if known is None else self._planes[known.plane].missing(stream)

    def read_history(self, stream: int, after: int | None, limit: int) -> list[TapPacket]:
        known = self._streams.get(stream)
        return [] if known is None else self._planes[known.plane].read_history(stream, after, limit)

    def tap(self, stream: int, after: int | None, limit: int, settled_us: int) -> Tapped:
        known = self._streams.get(stream)
        if known is None:
            return Tapped(b"", 0, 0, 0)
        return self._planes[known.plane].tap(stream, after, limit, settled_us)

    def stream_stats(self, stream: int) -> StreamStats | None:
        known = self._streams.get(stream)
        return None if known is None else self._planes[known.plane].stream_stats(stream)

    # ------------------------------------------------------------ mirrors

    def _join(self, stream: _Stream, number: int, route: int) -> None:
        """Before a route plays `stream` on plane `number`: make sure that the stream is there."""
        if number == stream.plane:
            return
        if number not in stream.mirrors:
            begin_mirror(stream.spec, self._planes[stream.plane], self._planes[number])
            stream.mirrors[number] = set()
        stream.mirrors[number].add(route)

    def _leave(self, route: _Route, identifier: int) -> None:
        """After a route has stopped playing its stream: the last one takes the mirror with it."""
        stream = self._streams.get(route.stream) if route.stream is not None else None
        if stream is None or route.plane not in stream.mirrors:
            return
        routes = stream.mirrors[route.plane]
        routes.discard(identifier)
        if not routes:
            del stream.mirrors[route.plane]
            self._remove_mirror(stream, route.plane)

    def _remove_mirror(self, stream: _Stream, number: int) -> None:
        self._planes[stream.plane].stop_relay(stream.spec.id, self._planes[number])
        self._planes[number].remove_stream(stream.spec.id)

    def _remove_mirrors(self, stream: _Stream) -> None:
        for number in stream.mirrors:
            self._remove_mirror(stream, number)

    # ------------------------------------------------------------ routes

    def set_route(self, route: Route) -> None:
        known = self._routes.get(route.id)
        if known is None:
            transport = self._transports.get(route.transport)
            if transport is None:
                return
            known = self._routes[route.id] = _Route(transport.plane, route.transport)
            transport.routes.add(route.id)
        before = replace(known)
        stream = self._streams.get(route.stream) if route.stream is not None else None
        known.stream = route.stream if stream is not None else None
        if stream is not None:
            self._join(stream, known.plane, route.id)
        self._planes[known.plane].set_route(route)
        if before.stream != known.stream:
            self._leave(before, route.id)

    def remove_route(self, route: int) -> None:
        known = self._routes.pop(route, None)
        if known is None:
            return
        self._transports[known.transport].routes.discard(route)
        self._planes[known.plane].remove_route(route)
        self._leave(known, route)

    def retransmit(self, route: int, sequences: Sequence[int]) -> None:
        if (known := self._routes.get(route)) is not None:
            self._planes[known.plane].retransmit(route, sequences)

    def route_stats(self, route: int) -> RouteStats | None:
        known = self._routes.get(route)
        return None if known is None else self._planes[known.plane].route_stats(route)

    # ------------------------------------------------------------ all of it

    def counters(self) -> dict[str, int]:
        """Of all planes together."""
        total: Counter[str] = Counter()
        for plane in self._planes:
            total.update(plane.counters())
        return dict(total)


def begin_mirror(stream: Stream, origin: Relaying, mirror: Relaying) -> None:
    """With all that the origin has, so that a joiner gets its replay at once.

    What comes while the packets are copied arrived at the same time as the last of them or later.
    """
    mirror.add_stream(replace(stream, transport=0))
    held = origin.read_history(stream.id, None, _WHOLE_HISTORY)
    for index, now_us, packet in held:
        mirror.relayed(stream.id, index, now_us, packet)
    origin.relay(stream.id, mirror, max((now_us for _, now_us, _ in held), default=0))


def _renumbering(listener: Callable[[list[ControlPacket]], None], first: int) -> Callable[[list[ControlPacket]], None]:
    """What a plane calls whose first socket has the number `first`."""

    def listen(batch: list[ControlPacket]) -> None:
        listener([_from_socket(packet, first) for packet in batch])

    return listen


def _from_socket(packet: ControlPacket, first: int) -> ControlPacket:
    if packet.address is None:
        return packet
    return replace(packet, address=Address(packet.address.socket + first, packet.address.peer))
