"""The server's monotonic clock, as a process on another machine knows it."""

from __future__ import annotations

from collections.abc import Callable

DRIFT_US = 100
"""Two clocks may part by so much between two beats; quartz does by less."""


class Follow:
    """The server's time as of its latest beats, less what the fastest of them was under way: behind, never ahead.

    :param local: this machine's monotonic µs.
    """

    def __init__(self, local: Callable[[], int]) -> None:
        self._local = local
        self._ahead: int | None = None

    def hear(self, server_us: int) -> None:
        """It was so late at the server when it said so."""
        ahead = server_us - self._local()
        self._ahead = ahead if self._ahead is None else max(ahead, self._ahead - DRIFT_US)

    def __call__(self) -> int:
        return self._local() + (self._ahead or 0)
