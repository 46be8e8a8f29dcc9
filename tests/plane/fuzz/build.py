"""Builds the programs of this folder around the plane's C code; gcc and its sanitizers are all they need."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
NATIVE = HERE.parents[2] / "mediaserver" / "plane" / "native"
TARGETS = ("datagrams", "paths", "tables")
"""Take inputs; linked with the mutating driver."""
OTHERS = ("joins", "histories")
"""Take a number: how much to do."""
RACES = ("race", "spread")
"""Threads against each other, for so many seconds."""

_COMPILE = (
    "gcc", "-std=c11", "-D_GNU_SOURCE", "-g", "-O1", "-fno-omit-frame-pointer", "-ffp-contract=off", "-pthread",
    "-Wall", "-Wextra", f"-I{NATIVE}", f"-I{HERE}",
)  # fmt: skip
_ADDRESS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_THREAD = ("-fsanitize=thread",)
_PLANE = tuple(
    NATIVE / f"{name}.c"
    for name in ("arena", "control", "history", "overuse", "receive", "relay", "route", "rtp", "stun", "table")
)
_COMMON = (*_PLANE, *(HERE / f"{name}.c" for name in ("check", "script", "srtp")))


def build_fuzzers(into: Path, *, coverage: bool = False) -> dict[str, Path]:
    """`TARGETS` and `OTHERS`, with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer.

    :param coverage: the targets tell the driver which edges they took, and are guided by it; then without `OTHERS`.
    :raises subprocess.CalledProcessError: the compiler's words are on stderr.
    """
    own = {name: (HERE / "driver.c", HERE / f"{name}.c") for name in TARGETS}
    if not coverage:
        own |= {name: (HERE / f"{name}.c",) for name in OTHERS}
    driver = HERE / "driver.c"
    sources = sorted({*_COMMON, *(source for files in own.values() for source in files)})
    into.mkdir(parents=True, exist_ok=True)

    def compile_one(source: Path) -> Path:
        traced = ("-fsanitize-coverage=trace-pc",) if coverage and source != driver else ()
        target = into / f"{source.stem}.o"
        subprocess.run([*_COMPILE, *_ADDRESS, *traced, "-c", source, "-o", target], check=True)
        return target

    with ThreadPoolExecutor(2) as pool:
        objects = dict(zip(sources, pool.map(compile_one, sources), strict=True))
    for name, files in own.items():
        linked = [objects[source] for source in (*_COMMON, *files)]
        subprocess.run([*_COMPILE, *_ADDRESS, *linked, "-lm", "-o", into / name], check=True)
    return {name: into / name for name in own}


def build_races(into: Path) -> dict[str, Path]:
    """`race` and `spread`, with ThreadSanitizer."""
    into.mkdir(parents=True, exist_ok=True)
    shared = [*_COMMON, NATIVE / "loop.c", HERE / "loops.c"]

    def build(name: str) -> Path:
        subprocess.run([*_COMPILE, *_THREAD, *shared, HERE / f"{name}.c", "-lm", "-o", into / name], check=True)
        return into / name

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(RACES, pool.map(build, RACES), strict=True))
