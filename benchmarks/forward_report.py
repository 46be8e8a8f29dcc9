"""Tables and plots of `forward`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.forward import LIMIT_S, MODES, run
from benchmarks.grid import NONE, Grid, cell
from benchmarks.plot import Line, lines
from benchmarks.stats import show

__all__ = ["LIMIT_S", "grids", "plots", "run"]

MODE_NAMES = {"even": "evenly spaced packets", "burst": "frames of six packets at once"}
GOAL_SIZE = "200"

Modes = dict[str, Any]


def grids(result: dict[str, Any]) -> list[Grid]:
    made = []
    sizes = [str(size) for size in result["sizes"]]
    for mode, name in MODE_NAMES.items():
        made.append(
            Grid(
                f"Server CPU per forwarded packet, µs; {name}",
                ["receivers", *sizes],
                [[label, *(cell(_figures(by_size, size, kind), "cpu_us") for size in sizes)]
                 for label, kind, by_size in _rows(result, mode)],
                _ends(result),
            )
        )  # fmt: skip
        made.append(
            Grid(
                f"Delay added by the server, ms, p50 / p99; {name}",
                ["receivers", *sizes],
                [[label, *(_delay(result, by_size, size, kind, mode) for size in sizes)]
                 for label, kind, by_size in _rows(result, mode)],
                "From the publisher's clock to the kernel's receive time stamp, less the same path without a server.",
            )
        )  # fmt: skip
    made.append(_loss(result, sizes))
    made.append(_goals(result))
    made.append(_generator(result, sizes))
    return [grid for grid in made if grid.rows]


def _rows(result: dict[str, Any], mode: str) -> Iterator[tuple[str, str, Modes]]:
    """(label, key of the mode, size → modes)."""
    floors = {"even": ("C floor",), "burst": ("C floor", "C floor, UDP_SEGMENT")}[mode]
    for label in floors if result["floor"] else ():
        yield label, "segments" if "SEGMENT" in label else mode, result["floor"]
    for server in result["servers"].values():
        if server.get("sizes"):
            yield server["label"], mode, server["sizes"]


def _figures(by_size: Modes, size: str, mode: str) -> dict[str, Any] | None:
    figures = by_size.get(size, {}).get(mode, {}).get("figures")
    return figures if isinstance(figures, dict) else None


def _delay(result: dict[str, Any], by_size: Modes, size: str, kind: str, mode: str) -> str:
    figures = _figures(by_size, size, kind)
    if not figures or "delay_p99_ms" not in figures:
        return NONE
    path = result["baseline"][mode]["figures"]["delay_p50_ms"]["median"]
    if by_size is result["floor"]:
        path = 0.0  # it sends by itself: there is no way in
    middle = show(max(0.0, figures["delay_p50_ms"]["median"] - path))
    return f"{middle} / {cell(figures, 'delay_p99_ms', offset=path)}"


def _ends(result: dict[str, Any]) -> str:
    """Who was not measured, who is full, and where."""
    said = []
    for name, server in result["servers"].items():
        if "unavailable" in server:
            said.append(f"{name}: {server['unavailable']}")
        if "failed" in server:
            said.append(f"{server['label']} failed: {server['failed'].splitlines()[0]}")
        if "saturated" in server:
            said.append(f"{server['label']} is full at {server['saturated']['size']}: it {server['saturated']['why']}")
        odd = [size for size in server.get("sizes", {}) if int(size) not in result["sizes"]]
        if odd:
            shown = ", ".join(f"{size}: {cell(_figures(server['sizes'], size, 'even'), 'cpu_us')} µs" for size in odd)
            said.append(f"{server['label']} at {shown}")
    return "; ".join(said) + ("." if said else "")


def _loss(result: dict[str, Any], sizes: list[str]) -> Grid:
    rows = []
    for mode in MODES:
        for label, kind, by_size in _rows(result, mode):
            values = []
            for size in sizes:
                figures = _figures(by_size, size, kind)
                if figures is None:
                    values.append(NONE)
                    continue
                worst = figures["loss"]["high"]
                values.append("none" if worst == 0 else f"{100 * worst:.2g} %")
            rows.append([f"{label}, {kind}", *values])
    return Grid("Packets lost (gaps in the sequence numbers), worst run", ["receivers", *sizes], rows)


def _generator(result: dict[str, Any], sizes: list[str]) -> Grid:
    rows = []
    for server in result["servers"].values():
        for mode in MODES:
            if not server.get("sizes"):
                continue
            rows.append(
                [f"{server['label']}, {mode}",
                 *(cell(_figures(server["sizes"], size, mode), "load_core", 100) for size in sizes)]
            )  # fmt: skip
    return Grid("The load generator's own CPU, % of its core", ["receivers", *sizes], rows)


def _goals(result: dict[str, Any]) -> Grid:
    """The marks of the compiled plane; the reference's values where there is none."""
    servers = result["servers"]
    ours = next((servers[name] for name in ("native", "reference") if servers.get(name, {}).get("sizes")), None)
    if ours is None or GOAL_SIZE not in ours["sizes"]:
        return Grid("Goals", (), ())
    sizes = ours["sizes"]
    even, burst = (_figures(sizes, GOAL_SIZE, mode) or {} for mode in MODES)
    rows = []
    floor = _figures(result["floor"], GOAL_SIZE, "even")
    floor_burst = _figures(result["floor"], GOAL_SIZE, "burst")
    if floor and floor_burst and "cpu_us" in even and "cpu_us" in burst:
        for name, mine, least in (("even", even, floor), ("burst", burst, floor_burst)):
            ratio = mine["cpu_us"]["median"] / least["cpu_us"]["median"]
            rows.append([f"CPU per packet, {name}, of the C floor without UDP_SEGMENT", "≤ 1.0", f"{ratio:.2f}"])
    janus = servers.get("janus", {}).get("sizes", {})
    for mode, mine in (("even", even), ("burst", burst)):
        other = _figures(janus, GOAL_SIZE, mode)
        if other and "cpu_us" in other and "cpu_us" in mine:
            ratio = mine["cpu_us"]["median"] / other["cpu_us"]["median"]
            rows.append([f"CPU per packet, {mode}, of Janus", "≤ 0.125", f"{ratio:.3f}"])
    for size in (GOAL_SIZE, "1000"):
        for mode in MODES:
            figures = _figures(sizes, size, mode)
            if figures is not None:
                lost = figures["loss"]["high"]
                rows.append([f"loss at {size}, {mode}", "none", "none" if lost == 0 else f"{100 * lost:.2g} %"])
    for mode, name, quantile, goal in (
        ("even", "p50", "delay_p50_ms", "≤ 0.4 ms"),
        ("even", "p99", "delay_p99_ms", "≤ 1 ms"),
        ("burst", "p99", "delay_p99_ms", "≤ 5 ms"),
    ):
        figures = _figures(sizes, GOAL_SIZE, mode)
        if figures and quantile in figures:
            path = result["baseline"][mode]["figures"]["delay_p50_ms"]["median"]
            rows.append([f"added delay {name}, {mode}", goal, cell(figures, quantile, offset=path) + " ms"])
    note = "Not all of it was measured in the same run: ratios are rough." if result.get("kept") else ""
    return Grid(f"Goals at {GOAL_SIZE} receivers: {ours['label']}", ["what", "goal", "measured"], rows, note)


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    drawn = []
    for mode, name in MODE_NAMES.items():
        drawn.append(
            lines(
                directory / f"forward-cpu-{mode}.png",
                f"Server CPU per forwarded packet; {name}",
                "receivers",
                "µs per packet",
                [_line(label, by_size, kind, "cpu_us") for label, kind, by_size in _rows(result, mode)],
            )
        )
        drawn.append(
            lines(
                directory / f"forward-delay-{mode}.png",
                f"Delay to the receivers, p99; {name}",
                "receivers",
                "ms",
                [_line(label, by_size, kind, "delay_p99_ms") for label, kind, by_size in _rows(result, mode)],
            )
        )
    return drawn


def _line(label: str, by_size: Modes, mode: str, name: str) -> Line:
    points = []
    for size in sorted(by_size, key=int):
        figure = (_figures(by_size, size, mode) or {}).get(name)
        if figure:
            points.append((int(size), figure["median"], figure["low"], figure["high"]))
    return Line(label, points)
