"""`tongke verify`: whether recordings and finished files are still what they were."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select

from recorder import verify as files
from recorder.store import Store
from recorder.verify import Expected, Finding, Told
from signalling import config
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.library import ResourceFile

_BAD = frozenset(("damaged", "missing", "unreadable"))


def verify(
    sizes_only: Annotated[bool, typer.Option("--quick", help="Compare sizes only, not checksums.")] = False,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Compare all recordings and finished files with their checksums; exit status 1 when something is amiss."""
    settings = config.load(config_file)
    expected = asyncio.run(_expected(settings.database_url))
    counts: dict[str, int] = {}
    for finding in _findings(settings, expected, sizes_only):
        counts[finding.why] = counts.get(finding.why, 0) + 1
        print(f"{finding.why}: {finding.what}")
    if not counts:
        print("All files are what they were when they were finished.")
    else:
        print(", ".join(f"{count} {why}" for why, count in sorted(counts.items())))
    if _BAD & counts.keys():
        raise typer.Exit(1)


def _findings(settings: Config, expected: list[Expected], sizes_only: bool) -> Iterator[Finding]:
    folders = files.recordings(settings.recording_dir)
    total = sum(map(files.size_of, folders)) + sum(one.bytes for one in expected)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("Reading", total=total)
        told: Told = lambda count: bar.advance(task, count)  # noqa: E731
        for folder in folders:
            yield from files.recording(folder, told, sizes_only)
        yield from files.stored(Store(settings.library_url), expected, told, sizes_only)


async def _expected(url: str) -> list[Expected]:
    async with Database(url) as database:
        await database.require_current()
        async with database.read() as session:
            rows = await session.execute(select(ResourceFile.key, ResourceFile.bytes, ResourceFile.sha256))
            return list({Expected(*row) for row in rows})
