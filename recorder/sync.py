"""Sync points of one part, kept up to date while what is known of its sender's clocks grows."""

from __future__ import annotations

from recorder.alignment import WINDOW_US, MediaClock, Stretch
from recorder.manifest import Part, Sync

EVERY_US = 20_000_000
MAX_POINTS = 1500
MAX_STRETCHES = 64
SETTLED_US = WINDOW_US + 2 * EVERY_US
"""Points so far back do not change any more: no report that is still to come has a part in them."""


class PartSync:
    """:ivar part: whose `sync` is written."""

    def __init__(self, part: Part, media_us: int, clock: MediaClock, *, settled_us: int = -1) -> None:
        """:param media_us: of its presentation time 0. :param settled_us: points up to here stay as they are."""
        self.part = part
        self._settled_us = settled_us
        self._media_us = media_us
        self._clock: MediaClock | None = clock
        self._stretches: list[Stretch] = [clock.stretch]
        self._edges: set[int] = set()
        self._every = EVERY_US

    def update(self) -> None:
        """Points every some seconds and at the end of what has been written."""
        self._follow()
        points, length = self.part.sync, self.part.duration_us
        settled = [point for point in points if self._settled(point.pts_us)]
        since = max(settled[-1].pts_us if settled else -1, self._settled_us) + 1
        fresh = {*range(-(-since // self._every) * self._every, length, self._every), length}
        fresh |= {pts_us for pts_us in self._edges if since <= pts_us < length}
        found = settled
        for pts_us in sorted(fresh):
            at_us = self._at(pts_us)
            if at_us is not None and (not found or at_us > found[-1].at_us):
                found.append(Sync(pts_us=pts_us, at_us=at_us))
        while len(found) > MAX_POINTS:  # more than once where very much came at once
            self._every *= 2
            found = [point for point in found if self._regular(point.pts_us) or point is found[-1]]
        self.part.sync = found

    def _settled(self, pts_us: int) -> bool:
        if pts_us <= self._settled_us:
            return True
        return pts_us <= self.part.duration_us - SETTLED_US and self._regular(pts_us)

    def _regular(self, pts_us: int) -> bool:
        return pts_us % self._every == 0 or pts_us in self._edges

    def _follow(self) -> None:
        """The part goes on when the clock begins another stretch."""
        stretch = self._clock.stretch if self._clock else self._stretches[-1]
        if stretch is not self._stretches[-1]:
            if len(self._stretches) >= MAX_STRETCHES:
                self._stretches.pop()
            self._stretches.append(stretch)
            edge = stretch.since - self._media_us
            before, after = (known.at(stretch.since) or 0 for known in self._stretches[-2:])
            # The line is broken there. Where it would go back it stands instead until it has caught up.
            self._edges |= {edge - 1, edge + max(0, before - after + 1000)}

    def end(self) -> None:
        """Nothing more is written: stretches that begin from now on belong to other parts."""
        self._follow()
        self._clock = None

    def _at(self, pts_us: int) -> int | None:
        media_us = self._media_us + pts_us
        stretch = self._stretches[0]
        for later in self._stretches[1:]:
            if later.since <= media_us:
                stretch = later
        return stretch.at(media_us)
