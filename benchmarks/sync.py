"""`sync`: after two hours with skewed clocks, how far sound and picture of a clap are apart in what was recorded."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import stats
from benchmarks.clap import lesson
from benchmarks.clap.line import Network, Skew
from benchmarks.context import Context
from benchmarks.grid import Grid, cell

LIMIT_S = 1200
SECONDS, QUICK_SECONDS = 7200, 600
EVERY_S = 60
GOAL_MS = 40
SENDERS = {"teacher": Skew(200, -200, 150), "classroom": Skew(-180, 190, -200, set_s=3_800_000_000.0)}
NETWORKS = {
    "wired": Network(delay_s=0.005, jitter_s=0.001, loss=0.001, gone=0.0),
    "5 % loss, 10 ms jitter": Network(),
    "10 % loss, 40 ms jitter": Network(delay_s=0.06, jitter_s=0.04, loss=0.1, gone=0.0005),
}


async def run(context: Context) -> dict[str, Any]:
    result: dict[str, Any] = {"seconds": QUICK_SECONDS if context.quick else SECONDS, "networks": {}}
    for name, network in NETWORKS.items():
        measured = await asyncio.to_thread(_measure, context, name, network, result["seconds"])
        result["networks"][name] = measured
        worst = measured["figures"]["lip_ms"]["high"]
        context.done(f"  {name}: sound and picture at most {stats.show(worst)} ms apart")
    return result


def _measure(context: Context, name: str, network: Network, seconds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="tongke-sync-") as folder:
        place = Path(folder) / "lesson"

        def told(second: int) -> None:
            context.doing(f"{name}: {second // 60} of {seconds // 60} min")

        senders, cpu_s = lesson.record(place, seconds, SENDERS, network=network, every_s=EVERY_S, told=told)
        context.doing(f"{name}: reading the files")
        found = lesson.measure(place, senders)
    runs = [
        {"lip_ms": abs(apart), "late_ms": late}
        for measured in found.values()
        for apart, late in zip(measured.lip, measured.absolute, strict=True)
    ]
    # Both clap at the same moments, so what differs is what each one's reports allow.
    between = [
        {"between_ms": abs(one - other)}
        for one, other in zip(*(each.absolute for each in found.values()), strict=False)
    ]
    return {
        "figures": stats.figures(runs) | stats.figures(between),
        "claps": sum(measured.clapped for measured in found.values()),
        "found": sum(measured.found for measured in found.values()),
        "cpu": cpu_s / seconds / len(SENDERS),
    }


def grids(result: dict[str, Any]) -> list[Grid]:
    rows = [
        [
            name,
            cell(measured["figures"], "lip_ms"),
            cell(measured["figures"], "late_ms"),
            cell(measured["figures"], "between_ms"),
            f"{measured['found']} of {measured['claps']}",
        ]
        for name, measured in result["networks"].items()
    ]
    skews = "; ".join(
        f"{name}: camera {skew.camera:+.0f}, sound {skew.sound:+.0f}, computer {skew.computer:+.0f}"
        for name, skew in SENDERS.items()
    )
    return [
        Grid(
            "Sync",
            (
                "ms, median (least–worst)",
                "sound against picture",
                "picture after it was captured",
                "two senders",
                "claps read",
            ),
            rows,
            f"{result['seconds'] // 60} simulated minutes, a clap each minute; goal: at most {GOAL_MS} ms between "
            f"sound and picture. Skews in millionths of the server's clock: {skews}. "
            "What a clap lost on the line is not read.",
        )
    ]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    return []
