"""`tongke audit verify`: whether the audit log is still what was written."""

from __future__ import annotations

import asyncio
import enum
from pathlib import Path
from typing import Annotated

import typer

from signalling import config
from signalling.config import ConfigError
from signalling.db import audit as log
from signalling.db.engine import Database


class Action(enum.StrEnum):
    VERIFY = "verify"


def audit(
    action: Annotated[Action, typer.Argument()],
    anchor: Annotated[str | None, typer.Option(help="What an earlier check printed; its row must be the same.")] = None,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Read the whole audit log and check that no row was changed, removed or put in."""
    try:
        known = log.Anchor.parse(anchor) if anchor else None
    except ValueError as error:
        raise ConfigError(f"--anchor cannot be {anchor!r}: {error}.") from None
    broken, end = asyncio.run(_verify(config.load(config_file).database_url, known))
    if broken is not None:
        typer.echo(f"tongke: The audit log is broken: row {broken.number} {broken.why}.", err=True)
        raise typer.Exit(1)
    print(f"The audit log is whole. Keep this anchor elsewhere for the next check: {end}")


async def _verify(url: str, anchor: log.Anchor | None) -> tuple[log.Broken | None, log.Anchor]:
    async with Database(url) as database:
        await database.require_current()
        async with database.read() as session:
            end = await log.head(session)
        # What is appended meanwhile is checked too; the anchor names a row that was.
        return await log.verify(database, anchor), end
