"""The report: results of a run become the project's figures, its plots, its tables and the capacity model's points."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import registry
from benchmarks.grid import Grid
from benchmarks.process import ROOT
from benchmarks.results import FIGURES, read

DOCUMENT = ROOT / "docs" / "benchmarks.md"
IMAGES = ROOT / "docs" / "img"
CAPACITY = ROOT / "signalling" / "cli" / "capacity.json"
PACKETS_PER_LEAD = 200
ROOM_IN, ROOM_OUT = 600, 700
"""Packets a second of one room of `rooms`."""


def write(source: Path) -> Iterator[Path]:
    """Every file that was written. Benchmarks without a result in `source` keep their old figures and tables."""
    text = DOCUMENT.read_text()
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name in registry.NAMES:
        result = read(source, name)
        if result is None:
            continue
        yield Path(shutil.copyfile(source / f"{name}.json", FIGURES / f"{name}.json"))
        benchmark = registry.load(name)
        drawn = benchmark.plots(result, IMAGES)
        yield from drawn
        text = between(text, name, section(result, benchmark.grids(result), drawn))
    points = capacity_figures(FIGURES)
    if points is not None:
        CAPACITY.write_text(json.dumps(points, indent=1) + "\n")
        yield CAPACITY
    DOCUMENT.write_text(text)
    yield DOCUMENT


def between(text: str, name: str, content: str) -> str:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->`. ValueError when there is no such place."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    if not re.search(pattern, text, re.S):
        raise ValueError(f"docs/benchmarks.md has no place for {name}")
    return re.sub(pattern, lambda found: f"{found[1]}{content}\n{found[2]}", text, flags=re.S)


def section(result: dict[str, Any], grids: list[Grid], drawn: list[Path]) -> str:
    machine = result["machine"]
    load = ", ".join(f"{value:.1f}" for value in (machine["load"][0], machine["load_after"][0]))
    kept = "".join(f" {name}: measured {then}." for name, then in result.get("kept", {}).items())
    quick = kept + " A quick run: short windows, few sizes." if result["quick"] else kept
    told = (
        f"*{result['started'][:10]}, {machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, Python "
        f"{machine['python']}, revision {machine['revision']}{' with changes' if machine['changed'] else ''}; "
        f"load average before and after: {load}.{quick}*"
    )
    parts = [told, *(grid.markdown() for grid in grids if grid.rows)]
    parts += [f"![{path.stem}](img/{path.name})" for path in drawn]
    return "\n\n".join(parts)


def capacity_figures(directory: Path) -> dict[str, Any] | None:
    """Points for `tongke capacity` out of `forward`, `rooms` and `memory`; None while one of them is missing."""
    forward, rooms, memory = (read(directory, name) for name in ("forward", "rooms", "memory"))
    if forward is None or rooms is None or memory is None:
        return None
    plane = next((name for name in ("native", "reference") if forward["servers"].get(name, {}).get("sizes")), None)
    if plane is None or not all("figures" in made or made.get("sizes") for made in (memory["servers"][plane],)):
        return None
    points = []
    for size, modes in forward["servers"][plane]["sizes"].items():
        for made in modes.values():
            core = made["figures"]["server_core"]["median"]
            points.append([PACKETS_PER_LEAD, PACKETS_PER_LEAD * int(size), core])
    for size, made in rooms["servers"][plane]["sizes"].items():
        count = int(size)
        core = made["figures"]["server_core"]["median"]
        points.append([ROOM_IN * count, ROOM_OUT * count, core])
    figures = memory["servers"][plane]["figures"]
    return {
        "points": [[*point[:2], round(point[2], 5)] for point in points if point[2] < 0.95],
        "memory_base": round(figures["before_kb"]["median"]),
        "memory_session": round(figures["kb"]["median"], 1),
        "cpu": forward["machine"]["cpu"],
        "plane": plane,
        "date": forward["started"][:10],
        "revision": forward["machine"]["revision"],
    }
