"""`tongke seed-demo`: a county that does not exist, to try things with."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from signalling import config
from signalling.db.engine import Database
from signalling.exchange.seed import Seeded, seed


def seed_demo(
    bell_in: Annotated[
        int | None, typer.Option(min=0, max=86_400, help="Add a lesson that starts so many seconds from now.")
    ] = None,
    number: Annotated[int, typer.Option("--seed", help="Another number makes a somewhat different county.")] = 1,
    beside_others: Annotated[
        bool, typer.Option("--beside-others", help="Also into a database that holds schools or people already.")
    ] = False,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Fill an empty database with a lead school, twelve village schools and two weeks of lessons.

    The made-up people have logins (teacher01, assistant01, planner, supervisor …) and no passwords.
    """
    seeded = asyncio.run(_seed(config.load(config_file), number, bell_in, beside_others=beside_others))
    for table in ("school", "classroom", "pupil_class", "person", "booking", "lesson"):
        print(f"{seeded.rows[table]:>8} {table}")
    if seeded.bell is not None:
        print(f"The lesson {seeded.bell} starts in {bell_in} seconds.")


async def _seed(settings: config.Config, number: int, bell_in: int | None, *, beside_others: bool) -> Seeded:
    async with Database(settings.database_url) as database:
        await database.upgrade()
        return await seed(
            database,
            time.time(),
            "command",
            rules=settings.bell.rules(),
            number=number,
            bell_in=bell_in,
            beside_others=beside_others,
        )
