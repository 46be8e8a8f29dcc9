"""What is exported imports as the same."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.people import Person, RoleGrant
from signalling.db.places import School
from signalling.exchange.oneroster import import_roster
from signalling.exchange.roster_export import export_roster
from signalling.exchange.roster_form import COLUMNS, guarded, join_name, split_name, unguarded
from signalling.exchange.seed import seed
from tests.exchange import rosters, snapshots

NOW = 1_790_000_000.0


async def test_importing_an_export_changes_nothing(database: Database, tmp_path: Path) -> None:
    await import_roster(database, rosters.write(rosters.county(), tmp_path / "r"), NOW, "command")
    before = await snapshots.rows(database)
    counts = await export_roster(database, tmp_path / "out")
    assert (counts["orgs.csv"], counts["users.csv"], counts["enrollments.csv"]) == (3, 6, 3)
    report = await import_roster(database, tmp_path / "out", NOW, "command")
    assert report.refusals == [] and not report.written
    assert await snapshots.rows(database) == before


async def test_a_county_made_here_survives_the_way_out_and_in(database: Database, tmp_path: Path) -> None:
    """Rows without a sourcedId go by their ids; a second database gets the same names from it."""
    await seed(database, NOW, "command")
    async with database.write() as session:
        await session.execute(update(Person).where(Person.login == "teacher03").values(active=False))
        admin = await session.scalar(select(Person.id).where(Person.login == "teacher01"))
        await session.execute(insert(RoleGrant).values(person=admin, role="admin", kind="system"))
    before = await snapshots.rows(database)
    counts = await export_roster(database, tmp_path / "out")
    assert counts["users.csv"] == 10 + 12 + 1  # without the supervisor
    report = await import_roster(database, tmp_path / "out", NOW, "command")
    assert report.refusals == [] and not report.written
    assert await snapshots.rows(database) == before
    with (tmp_path / "out" / "roles.csv").open(encoding="utf-8", newline="") as file:
        assert {row["role"] for row in csv.DictReader(file)} == {"teacher", "aide", "districtAdministrator"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_export_fills_an_empty_database(database: Database, sqlite_template: Path, tmp_path: Path) -> None:
    await seed(database, NOW, "command")
    await export_roster(database, tmp_path / "out")
    other = tmp_path / "other.sqlite3"
    shutil.copy(sqlite_template, other)
    async with Database(f"sqlite:///{other}") as second:
        report = await import_roster(second, tmp_path / "out", NOW, "command")
        assert report.refusals == []
        await export_roster(second, tmp_path / "again")
    for name in ("orgs.csv", "academicSessions.csv", "classes.csv", "users.csv"):
        first, again = ((tmp_path / folder / name).read_text("utf-8").splitlines() for folder in ("out", "again"))
        assert sorted(first) == sorted(again)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_shape_of_the_files(database: Database, tmp_path: Path) -> None:
    await seed(database, NOW, "command")
    await export_roster(database, tmp_path / "out")
    for name, columns in COLUMNS.items():
        with (tmp_path / "out" / name).open(encoding="utf-8", newline="") as file:
            assert next(csv.reader(file)) == list(columns)
    with pytest.raises(UserError) as caught:
        await export_roster(database, tmp_path / "out")
    assert caught.value.code == "not_empty"
    (tmp_path / "file").touch()
    with pytest.raises(UserError) as caught:
        await export_roster(database, tmp_path / "file")
    assert caught.value.code == "cannot_write"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_that_a_spreadsheet_calculates(database: Database, tmp_path: Path) -> None:
    roster = rosters.county()
    link = '=HYPERLINK("https://id.example")'
    rosters.row(roster, "users.csv", "u1").update(familyName="", givenName=link, username="-jia")
    rosters.row(roster, "users.csv", "u5").update(familyName="@学", givenName="生甲")
    rosters.row(roster, "orgs.csv", "s1")["name"] = "+第一小学"
    rosters.row(roster, "classes.csv", "c1")["title"] = "'=三年级1班"
    await import_roster(database, rosters.write(roster, tmp_path / "r"), NOW, "command")
    before = await snapshots.rows(database)
    await export_roster(database, tmp_path / "out")
    cells = [
        cell
        for file in (tmp_path / "out").iterdir()
        for row in csv.reader(file.read_text("utf-8").splitlines())
        for cell in row
    ]
    assert f"'{link}" in cells and "''=三年级1班" not in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert not (await import_roster(database, tmp_path / "out", NOW, "command")).written
    assert await snapshots.rows(database) == before


@given(st.text(st.sampled_from("'=+-@a甲"), max_size=6))
def test_cells_are_guarded_and_back(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert guarded(cell)[:1] not in ("=", "+", "-", "@")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_whoever_waits_for_a_role_is_no_pupil(database: Database, tmp_path: Path) -> None:
    await import_roster(database, rosters.write(rosters.county(), tmp_path / "r"), NOW, "command")
    async with database.write() as session:
        school = await session.scalar(select(School.id).where(School.source == "s1"))
        session.add(Person(id="new", name="教师丁", school=school, issuer="https://id.example", subject="ding"))
    await export_roster(database, tmp_path / "out")
    for name in ("users.csv", "roles.csv"):
        assert "new" not in (tmp_path / "out" / name).read_text("utf-8")


@given(st.text(st.sampled_from("教师甲欧阳 ab'-"), min_size=1, max_size=8).map(str.strip).filter(bool))
def test_names_are_put_together_again(name: str) -> None:
    family, given = split_name(name)
    assert join_name(family.strip(), "", given.strip()) == name


def test_family_names() -> None:
    assert split_name("教师甲") == ("教", "师甲")
    assert split_name("欧阳甲") == ("欧阳", "甲")
    assert split_name("Anna Maria Svensson") == ("Svensson", "Anna Maria")
    assert join_name("Svensson", "Maria", "Anna") == "Anna Maria Svensson"
