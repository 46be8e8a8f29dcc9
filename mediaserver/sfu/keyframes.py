"""The one writer of keyframe requests: merged per stream and rate-limited."""

from __future__ import annotations

from dataclasses import dataclass

RETRY_S = 1.0
"""A request that brought no keyframe is repeated after this; it may have been lost."""
MAX_TRIES = 10
"""A publisher that cannot make keyframes on request (a recorder box) is left alone after these."""


@dataclass(slots=True)
class _Wish:
    since: float
    due: float
    tries: int = 0


class KeyframeArbiter:
    """:param min_interval: least seconds between two requests to one stream."""

    def __init__(self, min_interval: float) -> None:
        self._min_interval = min_interval
        self._wishes: dict[int, _Wish] = {}
        self._sent: dict[int, float] = {}
        self.merged = 0
        """Requests that needed no packet of their own."""

    def request(self, stream: int, now: float) -> None:
        """Somebody cannot go on without a keyframe of `stream`."""
        if stream in self._wishes:
            self.merged += 1
            return
        earliest = self._sent.get(stream, -self._min_interval) + self._min_interval
        self._wishes[stream] = _Wish(now, max(now, earliest))

    def arrived(self, stream: int, at: float) -> None:
        """A keyframe of `stream` began to arrive at `at`; older wishes are fulfilled."""
        wish = self._wishes.get(stream)
        if wish is not None and at >= wish.since:
            del self._wishes[stream]

    def due(self, now: float) -> list[int]:
        """Streams to send a request to now. Call on every tick and after `request`."""
        ready: list[int] = []
        for stream, wish in list(self._wishes.items()):
            if wish.due > now:
                continue
            if wish.tries >= MAX_TRIES:
                del self._wishes[stream]
                continue
            wish.tries += 1
            wish.due = now + max(RETRY_S, self._min_interval)
            self._sent[stream] = now
            ready.append(stream)
        return ready

    @property
    def waiting(self) -> list[int]:
        return list(self._wishes)

    def forget(self, stream: int) -> None:
        self._wishes.pop(stream, None)
        self._sent.pop(stream, None)
