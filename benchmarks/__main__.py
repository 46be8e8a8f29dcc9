"""`python -m benchmarks`: run benchmarks, and write the report from stored results."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import machine, registry
from benchmarks.context import Context
from benchmarks.process import ROOT, cores
from benchmarks.results import store

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(registry.NAMES)}; all by default.")] = None,
    quick: Annotated[
        bool, typer.Option(help="Shorter windows and fewer sizes: for a look, not for the report.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Directory for JSON and PNG; default var/benchmarks.")] = None,
    soak_minutes: Annotated[float | None, typer.Option(help="Length of soak; default 30, with --quick 1.")] = None,
    servers: Annotated[str, typer.Option(help="Servers to measure, with commas: native,reference,janus,aiortc.")] = "",
) -> None:
    """Measure on this machine; the server has one core to itself, the load another."""
    console = Console(width=None if sys.stdout.isatty() else 200)
    wanted = names or list(registry.NAMES)
    if unknown := sorted(set(wanted) - set(registry.NAMES)):
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(registry.NAMES)}.")
    server_core, load_core = cores()
    chosen = tuple(name for name in servers.split(",") if name)
    context = Context(
        quick=quick,
        server_core=server_core,
        load_core=load_core,
        console=console,
        chosen=chosen,
        soak_minutes=soak_minutes,
    )
    directory = out or ROOT / "var" / "benchmarks"
    described = machine.describe()
    os.sched_setaffinity(0, {load_core})
    console.print(
        f"{described['cpu']}, {described['cores']} cores, Linux {described['kernel']}, Python {described['python']}; "
        f"load average {described['load'][0]:.2f}; server on core {server_core}, load on core {load_core}",
        highlight=False,
    )
    for name in wanted:
        benchmark = registry.load(name)
        console.rule(name)
        started = time.time()
        with console.status(name) as status:
            context.show_on(status)
            measured = asyncio.run(_bounded(benchmark, context))
        result = {
            "benchmark": name,
            "quick": quick,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "took_s": round(time.time() - started, 1),
            "machine": {**described, "load_after": list(os.getloadavg())},
            "server_core": server_core,
            "load_core": load_core,
            **measured,
        }
        path = store(directory, name, result)
        for grid in benchmark.grids(result):
            console.print(grid.rich())
        drawn = benchmark.plots(result, directory)
        console.print(f"{', '.join(str(file) for file in [path, *drawn])}", highlight=False)


async def _bounded(benchmark: registry.Benchmark, context: Context) -> dict[str, object]:
    async with asyncio.timeout(benchmark.LIMIT_S):
        return await benchmark.run(context)


@app.command()
def report(
    source: Annotated[
        Path | None, typer.Option("--from", help="Directory with results; default var/benchmarks.")
    ] = None,
) -> None:
    """Keep the results of a run as the project's figures; write tables and plots into docs/benchmarks.md."""
    from benchmarks import report as writer

    for path in writer.write(source or ROOT / "var" / "benchmarks"):
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    app()
