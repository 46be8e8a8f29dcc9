"""`tongke database`: bring the tables to this version's state, or see whether they are."""

from __future__ import annotations

import asyncio
import enum
from pathlib import Path
from typing import Annotated

import typer

from signalling import config
from signalling.db.engine import Database

SENTENCES = {
    "empty": "The database has no tables yet; make them with: tongke database upgrade",
    "old": "The database is of an older version; bring it up to date with: tongke database upgrade",
    "current": "The database is up to date.",
}


class Action(enum.StrEnum):
    UPGRADE = "upgrade"
    CHECK = "check"


def database(
    action: Annotated[Action, typer.Argument(help="check ends with status 1 when an upgrade is due.")],
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Upgrade the database's tables, or check them. The server upgrades them by itself when it starts."""
    state = asyncio.run(_run(config.load(config_file).database_url, action))
    print(SENTENCES[state])
    if state != "current":
        raise typer.Exit(1)


async def _run(url: str, action: Action) -> str:
    async with Database(url) as opened:
        if action is Action.UPGRADE:
            await opened.upgrade()
        return await opened.check()
