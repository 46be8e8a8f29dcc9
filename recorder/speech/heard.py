"""What an engine says that it heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples a second of all sound that is listened to."""

Pcm = npt.NDArray[np.float32]
"""Mono, -1 … 1."""


class Word(NamedTuple):
    """Seconds from the beginning of what was heard; a space before it belongs to its text."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance. :ivar sure: mean log probability of its words. :ivar silent: probability that nobody spoke."""

    words: Sequence[Word]
    sure: float = 0.0
    silent: float = 0.0


class Region(NamedTuple):
    """Samples between which somebody speaks."""

    start: int
    end: int
