"""`tongke admin`: the first administrator, and a new password for somebody who cannot sign in."""

from __future__ import annotations

import asyncio
import enum
import getpass
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from mediaserver.api import UserError
from signalling import config
from signalling.db.engine import Database
from signalling.db.logins import login_name
from signalling.db.people import Person
from signalling.people.accounts import COMMAND, Accounts, find_login
from signalling.people.passwords import Passwords, check


class Action(enum.StrEnum):
    CREATE = "create"
    PASSWORD = "password"


def admin(
    action: Annotated[Action, typer.Argument(help="Make an administrator, or set somebody's password.")],
    login: Annotated[str, typer.Argument(help="The login name.")],
    name: Annotated[str | None, typer.Option(help="What others read; the login name by default.")] = None,
    another: Annotated[bool, typer.Option("--another", help="Although there is an administrator already.")] = False,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Make the first administrator, or set a password, which is asked for or read from standard input."""
    url = config.load(config_file).database_url
    login = login_name(login)
    password = _ask()
    check(password, login)
    if action is Action.CREATE:
        asyncio.run(_create(url, login, password, name or login, another))
        print(f"{login} is a system administrator now and can sign in.")
    elif asyncio.run(_password(url, login, password)):
        print(f"{login} has a new password, and was signed out everywhere.")
    else:
        print(
            f"{login} has a new password, but the account is out of use, so nobody signs in with it: an administrator "
            "opens it on the page of people; where there is none any more, tongke admin create LOGIN makes one."
        )


def _ask() -> str:
    """:raises UserError: the two typed ones differ."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise UserError(400, "weak_password", "The two passwords differ; nothing was changed. Type them again.")
    return password


async def _create(url: str, login: str, password: str, name: str, another: bool) -> None:
    async with Database(url) as database:
        await database.upgrade()  # the first administrator is often made before the server runs for the first time
        passwords = Passwords(1)
        try:
            await Accounts(database, passwords).first_admin(time.time(), login, password, name=name, another=another)
        finally:
            passwords.close()


async def _password(url: str, login: str, password: str) -> bool:
    """Whether the account is in use."""
    async with Database(url) as database:
        await database.require_current()
        person = await find_login(database, login)
        passwords = Passwords(1)
        try:
            await Accounts(database, passwords).set_password(time.time(), COMMAND, person, password)
        finally:
            passwords.close()
        async with database.read() as session:
            return bool(await session.scalar(select(Person.active).where(Person.id == person)))
