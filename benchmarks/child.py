"""Become another program on one core, ended by the kernel when the runner ends.

`python -m benchmarks.child RUNNER_PID CORE PROGRAM ARGUMENTS…`
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2), Linux; survives execve."""


def main(arguments: list[str]) -> None:
    runner, core, program = int(arguments[0]), int(arguments[1]), arguments[2:]
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != runner:  # it ended before we asked
        raise SystemExit(1)
    os.sched_setaffinity(0, {core})
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
