"""`tongke check-config`: read a configuration the way `serve` does, and say what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signalling import config


def check_config(
    file: Annotated[Path | None, typer.Argument(help="Default: tongke.toml here, where it exists.")] = None,
) -> None:
    """Check a configuration file and the environment; print what differs from the defaults."""
    settings = config.load(file)
    defaults = config.Config.model_construct()
    for name in config.setting_names():
        value, default = _get(settings, name), _get(defaults, name)
        if value != default:
            print(f"{name} = {value}")
    print("The configuration is valid.")


def _get(settings: config.Config, name: str) -> object:
    value: object = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value
