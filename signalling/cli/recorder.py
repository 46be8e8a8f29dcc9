"""`tongke recorder`: the far end of a server's `recorder.command`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mediaserver.api import UserError
from recorder import child
from signalling import config as configuration


def recorder(
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where recordings are written; default: as configured.")
    ] = None,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Write what a server on another machine sends over standard input; its recorder.command starts this."""
    if sys.stdin.isatty():
        raise UserError(
            400,
            "bad_use",
            "Nobody types what this reads: name the command in recorder.command of a server, and it starts it "
            "(docs/recording.md, A recorder on another machine).",
        )
    folder = folder if folder is not None else configuration.load(config_file).recording_dir
    status = child.serve(folder.resolve(), child.recording, child.APART)
    if status:
        raise SystemExit(status)
