"""`forward`: what it costs a server to forward one packet, what it loses, and how long it keeps it."""

from __future__ import annotations

import sys
import time
from typing import Any

from benchmarks import failures, stats
from benchmarks.context import Context
from benchmarks.failures import FAILURES
from benchmarks.floor import floor
from benchmarks.load import media, srtp
from benchmarks.load.engine import Engine
from benchmarks.load.lesson import START_DELAY_NS, Crowd, crowd, new_ssrcs
from benchmarks.load.peer import new_socket
from benchmarks.process import Child
from benchmarks.servers import Server
from benchmarks.window import Expected, measure, saturated

LIMIT_S = 3000
SIZES = (1, 10, 50, 100, 200, 500, 1000)
QUICK_SIZES = (1, 10, 100)
DECODING_SIZES = (1, 5, 10, 20)
"""For servers that decode and encode: one core is full before the fiftieth viewer."""
MODES = {"even": False, "burst": True}
"""150 picture packets a second evenly spaced, or six at once 25 times a second."""

Runs = dict[str, list[dict[str, float | None]]]


async def run(context: Context) -> dict[str, Any]:
    sizes = QUICK_SIZES if context.quick else SIZES
    result: dict[str, Any] = {"window_s": context.window_s, "sizes": list(sizes), "floor": {}, "servers": {}}
    context.doing("the generator by itself, over loopback")
    result["baseline"] = await baseline(context)
    if not context.chosen or "floor" in context.chosen:
        context.doing("the C floor")
        result["floor"] = await measure_floor(context, sizes)
    for name, factory in context.servers().items():
        measured: dict[str, Any] = {"label": name, "sizes": {}}
        result["servers"][name] = measured
        async with context.serving(name, factory, measured) as server:
            if server is not None:
                await measure_server(context, server, DECODING_SIZES if server.decodes else sizes, measured)
    return result


def summary(runs: Runs) -> dict[str, Any]:
    return {mode: {"figures": stats.figures(made), "runs": made} for mode, made in runs.items() if made}


async def baseline(context: Context) -> dict[str, Any]:
    """Publisher to one receiver with nothing in between: what the generator and the kernel add to every delay."""
    key, ssrcs = srtp.new_key(), new_ssrcs()
    runs: Runs = {mode: [] for mode in MODES}
    with new_socket() as sending, new_socket() as receiving, Engine() as engine:
        sending.connect(receiving.getsockname())
        sender = engine.add_peer(sending.fileno(), None, srtp.session(key, outbound=True))
        engine.add_peer(receiving.fileno(), srtp.session(key, outbound=False), None)
        loops = (media.pictures(), media.sound())
        start = time.monotonic_ns() + START_DELAY_NS
        for loop, ssrc in zip(loops, ssrcs, strict=True):
            engine.add_track(sender, loop.spec(ssrc=ssrc, payload_type=96, send_time_id=3, level_id=0, start_ns=start))
        async with await Child.start([sys.executable, "-c", "input()"], core=context.server_core, name="idle") as idle:
            for _ in range(context.runs):
                for mode, burst in MODES.items():
                    engine.set_burst(burst)
                    runs[mode].append(await measure(engine, idle, context.window_s, Expected(1)))
    return summary(runs)


async def measure_floor(context: Context, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Size → `even`, `burst` and `segments` (bursts in UDP_SEGMENT sends)."""
    result: dict[str, Any] = {}
    with Engine() as engine:
        for size in sizes:
            runs: Runs = {"even": [], "burst": [], "segments": []}
            async with floor(engine, context.server_core, size) as running:
                for _ in range(context.runs):
                    for mode, made in runs.items():
                        await running.send(burst=mode != "even", segments=mode == "segments")
                        made.append(await measure(engine, running.process, context.window_s, Expected(None)))
            result[str(size)] = summary(runs)
            context.done(f"  C floor, {size}: {told(result[str(size)])}")
    return result


async def measure_server(context: Context, server: Server, sizes: tuple[int, ...], result: dict[str, Any]) -> None:
    """Grow one lesson from size to size; stop where the server is full, and say so."""
    try:
        async with crowd(server) as made:
            lead = await made.lead()
            made.start([lead])
            result["profile"] = lead.profile
            joined = 0
            for size in sizes:
                context.doing(f"{server.label}: {size} receivers")
                peers = await made.receivers(size - joined)
                joined, result["profile_down"] = size, peers[-1].profile
                why = await measure_size(context, made, server, size, result)
                if why:
                    result["saturated"] = {"size": size, "why": why}
                    context.done(f"  {server.label} is full at {size}: it {why}")
                    break
    except* FAILURES as errors:
        result["failed"] = failures.told(errors)
        context.done(f"  {server.label} failed: {result['failed']}")


async def measure_size(context: Context, crowd: Crowd, server: Server, size: int, result: dict[str, Any]) -> str:
    runs: Runs = {mode: [] for mode in MODES}
    for _ in range(context.runs):
        for mode, burst in MODES.items():
            crowd.engine.set_burst(burst)
            expected = Expected(None if server.decodes else size)
            runs[mode].append(await measure(crowd.engine, server.process, context.window_s, expected))
    result["sizes"][str(size)] = summary(runs)
    context.done(f"  {server.label}, {size}: {told(result['sizes'][str(size)])}")
    return next(filter(None, map(saturated, runs.values())), "")


def told(modes: dict[str, Any]) -> str:
    """One line of what matters."""
    parts = []
    for mode, made in modes.items():
        figures = made["figures"]
        if "cpu_us" not in figures:
            parts.append(f"{mode} nothing arrived")
            continue
        delay = f", p99 {figures['delay_p99_ms']['median']:.2f} ms" if "delay_p99_ms" in figures else ""
        loss = figures["loss"]["median"]
        lost = f", {100 * loss:.2g} % lost" if loss else ""
        parts.append(f"{mode} {figures['cpu_us']['median']:.2f} µs{delay}{lost}")
    return " · ".join(parts)
