"""`join`: from the offer to the first decoded frame in Chromium, and a whole school at the bell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import bell, stats
from benchmarks.browser import Chromium, chromium
from benchmarks.context import Context
from benchmarks.grid import Grid, cell
from benchmarks.plot import Line, lines
from benchmarks.servers import Unavailable
from benchmarks.servers.tongke import Tongke

LIMIT_S = 1200
JOINS, QUICK_JOINS = 15, 5
"""Joins of one run, one after the other; three runs."""
WARM_UP_MS = 4000


async def run(context: Context) -> dict[str, Any]:
    result: dict[str, Any] = {"servers": {}}
    for name, factory in context.servers("native", "reference", "janus").items():
        measured: dict[str, Any] = {"label": name}
        result["servers"][name] = measured
        async with context.serving(name, factory, measured) as server:
            if server is None:
                continue
            await bell.run_server(context, server, measured)
        if not name == "janus":
            async with context.serving(name, factory, measured) as server:
                if isinstance(server, Tongke):
                    await _first_frames(context, server, measured)
    return result


async def _first_frames(context: Context, server: Tongke, result: dict[str, Any]) -> None:
    try:
        async with chromium(server) as browser:
            publisher = await browser.publisher("r0")
            await publisher.wait_for_timeout(WARM_UP_MS)
            runs = []
            for number in range(context.runs):
                context.doing(f"{server.label}: Chromium joins, run {number + 1}")
                joins = QUICK_JOINS if context.quick else JOINS
                runs.append(await _run(browser, publisher, joins))
    except Unavailable as error:
        result["chromium"] = {"unavailable": str(error)}
        return
    figures = stats.figures(runs)
    result["chromium"] = {"figures": figures, "runs": runs, "joins": joins}
    context.done(
        f"  {server.label}, Chromium: first frame p50 {figures['p50_ms']['median']:.0f} ms, "
        f"p95 {figures['p95_ms']['median']:.0f} ms, {figures['keyframe_requests']['median']:.0f} keyframes requested"
    )


async def _run(browser: Chromium, publisher: Any, joins: int) -> dict[str, float | None]:
    """Each joiner is a new page, opened before the clock starts: a browser that runs, not one that starts."""
    before = await publisher.evaluate("bench.published()")
    times = []
    for number in range(joins):
        page = await browser.page()
        made = await page.evaluate("([url, token]) => bench.join(url, token)", browser.place("r0", f"v{number}"))
        times.append(made["first_frame_ms"])
        await page.context.close()
        await publisher.wait_for_timeout(200)
    after = await publisher.evaluate("bench.published()")
    values = np.array(times)
    return {
        "p50_ms": stats.quantile(values, 0.5),
        "p95_ms": stats.quantile(values, 0.95),
        "max_ms": float(values.max()),
        "keyframe_requests": after["pli"] + after["fir"] - before["pli"] - before["fir"],
    }


def grids(result: dict[str, Any]) -> list[Grid]:
    frames = [
        [
            server["label"],
            *(cell(made["figures"], name) for name in ("p50_ms", "p95_ms", "max_ms", "keyframe_requests")),
        ]
        for server in result["servers"].values()
        if "figures" in (made := server.get("chromium", {}))
    ]
    names = ("first_p50_ms", "first_p95_ms", "all_ms", "cpu_ms", "cpu_all_ms", "load_cpu_ms", "keyframe_requests")
    bells = [
        [f"{server['label']}, {size}", *(cell(made["figures"], name) for name in names)]
        for server in result["servers"].values()
        for size, made in server.get("sizes", {}).items()
    ]
    return [
        Grid(
            "First decoded frame in Chromium, ms from before the offer",
            ["server", "p50", "p95", "longest", "keyframes asked of the publisher"],
            frames,
            "Publisher and viewer are windows of one Chromium, which may use every core, the server's too.",
        ),
        Grid(
            "The bell: all join in the same instant",
            ["server, joiners", "first packet p50, ms", "p95, ms", "all receive, ms", "CPU per join, ms",
             "with forwarding, ms", "generator's CPU per join, ms", "keyframes asked"],
            bells,
            "First packet: from a joiner's offer to the kernel's receive time stamp. The generator answers with its "
            "own core, so a part of the wait is its own.",
        ),
    ]  # fmt: skip


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    drawn = []
    for server in result["servers"].values():
        points = []
        for size, made in server.get("sizes", {}).items():
            figure = made["figures"]["all_ms"]
            points.append((float(size), figure["median"], figure["low"], figure["high"]))
        drawn.append(Line(server["label"], points))
    return [lines(directory / "join-bell.png", "The bell: until everybody receives", "joiners at once", "ms", drawn)]
