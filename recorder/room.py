"""Room on the disk that lessons are recorded to: work after the bell leaves them some."""

from __future__ import annotations

import shutil
from pathlib import Path

from mediaserver.api import UserError

RESERVE = 1 << 30
"""Bytes: an hour of a lesson, and time for somebody to make more."""


def require(folder: Path, wanted: int = 0) -> None:
    """:param wanted: bytes that are about to be written there.

    :raises UserError: 503 `disk_full`. :raises OSError: the disk does not answer.
    """
    if shutil.disk_usage(folder).free - wanted < RESERVE:
        raise UserError(
            503, "disk_full", f"Less than {RESERVE >> 20} MiB would be left for lessons that are recorded: make room."
        )
