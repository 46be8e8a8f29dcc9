"""Whether the wall clock may be believed: compared with one that nobody can set.

A clock that was set, or a machine that slept, makes the two differ at once. What such a clock says is not acted on
until it has stood for a while: one that is set wrongly and put right again rings no bell.
"""

from __future__ import annotations

JUMP_S = 20.0
"""Corrections below this (NTP steps, a slow machine) are just time."""
SETTLE_S = 15.0
"""A clock that jumped is believed again after so long without another jump."""


class Steady:
    """Both clocks in seconds; the monotonic one stands still while the machine sleeps."""

    def __init__(self) -> None:
        self._believed: float | None = None
        self._new: tuple[float, float] | None = None
        """How far the clocks are apart after a jump, and the monotonic moment it was seen."""

    def jump(self, wall: float, monotonic: float) -> float | None:
        """By how many seconds the clock has jumped, while that is not to be believed; None when it is."""
        apart = wall - monotonic
        if self._believed is None or abs(apart - self._believed) <= JUMP_S:
            self._believed, self._new = apart, None
            return None
        if self._new is None or abs(apart - self._new[0]) > JUMP_S:
            self._new = apart, monotonic
        elif monotonic - self._new[1] >= SETTLE_S:
            self._believed, self._new = apart, None
            return None
        return apart - self._believed
