"""`glass`: from a picture drawn in one Chromium window to the same picture shown in another."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import stats
from benchmarks.browser import Chromium, chromium
from benchmarks.context import Context
from benchmarks.grid import Grid, cell
from benchmarks.load.lesson import crowd
from benchmarks.servers import Unavailable
from benchmarks.servers.tongke import Tongke

LIMIT_S = 900
ROOM, OTHER_ROOM = "glass", "beside"
BESIDE = 100
WATCH_S, QUICK_WATCH_S = 10.0, 4.0
SETTLE_S = 4.0
"""Before the first reading: the encoder and the receiver's jitter buffer find their pace."""


async def run(context: Context) -> dict[str, Any]:
    result: dict[str, Any] = {"servers": {}, "beside": BESIDE}
    for name, factory in context.servers("native", "reference").items():
        measured: dict[str, Any] = {"label": name}
        result["servers"][name] = measured
        async with context.serving(name, factory, measured) as server:
            if isinstance(server, Tongke):
                try:
                    await _measure(context, server, measured)
                except Unavailable as error:
                    measured["unavailable"] = str(error)
                    context.done(f"  not measured: {error}")
    return result


async def _measure(context: Context, server: Tongke, result: dict[str, Any]) -> None:
    async with chromium(server) as browser:
        publisher = await browser.publisher(ROOM)
        await publisher.wait_for_timeout(2000)
        result["idle"] = await _runs(context, browser, server, "idle")
        async with crowd(server) as made:
            made.start([await made.lead(OTHER_ROOM)])
            await made.receivers(BESIDE, OTHER_ROOM)
            await asyncio.sleep(1)
            result["beside"] = await _runs(context, browser, server, f"beside {BESIDE} subscribers")


async def _runs(context: Context, browser: Chromium, server: Tongke, when: str) -> dict[str, Any]:
    runs = []
    for number in range(context.runs):
        context.doing(f"{server.label}: glass to glass {when}, run {number + 1}")
        page = await browser.page()
        seconds = QUICK_WATCH_S if context.quick else WATCH_S
        made = await page.evaluate(
            "([url, token, seconds, settle]) => bench.watch(url, token, seconds, settle)",
            [*browser.place(ROOM, f"v{number}"), seconds, SETTLE_S],
        )
        await page.context.close()
        runs.append(digest(made, seconds))
    figures = stats.figures(runs)
    if "p50_ms" in figures:
        context.done(
            f"  {server.label}, {when}: p50 {figures['p50_ms']['median']:.0f} ms, "
            f"p95 {figures['p95_ms']['median']:.0f} ms, p99 {figures['p99_ms']['median']:.0f} ms"
        )
    return {"figures": figures, "runs": runs}


def digest(made: dict[str, Any], seconds: float) -> dict[str, float | None]:
    """Of what the page tells of one run: quantiles of the delays, and how much of it could be read."""
    delays, displayed = (np.array(made[name], dtype=float) for name in ("delays", "displayed"))
    return {
        "p50_ms": stats.quantile(delays, 0.5),
        "p95_ms": stats.quantile(delays, 0.95),
        "p99_ms": stats.quantile(delays, 0.99),
        "display_p50_ms": stats.quantile(displayed, 0.5),
        "display_p95_ms": stats.quantile(displayed, 0.95),
        "shown_per_s": len(delays) / seconds,
        "unread": made["unread"],
        "width": made["width"],
        "freezes": made["freezes"],
        "dropped": made["dropped"],
        "buffer_ms": made["buffer_ms"],
    }


def grids(result: dict[str, Any]) -> list[Grid]:
    rows = []
    for server in result["servers"].values():
        for when, name in (("idle", "alone"), ("beside", f"beside {result['beside']} subscribers")):
            if "figures" in (made := server.get(when, {})):
                names = (
                    "p50_ms",
                    "p95_ms",
                    "p99_ms",
                    "display_p50_ms",
                    "display_p95_ms",
                    "buffer_ms",
                    "shown_per_s",
                    "freezes",
                )
                rows.append([f"{server['label']}, {name}", *(cell(made["figures"], column) for column in names)])
    return [
        Grid(
            "Glass to glass, Chromium, 640×360 VP8 at 30 frames a second, ms",
            [
                "",
                "p50",
                "p95",
                "p99",
                "to the display p50",
                "p95",
                "of it in the jitter buffer",
                "frames read per s",
                "freezes",
            ],
            rows,
            "From drawing on the publisher's canvas to the viewer's video frame callback; to the display: to the "
            "instant at which the browser expects it on a screen. Both windows and their "
            "software codecs share the machine's cores with the server.",
        )
    ]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    return []
