"""When another slide stands on the screen, seen in small grey pictures some seconds apart.

The picture is divided into blocks. A block that keeps changing shows a video or somebody writing: it says nothing about
the slide. What remains is compared with the slide as it was: a pointer or a cursor changes less than a slide has, and a
picture counts only when it stands still.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, BLOCK = 320, 180, 10
Small = NDArray[np.uint8]
"""Grey, `HEIGHT` × `WIDTH`."""
Blocks = NDArray[Any]
"""One value a block."""

_CHANGED = 8.0
"""Mean difference of a block in grey levels; encoders' noise stays below 3."""
_ANOTHER = 0.04
"""Share of the blocks in which another slide differs; a pointer and where it was before are in 4 of 576."""
_SAME = 0.015
"""Share of the blocks in which a slide that comes back may differ."""
_STILL = 0.01
_MEMORY = 0.8
"""Of a block's activity, from one picture to the next."""
_BUSY, _CALM = 0.75, 0.15
"""Activity from which a block is busy (seven changes in a row, for slides may be leafed through), and below which it is
no longer (nine without)."""
_FILM = 0.4
"""Share of busy blocks from which the whole screen is a film."""


def changed(one: Small, other: Small) -> Blocks:
    """Blocks that differ."""
    difference = np.abs(one.astype(np.int16) - other.astype(np.int16))
    rows, columns = HEIGHT // BLOCK, WIDTH // BLOCK
    return difference.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3)) > _CHANGED


def same(one: Small, other: Small) -> bool:
    return bool(changed(one, other).mean() < _SAME)


class Watcher:
    """:ivar settled: whether the picture that was seen last stands still and shows the current slide."""

    def __init__(self) -> None:
        shape = (HEIGHT // BLOCK, WIDTH // BLOCK)
        self.settled = False
        self._slide: Small | None = None
        self._before: Small | None = None
        self._activity = np.zeros(shape)
        self._busy = np.zeros(shape, bool)
        self._film = False
        self._since = 0
        """When the picture came to be what it is."""

    def see(self, at_us: int, small: Small) -> int | None:
        """:returns: since when another slide stands there, once that is sure."""
        before, self._before = self._before, small
        if before is None:
            self._since = at_us
            return None
        moved = changed(small, before)
        self._note_activity(moved, small)
        self.settled = False
        if (moved & ~self._busy).mean() >= _STILL or (self._film and moved.mean() >= _STILL):
            self._since = at_us
            return None
        if self._film:
            self._film, self._slide = False, None
            self._activity[:], self._busy[:] = 0, False
        self.settled = True
        if self._slide is not None and (changed(small, self._slide) & ~self._busy).mean() < _ANOTHER:
            return None
        self._slide = small
        return self._since

    def _note_activity(self, moved: Blocks, small: Small) -> None:
        self._activity = _MEMORY * self._activity + (1 - _MEMORY) * moved
        busy = (self._activity > _BUSY) | (self._busy & (self._activity > _CALM))
        calmed, self._busy = self._busy & ~busy, busy
        self._film = self._film or bool(busy.mean() > _FILM)
        if self._slide is not None and calmed.any():
            # What a video ended with belongs to the slide that it was part of.
            pixels = np.kron(calmed, np.ones((BLOCK, BLOCK), bool))
            self._slide = np.where(pixels, small, self._slide)
