"""`python -m benchmarks`: run benchmarks, and write the report from stored results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import registry, runner
from benchmarks.context import Context
from benchmarks.load.build import BuildError, library
from benchmarks.process import ROOT, cores
from benchmarks.servers import factories

RESULTS = ROOT / "var" / "benchmarks"
WIDTH = 200
"""Where there is no terminal that has one."""

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(registry.NAMES)}; all by default.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short windows, few sizes: for a look only.")] = False,
    out: Annotated[Path, typer.Option(help="Directory for JSON and PNG.")] = RESULTS,
    servers: Annotated[
        str, typer.Option(help=f"Only these, with commas: floor, {', '.join(factories())}; others stay.")
    ] = "",
    soak_minutes: Annotated[float | None, typer.Option(help="Length of soak; default 30, with --quick 1.")] = None,
    search_documents: Annotated[
        int | None, typer.Option(min=1000, help="Largest index of search; default 100000, with --quick 10000.")
    ] = None,
    search_indexes: Annotated[
        Path | None, typer.Option(help="Directory that keeps the indexes of search: each is built once.")
    ] = None,
) -> None:
    """Measure on this machine; the server has one core to itself, the load another."""
    wanted = names or list(registry.NAMES)
    if unknown := sorted(set(wanted) - set(registry.NAMES)):
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(registry.NAMES)}.")
    chosen = tuple(name.strip() for name in servers.split(",") if name.strip())
    if unknown := sorted(set(chosen) - {"floor", *factories()}):
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(factories())}.")
    try:
        library()
    except BuildError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    server_core, load_core = cores()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    context = Context(quick, server_core, load_core, console, chosen, soak_minutes, search_documents, search_indexes)
    failed = runner.run(wanted, context, out)
    if failed:
        print(f"benchmarks: {', '.join(failed)} failed", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def report(
    source: Annotated[Path, typer.Option("--from", help="Directory with the results of a run.")] = RESULTS,
) -> None:
    """Keep the results of a run as the project's figures; write tables and plots into docs/benchmarks.md."""
    from benchmarks import report as writer

    for path in writer.write(source):
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    app()
