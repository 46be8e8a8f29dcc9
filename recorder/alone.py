"""One at a time in the folder of a recording that is over: stages, and what removes of it what is old.

Each reads the manifest, and writes it at its end: of two at once one would undo what the other has done.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

LOCK = "work.lock"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else works in the folder; nobody will until the block ends. :raises OSError: it is not there."""
    descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
