"""Figures, and how they are shown."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import stats
from benchmarks.grid import NONE, Grid, cell
from benchmarks.window import saturated


def test_a_figure_is_the_median_with_its_spread() -> None:
    assert stats.figure([5, 1, 9]) == stats.Figure(5, 1, 9, 3)
    assert stats.figure([4, 2]).median == 3
    with pytest.raises(ValueError, match="at least one"):
        stats.figure([])


def test_figures_leave_out_what_a_run_lacks() -> None:
    made = stats.figures([{"a": 1, "b": None}, {"a": 3, "b": 2}])
    assert made == {"a": {"median": 2, "low": 1, "high": 3, "runs": 2}}
    assert stats.figures([]) == {}


def test_quantiles() -> None:
    assert stats.quantile(np.arange(101), 0.99) == 99
    assert stats.quantile(np.array([]), 0.5) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (1234.5, "1,234"), (123.4, "123"), (12.34, "12.3"), (0.01234, "0.0123"), (0.00012, "0.0001")],
)
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    assert stats.show(value) == shown


def test_cells() -> None:
    figures = {"delay": {"median": 2.0, "low": 1.0, "high": 4.0, "runs": 3}}
    assert cell(figures, "delay") == "2 (1–4)"
    assert cell(figures, "delay", scale=10, offset=1.5) == "5 (0–25)"
    assert cell(figures, "loss") == cell(None, "delay") == NONE


def test_a_grid_is_a_markdown_table() -> None:
    text = Grid("T", ["a", "b"], [["x", "1"]], "Note.").markdown()
    assert text.splitlines() == ["**T**", "", "| a | b |", "|---|---:|", "| x | 1 |", "", "Note."]


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ({"server_core": 0.5, "loss": 0.0, "missing": None}, ""),
        ({"server_core": 0.99, "loss": 0.0, "missing": 0.0}, "uses 99 % of its core"),
        ({"server_core": 0.5, "loss": 0.0, "missing": 0.3}, "loses 30.0 % of the packets"),
        ({"server_core": 0.5, "loss": 0.05, "missing": None}, "loses 5.0 % of the packets"),
    ],
)
def test_when_a_server_is_full(run: dict[str, float | None], why: str) -> None:
    assert saturated([run]) == why
    idle = {"server_core": 0.1, "loss": 0.0, "missing": None}
    assert saturated([idle, run, idle]) == ""
