"""AV1 out of RTP (RTP Payload Format for AV1, §4.4–4.5)."""

from __future__ import annotations

from recorder.frames import Frame, Start
from recorder.frames.bits import Bits, BitsError, leb128, read_leb128

_SEQUENCE, _DELIMITER, _FRAME_HEADER, _FRAME, _TILE_LIST, _PADDING = 1, 2, 3, 6, 8, 15
_HAS_SIZE = 0x02
_MAX_UNITS = 256


class Av1:
    def frame(self, payloads: list[bytes]) -> Frame | None:
        try:
            units = split(payloads)
            if units is None:
                return None
            pieces: list[bytes] = []
            sequence = b""
            key: bool | None = None
            for unit in units:
                kind, header, body = _unit(unit)
                if kind in (_DELIMITER, _TILE_LIST, _PADDING):
                    continue
                whole = header + leb128(len(body)) + body
                if kind == _SEQUENCE:
                    sequence = whole
                    start = _sequence(body)
                elif kind in (_FRAME, _FRAME_HEADER) and key is None:
                    key = bool(body) and body[0] & 0xE0 == 0  # §5.9.2: shown by itself, frame type 0
                pieces.append(whole)
        except BitsError:
            return None
        if key is None:
            return None
        if not (key and sequence):
            return Frame(b"".join(pieces), None)
        return Frame(b"".join(pieces), Start(start.width, start.height, start.private + sequence))

    def picture_id(self, payload: bytes) -> int:
        return -1


def split(payloads: list[bytes]) -> list[bytes] | None:
    """OBUs as sent, fragments joined; None when a fragment is missing. :raises BitsError:"""
    units: list[bytes] = []
    going_on = False
    for payload in payloads:
        if not payload or bool(payload[0] & 0x80) != going_on:
            return None
        count = payload[0] >> 4 & 0x03
        continues = going_on
        offset, number = 1, 0
        while offset < len(payload):
            number += 1
            if count and number == count:
                end = len(payload)
            else:
                size, offset = read_leb128(payload, offset)
                end = offset + size
                if end > len(payload):
                    return None
            piece = payload[offset:end]
            if continues:
                units[-1] += piece
            else:
                units.append(piece)
            continues = False
            offset = end
        if number == 0 or (count and number != count) or len(units) > _MAX_UNITS:
            return None
        going_on = bool(payload[0] & 0x40)
    return None if going_on else units


def _unit(unit: bytes) -> tuple[int, bytes, bytes]:
    """Type, header with the size flag set, and what follows (AV1 §5.3). :raises BitsError:"""
    if not unit or unit[0] & 0x80:
        raise BitsError("no OBU")
    length = 2 if unit[0] & 0x04 else 1
    if len(unit) < length:
        raise BitsError("cut short")
    header = bytes((unit[0] | _HAS_SIZE,)) + unit[1:length]
    body = unit[length:]
    if unit[0] & _HAS_SIZE:
        size, offset = read_leb128(unit, length)
        body = unit[offset : offset + size]
        if len(body) != size:
            raise BitsError("cut short")
    return unit[0] >> 3 & 0x0F, header, body


def _sequence(body: bytes) -> Start:
    """Size and the av1C box's four bytes (AV1 §5.5, AV1-ISOBMFF §2.3.3). :raises BitsError:"""
    bits = Bits(body)
    profile = bits.take(3)
    bits.take(1)
    reduced = bits.take(1)
    tier = 0
    if reduced:
        level = bits.take(5)
    else:
        level, tier = _operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(width_bits) + 1, bits.take(height_bits) + 1
    if not reduced and bits.take(1):
        bits.take(7)
    bits.take(3)
    if not reduced:
        bits.take(4)
        if bits.take(1):  # order hints
            bits.take(2)
            hints = True
        else:
            hints = False
        if bits.take(1) or bits.take(1):  # screen content tools: chosen per frame, or always
            if not bits.take(1):
                bits.take(1)
        if hints:
            bits.take(3)
    bits.take(3)
    colour = _colour(bits, profile)
    return Start(width, height, bytes((0x81, profile << 5 | level, tier << 7 | colour, 0)))


def _operating_points(bits: Bits) -> tuple[int, int]:
    """Level and tier of the first. :raises BitsError:"""
    decoder_model = False
    delay_bits = 0
    if bits.take(1):  # timing
        bits.take(64)
        if bits.take(1):
            bits.golomb()
        decoder_model = bool(bits.take(1))
        if decoder_model:
            delay_bits = bits.take(5) + 1
            bits.take(42)
    display_delay = bits.take(1)
    first: tuple[int, int] | None = None
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        level = bits.take(5)
        tier = bits.take(1) if level > 7 else 0
        first = first or (level, tier)
        if decoder_model and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if display_delay and bits.take(1):
            bits.take(4)
    return first or (0, 0)


def _colour(bits: Bits, profile: int) -> int:
    """The low seven bits of av1C's third byte. :raises BitsError:"""
    high = bits.take(1)
    twelve = bits.take(1) if profile == 2 and high else 0
    mono = bits.take(1) if profile != 1 else 0
    matrix = (2, 2, 2)
    if bits.take(1):
        matrix = bits.take(8), bits.take(8), bits.take(8)
    across, down, position = 1, 1, 0
    if mono:
        bits.take(1)
    elif matrix == (1, 13, 0):
        across = down = 0
    else:
        bits.take(1)
        if profile == 1:
            across = down = 0
        elif profile == 2:
            across, down = 1, 0
            if twelve:
                across = bits.take(1)
                down = bits.take(1) if across else 0
        if across and down:
            position = bits.take(2)
    return high << 6 | twelve << 5 | mono << 4 | across << 3 | down << 2 | position
