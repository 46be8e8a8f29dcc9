"""Opus out of RTP (RFC 7587), plain or with redundancy (RFC 2198)."""

from __future__ import annotations

RATE = 48_000
FRAME = 960
_MAX_BLOCKS = 8
_LONGEST = 5760
"""Samples in the longest packet: 120 ms (RFC 6716 §3.2.5)."""


def length(packet: bytes) -> int:
    """Samples at 48 kHz in a packet (RFC 6716 §3.1–3.2); 0 for what is none."""
    if not packet:
        return 0
    toc = packet[0]
    configuration = toc >> 3
    if configuration < 12:
        samples = (480, 960, 1920, 2880)[configuration & 3]
    elif configuration < 16:
        samples = (480, 960)[configuration & 1]
    else:
        samples = (120, 240, 480, 960)[configuration & 3]
    code = toc & 3
    if code == 3:
        if len(packet) < 2:
            return 0
        samples *= packet[1] & 0x3F
    elif code:
        samples *= 2
    return samples if samples <= _LONGEST else 0


def blocks(payload: bytes) -> list[tuple[int, bytes]] | None:
    """`red`: how many samples earlier than the packet, and the Opus packet; the oldest first (RFC 2198 §3).

    :returns: None when it is cut short. Empty blocks, which some senders put in, are left out.
    """
    headers: list[tuple[int, int]] = []
    offset = 0
    while True:
        if offset >= len(payload) or len(headers) > _MAX_BLOCKS:
            return None
        if not payload[offset] & 0x80:
            offset += 1
            break
        if offset + 4 > len(payload):
            return None
        word = int.from_bytes(payload[offset + 1 : offset + 4], "big")
        headers.append((word >> 10, word & 0x3FF))
        offset += 4
    found = []
    for earlier, size in headers:
        if offset + size > len(payload):
            return None
        if size:
            found.append((earlier, payload[offset : offset + size]))
        offset += size
    found.append((0, payload[offset:]))
    return found
