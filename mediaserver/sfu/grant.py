"""How much a publisher may send. Nothing but over-use of its path lowers it (docs/decisions/0003)."""

from __future__ import annotations

GROWTH = 1.08
"""Per second, as browsers climb by themselves."""
HOLD_S = 1.0
"""No climbing for so long after an over-use."""
BACK_OFF = 0.85
"""Of what the path carried is granted after an over-use, so that its queue drains (gcc-02 §5.5)."""


class PublisherRate:
    """:param start: bit/s granted before the path has been measured. A browser trusts the first grant of a
    session at once and climbs by 8 % a second later, so it decides over the first half minute.
    """

    def __init__(self, start: int, now: float) -> None:
        self._granted = float(start)
        self._granted_at = now
        self._overused_us = 0

    def grant(self, least: int, most: int, now: float, *, overused_us: int, overused_rate: int) -> int:
        """bit/s to put into a REMB now, between the two bounds.

        :param overused_us: when the path was last overused, by the clock of `now`; 0: never.
        :param overused_rate: bit/s that it carried then.
        """
        elapsed = max(0.0, min(now - self._granted_at, 5.0))
        self._granted_at = now
        if overused_us != self._overused_us:
            self._overused_us = overused_us
            self._granted = min(self._granted, BACK_OFF * overused_rate)
        if not overused_us or now - overused_us / 1e6 >= HOLD_S:
            self._granted *= GROWTH**elapsed
        self._granted = max(float(least), min(float(most), self._granted))
        return int(self._granted)
