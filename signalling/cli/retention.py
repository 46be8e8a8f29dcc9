"""`tongke retention --dry-run`: what the rule of the configuration would remove."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from recorder.retention import Rule, parts_of
from signalling import config
from signalling.config import Config, ConfigError
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.library import retention as rules


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Say what is due for removal; the server removes it, and says so on the audit log."""
    settings = config.load(config_file)
    if not dry_run:
        raise ConfigError("The server removes what is due by itself; add --dry-run to see what that is.")
    rule = Rule(settings.recorder.keep_days, settings.recorder.keep_parts_days)
    shown = asyncio.run(_due(settings, rule))
    print("\n".join(shown) or "Nothing is due.")


async def _due(settings: Config, rule: Rule) -> list[str]:
    """A line for each recording of which something is due."""
    now, spool = time.time(), settings.recording_dir
    async with Database(settings.database_url) as database:
        await database.require_current()
        async with database.read() as session:
            due = await rules.expired(session, rule, now)
        due += await rules.spare(database, spool, rule, now)
        lines = []
        for removal in due:
            async with database.read() as session:
                title = await session.scalar(select(Resource.title).where(Resource.id == removal.id))
            what = "everything" if removal.what == "all" else f"parts, {parts_of(spool / removal.folder) / 1e6:.1f} MB"
            lines.append(f"{removal.id}  {title}: {what}")
    return lines
