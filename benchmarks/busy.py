"""`busy`: what a packet waits while Python, on the same core, collects garbage or serves pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import stats
from benchmarks.context import Context
from benchmarks.failures import FAILURES, told
from benchmarks.grid import Grid, cell
from benchmarks.load.lesson import crowd
from benchmarks.servers.tongke import Tongke
from benchmarks.window import Expected, measure

LIMIT_S = 600
RECEIVERS, QUICK_RECEIVERS = 200, 50
REQUESTS_PER_S = 100
PATHS = ("/metrics", "/classroom", "/api/v1/rooms", "/studio")

COLLECTING = """
import gc, threading, time
kept = [{number: [number]} for number in range(400_000)]
def collect():
    while True:
        gc.unfreeze()  # a server that is up freezes what it has
        gc.collect()
        time.sleep(0.05)
threading.Thread(target=collect, daemon=True).start()
"""
"""800,000 objects to look through, again and again: each time it holds the interpreter for tens of ms."""

CONDITIONS = {
    "nothing else to do": "",
    f"{REQUESTS_PER_S} HTTP requests a second": "",
    "collecting garbage all the time": COLLECTING,
}


async def run(context: Context) -> dict[str, Any]:
    receivers = QUICK_RECEIVERS if context.quick else RECEIVERS
    result: dict[str, Any] = {"receivers": receivers, "servers": {}}
    for name in context.servers("native", "reference"):
        measured: dict[str, Any] = {"label": f"Tongke, {name} plane", "conditions": {}}
        result["servers"][name] = measured
        for condition, prelude in CONDITIONS.items():
            context.doing(f"{name}: {condition}")
            runs: list[dict[str, float | None]] = []
            try:
                runs = await _measure(context, name, condition, prelude, receivers, measured)
            except* FAILURES as errors:
                measured["failed"] = told(errors)
                context.done(f"  {name} failed: {measured['failed']}")
            if not runs:
                break
            figures = stats.figures(runs)
            measured["conditions"][condition] = {"figures": figures, "runs": runs}
            context.done(f"  {name}, {condition}: p99 {cell(figures, 'delay_p99_ms')} ms")
    return result


async def _measure(
    context: Context, name: str, condition: str, prelude: str, receivers: int, measured: dict[str, Any]
) -> list[dict[str, float | None]]:
    async with context.serving(name, lambda core: Tongke(core, name, prelude=prelude), measured) as server:
        if not isinstance(server, Tongke):
            return []
        async with crowd(server) as made:
            made.start([await made.lead()])
            await made.receivers(receivers)
            async with _visitors(server.url) if "HTTP" in condition else contextlib.nullcontext():
                return [
                    await measure(made.engine, server.process, context.window_s, Expected(receivers))
                    for _ in range(context.runs)
                ]


@contextlib.asynccontextmanager
async def _visitors(url: str) -> AsyncIterator[None]:
    """Somebody asks for pages and numbers, whatever the answer."""

    async def visit(client: aiohttp.ClientSession, path: str) -> None:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with client.get(url + path) as response:
                await response.read()

    async def ask() -> None:
        async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as visits:
            for number in range(1_000_000):
                visits.create_task(visit(client, PATHS[number % len(PATHS)]))
                await asyncio.sleep(1 / REQUESTS_PER_S)

    task = asyncio.create_task(ask())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def grids(result: dict[str, Any]) -> list[Grid]:
    rows = []
    for server in result["servers"].values():
        for condition, made in server["conditions"].items():
            figures = made["figures"]
            loss = figures["loss"]["high"]
            rows.append(
                [
                    f"{server['label']}, {condition}",
                    cell(figures, "server_core", 100),
                    cell(figures, "delay_p50_ms"),
                    cell(figures, "delay_p99_ms"),
                    "none" if loss == 0 else f"{100 * loss:.2g} %",
                ]
            )
    header = ["server", "% of a core", "delay p50, ms", "p99, ms", "lost"]
    title = f"Pictures to {result['receivers']} receivers, evenly spaced, while Python is busy on the same core"
    note = "Delays as in `forward`, without taking off what the path alone adds."
    return [Grid(title, header, rows, note)]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    return []
