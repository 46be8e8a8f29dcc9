"""What control reads out of the reference plane's tables."""

from __future__ import annotations

import struct

from mediaserver.plane.interface import RouteStats, StreamStats, TapPacket, Tapped, TransportStats
from mediaserver.plane.tables import RouteState, StreamState, TransportState

_TAPPED = struct.Struct("<qqH")


class Readable:
    """The tables, and the calls that only look at them."""

    def __init__(self) -> None:
        self._transports: dict[int, TransportState] = {}
        self._streams: dict[int, StreamState] = {}
        self._routes: dict[int, RouteState] = {}

    def missing(self, identifier: int) -> list[tuple[int, int]]:
        stream = self._streams.get(identifier)
        return [] if stream is None else list(stream.history.gaps.items())

    def read_history(self, identifier: int, after: int | None, limit: int) -> list[TapPacket]:
        stream = self._streams.get(identifier)
        if stream is None or stream.history.highest < 0:
            return []
        history = stream.history
        start = history.oldest if after is None else max(after + 1, history.oldest)
        found: list[TapPacket] = []
        for index in range(start, history.highest + 1):
            packet = history.get(index)
            if packet is not None:
                found.append(TapPacket(index, history.arrival(index), packet))
                if len(found) >= limit:
                    break
        return found

    def tap(self, identifier: int, after: int | None, limit: int, settled_us: int) -> Tapped:
        stream = self._streams.get(identifier)
        if stream is None or stream.history.highest < 0:
            return Tapped(b"", 0, 0, 0)
        history = stream.history
        oldest, base = history.oldest, history.base
        # Who read an earlier numbering to its end has not missed what lies between the two.
        follows = oldest if after is None else after + 1 if after >= base else base
        missed = max(0, oldest - follows)
        expected = max(follows, oldest)
        packed: list[bytes] = []
        last = 0
        for index in range(expected, history.highest + 1):
            packet = history.get(index)
            if packet is None:
                continue
            arrival = history.arrival(index)
            if len(packed) >= limit or (index != expected and arrival > settled_us):
                break
            packed.append(_TAPPED.pack(index, arrival, len(packet)) + packet)
            last, expected = index, index + 1
        return Tapped(b"".join(packed), len(packed), last, missed if packed else 0)

    def stream_stats(self, identifier: int) -> StreamStats | None:
        stream = self._streams.get(identifier)
        return stream.stats() if stream is not None else None

    def route_stats(self, identifier: int) -> RouteStats | None:
        route = self._routes.get(identifier)
        return route.stats() if route is not None else None

    def transport_stats(self, identifier: int) -> TransportStats | None:
        transport = self._transports.get(identifier)
        return transport.stats() if transport is not None else None
