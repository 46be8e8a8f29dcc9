"""`tongke recorder` with another clock, and less patience: `python -m tests.recorder.far FOLDER LINGER_S SILENT_S`."""

from __future__ import annotations

import sys
from pathlib import Path

from recorder import child

YEAR_US = 365 * 86_400 * 1_000_000


def clock() -> int:
    """Of a machine that was switched on long before."""
    return child.monotonic_us() + YEAR_US


if __name__ == "__main__":
    folder, linger_s, silent_s = sys.argv[1:]
    patience = child.Patience(float(linger_s), float(silent_s))
    sys.exit(child.serve(Path(folder), child.recording, patience, clock))
