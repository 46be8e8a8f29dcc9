"""A table once, shown in the terminal and written into the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from benchmarks.stats import show

NONE = "–"


@dataclass(frozen=True)
class Grid:
    """:ivar note: one sentence below the table."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def rich(self) -> Table:
        table = Table(title=self.title, caption=self.note or None, title_justify="left", caption_justify="left")
        for index, name in enumerate(self.header):
            table.add_column(name, justify="right" if index else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        lines = [f"**{self.title}**", "", "| " + " | ".join(self.header) + " |"]
        lines.append("|" + "|".join("---:" if index else "---" for index in range(len(self.header))) + "|")
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        if self.note:
            lines += ["", self.note]
        return "\n".join(lines)


def cell(figures: dict[str, Any] | None, name: str, scale: float = 1.0, offset: float = 0.0) -> str:
    """`median (low–high)` of a stored figure; a dash where there is none. Values below zero are shown as 0."""
    figure = (figures or {}).get(name)
    if not figure:
        return NONE
    low, middle, high = (show(max(0.0, scale * (figure[key] - offset))) for key in ("low", "median", "high"))
    return middle if low == high else f"{middle} ({low}–{high})"
