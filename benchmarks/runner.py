"""Run benchmarks one after the other: each bounded in time, stored as soon as it is done, and none spoils the next."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, registry
from benchmarks.context import Context
from benchmarks.load.peer import ConnectError
from benchmarks.process import ChildError
from benchmarks.results import read, store


def run(names: Sequence[str], context: Context, directory: Path) -> list[str]:
    """The names of those that failed. Ctrl-C and SIGTERM end the run and every child with it."""
    described = machine.describe()
    os.sched_setaffinity(0, {context.load_core})
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as Ctrl-C does
    context.done(
        f"{described['cpu']}, {described['cores']} cores, Linux {described['kernel']}, Python {described['python']}; "
        f"load average {described['load'][0]:.2f}; server on core {context.server_core}, load on {context.load_core}"
    )
    failed = []
    for name in names:
        context.console.rule(name)
        try:
            _one(name, context, directory, described)
        except (TimeoutError, ConnectError, ChildError, ExceptionGroup) as error:
            context.done(f"{name} failed: {error!r}")
            failed.append(name)
    return failed


def _one(name: str, context: Context, directory: Path, described: dict[str, Any]) -> None:
    benchmark = registry.load(name)
    started, before = time.time(), os.getloadavg()
    with context.console.status(name) as status:
        context.show_on(status)
        measured = asyncio.run(_bounded(benchmark, context))
    result = {
        "benchmark": name,
        "quick": context.quick,
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "took_s": round(time.time() - started, 1),
        "machine": {**described, "load": list(before), "load_after": list(os.getloadavg())},
        "server_core": context.server_core,
        "load_core": context.load_core,
        **measured,
    }
    if context.chosen:
        keep_others(result, read(directory, name))
    written = [store(directory, name, result), *benchmark.plots(result, directory)]
    for grid in benchmark.grids(result):
        context.console.print(grid.rich())
    context.done(", ".join(map(str, written)))


def keep_others(result: dict[str, Any], earlier: dict[str, Any] | None) -> None:
    """What was not measured this time stays as it was, and `kept` says from when; unless the lengths differ."""
    if earlier is None or earlier["quick"] != result["quick"]:
        return
    for group in ("servers", "floor"):
        kept = {key: value for key, value in earlier.get(group, {}).items() if key not in result.get(group, {})}
        if group in result and kept and (group == "servers" or not result[group]):
            result[group] = {**kept, **result[group]}
            names = list(kept) if group == "servers" else [group]
            result.setdefault("kept", {}).update(
                dict.fromkeys(names, f"{earlier['started']}, revision {earlier['machine']['revision']}")
            )


async def _bounded(benchmark: registry.Benchmark, context: Context) -> dict[str, Any]:
    async with asyncio.timeout(benchmark.LIMIT_S):
        return await benchmark.run(context)
