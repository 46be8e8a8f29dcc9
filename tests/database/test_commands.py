"""`tongke database` and `tongke audit`: sentences and exit statuses."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from signalling import cli
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.records import Audit


def run(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return ended.value.code


def test_upgrade_and_check(empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TONGKE_DATABASE__URL", empty_url)
    assert run("audit", "verify") == 2
    assert "run tongke database upgrade" in capsys.readouterr().err
    assert run("database", "check") == 1
    assert run("database", "upgrade") == 0
    assert run("database", "check") == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("The database has no tables yet")
    assert second == third == "The database is up to date."


def test_verify(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def append() -> None:
        async with Database(database_url) as database, database.write() as session:
            for _ in range(3):
                await audit.append(session, 0, "a", "b", "c")

    async def change() -> None:
        async with Database(database_url) as database, database.write() as session:
            await session.execute(update(Audit).where(Audit.number == 2).values(actor="x"))

    monkeypatch.setenv("TONGKE_DATABASE__URL", database_url)
    asyncio.run(append())
    assert run("audit", "verify") == 0
    out = capsys.readouterr().out
    assert out.startswith("The audit log is whole.")
    anchor = out.split()[-1]
    assert anchor.startswith("3:")
    assert run("audit", "verify", "--anchor", anchor) == 0
    assert run("audit", "verify", "--anchor", "3:" + "0" * 64) == 1
    assert capsys.readouterr().err == "tongke: The audit log is broken: row 3 is not the row of the anchor.\n"
    assert run("audit", "verify", "--anchor", "3") == 2
    asyncio.run(change())
    assert run("audit", "verify") == 1
    assert capsys.readouterr().err.endswith("tongke: The audit log is broken: row 2 was changed.\n")


def test_an_unknown_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("database", "burn") == 2
    assert run("audit", "forget") == 2
