"""`tongke token`: print a room token, alone on its line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from signalling import config, tokens


def token(
    room: Annotated[str, typer.Option(help="The one room it opens.")],
    role: Annotated[str, typer.Option(help="lead, classroom, assistant, staff, supervisor or admin.")],
    id: Annotated[str | None, typer.Option(help="Participant id; random by default.")] = None,
    name: Annotated[str | None, typer.Option(help="What others read; the id by default.")] = None,
    beside: Annotated[
        str | None, typer.Option(help="Of an assistant: id of the classroom whose display she controls.")
    ] = None,
    hours: Annotated[float | None, typer.Option(min=0.001, help="How long it is valid; default tokens.hours.")] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="The server's configuration file.")] = None,
) -> None:
    """Print a token for one participant of one room."""
    settings = config.load(config_file)
    secret = tokens.load_secret(settings.secret_file)
    made = tokens.mint(
        secret,
        room=room,
        role=role,
        participant=id,
        name=name,
        beside=beside,
        hours=settings.tokens.hours if hours is None else hours,
        now=time.time(),
    )
    print(made)
