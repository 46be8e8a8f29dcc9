"""`tongke retention --dry-run`: what the rule of the configuration would remove."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from recorder.retention import Removal, Rule, parts_of
from signalling import config
from signalling.config import ConfigError
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.library import retention as rules


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Say what is due for removal; the server's workers remove it, and say so on the audit log."""
    settings = config.load(config_file)
    if not dry_run:
        raise ConfigError("Workers remove what is due by themselves; add --dry-run to see what that is.")
    rule = Rule(settings.recorder.keep_days, settings.recorder.keep_parts_days)
    due, titles = asyncio.run(_due(settings.database_url, rule))
    shown = 0
    for removal in due:
        parts = parts_of(settings.recording_dir / removal.folder)
        if removal.what == "all":
            print(f"{removal.id}  {titles[removal.id]}: everything")
        elif parts:
            print(f"{removal.id}  {titles[removal.id]}: parts, {parts / 1e6:.1f} MB")
        else:
            continue
        shown += 1
    if not shown:
        print("Nothing is due.")


async def _due(url: str, rule: Rule) -> tuple[list[Removal], dict[str, str]]:
    """What is due, and the titles of resources."""
    async with Database(url) as database:
        await database.require_current()
        async with database.read() as session:
            due = await rules.due(session, rule, time.time())
            titles = await session.execute(select(Resource.id, Resource.title))
            return due, {id: title for id, title in titles}
