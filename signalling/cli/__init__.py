"""The `tongke` command. Each subcommand has its own file and is imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import typer

from mediaserver.api import UserError

COMMANDS = {
    "serve": "signalling.cli.serve:serve",
    "worker": "signalling.cli.worker:worker",
    "recorder": "signalling.cli.recorder:recorder",
    "demo": "signalling.cli.demo:demo",
    "publish": "signalling.cli.publish:publish",
    "watch": "signalling.cli.watch:watch",
    "token": "signalling.cli.token:token",
    "check-config": "signalling.cli.check_config:check_config",
    "database": "signalling.cli.database:database",
    "audit": "signalling.cli.audit:audit",
    "verify": "signalling.cli.verify:verify",
    "retention": "signalling.cli.retention:retention",
    "admin": "signalling.cli.admin:admin",
    "import": "signalling.cli.exchange:import_",
    "export": "signalling.cli.exchange:export",
    "seed-demo": "signalling.cli.seed_demo:seed_demo",
    "models": "signalling.cli.models:models_",
    "doctor": "signalling.cli.doctor:doctor",
    "index": "signalling.cli.index:index",
    "capacity": "signalling.cli.capacity:capacity",
}
"""Name → `module:function`, in the order of `tongke --help`."""

BAD_USE = 2


def build(arguments: Sequence[str]) -> typer.Typer:
    """The Typer application with the called command alone; with all of them for `--help` and mistakes."""
    app = typer.Typer(
        help="Tongke (同课): lessons taught once, attended live in many classrooms.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)  # keeps a single command a subcommand
    called = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name in [called] if called in COMMANDS else COMMANDS:
        module, _, function = COMMANDS[name].partition(":")
        app.command(name)(getattr(importlib.import_module(module), function))
    return app


def _root() -> None:
    """Tongke (同课): lessons taught once, attended live in many classrooms."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point. What a person can put right is one sentence on standard error and exit status 2."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        build(arguments)(args=arguments, prog_name="tongke")
    except UserError as error:
        print(f"tongke: {error.detail}", file=sys.stderr)
        raise SystemExit(BAD_USE) from None
