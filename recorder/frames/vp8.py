"""VP8 out of RTP (RFC 7741)."""

from __future__ import annotations

from recorder.frames import Frame, Start

_START_CODE = b"\x9d\x01\x2a"


def descriptor(payload: bytes) -> int:
    """Length of the payload descriptor (§4.2); more than the payload when that is cut short."""
    if len(payload) < 2 or not payload[0] & 0x80:
        return 1
    extended = payload[1]
    length = 2
    if extended & 0x80:
        length += 2 if len(payload) > 2 and payload[2] & 0x80 else 1
    if extended & 0x40:
        length += 1
    if extended & 0x30:
        length += 1
    return length


class Vp8:
    def frame(self, payloads: list[bytes]) -> Frame | None:
        first = payloads[0]
        if not first or first[0] & 0x17 != 0x10:  # start of partition 0
            return None
        pieces = []
        for payload in payloads:
            length = descriptor(payload)
            if len(payload) <= length or (pieces and payload[0] & 0x17 == 0x10):
                return None
            pieces.append(payload[length:])
        data = b"".join(pieces)
        if data[0] & 0x01:
            return Frame(data, None)
        # RFC 6386 §9.1: three bytes of tag, the start code, 14 bits of width and of height below their scales
        if len(data) < 10 or data[3:6] != _START_CODE:
            return None
        width, height = ((data[at] | data[at + 1] << 8) & 0x3FFF for at in (6, 8))
        return Frame(data, Start(width, height, b"")) if width and height else None

    def picture_id(self, payload: bytes) -> int:
        if len(payload) < 4 or payload[0] & 0x80 == 0 or payload[1] & 0x80 == 0:
            return -1
        return (payload[2] & 0x7F) << 8 | payload[3] if payload[2] & 0x80 else payload[2]
