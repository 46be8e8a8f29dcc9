"""A clock that a picture carries, to measure the delay from lens to display.

A strip along the bottom edge, 1/24 of the picture high and as wide as the picture, holds 64 equal
cells of black (16) or white (235) luma, left to right:

    4 calibration cells   white black white black
    44 time cells         milliseconds since 1970-01-01 UTC, most significant bit first
    16 check cells        CRC-16/XMODEM (polynomial 0x1021, initial value 0) of those bits, taken
                          as 6 bytes whose first 4 bits are zero

All measures are fractions of the picture, so a scaled picture still tells its time; a cell needs to be
about 3 pixels wide to survive a lossy codec (a picture of 200 pixels or more). The check cells turn a
torn, blended or unrelated picture into "no clock" instead of a wrong time.
"""

from __future__ import annotations

from binascii import crc_hqx

import numpy as np

TIME_BITS = 44
CRC_BITS = 16
CELLS = 4 + TIME_BITS + CRC_BITS
STRIP_FRACTION = 24
"""The strip's height is the picture's divided by this."""

BLACK, WHITE = 16, 235
MIN_CONTRAST = 48
"""Least difference of luma between the calibration cells that still counts as a strip."""

_CALIBRATION = (1, 0, 1, 0)


def strip_height(height: int) -> int:
    """Rows of the strip in a picture of `height` rows (even, so that 4:2:0 chroma lines up)."""
    return max(2, height // STRIP_FRACTION // 2 * 2)


def encode_clock(frame: np.ndarray, ms: int) -> None:
    """Draw the strip into `frame` in place.

    :param frame: uint8, (height, width) luma or (height, width, channels).
    :param ms: milliseconds since 1970; the low 44 bits are kept (enough until the year 2527).
    """
    height, width = frame.shape[:2]
    cells = np.where(_cells(ms), WHITE, BLACK).astype(np.uint8)
    row = cells[np.arange(width) * CELLS // width]
    strip = frame[height - strip_height(height) :]
    strip[:] = row if frame.ndim == 2 else row[:, np.newaxis]


def decode_clock(frame: np.ndarray) -> int | None:
    """The time a picture shows, in milliseconds since 1970, or None when it shows none.

    :param frame: uint8, (height, width) luma or (height, width, channels); at least 128 × 24.
    """
    height, width = frame.shape[:2]
    if width < 2 * CELLS or height < STRIP_FRACTION:
        return None
    rows = height / STRIP_FRACTION
    band = frame[int(height - 0.75 * rows) : max(int(height - 0.25 * rows), int(height - 0.75 * rows) + 1)]
    profile = band.reshape(len(band), width, -1).mean(axis=(0, 2))

    # Mean of the middle half of each cell: blur and ringing sit at the borders.
    sums = np.concatenate(([0.0], np.cumsum(profile)))
    edges = np.arange(CELLS) * width / CELLS
    first = np.round(edges + 0.25 * width / CELLS).astype(int)
    last = np.maximum(np.round(edges + 0.75 * width / CELLS).astype(int), first + 1)
    cells = (sums[last] - sums[first]) / (last - first)

    white, black = cells[[0, 2]].mean(), cells[[1, 3]].mean()
    if white - black < MIN_CONTRAST:
        return None
    bits = cells > (white + black) / 2
    if tuple(bits[:4]) != _CALIBRATION:
        return None
    ms = _number(bits[4 : 4 + TIME_BITS])
    return ms if _number(bits[4 + TIME_BITS :]) == _crc(ms) else None


def _crc(ms: int) -> int:
    return crc_hqx(ms.to_bytes(6, "big"), 0)


def _cells(ms: int) -> np.ndarray:
    ms &= (1 << TIME_BITS) - 1
    word = ms << CRC_BITS | _crc(ms)
    shifts = np.arange(TIME_BITS + CRC_BITS - 1, -1, -1)
    return np.concatenate((_CALIBRATION, (word >> shifts) & 1)).astype(bool)


def _number(bits: np.ndarray) -> int:
    return int("".join("1" if bit else "0" for bit in bits), 2)
