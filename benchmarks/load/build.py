"""Compile the C sources once per content into a shared library."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCES = Path(__file__).parent
CACHE = Path(__file__).parents[2] / "var" / "cache" / "benchmarks"
FLAGS = ("-std=c11", "-O2", "-fPIC", "-shared", "-pthread", "-Wall", "-Wextra", "-Werror")


class BuildError(Exception):
    """There is no compiler, or it refused the sources; the text says which."""


@functools.cache
def library() -> ctypes.CDLL:
    """The generator and the floor, compiled when needed. Raises `BuildError`."""
    return ctypes.CDLL(str(shared_object("load", sorted([*SOURCES.glob("*.c"), *SOURCES.glob("*.h")]))))


def shared_object(name: str, files: list[Path]) -> Path:
    """Compile the C files among `files`, unless their like has been compiled before. Raises `BuildError`."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files) + " ".join(FLAGS).encode())
    built = CACHE / f"{name}-{digest.hexdigest()[:16]}.so"
    if not built.exists():
        _compile([str(file) for file in files if file.suffix == ".c"], built)
    return built


def _compile(sources: list[str], target: Path) -> None:
    compiler = shutil.which(os.environ.get("CC", "gcc"))
    if compiler is None:
        raise BuildError("The load generator is compiled where it runs; install gcc.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".so", delete=False) as made:
        result = subprocess.run(
            [compiler, *FLAGS, "-o", made.name, *sources], capture_output=True, text=True, timeout=120
        )
    if result.returncode:
        os.unlink(made.name)
        raise BuildError(f"{compiler} could not compile the load generator:\n{result.stderr}")
    os.replace(made.name, target)  # two runners at once build the same file
