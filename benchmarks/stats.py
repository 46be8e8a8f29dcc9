"""Figures: the median of several runs with its spread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Figure:
    """:ivar runs: how many values it stands for."""

    median: float
    low: float
    high: float
    runs: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{show(self.median)} ({show(self.low)}–{show(self.high)})"


def figure(values: Iterable[float]) -> Figure:
    """Median, minimum and maximum. ValueError without values."""
    kept = list(values)
    if not kept:
        raise ValueError("a figure needs at least one value")
    return Figure(median(kept), min(kept), max(kept), len(kept))


def figures(runs: Sequence[dict[str, float | None]]) -> dict[str, dict[str, Any]]:
    """The figure of every name that all the runs have a number for."""
    names = [name for name in runs[0] if all(isinstance(run.get(name), int | float) for run in runs)] if runs else []
    return {name: figure(float(run[name] or 0) for run in runs).as_dict() for name in names}


def quantile(values: np.ndarray, share: float) -> float | None:
    """Linear interpolation between the closest ranks; None for no values."""
    return float(np.quantile(values, share)) if len(values) else None


def show(value: float) -> str:
    """Three significant digits, no exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.4f}"
