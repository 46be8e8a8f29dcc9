"""`tongke models`: get speech models, and see which are there."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from mediaserver.api import UserError
from recorder.speech import fetch, models
from recorder.speech.known import KNOWN, File
from signalling import config as configuration
from signalling.config import Config


class Action(enum.StrEnum):
    LIST = "list"
    FETCH = "fetch"


def models_(
    action: Annotated[Action, typer.Argument(help="list: what is there and what is known. fetch NAME: get one.")],
    name: Annotated[str, typer.Argument(help=f"{', '.join(KNOWN)}, or another that the mirror has.")] = "",
    mirror: Annotated[
        str | None, typer.Option("--mirror", help="Where models lie; default: recorder.models_url.")
    ] = None,
    sums: Annotated[
        Path | None, typer.Option("--sums", help="File with the model's checksums, as sha256sum writes it.")
    ] = None,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Get a speech model, verified by its checksums, or list those that are there."""
    config = configuration.load(config_file)
    if action is Action.LIST:
        _list(config)
        return
    if not name:
        raise UserError(400, "bad_model_name", f"Say which: tongke models fetch NAME, NAME one of {', '.join(KNOWN)}.")
    base = mirror or config.recorder.models_url
    if base is None:
        raise UserError(
            400, "bad_mirror", "Say where models lie: --mirror https://host/path, or the setting recorder.models_url."
        )
    _fetch(config, name, base, _read(sums) if sums else None)


def _read(path: Path) -> Mapping[str, File]:
    try:
        return fetch.parse_sums(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(400, "bad_sums", f"{path} cannot be read: {error}.") from error


def _list(config: Config) -> None:
    from rich.console import Console
    from rich.table import Table

    used = models.find(config.recorder.model, config.models_dir)
    there = models.installed(config.models_dir)
    table = Table(box=None, padding=(0, 2))
    for column in ("model", "size", "", "folder"):
        table.add_column(column, overflow="fold")
    for model in there:
        state = "used" if model.folder == used else ""
        table.add_row(model.name, f"{model.size / 1e6:.0f} MB", state, str(model.folder))
    if used is not None and used not in [model.folder for model in there]:
        absent = models.missing(used)
        table.add_row(used.name, "", f"used; {', '.join(absent)} missing" if absent else "used", str(used))
    for known, model in KNOWN.items():
        if known not in [each.name for each in there]:
            table.add_row(known, model.about, "not fetched", "")
    Console().print(table)


def _fetch(config: Config, name: str, mirror: str, sums: Mapping[str, File] | None) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        *(TextColumn("{task.description}"), BarColumn(), DownloadColumn()),
        *(TransferSpeedColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bars: dict[str, int] = {}

        def told(file: str, there: int, of: int) -> None:
            if file not in bars:
                bars[file] = progress.add_task(file, total=of or None)
            progress.update(bars[file], completed=there, total=of or None)

        folder = fetch.Fetch(name, mirror, config.models_dir, sums, told).run()
    print(folder)
