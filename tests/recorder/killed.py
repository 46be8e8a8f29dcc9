"""Kills a stage at each of its steps on the disk, and lets it run again. A program of its own, for it forks.

python -m tests.recorder.killed STAGE FOLDER SCRATCH      prints how many times it was killed
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from recorder import manifest
from recorder.stages.work import Work

_STEPS = frozenset(("open", "os.rename", "os.remove", "os.mkdir"))
_MOST = 500


def main() -> None:
    name, folder, scratch = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    module = importlib.import_module(f"recorder.stages.{name}")
    wanted = scratch / "whole"
    shutil.copytree(folder, wanted)
    assert _ended(lambda: _run(module, wanted)) == 0
    for number in range(1, _MOST):
        tried = scratch / f"try{number}"
        shutil.copytree(folder, tried)
        if _ended(lambda tried=tried, number=number: _run(module, tried, number)) == 0:
            print(number - 1)
            return
        assert _ended(lambda tried=tried: _run(module, tried)) == 0, number
        assert _contents(tried) == _contents(wanted), number
        shutil.rmtree(tried)
    raise AssertionError("it never ended")


def _run(module, folder: Path, kill_at: int = 0) -> None:
    left = kill_at

    def step(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        if event in _STEPS and str(args[0]).startswith(str(folder)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    if kill_at:
        sys.addaudithook(step)
    module.run(Work(folder, manifest.load(folder)))


def _ended(work: Callable[[], None]) -> int:
    """Exit status of a process that does it, negative when it was killed."""
    process = os.fork()
    if process == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


if __name__ == "__main__":
    main()
