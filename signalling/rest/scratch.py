"""Files of imports and exports that are under way, named after the process that has them: what a killed one has left is
found and removed when a server starts on the same machine. They hold the names of all people."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from signalling.bell import holder

_PREFIX = "tongke-files-"


def new_prefix() -> str:
    """For `tempfile`, of this process."""
    return f"{_PREFIX}{holder.new_name()}-"


def sweep() -> int:
    """Remove what dead processes have left, and say how much. Blocks."""
    removed = 0
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not holder.is_dead(path.name.removeprefix(_PREFIX).rpartition("-")[0]):
            continue
        try:
            if path.lstat().st_uid != os.getuid():
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            removed += 1
        except OSError:
            continue  # another server on this machine is at it
    return removed
