"""The bell: a whole school joins one running lesson in the same instant."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np

from benchmarks import stats
from benchmarks.context import Context
from benchmarks.failures import FAILURES, told
from benchmarks.load.lesson import Crowd, crowd
from benchmarks.load.peer import ConnectError, Peer
from benchmarks.servers import Server
from benchmarks.window import Expected, measure

SIZES, QUICK_SIZES = (1, 50, 200, 500), (1, 50)
PATIENCE_S = 20.0
STEADY_S = 2.0


async def run_server(context: Context, server: Server, result: dict[str, Any]) -> None:
    sizes = QUICK_SIZES if context.quick else SIZES
    result["sizes"] = {}
    try:
        async with crowd(server) as made:
            made.start([await made.lead()])
            await asyncio.sleep(1)
            for size in sizes:
                context.doing(f"{server.label}: {size} join at once")
                runs = [await one(made, server, size) for _ in range(context.runs)]
                figures = stats.figures(runs)
                result["sizes"][str(size)] = {"figures": figures, "runs": runs}
                context.done(
                    f"  {server.label}, {size} at once: all receive within {figures['all_ms']['median']:.0f} ms, "
                    f"{stats.show(figures['cpu_ms']['median'])} ms of CPU per join"
                )
    except* FAILURES as errors:
        result["failed"] = told(errors)
        context.done(f"  {server.label} failed: {result['failed']}")


async def one(crowd: Crowd, server: Server, size: int) -> dict[str, float | None]:
    """`first_*_ms`: from a joiner's offer to its first packet; `all_ms`: from the bell to everybody's.

    `cpu_all_ms` is the server's CPU per join; `cpu_ms` is that without what it spent meanwhile on forwarding to
    those who had joined (half of the joiners on average, at the cost measured afterwards). What joiners are sent out of
    the history stays in both.
    """
    before, cpu, own = crowd.engine.totals(), server.process.cpu_s(), time.process_time()
    bell = time.time_ns()
    peers = await crowd.receivers(size, at_once=size)
    joined = time.time_ns()
    await _all_receive(peers)
    cpu, own = server.process.cpu_s() - cpu, time.process_time() - own
    after = crowd.engine.totals()
    requests = after["keyframe_requests"] - before["keyframe_requests"]
    live = (after["sent"] - before["sent"]) * size / 2
    steady = await measure(crowd.engine, server.process, STEADY_S, Expected(size))
    first = np.array([peer.seen().first_ns - peer.offered_ns for peer in peers]) / 1e6
    forwarding = live * (steady["cpu_us"] or 0) / 1e6
    result: dict[str, float | None] = {
        "first_p50_ms": stats.quantile(first, 0.5),
        "first_p95_ms": stats.quantile(first, 0.95),
        "first_max_ms": float(first.max()),
        "all_ms": max(peer.seen().first_ns - bell for peer in peers) / 1e6,
        "connected_ms": (joined - bell) / 1e6,
        "cpu_ms": 1000 * max(0.0, cpu - forwarding) / size,
        "cpu_all_ms": 1000 * cpu / size,
        "load_cpu_ms": 1000 * own / size,
        "keyframe_requests": requests,
    }
    await asyncio.gather(*(crowd.leave(peer) for peer in peers))
    await asyncio.sleep(1)  # their farewells are the server's work too, and not the next bell's
    return result


async def _all_receive(peers: list[Peer]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    waiting = list(peers)
    while waiting := [peer for peer in waiting if not peer.seen().first_ns]:
        if time.monotonic() > deadline:
            raise ConnectError(f"{len(waiting)} of {len(peers)} receive nothing after {PATIENCE_S:.0f} s")
        await asyncio.sleep(0.05)
