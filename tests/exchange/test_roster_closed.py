"""What was put out of use here stays so, however often a roster lists it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update

from signalling.db.engine import Database
from signalling.db.people import Person
from signalling.db.places import PupilClass, School
from tests.exchange import rosters, snapshots
from tests.exchange.rosters import row
from tests.exchange.test_roster_import import imported, people


@pytest.mark.parametrize("status", ["", "active"])
async def test_a_roster_opens_nothing_again(database: Database, tmp_path: Path, status: str) -> None:
    roster = rosters.county()
    await imported(database, roster, tmp_path / "1")
    async with database.write() as session:  # by hand: dismissed, a school and a class given up
        for table, source in ((Person, "u1"), (School, "s2"), (PupilClass, "c2")):
            await session.execute(update(table).where(table.source == source).values(active=False))
    for file, id in (("users.csv", "u1"), ("orgs.csv", "s2"), ("classes.csv", "c2")):
        row(roster, file, id)["status"] = status
    before = await snapshots.rows(database)
    report = await imported(database, roster, tmp_path / "2")
    assert not report.written and not report.refused
    assert {(line.code, line.file, line.facts["value"]) for line in report.refusals} == {
        ("stays_closed", "users.csv", "教师甲"),
        ("stays_closed", "orgs.csv", "东沟村小学"),
        ("stays_closed", "classes.csv", "四年级1班"),
    }
    assert [report.of(name).skipped for name in ("users.csv", "orgs.csv", "classes.csv")] == [1 + 1, 1, 1]
    assert sum(counts.changed for counts in report.counts.values()) == 0
    assert await snapshots.rows(database) == before


async def test_what_else_it_says_is_taken(database: Database, tmp_path: Path) -> None:
    """A year on, a class that was closed gives its name to the one below it."""
    roster = rosters.county()
    await imported(database, roster, tmp_path / "1")
    row(roster, "classes.csv", "c2")["status"] = "tobedeleted"
    row(roster, "users.csv", "u1")["enabledUser"] = "false"
    assert (await imported(database, roster, tmp_path / "2")).written
    row(roster, "classes.csv", "c2").update(status="", title="四年级1班（毕业）")
    row(roster, "classes.csv", "c1")["title"] = "四年级1班"
    row(roster, "users.csv", "u1").update(enabledUser="true", username="teacher09")
    report = await imported(database, roster, tmp_path / "3")
    assert report.written and not report.refused
    assert [line.code for line in report.refusals] == ["stays_closed"] * 2
    assert (report.of("classes.csv").changed, report.of("users.csv").changed) == (2, 1)
    teacher = (await people(database))["u1"]
    assert (teacher.login, teacher.active) == ("teacher09", False)
    async with database.read() as session:
        found = {it.source: (it.name, it.active) for it in await session.scalars(select(PupilClass))}
    assert (found["c1"], found["c2"]) == (("四年级1班", True), ("四年级1班（毕业）", False))
