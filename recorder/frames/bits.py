"""Numbers of odd widths out of bytes: big-endian bits, Exp-Golomb and LEB128."""

from __future__ import annotations


class BitsError(ValueError):
    """More bits were wanted than there are."""


class Bits:
    """Reads from the highest bit of the first byte on. At most the first 512 bytes: no header is longer."""

    __slots__ = ("_left", "_value")

    def __init__(self, data: bytes) -> None:
        data = data[:512]
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """:raises BitsError:"""
        self._left -= count
        if self._left < 0:
            raise BitsError("cut short")
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """Unsigned Exp-Golomb code (ITU-T H.264 §9.1). :raises BitsError:"""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise BitsError("not an Exp-Golomb code")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed_golomb(self) -> int:
        """:raises BitsError:"""
        value = self.golomb()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def read_leb128(data: bytes, offset: int) -> tuple[int, int]:
    """Value and the offset behind it (AV1 §4.10.5). :raises BitsError:"""
    value = 0
    for count in range(8):
        if offset + count >= len(data):
            break
        byte = data[offset + count]
        value |= (byte & 0x7F) << 7 * count
        if not byte & 0x80:
            return value, offset + count + 1
    raise BitsError("not a LEB128 number")


def leb128(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
