"""`tongke index`: make the library's search index anew from the database."""

from __future__ import annotations

import asyncio
import enum
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from recorder.search import index as files
from signalling import config
from signalling.db.engine import Database
from signalling.library.indexing import Indexer


class Action(enum.StrEnum):
    REBUILD = "rebuild"


def index(
    action: Annotated[Action, typer.Argument(help="rebuild: build it anew beside the one in use.")],
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Make the library's search index anew. Searches and changes go on meanwhile."""
    settings = config.load(config_file)
    began = time.monotonic()
    count = asyncio.run(_rebuild(settings.database_url, settings.index_dir))
    megabytes = files.size(settings.index_dir) / 1e6
    print(f"{count:,} resources indexed in {time.monotonic() - began:.0f} s; {megabytes:,.1f} MB.")


async def _rebuild(url: str, folder: Path) -> int:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    async with Database(url) as database:
        await database.require_current()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            return await Indexer(database, folder).rebuild(
                lambda done, total: bar.update(task, completed=done, total=total)
            )
