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
_MEMORY = 0.7
"""Of a block's activity, from one picture to the next."""
_BUSY, _CALM = 0.5, 0.15
"""Activity from which a block is busy (two changes in a row), and below which it is no longer (six without)."""
_FILM = 0.5
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
        """When the picture stopped to change, or began to differ from the slide."""
        self._differs = False

    def see(self, at_us: int, small: Small) -> int | None:
        """:returns: since when another slide stands there, once that is sure."""
        before, self._before = self._before, small
        if before is None:
            self._since = at_us
            return None
        moved = changed(small, before)
        self._note_activity(moved, small)
        still = bool((moved & ~self._busy).mean() < _STILL)
        self.settled = False
        if self._film:
            return self._see_film(at_us, moved, small)
        if self._slide is not None and (changed(small, self._slide) & ~self._busy).mean() < _ANOTHER:
            self.settled, self._differs = still, False
            return None
        if not self._differs:
            self._differs, self._since = True, at_us if self._slide is not None else self._since
        return self._begin(small) if still else None

    def _note_activity(self, moved: Blocks, small: Small) -> None:
        self._activity = _MEMORY * self._activity + (1 - _MEMORY) * moved
        busy = (self._activity > _BUSY) | (self._busy & (self._activity > _CALM))
        calmed, self._busy = self._busy & ~busy, busy
        self._film = self._film or bool(busy.mean() > _FILM)
        if self._slide is not None and calmed.any():
            # What a video ended with belongs to the slide that it was part of.
            pixels = np.kron(calmed, np.ones((BLOCK, BLOCK), bool))
            self._slide = np.where(pixels, small, self._slide)

    def _see_film(self, at_us: int, moved: Blocks, small: Small) -> int | None:
        if moved.mean() >= _STILL:
            self._slide, self._differs = None, False
            self._since = at_us
            return None
        self._film = False
        self._activity[:], self._busy[:] = 0, False
        return self._begin(small)

    def _begin(self, small: Small) -> int:
        self._slide, self._differs, self.settled = small, False, True
        return self._since
