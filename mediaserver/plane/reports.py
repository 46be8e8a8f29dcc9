"""What subscribers report, read by the plane itself.

Every display sends a report a second. They change two numbers that somebody looks at every other second, so
control is not woken for them.
"""

from __future__ import annotations

from collections.abc import Mapping

from mediaserver.plane.tables import RouteState, TransportState

_RR, _SDES, _PSFB = 201, 202, 206
_APPLICATION = 15
_BLOCK = 24


def read_reports(data: bytes, transport: TransportState, routes: Mapping[int, RouteState], now_us: int) -> bool:
    """Note the report blocks and REMB of a decrypted compound. True when there is nothing else in it.

    A compound that points outside of itself is left to control, and nothing after the fault is read.
    """
    alone = True
    offset = 0
    while offset < len(data):
        if offset + 8 > len(data) or data[offset] >> 6 != 2:
            return False
        end = offset + 4 + 4 * int.from_bytes(data[offset + 2 : offset + 4], "big")
        if end > len(data) or end < offset + 8:
            return False
        count, kind = data[offset] & 0x1F, data[offset + 1]
        if kind == _RR and end >= offset + 8 + _BLOCK * count:
            for block in range(offset + 8, offset + 8 + _BLOCK * count, _BLOCK):
                _note(data, block, transport, routes, now_us)
        elif (
            kind == _PSFB
            and count == _APPLICATION
            and data[offset + 12 : offset + 16] == b"REMB"
            and end >= offset + 20
        ):
            transport.estimate = _rate(data, offset + 17)
        elif kind != _SDES:
            alone = False
        offset = end
    return alone


def _note(data: bytes, block: int, transport: TransportState, routes: Mapping[int, RouteState], now_us: int) -> None:
    """RFC 3550 §6.4.1."""
    ssrc = int.from_bytes(data[block : block + 4], "big")
    for identifier in transport.routes:
        route = routes[identifier]
        if route.spec.ssrc == ssrc:
            route.fraction_lost = data[block + 4]
            route.jitter = int.from_bytes(data[block + 12 : block + 16], "big")
            route.lsr = int.from_bytes(data[block + 16 : block + 20], "big")
            route.dlsr = int.from_bytes(data[block + 20 : block + 24], "big")
            route.reported_us = now_us


def _rate(data: bytes, offset: int) -> int:
    """draft-alvestrand-rmcat-remb-03 §2.2: six bits of exponent, eighteen of mantissa; at most 2⁴⁰ here."""
    exponent = data[offset] >> 2
    mantissa = (data[offset] & 3) << 16 | data[offset + 1] << 8 | data[offset + 2]
    return min(mantissa << exponent, 1 << 40) if exponent < 40 else 1 << 40
