"""Small PNG plots: a line per server with its spread, both axes logarithmic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT, DPI = 7.0, 4.0, 90


@dataclass(frozen=True)
class Line:
    """:ivar points: (x, median, low, high)."""

    label: str
    points: Sequence[tuple[float, float, float, float]]


def lines(path: Path, title: str, x_name: str, y_name: str, drawn: Sequence[Line], *, linear: bool = False) -> Path:
    """Draw and return `path`. Lines without points are left out."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import ScalarFormatter

    figure, axes = pyplot.subplots(figsize=(WIDTH, HEIGHT), layout="constrained")
    for line in drawn:
        if not line.points:
            continue
        xs, middle, low, high = zip(*line.points, strict=True)
        [shown] = axes.plot(xs, middle, marker="o", markersize=4, label=line.label)
        axes.fill_between(xs, low, high, color=shown.get_color(), alpha=0.15, linewidth=0)
    if not linear:
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(ScalarFormatter())
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(x_name)
    axes.set_ylabel(y_name)
    axes.grid(True, which="both", alpha=0.25)
    axes.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI)
    pyplot.close(figure)
    return path
