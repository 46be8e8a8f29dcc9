"""The way of a packet through the reference plane, without sockets and without a clock.

`Forwarder.receive` takes a datagram and leaves what it causes in `outbox` (datagrams to
send) and `events` (packets for control). The order of work, top to bottom:

    first byte (RFC 7983) → transport by address → SRTP unprotect → stream by SSRC
    → history → per route: rewrite, protect, outbox
"""

from __future__ import annotations

from collections.abc import Sequence

from mediaserver.plane.consent import consent, expect
from mediaserver.plane.history import Put
from mediaserver.plane.interface import (
    COUNTERS,
    Address,
    ControlPacket,
    Kind,
    PlaneSettings,
    Route,
    SrtpSession,
    Stream,
)
from mediaserver.plane.reading import Readable
from mediaserver.plane.reports import read_reports
from mediaserver.plane.sender import Sender
from mediaserver.plane.tables import RelayTarget, RouteState, StreamState, TransportState
from mediaserver.rtp.packet import Header, RtpError, elements, parse_header, unwrap_rtx


class Forwarder(Readable):
    """Tables and the way of a packet. Not thread-safe; `now_us` is any monotonic clock in µs."""

    def __init__(self, settings: PlaneSettings) -> None:
        super().__init__()
        self.settings = settings
        self.count = dict.fromkeys(COUNTERS, 0)
        self._sender = Sender(settings, self.count)
        self.outbox = self._sender.outbox
        self.events = self._sender.events
        self._by_address: dict[Address, int] = {}

    # ------------------------------------------------------------ the way of a packet

    def receive(self, data: bytes, address: Address, now_us: int) -> None:
        """One datagram. Never raises; whatever is wrong with it is counted."""
        count = self.count
        count["rx_datagrams"] += 1
        count["rx_bytes"] += len(data)
        if not data:
            count["drop_empty"] += 1
            return
        first = data[0]
        if 128 <= first <= 191:
            if len(data) > self.settings.max_datagram:
                count["drop_too_long"] += 1
                return
            identifier = self._by_address.get(address)
            if identifier is None:
                count["drop_unknown_address"] += 1
            elif len(data) > 1 and 192 <= data[1] <= 223:  # RFC 5761 §4
                self._receive_rtcp(identifier, data, now_us)
            else:
                self._receive_rtp(identifier, data, now_us)
        elif first <= 3:
            transport = self._transports.get(self._by_address.get(address, 0))
            if transport is not None and (answer := consent(transport, address, data, now_us)):
                count["rx_consent"] += 1
                self.outbox.append((address, answer))
                return
            count["rx_stun"] += 1
            self._sender.tell(ControlPacket(Kind.STUN, now_us, address=address, data=data))
        elif 20 <= first <= 63:
            count["rx_dtls"] += 1
            self._sender.tell(
                ControlPacket(Kind.DTLS, now_us, self._by_address.get(address, 0), address=address, data=data)
            )
        else:
            count["drop_first_byte"] += 1

    def _receive_rtcp(self, identifier: int, data: bytes, now_us: int) -> None:
        if len(data) < 8:
            self.count["drop_malformed_rtcp"] += 1
            return
        transport = self._transports[identifier]
        ssrc = int.from_bytes(data[4:8], "big")
        if not self._may_use(transport, ssrc):
            self.count["drop_ssrc_limit"] += 1
            return
        try:
            plain = transport.inbound.unprotect_rtcp(data)
        except self._sender.errors:
            self.count["drop_srtcp"] += 1
            return
        self._authenticated(transport, ssrc, data, now_us)
        self.count["rx_rtcp"] += 1
        if read_reports(plain, transport, self._routes, now_us):
            self.count["rx_reports"] += 1
        else:
            self._sender.tell(ControlPacket(Kind.RTCP, now_us, identifier, data=plain))

    def _authenticated(self, transport: TransportState, ssrc: int, data: bytes, now_us: int) -> None:
        transport.ssrcs.add(ssrc)
        transport.last_us = now_us
        transport.rx_packets += 1
        transport.rx_bytes += len(data)

    def _receive_rtp(self, identifier: int, data: bytes, now_us: int) -> None:
        if len(data) < 12:
            self.count["drop_malformed_rtp"] += 1
            return
        transport = self._transports[identifier]
        ssrc = int.from_bytes(data[8:12], "big")
        stream = transport.by_ssrc.get(ssrc)
        if stream is not None:
            history = stream.history
            index = history.index(int.from_bytes(data[2:4], "big"))
            if history.holds(index):  # refused before any decrypting
                self.count["drop_duplicate"] += 1
                return
        elif not self._may_use(transport, ssrc):
            self.count["drop_ssrc_limit"] += 1
            return
        try:
            packet = transport.inbound.unprotect(data)
        except self._sender.errors:
            self.count["drop_srtp"] += 1
            return
        self._authenticated(transport, ssrc, data, now_us)
        try:
            header = parse_header(packet)
            fields = elements(packet, header) if header.extension_length else []
        except RtpError:
            self.count["drop_malformed_rtp"] += 1
            return
        if stream is None:
            stream = self._bind(transport, packet, header, fields)
            if stream is None:
                return
        repaired = header.payload_type in stream.spec.rtx_payload_types
        self._note_arrival(transport, stream, packet, fields, repaired, now_us)
        if repaired:
            unwrapped = self._unwrap(stream, packet, header)
            if unwrapped is None:
                return
            packet, header = unwrapped
        elif header.payload_type not in stream.spec.payload_types or ssrc != stream.ssrc:
            self.count["drop_payload_type"] += 1
            return
        index = stream.history.index(header.sequence)
        put = self._accept(stream, index, packet, header, fields, now_us, repaired=repaired)
        if put is Put.DUPLICATE:
            self.count["drop_duplicate"] += 1
        elif put is Put.TOO_OLD:
            self.count["drop_too_old"] += 1

    def relayed(self, stream: int, index: int, now_us: int, packet: bytes) -> None:
        """A packet of a stream that another plane receives (`Plane.relayed`)."""
        mirror = self._streams.get(stream)
        if mirror is not None and mirror.is_mirror:
            header = parse_header(packet)
            fields = elements(packet, header) if header.extension_length else []
            put = self._accept(mirror, index, packet, header, fields, now_us, repaired=False)
            if put in (Put.NEW, Put.RESET):
                self.count["rx_relayed"] += 1
                return
        self.count["drop_relay_stale"] += 1

    def _may_use(self, transport: TransportState, ssrc: int) -> bool:
        """Bounds the contexts a peer can make SRTP hold by inventing SSRCs."""
        return ssrc in transport.ssrcs or len(transport.ssrcs) < self.settings.max_ssrcs

    def _bind(
        self,
        transport: TransportState,
        packet: bytes,
        header: Header,
        fields: list[tuple[int, int, int]],
    ) -> StreamState | None:
        """Find the stream of a new SSRC: RTX by its payload type, else by mid, else by payload type (RFC 9143 §9.2)."""
        known = transport.rtx_by_ssrc.get(header.ssrc)
        if known is not None:
            return known
        candidates = [self._streams[stream] for stream in sorted(transport.streams)]
        by_mid = [
            stream
            for stream in candidates
            if stream.spec.mid
            and any(
                identifier == stream.spec.mid_extension and packet[offset : offset + length] == stream.spec.mid
                for identifier, offset, length in fields
            )
        ]
        candidates = by_mid or candidates
        repairing = [stream for stream in candidates if header.payload_type in stream.spec.rtx_payload_types]
        sending = [stream for stream in candidates if header.payload_type in stream.spec.payload_types]
        if len(repairing) == 1:
            stream = repairing[0]
            if stream.rtx_ssrc is not None:
                transport.rtx_by_ssrc.pop(stream.rtx_ssrc, None)
            stream.rtx_ssrc = header.ssrc
            transport.rtx_by_ssrc[header.ssrc] = stream
        elif len(sending) == 1:
            stream = sending[0]
            if stream.ssrc is not None:
                transport.by_ssrc.pop(stream.ssrc, None)
                stream.history.restart()
            stream.ssrc = header.ssrc
            transport.by_ssrc[header.ssrc] = stream
        else:
            self.count["drop_unknown_ssrc"] += 1
            return None
        return stream

    def _note_arrival(
        self,
        transport: TransportState,
        stream: StreamState,
        packet: bytes,
        fields: list[tuple[int, int, int]],
        repaired: bool,
        now_us: int,
    ) -> None:
        spec = stream.spec
        for identifier, offset, length in fields:
            if identifier == spec.abs_send_time_extension and length == 3:
                transport.overuse.add(now_us, int.from_bytes(packet[offset : offset + 3], "big"), len(packet))
            elif identifier == spec.audio_level_extension and length >= 1 and not repaired:
                level = packet[offset] & 0x7F
                stream.level_q8 += ((level << 8) - stream.level_q8) >> 3

    def _unwrap(self, stream: StreamState, packet: bytes, header: Header) -> tuple[bytes, Header] | None:
        original = stream.spec.rtx_payload_types.get(header.payload_type)
        if original is None or stream.ssrc is None:
            self.count["drop_rtx_unknown"] += 1
            return None
        unwrapped = unwrap_rtx(packet, header, payload_type=original, ssrc=stream.ssrc)
        if unwrapped is None:
            self.count["drop_rtx_padding"] += 1
            return None
        self.count["rx_rtx"] += 1
        return unwrapped, parse_header(unwrapped)

    def _accept(
        self,
        stream: StreamState,
        index: int,
        packet: bytes,
        header: Header,
        fields: list[tuple[int, int, int]],
        now_us: int,
        *,
        repaired: bool,
    ) -> Put:
        """Into the history, and from there to the routes and the mirrors."""
        history = stream.history
        newest = history.highest
        overflow = history.gap_overflow
        put = history.put(index, packet, now_us)
        if put in (Put.DUPLICATE, Put.TOO_OLD):
            return put
        stream.packets += 1
        stream.bytes += len(packet)
        stream.last_us = now_us
        if not stream.is_mirror:  # where the stream comes from, losses are noticed and repaired
            self.count["rx_rtp"] += 1
            self.count["drop_gap_overflow"] += history.gap_overflow - overflow
            if not repaired:
                stream.update_jitter(header.timestamp, now_us)
        if put is Put.RESET:
            self._renumber(stream, now_us)
        if not stream.is_mirror:
            if newest < 0:
                self._sender.tell(ControlPacket(Kind.BOUND, now_us, stream.spec.transport, stream.spec.id))
            elif put is Put.NEW and index > newest + 1:
                self._sender.tell(ControlPacket(Kind.GAP, now_us, stream.spec.transport, stream.spec.id))

        is_keyframe = stream.keyframe_tests.get(header.payload_type)
        if (
            is_keyframe is not None
            and is_keyframe(packet[header.payload : header.end])
            and history.mark_keyframe(index, header.timestamp, now_us)
        ):
            stream.keyframes += 1
        for target in stream.relays:
            self._relay(target, stream, index, now_us, packet)
        for route in stream.routes.values():
            if route.started:
                self._sender.forward(route, index, packet, header, fields, now_us)
            else:
                self._sender.start(route, stream, now_us)
                if not route.started:
                    self.count["drop_waiting_keyframe"] += 1
        return put

    def _relay(self, target: RelayTarget, stream: StreamState, index: int, now_us: int, packet: bytes) -> None:
        self.count["tx_relayed"] += 1
        target.relayed(stream.spec.id, index, now_us, packet)

    def _renumber(self, stream: StreamState, now_us: int) -> None:
        """The stream's numbers begin anew: its routes have to find a new place to start."""
        self.count["history_resets"] += 1
        stream.transit = None
        for route in stream.routes.values():
            route.started = False
        if stream.routes and stream.keyframe_tests:
            self._sender.tell(ControlPacket(Kind.KEYFRAME_WANTED, now_us, stream.spec.transport, stream.spec.id))

    # ------------------------------------------------------------ asked by control

    def retransmit(self, identifier: int, sequences: Sequence[int], now_us: int) -> None:
        route = self._routes.get(identifier)
        if route is not None:
            self._sender.retransmit(route, sequences, now_us)

    def sender_report(self, stream: int, ntp: int, timestamp: int, route: int | None = None) -> None:
        source = self._streams.get(stream)
        if source is not None:
            for target in source.routes.values():
                if target.started and route in (None, target.spec.id):
                    self._sender.sender_report(target, ntp, timestamp)

    def send_rtcp(self, identifier: int, data: bytes) -> None:
        transport = self._transports.get(identifier)
        if transport is not None:
            self._sender.rtcp(transport, data)

    def relay(self, stream: int, target: RelayTarget, since_us: int) -> None:
        source = self._streams.get(stream)
        if source is None:
            return
        self.stop_relay(stream, target)
        for index, now_us, packet in self.read_history(stream, None, self.settings.video_history):
            if now_us >= since_us:
                self._relay(target, source, index, now_us, packet)
        source.relays.append(target)

    def stop_relay(self, stream: int, target: RelayTarget) -> None:
        source = self._streams.get(stream)
        if source is not None and target in source.relays:
            source.relays.remove(target)

    # ------------------------------------------------------------ tables

    def add_transport(self, identifier: int, address: Address, inbound: SrtpSession, outbound: SrtpSession) -> None:
        self._transports[identifier] = TransportState(address, inbound, outbound)
        self._by_address[address] = identifier

    def move_transport(self, identifier: int, address: Address) -> None:
        transport = self._transports.get(identifier)
        if transport is None:
            return
        if self._by_address.get(transport.address) == identifier:
            del self._by_address[transport.address]
        transport.address = address
        self._by_address[address] = identifier

    def set_consent(self, identifier: int, username: bytes, password: bytes) -> None:
        if (transport := self._transports.get(identifier)) is not None:
            expect(transport, username, password)

    def remove_transport(self, identifier: int) -> None:
        transport = self._transports.pop(identifier, None)
        if transport is None:
            return
        for route in list(transport.routes):
            self.remove_route(route)
        for stream in list(transport.streams):
            self.remove_stream(stream)
        if self._by_address.get(transport.address) == identifier:
            del self._by_address[transport.address]

    def add_stream(self, spec: Stream) -> None:
        transport = self._transports[spec.transport] if spec.transport else None
        stream = StreamState(spec, self.settings)
        self._streams[spec.id] = stream
        if transport is None:
            return
        transport.streams.add(spec.id)
        if spec.ssrc is not None:
            transport.by_ssrc[spec.ssrc] = stream
        if spec.rtx_ssrc is not None:
            transport.rtx_by_ssrc[spec.rtx_ssrc] = stream

    def remove_stream(self, identifier: int) -> None:
        stream = self._streams.pop(identifier, None)
        if stream is None:
            return
        for route in stream.routes.values():
            route.stream, route.started, route.retimed = None, False, {}
        transport = self._transports.get(stream.spec.transport)
        if transport is not None:
            transport.streams.discard(identifier)
            for table in (transport.by_ssrc, transport.rtx_by_ssrc):
                for ssrc in [ssrc for ssrc, owner in table.items() if owner is stream]:
                    del table[ssrc]

    def set_route(self, spec: Route, now_us: int) -> None:
        route = self._routes.get(spec.id)
        if route is None:
            transport = self._transports.get(spec.transport)
            if transport is None:
                return
            route = self._routes[spec.id] = RouteState(spec, transport)
            transport.routes.add(spec.id)
        route.spec = spec
        stream = self._streams.get(spec.stream) if spec.stream is not None else None
        if stream is route.stream:
            return
        if route.stream is not None:
            del route.stream.routes[spec.id]
        route.stream, route.started, route.retimed = stream, False, {}
        if stream is None:
            return
        stream.routes[spec.id] = route
        if stream.keyframe_tests:
            self._sender.start(route, stream, now_us)
            if not route.started:
                self._sender.tell(ControlPacket(Kind.KEYFRAME_WANTED, now_us, stream.spec.transport, stream.spec.id))

    def remove_route(self, identifier: int) -> None:
        route = self._routes.pop(identifier, None)
        if route is None:
            return
        route.transport.routes.discard(identifier)
        if route.stream is not None:
            route.stream.routes.pop(identifier, None)

    def clear(self) -> None:
        for identifier in list(self._transports):
            self.remove_transport(identifier)
        for identifier in list(self._streams):
            self.remove_stream(identifier)
        self.outbox.clear()
        self.events.clear()
