"""From a stream's history to its subscribers: where a route starts, and how a packet is rewritten for it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence

from mediaserver.plane.history import History
from mediaserver.plane.interface import Address, ControlPacket, Kind, PlaneSettings, Route
from mediaserver.plane.tables import RouteState, StreamState, TransportState
from mediaserver.rtp import rtcp
from mediaserver.rtp.packet import Header, abs_send_time, elements, pack_elements, parse_header, rewrite
from mediaserver.rtp.sequence import extend, timestamp_delta

_REPLAY_SPACING_S = 0.001
"""Replayed pictures are stamped this far apart, so that a joiner shows them at once and is live."""


class Sender:
    """Fills the outbox. :param count: the plane's counters."""

    def __init__(self, settings: PlaneSettings, count: dict[str, int]) -> None:
        self._settings = settings
        self.count = count
        self.outbox: list[tuple[Address, bytes]] = []
        self.events: list[ControlPacket] = []
        errors = settings.srtp_error
        # pylibsrtp raises ValueError for what is longer than its buffer.
        self.errors = (*(errors if isinstance(errors, tuple) else (errors,)), ValueError)

    def tell(self, event: ControlPacket) -> None:
        """Control hears of it after the batch."""
        if len(self.events) < self._settings.max_events:
            self.events.append(event)
        else:
            self.count["drop_event_overflow"] += 1

    def start(self, route: RouteState, stream: StreamState, now_us: int) -> None:
        """Begin to play `stream` on `route`, if there is a place to begin at."""
        history = stream.history
        if history.highest < 0:
            return
        if not stream.keyframe_tests:
            start = history.highest
        elif self._can_replay(history, now_us):
            start = history.keyframe
        else:
            return
        first = history.get(start)
        latest = history.get(history.highest)
        if first is None or latest is None:
            return
        newest = parse_header(latest).timestamp
        clock_rate = stream.spec.clock_rate
        spacing = max(1, int(clock_rate * _REPLAY_SPACING_S))
        times: dict[int, None] = {}
        for index in range(start, history.highest + 1):
            packet = history.get(index)
            if packet is not None:
                times[int.from_bytes(packet[4:8], "big")] = None
        times[newest] = times.pop(newest, None)  # reordering aside, the newest picture comes last
        # Media time goes on from the last packet of this slot as the wall clock did.
        elapsed = (now_us - route.last_us) * clock_rate // 1_000_000 if route.last_us else 0
        begin = route.last_timestamp + max(spacing, elapsed)
        end = begin + (len(times) - 1) * spacing
        route.timestamp_offset = end - newest
        route.retimed = {} if len(times) == 1 else {time: begin + n * spacing for n, time in enumerate(times)}
        route.sequence_offset = route.last_index + 1 - start
        route.start, route.live, route.live_us = start, history.highest, now_us
        route.started = True
        self.count["switches"] += 1
        self.tell(ControlPacket(Kind.STARTED, now_us, stream.spec.transport, stream.spec.id, route=route.spec.id))
        for index in range(start, history.highest + 1):
            packet = history.get(index)
            if packet is not None:
                header = parse_header(packet)
                fields = elements(packet, header) if header.extension_length else []
                self.forward(route, index, packet, header, fields, now_us)
                if index < history.highest:
                    self.count["tx_replayed"] += 1

    def _can_replay(self, history: History, now_us: int) -> bool:
        return (
            history.keyframe >= 0
            and history.holds(history.keyframe)
            and history.highest - history.keyframe < self._settings.replay_max_packets
            and now_us - history.keyframe_us <= self._settings.replay_max_age_us
        )

    def forward(
        self,
        route: RouteState,
        index: int,
        packet: bytes,
        header: Header,
        fields: list[tuple[int, int, int]],
        now_us: int,
    ) -> None:
        spec = route.spec
        if index < route.start:
            self.count["drop_before_start"] += 1
            return
        payload_type = spec.payload_types.get(header.payload_type)
        if payload_type is None:
            self.count["drop_no_payload_type"] += 1
            return
        out_index = index + route.sequence_offset
        timestamp = self._retime(route, index, header.timestamp)
        data = rewrite(
            packet,
            header,
            payload_type=payload_type,
            sequence=out_index,
            timestamp=timestamp,
            ssrc=spec.ssrc,
            extension=self._extension(spec, packet, fields, now_us),
        )
        if not self._queue(route.transport, data, route.transport.outbound.protect):
            return
        self.count["tx_rtp"] += 1
        route.packets += 1
        route.octets += header.end - header.payload
        if out_index > route.last_index:
            if route.retimed and route.stream is not None and route.live < route.stream.history.oldest:
                route.retimed = {}  # nothing of the replay can be asked for again
            route.last_index = out_index
            route.last_timestamp = timestamp
            route.last_us = now_us

    def _retime(self, route: RouteState, index: int, timestamp: int) -> int:
        if not route.retimed or index > route.live:
            return (timestamp + route.timestamp_offset) & 0xFFFFFFFF
        replayed = route.retimed.get(timestamp)
        return (_between(route.retimed, timestamp) if replayed is None else replayed) & 0xFFFFFFFF

    def _extension(self, spec: Route, packet: bytes, fields: list[tuple[int, int, int]], now_us: int) -> bytes:
        items = list(spec.constants)
        if spec.abs_send_time_extension:
            items.append((spec.abs_send_time_extension, abs_send_time(now_us)))
        for identifier, offset, length in fields:
            mapped = spec.extensions.get(identifier)
            if mapped:
                items.append((mapped, packet[offset : offset + length]))
        return pack_elements(items)

    def _queue(self, transport: TransportState, data: bytes, protect: Callable[[bytes], bytes]) -> bool:
        try:
            if len(data) > self._settings.max_datagram:
                raise ValueError("longer than the path allows")
            protected = protect(data)
        except self.errors:
            self.count["drop_protect"] += 1
            return False
        transport.tx_packets += 1
        transport.tx_bytes += len(protected)
        self.outbox.append((transport.address, protected))
        return True

    def retransmit(self, route: RouteState, sequences: Sequence[int], now_us: int) -> None:
        """Packets of the route's history again, over RTX (RFC 4588) when the subscriber has it."""
        spec, stream = route.spec, route.stream
        for sequence in sequences:
            index = extend(sequence, route.last_index) - route.sequence_offset
            packet = stream.history.get(index) if stream is not None and route.started else None
            if packet is None or index < route.start or index + route.sequence_offset > route.last_index:
                self.count["drop_nack_unknown"] += 1
                continue
            header = parse_header(packet)
            payload_type = spec.payload_types.get(header.payload_type)
            if payload_type is None:
                self.count["drop_no_payload_type"] += 1
                continue
            fields = elements(packet, header) if header.extension_length else []
            rtx_payload_type = spec.rtx_payload_types.get(payload_type)
            over_rtx = rtx_payload_type is not None and spec.rtx_ssrc is not None
            sent_us = now_us
            if over_rtx:
                self_sequence, prefix = route.rtx_sequence, struct.pack("!H", sequence)
                route.rtx_sequence = (route.rtx_sequence + 1) & 0xFFFF
            else:
                # Under the same SSRC and number it must be the same packet to the last bit: SRTP encrypts
                # it with the same nonce, and AES-GCM breaks when one nonce covers two texts (RFC 5116 §5.1.1).
                self_sequence, prefix = sequence, b""
                sent_us = max(stream.history.arrival(index), route.live_us)
            data = rewrite(
                packet,
                header,
                payload_type=rtx_payload_type if over_rtx else payload_type,
                sequence=self_sequence,
                timestamp=self._retime(route, index, header.timestamp),
                ssrc=spec.rtx_ssrc if over_rtx else spec.ssrc,
                extension=self._extension(spec, packet, fields, sent_us),
                prefix=prefix,
            )
            if self._queue(route.transport, data, route.transport.outbound.protect):
                self.count["tx_rtx"] += 1
                route.retransmitted += 1

    def sender_report(self, route: RouteState, ntp: int, timestamp: int) -> None:
        """RFC 3550 §6.4.1 with an SDES CNAME, in the route's own time."""
        spec = route.spec
        report = rtcp.sender_report(spec.ssrc, ntp, timestamp + route.timestamp_offset, route.packets, route.octets)
        self.rtcp(route.transport, rtcp.compound(report, rtcp.sdes_cname(spec.ssrc, spec.cname)))

    def rtcp(self, transport: TransportState, data: bytes) -> None:
        if self._queue(transport, data, transport.outbound.protect_rtcp):
            self.count["tx_rtcp"] += 1


def _between(retimed: Mapping[int, int], timestamp: int) -> int:
    """The time of a picture that was missing altogether at the replay: between its neighbours, as its own time is."""
    before: tuple[int, int] | None = None
    for source, sent in retimed.items():
        distance = timestamp_delta(source, timestamp)
        if distance > 0:
            if before is None:
                return sent - 1
            span = timestamp_delta(source, before[0])
            return before[1] + timestamp_delta(timestamp, before[0]) * (sent - before[1]) // span
        before = source, sent
    return sent - distance
