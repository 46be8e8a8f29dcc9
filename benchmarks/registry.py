"""The benchmarks by name; each is a module that is imported when it is run."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Protocol, cast

from benchmarks.context import Context
from benchmarks.grid import Grid

MODULES = {
    "forward": "benchmarks.forward_report",
    "busy": "benchmarks.busy",
    "rooms": "benchmarks.rooms",
    "join": "benchmarks.join",
    "memory": "benchmarks.memory",
    "glass": "benchmarks.glass",
    "soak": "benchmarks.soak",
    "booking": "benchmarks.booking",
    "recorder": "benchmarks.recorder",
    "sync": "benchmarks.sync",
    "transcribe": "benchmarks.transcribe",
    "search": "benchmarks.search",
}
NAMES = tuple(MODULES)


class Benchmark(Protocol):
    """:ivar LIMIT_S: seconds after which it is given up."""

    LIMIT_S: float

    async def run(self, context: Context) -> dict[str, Any]: ...

    def grids(self, result: dict[str, Any]) -> list[Grid]: ...

    def plots(self, result: dict[str, Any], directory: Path) -> list[Path]: ...


def load(name: str) -> Benchmark:
    return cast(Benchmark, importlib.import_module(MODULES[name]))
