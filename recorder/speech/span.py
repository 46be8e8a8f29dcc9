"""Where a stretch of sound may be cut so that no word is: pure."""

from __future__ import annotations

from collections.abc import Sequence

from recorder.speech.heard import RATE, Region

LOOK_BACK = 30 * RATE
"""Samples before the end in which a pause is looked for; who speaks longer in one breath is cut."""
PAUSE = int(0.3 * RATE)


def cut(regions: Sequence[Region], length: int) -> int:
    """The middle of the last pause of at least `PAUSE` samples near the end, else the end. Never before the middle."""
    if not regions:
        return length
    earliest = max(length - LOOK_BACK, length // 2)
    later = length
    for region in (*reversed(regions), Region(0, 0)):
        begin = max(region.end, earliest)
        if later - begin >= PAUSE:
            return (begin + later) // 2
        if region.start <= earliest:
            break
        later = region.start
    return length
