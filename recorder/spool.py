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


def identity(folder: Path, file: str = NAME) -> str:
    """Made with the first call, together with the folder. `UNKNOWN` where that cannot be. Blocks.

    :param file: another one for folders of something else.
    """
    try:
        return _read(folder, file) or _make(folder, file)
    except OSError:
        return UNKNOWN


def known(folder: Path, file: str = NAME) -> str:
    """As `identity`, but nothing is made: `UNKNOWN` where there is no name yet. Blocks."""
    try:
        return _read(folder, file)
    except OSError:
        return UNKNOWN


def _read(folder: Path, file: str) -> str:
    try:
        found = (folder / file).read_bytes()[:64].decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""
    return found if _SHAPE.fullmatch(found) else ""


def _make(folder: Path, file: str) -> str:
    folder.mkdir(exist_ok=True)
    new = folder / f"{file}-{secrets.token_hex(8)}"
    try:
        with new.open("w") as writing:
            writing.write(secrets.token_hex(8) + "\n")
            writing.flush()
            os.fsync(writing.fileno())
        try:
            os.link(new, folder / file)  # of two that make one at once, one is first
        except FileExistsError:
            if not _read(folder, file):  # nothing can be read in it
                new.replace(folder / file)
    finally:
        new.unlink(missing_ok=True)
    return _read(folder, file)
