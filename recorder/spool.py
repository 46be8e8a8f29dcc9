"""Which folder of recordings this is: several servers may have one database, and each has its own lessons' files.

The name is a file in the folder itself, `.spool`, so that whoever works in the same folder, by whatever path and from
whatever machine, has the same one; and a folder that was lost and made again has another.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

NAME = ".spool"
UNKNOWN = ""
_SHAPE = re.compile(r"[0-9a-f]{16}")


def identity(folder: Path) -> str:
    """Made with the first call, together with the folder. `UNKNOWN` where that cannot be. Blocks."""
    try:
        return _read(folder) or _make(folder)
    except OSError:
        return UNKNOWN


def _read(folder: Path) -> str:
    try:
        found = (folder / NAME).read_bytes()[:64].decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""
    return found if _SHAPE.fullmatch(found) else ""


def _make(folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    new = folder / f"{NAME}-{secrets.token_hex(8)}"
    try:
        with new.open("w") as file:
            file.write(secrets.token_hex(8) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(new, folder / NAME)  # of two that make one at once, one is first
        except FileExistsError:
            if not _read(folder):  # nothing can be read in it
                new.replace(folder / NAME)
    finally:
        new.unlink(missing_ok=True)
    return _read(folder)
