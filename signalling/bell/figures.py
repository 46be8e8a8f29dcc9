"""What is measured of one participant, as counters alone: they add up over restarts and servers.

Distributions are counts in fixed buckets: bounded, and two halves of a lesson are added like two numbers. A percentile
read from them is the upper edge of its bucket, so it is never too good.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DELAY_MS = (50, 75, 100, 150, 200, 250, 300, 400, 500, 700, 1000, 1500, 2000, 3000, 5000)
LOSS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Upper edges; what lies above the last one is counted in one bucket more."""

SECONDS = ("present", "seen", "heard", "sent")
_DISTRIBUTIONS: dict[str, Sequence[float]] = {"delay": DELAY_MS, "loss_up": LOSS, "loss_down": LOSS}

Figures = tuple[int, ...]
"""`SECONDS`, freezes, then the counts of each distribution, in one row that can be added and compared."""
NOTHING: Figures = (0,) * (len(SECONDS) + 1 + sum(len(edges) + 1 for edges in _DISTRIBUTIONS.values()))


class Buckets:
    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = edges
        self.counts = [0] * (len(edges) + 1)

    def add(self, value: float) -> None:
        self.counts[bisect_left(self._edges, value)] += 1


def fresh() -> dict[str, Buckets]:
    return {name: Buckets(edges) for name, edges in _DISTRIBUTIONS.items()}


def percentile(edges: Sequence[float], counts: Sequence[int], per_cent: float) -> float | None:
    """The upper edge of the bucket it lies in, the last edge for all beyond; None without any values."""
    total, below = sum(counts), 0
    for edge, count in zip([*edges, edges[-1]], counts, strict=True):
        below += count
        if count and below * 100 >= total * per_cent:
            return edge
    return None


def pack(seconds: Iterable[float], freezes: int, distributions: Mapping[str, Buckets]) -> Figures:
    counts = [count for name in _DISTRIBUTIONS for count in distributions[name].counts]
    return (*(int(value) for value in seconds), freezes, *counts)


def add(first: Figures, second: Figures) -> Figures:
    return tuple(a + b for a, b in zip(first, second, strict=True))


def subtract(first: Figures, second: Figures) -> Figures:
    return tuple(a - b for a, b in zip(first, second, strict=True))


def seconds(figures: Figures) -> dict[str, int]:
    return dict(zip(SECONDS, figures, strict=False))


def quality(figures: Figures) -> dict[str, Any]:
    """For the column `quality`: the counts, and for readers the usual figures made of them (ms, fractions)."""
    at = len(SECONDS)
    result: dict[str, Any] = {"freezes": figures[at]}
    at += 1
    for name, edges in _DISTRIBUTIONS.items():
        counts = list(figures[at : at + len(edges) + 1])
        at += len(counts)
        result[name] = counts
        result[f"{name}_p50"] = percentile(edges, counts, 50)
        result[f"{name}_p95"] = percentile(edges, counts, 95)
    return result


def unpack(measured: Mapping[str, int], quality: Mapping[str, Any]) -> Figures:
    """The way back from `seconds` and `quality`. Counts with other buckets than today's are taken as none."""
    counts: list[int] = []
    for name, edges in _DISTRIBUTIONS.items():
        stored = quality.get(name, ())
        counts += stored if len(stored) == len(edges) + 1 else [0] * (len(edges) + 1)
    return (*(measured.get(name, 0) for name in SECONDS), quality.get("freezes", 0), *counts)
