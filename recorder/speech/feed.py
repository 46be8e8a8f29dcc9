"""From RTP packets (RFC 3550) of a tap to what the captions' process reads: Opus, with when it was captured."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from mediaserver.rtp.packet import RtpError, parse_header

HEAD = struct.Struct(">QH")
"""In front of each Opus packet: when it was captured, µs; its length."""
STRAYED_US = 1_000_000
"""A sender's clock that is so far from the arrivals jumped, or drifted away in the course of hours."""
_HALF = 1 << 31


class Feed:
    """Packets of one stream, in order. Pure.

    Time goes on as the sender's time stamps do (48 kHz, RFC 7587 §4.1), from when the first packet arrived.
    """

    def __init__(self, payload_types: Mapping[int, str]) -> None:
        """:param payload_types: → codec, in small letters."""
        self._opus = frozenset(number for number, codec in payload_types.items() if codec == "opus")
        self._timestamp: int | None = None
        self._ticks = 0
        self._began_us = 0

    def frames(self, packets: Iterable[tuple[int, int, bytes]]) -> bytes:
        """:param packets: (index, arrival in µs, RTP). What is no sound, or no RTP, is left out."""
        made: list[bytes] = []
        for _, arrival_us, packet in packets:
            try:
                header = parse_header(packet)
            except RtpError:
                continue
            opus = packet[header.payload : header.end]
            if header.payload_type not in self._opus or not opus:
                continue
            made += (HEAD.pack(max(0, self._captured(header.timestamp, arrival_us)), len(opus)), opus)
        return b"".join(made)

    def _captured(self, timestamp: int, arrival_us: int) -> int:
        if self._timestamp is None:
            self._began_us = arrival_us
        else:
            self._ticks += (timestamp - self._timestamp + _HALF) % (2 * _HALF) - _HALF
        self._timestamp = timestamp
        at_us = self._began_us + self._ticks * 125 // 6
        if abs(at_us - arrival_us) > STRAYED_US:
            self._began_us, self._ticks = arrival_us, 0
            return arrival_us
        return at_us
