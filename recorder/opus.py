"""How long an Opus packet lasts, and packets for sound that is not there (RFC 6716 §3)."""

from __future__ import annotations

from collections.abc import Iterator

FRAME_US = 20_000
"""Length of the packets that fill holes."""
_SILK = (10_000, 20_000, 40_000, 60_000)
_HYBRID = (10_000, 20_000)
_CELT = (2_500, 5_000, 10_000, 20_000)
_FRAMES = (*_SILK * 3, *_HYBRID * 2, *_CELT * 4)
"""Length of a frame by configuration (RFC 6716, table 2)."""
_LONGEST_US = 120_000
_CONCEALED = 2
"""So many frames the decoder draws out from what was before, which hides a hole better than silence does."""


def duration_us(packet: bytes) -> int:
    """Of a packet, from its table of contents; 0 for one that is none."""
    if not packet:
        return 0
    frame, code = _FRAMES[packet[0] >> 3], packet[0] & 3
    if code < 3:
        return frame * (1 if code == 0 else 2)
    total = frame * (packet[1] & 63) if len(packet) > 1 else 0
    return total if total <= _LONGEST_US else 0


def silence(before: bytes, count: int) -> Iterator[bytes]:
    """Packets of 20 ms in the place of missing ones. :param before: the packet in front of them, or nothing.

    A packet of one byte has a frame of no bytes: its sound was not sent (RFC 6716 §3.2.1), and the decoder conceals it.
    """
    stereo = before[0] & 4 if before else 0
    concealed = before[:1] if before and before[0] & 3 == 0 and _FRAMES[before[0] >> 3] == FRAME_US else b""
    still = bytes((0xF8 | stereo, 0xFF, 0xFE))
    for number in range(count):
        yield concealed if concealed and number < _CONCEALED else still
