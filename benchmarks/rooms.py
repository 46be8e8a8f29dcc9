"""`rooms`: many small lessons at once: one lead, two receiving classrooms, and their pictures on the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import stats
from benchmarks.context import Context
from benchmarks.failures import FAILURES, told
from benchmarks.grid import Grid, cell
from benchmarks.load.lesson import Crowd, crowd
from benchmarks.load.peer import Peer
from benchmarks.plot import Line, lines
from benchmarks.servers.tongke import Tongke
from benchmarks.window import Expected, measure, saturated

LIMIT_S = 900
SIZES = (1, 10, 25, 50, 100)
QUICK_SIZES = (1, 10)
CLASSROOMS = 2
SENT_PER_ROOM = (1 + CLASSROOMS) * 200
RECEIVED_PER_ROOM = CLASSROOMS * 200 + CLASSROOMS * 150
"""Packets a second: the lead's picture and sound to each classroom, each classroom's picture to the lead."""


async def run(context: Context) -> dict[str, Any]:
    sizes = QUICK_SIZES if context.quick else SIZES
    result: dict[str, Any] = {"window_s": context.window_s, "sizes": list(sizes), "servers": {}}
    for name, factory in context.servers("native", "reference").items():
        measured: dict[str, Any] = {"label": name, "sizes": {}}
        result["servers"][name] = measured
        async with context.serving(name, factory, measured) as server:
            if isinstance(server, Tongke):
                try:
                    await _measure(context, server, sizes, measured)
                except* FAILURES as errors:
                    measured["failed"] = told(errors)
                    context.done(f"  {server.label} failed: {measured['failed']}")
    return result


async def _measure(context: Context, server: Tongke, sizes: tuple[int, ...], result: dict[str, Any]) -> None:
    async with crowd(server) as made:
        ready = 0
        for size in sizes:
            context.doing(f"{server.label}: {size} rooms")
            for number in range(ready, size):
                made.start(await open_room(made, server, f"room{number}"))
            ready = size
            runs = [
                await measure(
                    made.engine, server.process, context.window_s, Expected(RECEIVED_PER_ROOM / SENT_PER_ROOM)
                )
                for _ in range(context.runs)
            ]
            figures = stats.figures(runs)
            result["sizes"][str(size)] = {"figures": figures, "runs": runs}
            context.done(
                f"  {server.label}, {size} rooms: {100 * figures['server_core']['median']:.1f} % of a core, "
                f"{figures['cpu_us']['median']:.2f} µs per packet"
            )
            if why := saturated(runs):
                result["saturated"] = {"size": size, "why": why}
                return


async def open_room(crowd: Crowd, server: Tongke, room: str) -> list[Peer]:
    """Everybody of one lesson, connected. The publishers are returned; they do not send yet."""
    publishers = [await crowd.lead(room)]
    for number in range(CLASSROOMS):
        classroom = f"class{number}"
        publishers.append(
            await crowd.lead(how=lambda peer, ssrcs, who=classroom: server.send_back(peer, room, who, ssrcs))
        )
    await crowd.join(lambda peer: server.watch_tiles(peer, room, CLASSROOMS))
    await crowd.receivers(CLASSROOMS, room)
    return publishers


def grids(result: dict[str, Any]) -> list[Grid]:
    rows = []
    for server in result["servers"].values():
        for size, made in server.get("sizes", {}).items():
            figures = made["figures"]
            loss = figures["loss"]["high"]
            rows.append(
                [
                    f"{server['label']}, {size} rooms",
                    cell(figures, "packets_per_s"),
                    cell(figures, "server_core", 100),
                    cell(figures, "cpu_us"),
                    cell(figures, "delay_p99_ms"),
                    "none" if loss == 0 else f"{100 * loss:.2g} %",
                ]
            )
    header = ["一托二", "packets/s", "% of a core", "µs per packet", "delay p99, ms", "lost"]
    ends = [
        f"{server['label']} is full at {server['saturated']['size']}: it {server['saturated']['why']}."
        for server in result["servers"].values()
        if "saturated" in server
    ]
    ends += [
        f"{server['label']} failed: {server['failed']}." for server in result["servers"].values() if "failed" in server
    ]
    return [Grid("Rooms of one lead and two receiving classrooms, with return video", header, rows, " ".join(ends))]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    drawn = []
    for server in result["servers"].values():
        points = []
        for size, made in server.get("sizes", {}).items():
            core = made["figures"]["server_core"]
            points.append((float(size), *(100 * core[key] for key in ("median", "low", "high"))))
        drawn.append(Line(server["label"], points))
    path = directory / "rooms-cpu.png"
    return [lines(path, "Server CPU of many small lessons", "rooms", "% of a core", drawn)]
