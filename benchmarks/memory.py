"""`memory`: resident memory per subscriber, with media flowing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks import stats
from benchmarks.context import Context
from benchmarks.grid import Grid, cell
from benchmarks.load.lesson import crowd
from benchmarks.servers import Factory

LIMIT_S = 600
FIRST = 10
"""Receivers that are there before the first reading: what is allocated once is not theirs."""
MORE, QUICK_MORE = 200, 50
FLOW_S = 3.0


async def run(context: Context) -> dict[str, Any]:
    result: dict[str, Any] = {"servers": {}, "first": FIRST, "more": QUICK_MORE if context.quick else MORE}
    for name, factory in context.servers("native", "reference", "janus").items():
        runs: list[dict[str, float | None]] = []
        measured: dict[str, Any] = {"label": name}
        result["servers"][name] = measured
        for number in range(context.runs):
            context.doing(f"{name}: memory of {result['more']} subscribers, run {number + 1}")
            if (made := await _one(context, name, factory, result["more"], measured)) is None:
                break
            runs.append(made)
        if runs:
            measured.update(figures=stats.figures(runs), runs=runs)
            context.done(f"  {measured['label']}: {stats.show(measured['figures']['kb']['median'])} kB per subscriber")
    return result


async def _one(
    context: Context, name: str, factory: Factory, more: int, measured: dict[str, Any]
) -> dict[str, float | None] | None:
    async with context.serving(name, factory, measured) as server:
        if server is None:
            return None
        async with crowd(server) as made:
            made.start([await made.lead()])
            await made.receivers(FIRST)
            await asyncio.sleep(FLOW_S)
            before = server.process.resident_kb()
            await made.receivers(more)
            await asyncio.sleep(FLOW_S)
            after = server.process.resident_kb()
            return {"kb": (after - before) / more, "before_kb": before, "after_kb": after}


def grids(result: dict[str, Any]) -> list[Grid]:
    rows = [
        [server["label"], cell(server["figures"], "kb"), cell(server["figures"], "before_kb", 1 / 1024)]
        for server in result["servers"].values()
        if "figures" in server
    ]
    note = f"Growth of the resident set from {result['first']} to {result['first'] + result['more']} receivers."
    return [Grid("Memory", ["server", f"kB per subscriber of {result['more']}", "MB before them"], rows, note)]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    return []
