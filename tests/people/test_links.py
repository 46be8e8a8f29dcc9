"""Accounts that exist already are linked to the sign-in service, by whoever may do so."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.db.engine import Database
from signalling.people.accounts import COMMAND, Accounts
from tests.people.conftest import NOW, County, audit_rows, person
from tests.people.test_accounts import code, row
from tests.people.test_sessions import begin, hashes

ISSUER = "https://id.example"
ADMIN = ("admin", "system", "")


async def linked(database: Database, id: str) -> tuple[str | None, str | None]:
    found = await row(database, id)
    return found.issuer, found.subject


async def test_an_account_is_linked(database: Database, accounts: Accounts, county: County) -> None:
    id = await person(accounts, "jia", ("teacher", "school", county.lead), school=county.lead)
    await begin(database, id)
    assert await accounts.change(NOW, COMMAND, id, issuer=ISSUER, subject="jia")
    assert not await accounts.change(NOW, COMMAND, id, issuer=ISSUER, subject="jia")
    assert await linked(database, id) == (ISSUER, "jia")
    assert len(await hashes(database)) == 1  # nobody else can have signed in before
    assert await accounts.change(NOW, COMMAND, id, issuer=ISSUER, subject="jia2")
    assert await hashes(database) == set() and await linked(database, id) == (ISSUER, "jia2")
    assert await accounts.change(NOW, COMMAND, id, issuer=ISSUER, subject="")
    assert await linked(database, id) == (None, None)
    rows = [row[1:] for row in await audit_rows(database) if row[1] == "person.linked"]
    one, two = {"by": ISSUER, "subject": "jia"}, {"by": ISSUER, "subject": "jia2"}
    assert rows == [
        ("person.linked", id, detail)
        for detail in (
            {"before": {}, "after": one, "signed_out": 0},
            {"before": one, "after": two, "signed_out": 1},
            {"before": two, "after": {}, "signed_out": 0},
        )
    ]


async def test_one_subject_one_account(database: Database, accounts: Accounts) -> None:
    """The empty account of a first sign-in gives its link to the one with the roles."""
    empty = await accounts.create(NOW, COMMAND, name="教师甲", issuer=ISSUER, subject="jia")
    hers = await accounts.create(NOW, COMMAND, name="教师甲", login="jia")
    assert await code(accounts.change(NOW, COMMAND, hers, issuer=ISSUER, subject="jia")) == "login_taken"
    await accounts.change(NOW, COMMAND, empty, subject="")
    assert await accounts.change(NOW, COMMAND, hers, issuer=ISSUER, subject="jia")


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "jia"},
        {"issuer": ISSUER},
        {"issuer": "", "subject": "jia"},
        *({"issuer": ISSUER, "subject": subject} for subject in ("王", "a\0", "x" * 201)),
    ],
    ids=str,
)
async def test_what_cannot_be_linked(database: Database, accounts: Accounts, fields: dict[str, Any]) -> None:
    id = await accounts.create(NOW, COMMAND, name="教师甲", login="jia")
    assert await code(accounts.change(NOW, COMMAND, id, **fields)) == "bad_subject"
    assert await linked(database, id) == (None, None)


async def test_nobody_links_himself_to_what_is_above_him(accounts: Accounts, county: County) -> None:
    above = await person(accounts, "xian", ("admin", "region", county.county), school=county.lead)
    school = await person(accounts, "xiao", ("admin", "school", county.lead), school=county.lead)
    teacher = await person(accounts, "jia", ("teacher", "school", county.lead), school=county.lead)
    assert await code(accounts.change(NOW, school, above, issuer=ISSUER, subject="xiao")) == "forbidden"
    assert await code(accounts.change(NOW, teacher, teacher, issuer=ISSUER, subject="jia")) == "forbidden"
    assert await accounts.change(NOW, school, teacher, issuer=ISSUER, subject="jia")


async def test_the_last_administrator_keeps_her_way_in(accounts: Accounts) -> None:
    id = await accounts.create(NOW, COMMAND, name="管理员", issuer=ISSUER, subject="boss")
    await accounts.grant(NOW, COMMAND, id, *ADMIN)
    assert await code(accounts.change(NOW, COMMAND, id, subject="")) == "last_admin"
    await person(accounts, "second", ADMIN)
    assert await accounts.change(NOW, COMMAND, id, subject="")
