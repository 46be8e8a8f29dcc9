"""When a delivery that failed is tried again. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable

PAUSES_S = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)
"""Before each further try; a day in all."""
GIVE_UP_S = 24 * 3600
"""Whatever is older when it fails is given up, however seldom it was tried: its target is down, and others wait."""
JITTER = 0.2


def next_due(made: int, tries: int, now: float, chance: Callable[[float, float], float] = random.uniform) -> int | None:
    """:param tries: made so far, at least one. :returns: seconds since 1970; None: give it up."""
    if tries > len(PAUSES_S) or now - made >= GIVE_UP_S:
        return None
    return int(now + PAUSES_S[tries - 1] * chance(1 - JITTER, 1 + JITTER)) + 1
