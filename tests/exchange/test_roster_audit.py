"""Rights given and taken by a roster are on the audit log, person by person, and whom it closes is signed out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from signalling.db.engine import Database
from signalling.db.people import Login, Person
from signalling.db.places import School
from tests.exchange import rosters
from tests.exchange.rosters import row
from tests.exchange.test_roster_import import imported, people
from tests.people.conftest import audit_rows

BY = {"by": "roster"}


async def by_person(database: Database, since: int) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    names = {person.id: source for source, person in (await people(database)).items()}
    for actor, action, subject, detail in (await audit_rows(database))[since:]:
        assert actor == "command"
        found.setdefault(names.get(subject, subject), []).append((action, detail))
    return found


async def test_who_comes(database: Database, tmp_path: Path) -> None:
    await imported(database, rosters.county(), tmp_path / "r")
    async with database.read() as session:
        schools = {school.source: school.id for school in await session.scalars(select(School))}
    told = await by_person(database, 0)
    assert told.keys() == {"u1", "u2", "u3", "u4", "roster"}  # no pupils
    assert told["u1"] == [
        ("person.created", {"login": "teacher01", **BY}),
        ("role.granted", {"role": "teacher", "kind": "school", "scope": schools["s1"], **BY}),
    ]
    assert [action for action, _ in told["u4"]] == ["person.created", "role.granted", "role.granted"]
    assert [action for action, _ in told["roster"]] == ["roster_imported"]


async def test_who_goes_and_what_is_taken(database: Database, tmp_path: Path) -> None:
    roster = rosters.county()
    await imported(database, roster, tmp_path / "1")
    who = await people(database)
    since = len(await audit_rows(database))
    async with database.write() as session:
        for id in ("u1", "u3"):
            values = {"person": who[id].id, "csrf": "c", "created": 0, "expires": 2_000_000_000, "seen": 0}
            await session.execute(insert(Login), [{"hash": f"{id}-{n}", **values} for n in range(2)])
        await session.execute(insert(Person).values(id="other", name="教师丙", login="teacher03"))
    row(roster, "users.csv", "u1")["enabledUser"] = "false"
    row(roster, "users.csv", "u2")["username"] = "teacher22"
    row(roster, "users.csv", "u5")["status"] = "tobedeleted"  # a pupil
    row(roster, "roles.csv", "r5")["status"] = "tobedeleted"
    row(roster, "orgs.csv", "s2")["status"] = "tobedeleted"
    row(roster, "classes.csv", "c2").update(status="tobedeleted", title="五年级1班")
    await imported(database, roster, tmp_path / "2")
    told = await by_person(database, since)
    assert told["u1"] == [("person.deactivated", {"signed_out": 2, **BY})]
    assert told["u2"] == [("person.renamed", {"before": {"login": "teacher02"}, "after": {"login": "teacher22"}, **BY})]
    [(revoked, detail)] = told["u4"]
    assert revoked == "role.revoked" and (detail["role"], detail["kind"]) == ("planner", "region")
    rest = {action: detail for name, rows in told.items() if name not in who for action, detail in rows}
    assert rest.keys() == {"school.closed", "class.closed", "roster_imported"}
    assert rest["class.closed"] == {
        "before": {"name": "四年级1班", "active": True},
        "after": {"name": "五年级1班", "active": False},
        **BY,
    }
    assert "u5" not in told
    async with database.read() as session:
        assert set(await session.scalars(select(Login.person))) == {who["u3"].id}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_new_is_no_row(database: Database, tmp_path: Path) -> None:
    await imported(database, rosters.county(), tmp_path / "1")
    before = await audit_rows(database)
    await imported(database, rosters.county(), tmp_path / "2")
    assert await audit_rows(database) == before
