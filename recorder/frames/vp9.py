"""VP9 out of RTP (RFC 9628)."""

from __future__ import annotations

from recorder.frames import Frame, Start
from recorder.frames.bits import Bits, BitsError

_MAX_LAYERS = 8
_RGB = 7


def descriptor(payload: bytes) -> int:
    """Length of the payload descriptor (§4.2). :raises IndexError: cut short."""
    first = payload[0]
    length = 1
    if first & 0x80:  # I: picture id
        length += 2 if payload[1] & 0x80 else 1
    if first & 0x20:  # L: layer indices, and TL0PICIDX without flexible mode
        length += 1 if first & 0x10 else 2
    if first & 0x50 == 0x50:  # P and F: up to three references
        for _ in range(3):
            length += 1
            if not payload[length - 1] & 1:
                break
    if first & 0x02:  # V: scalability structure
        structure = payload[length]
        length += 1
        if structure & 0x10:
            length += 4 * ((structure >> 5) + 1)
        if structure & 0x08:
            pictures = payload[length]
            length += 1
            for _ in range(pictures):
                length += 1 + (payload[length] >> 2 & 0x03)
    return length


class Vp9:
    def frame(self, payloads: list[bytes]) -> Frame | None:
        layers: list[list[bytes]] = []
        try:
            for payload in payloads:
                length = descriptor(payload)
                if len(payload) <= length:
                    return None
                if payload[0] & 0x08:
                    layers.append([])
                layers[-1].append(payload[length:])
        except IndexError:  # cut short, or it does not begin with a begin
            return None
        if len(layers) > _MAX_LAYERS:
            return None
        pictures = [b"".join(layer) for layer in layers]
        try:
            start = _start(pictures[0])
        except BitsError:
            return None
        if start and len(pictures) > 1:
            top = _start_or_none(pictures[-1])
            start = top or start
        return Frame(pictures[0] if len(pictures) == 1 else _superframe(pictures), start)

    def picture_id(self, payload: bytes) -> int:
        if len(payload) < 3 or not payload[0] & 0x80:
            return -1
        return (payload[1] & 0x7F) << 8 | payload[2] if payload[1] & 0x80 else payload[1]


def _superframe(pictures: list[bytes]) -> bytes:
    """Spatial layers of one moment as one frame (VP9 bitstream specification, annex B)."""
    marker = bytes((0xC0 | 3 << 3 | len(pictures) - 1,))
    sizes = b"".join(len(picture).to_bytes(4, "little") for picture in pictures)
    return b"".join((*pictures, marker, sizes, marker))


def _start_or_none(data: bytes) -> Start | None:
    try:
        return _start(data)
    except BitsError:
        return None


def _start(data: bytes) -> Start | None:
    """From the uncompressed header (bitstream specification §6.2). :raises BitsError:"""
    bits = Bits(data[:32])
    if bits.take(2) != 2:
        raise BitsError("no frame marker")
    profile = bits.take(1) | bits.take(1) << 1
    if profile == 3:
        bits.take(1)
    if bits.take(1) or bits.take(1):  # shows an existing frame, or is none of its own
        return None
    bits.take(2)
    if bits.take(24) != 0x498342:
        raise BitsError("no sync code")
    if profile >= 2:
        bits.take(1)
    if bits.take(3) != _RGB:
        bits.take(1)
        if profile & 1:
            bits.take(3)
    elif profile & 1:
        bits.take(1)
    return Start(bits.take(16) + 1, bits.take(16) + 1, b"")
