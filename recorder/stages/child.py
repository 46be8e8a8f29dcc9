"""The process that does one stage: what the libraries under it may do to a process, they do to this one.

Its order is one line of JSON on standard input; it answers with lines of JSON on standard output. It is niced, its
memory has a bound and is the first that the kernel takes back, it ends with the worker that started it, and a lock on
the folder keeps a second one out: one whose worker has died may need a moment to die too.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from mediaserver.api import UserError
from recorder import manifest, room
from recorder.alone import alone
from recorder.stages.work import Facts, Work

SAID_S = 1.0
"""Progress is told at most so often."""
_PR_SET_PDEATHSIG = 1
_TRACE = 4000


@dataclass(frozen=True, slots=True)
class Order:
    """:ivar call: `package.module:function`, a `Stage` but for `options`, which are its keyword arguments.
    :ivar folder: of the recording. :ivar memory_mb: of its own; 0: as much as there is.
    :ivar parent: the process that gives the order. :ivar nice: as nice(1) counts."""

    call: str
    folder: str
    parent: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    memory_mb: int = 0
    nice: int = 0


def main() -> None:
    order = Order(**json.loads(sys.stdin.readline()))
    with _answers() as answers:
        _settle(order)
        answer = _do(order, answers)
        _say(answers, answer)
    # What a library left running must not keep a process that has answered.
    os._exit(0)


def _do(order: Order, answers: TextIO) -> dict[str, Any]:
    folder = Path(order.folder)
    try:
        if not folder.is_dir():
            raise UserError(404, "no_recording", f"There is no recording in {folder.name}.")
        with alone(folder) as ours:
            if not ours:
                return {"t": "busy"}
            facts = {name: tuple(value) if isinstance(value, list) else value for name, value in order.facts.items()}
            work = Work(folder, manifest.load(folder), Facts(**facts), _Progress(answers, folder).tell)
            module, _, name = order.call.partition(":")
            getattr(importlib.import_module(module), name)(work, **order.options)
    except UserError as error:
        return {"t": "refused", "status": error.status, "code": error.code, "detail": error.detail}
    except MemoryError:
        return {"t": "memory"}
    except Exception as error:
        trace = traceback.format_exc()[-_TRACE:]
        return {"t": "broke", "detail": f"The program that did it failed ({type(error).__name__}).", "trace": trace}
    return {"t": "done"}


class _Progress:
    """Tells how far it is, and ends it before lessons that are recorded have no room left."""

    def __init__(self, answers: TextIO, folder: Path) -> None:
        self._answers, self._folder = answers, folder
        self._said: float | None = None

    def tell(self, part: float) -> None:
        """:raises UserError: 503 `disk_full`."""
        now = time.monotonic()
        if self._said is None or now - self._said >= SAID_S:
            self._said = now
            room.require(self._folder)
            _say(self._answers, {"t": "progress", "part": min(max(part, 0.0), 1.0)})


def _say(answers: TextIO, message: Mapping[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


@contextlib.contextmanager
def _answers() -> Iterator[TextIO]:
    """Standard output, which from here on is nobody else's: libraries print what they like."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(2, 1)
    with answers:
        yield answers


def _settle(order: Order) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != order.parent:  # it died before it could take us with it
        os._exit(1)
    # Before live media: when memory is short the kernel ends this one, whose work is not lost (proc(5)).
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    if order.nice:
        os.nice(order.nice)
    if order.memory_mb:
        # What can be written to, not addresses: a GPU's driver reserves more of these than there is memory.
        limit = order.memory_mb << 20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    main()
