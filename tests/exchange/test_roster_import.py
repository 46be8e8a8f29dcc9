"""What an import writes, that it writes it once, and that it writes all or nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.people import Enrolment, Person, RoleGrant
from signalling.db.places import PupilClass, Region, School
from signalling.db.records import Audit
from signalling.db.times import Calendar, Term
from signalling.exchange import roster_changes, roster_known
from signalling.exchange.oneroster import import_roster
from signalling.exchange.report import Report
from signalling.people.accounts import find_login
from tests.exchange import rosters, snapshots
from tests.exchange.rosters import row

NOW = 1_790_000_000.0


async def imported(database: Database, roster: rosters.Files, folder: Path, **options: Any) -> Report:
    return await import_roster(database, rosters.write(roster, folder), NOW, "command", **options)


async def people(database: Database) -> dict[str, Any]:
    async with database.read() as session:
        return {person.source: person for person in await session.scalars(select(Person))}


async def test_what_becomes_of_a_roster(database: Database, tmp_path: Path) -> None:
    report = await imported(database, rosters.county(), tmp_path / "r")
    assert report.refusals == [] and report.written
    assert {file: counts.created for file, counts in report.counts.items()} == {
        **{"manifest.csv": 0, "orgs.csv": 3, "academicSessions.csv": 1, "courses.csv": 0, "classes.csv": 3},
        **{"users.csv": 6, "roles.csv": 7, "enrollments.csv": 3},
    }
    async with database.read() as session:
        region = (await session.scalars(select(Region))).one()
        assert (region.name, region.kind, region.parent, region.path) == ("示例县", "county", None, f"/{region.id}/")
        schools = {school.source: school for school in await session.scalars(select(School))}
        assert (schools["s1"].kind, schools["s2"].kind) == ("lead", "receiving")
        calendar = (await session.scalars(select(Calendar))).one()
        assert {school.calendar for school in schools.values()} == {calendar.id}
        term = (await session.scalars(select(Term))).one()
        assert (term.name, str(term.starts), str(term.ends)) == ("第一学期", "2026-09-01", "2027-01-22")
        classes = {row.source: row for row in await session.scalars(select(PupilClass))}
        assert [(classes[id].grade, classes[id].size) for id in ("c1", "c2", "c3")] == [("3", 1), ("4", 0), ("3", 1)]
        who = {person.source: person for person in await session.scalars(select(Person))}
        assert (who["u1"].name, who["u1"].login, who["u1"].school) == ("教师甲", "teacher01", schools["s1"].id)
        assert who["u2"].school == schools["s1"].id  # that of her role
        assert (who["u5"].login, who["u6"].login) == (None, None)  # pupils do not sign in
        assert {person.password for person in who.values()} == {None}
        grants = {
            (grant.person, grant.role, grant.kind, grant.scope) for grant in await session.scalars(select(RoleGrant))
        }
        assert grants == {
            (who["u1"].id, "teacher", "school", schools["s1"].id),
            (who["u2"].id, "teacher", "school", schools["s1"].id),
            (who["u3"].id, "assistant", "school", schools["s2"].id),
            (who["u4"].id, "planner", "school", schools["s1"].id),
            (who["u4"].id, "planner", "region", region.id),
        }
        enrolled = {(row.pupil_class, row.person, row.role) for row in await session.scalars(select(Enrolment))}
        assert (classes["c1"].id, who["u1"].id, "teacher") in enrolled
        assert (classes["c3"].id, who["u6"].id, "pupil") in enrolled
        audit = (await session.scalars(select(Audit).order_by(Audit.number.desc()))).first()
        assert audit is not None
        assert (audit.action, audit.detail["counts"]["users.csv"]["created"]) == ("roster_imported", 6)


async def test_usernames_are_stored_as_they_are_looked_for(database: Database, tmp_path: Path) -> None:
    roster = rosters.county()
    row(roster, "users.csv", "u1")["username"] = "ｗａｎｇ０１"
    row(roster, "users.csv", "u5")["username"] = "学生甲（三年级）"  # does not sign in, so it need not fit
    assert (await imported(database, roster, tmp_path / "1")).refusals == []
    who = (await people(database))["u1"]
    assert await find_login(database, "ＷＡＮＧ01") == who.id and who.login == "wang01"
    assert not (await imported(database, roster, tmp_path / "2")).written


async def test_the_same_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    await imported(database, rosters.county(), tmp_path / "r")
    before = await snapshots.rows(database)
    counts = await snapshots.counts(database)
    again = await imported(database, rosters.county(), tmp_path / "r")
    assert not again.written and again.refusals == []
    assert sum(counted.created + counted.changed for counted in again.counts.values()) == 0
    assert (await snapshots.rows(database), await snapshots.counts(database)) == (before, counts)


async def test_changes_and_departures(database: Database, tmp_path: Path) -> None:
    roster = rosters.county()
    await imported(database, roster, tmp_path / "1")
    before = await people(database)
    row(roster, "orgs.csv", "s2")["name"] = "西沟村小学"
    row(roster, "users.csv", "u1")["username"] = "teacher02"  # two people exchange their logins
    row(roster, "users.csv", "u2")["username"] = "teacher01"
    row(roster, "users.csv", "u3")["status"] = "tobedeleted"
    row(roster, "users.csv", "u5")["enabledUser"] = "false"
    row(roster, "roles.csv", "r5")["status"] = "tobedeleted"
    row(roster, "enrollments.csv", "e1")["status"] = "tobedeleted"
    row(roster, "classes.csv", "c1")["title"] = "四年级1班"  # a year later
    row(roster, "classes.csv", "c2")["title"] = "五年级1班"
    row(roster, "academicSessions.csv", "t1")["endDate"] = "2027-01-29"
    report = await imported(database, roster, tmp_path / "2")
    assert report.refusals == []
    assert {file: counts.changed for file, counts in report.counts.items() if counts.changed} == {
        **{"orgs.csv": 1, "academicSessions.csv": 1, "classes.csv": 2, "users.csv": 4, "roles.csv": 1},
        "enrollments.csv": 1,
    }
    after = await people(database)
    assert {source: person.id for source, person in after.items()} == {
        source: person.id for source, person in before.items()
    }
    assert [after[id].login for id in ("u1", "u2")] == ["teacher02", "teacher01"]
    assert [after[id].active for id in ("u1", "u3", "u5")] == [True, False, False]
    async with database.read() as session:
        names = {row.source: row.name for row in await session.scalars(select(PupilClass))}
        assert names == {"c1": "四年级1班", "c2": "五年级1班", "c3": "三年级"}
    assert (await snapshots.counts(database))["role_grant"] == 4


async def test_what_a_roster_does_not_name_is_left_alone(database: Database, tmp_path: Path) -> None:
    await imported(database, rosters.county(), tmp_path / "1")
    async with database.write() as session:
        person = await session.scalar(select(Person.id).where(Person.source == "u1"))
        await session.execute(update(Person).where(Person.source == "u5").values(login="pupil", password="hash"))
        await session.execute(insert(RoleGrant).values(person=person, role="admin", kind="system"))
        await session.execute(update(PupilClass).where(PupilClass.source == "c1").values(size=45))
    before = await snapshots.rows(database)
    small = rosters.county()
    for name in ("users.csv", "roles.csv", "enrollments.csv"):
        small[name] = small[name][:1]
    assert not (await imported(database, small, tmp_path / "2")).written
    assert not (await imported(database, rosters.county(), tmp_path / "3")).written
    assert await snapshots.rows(database) == before


async def test_regions_form_a_tree_that_can_be_moved(database: Database, tmp_path: Path) -> None:
    roster = rosters.county()
    roster["orgs.csv"] += [
        {"sourcedId": "n", "name": "国", "type": "national"},
        {"sourcedId": "p", "name": "示例省", "type": "state", "parentSourcedId": "n"},
        {"sourcedId": "l", "name": "示例市", "type": "local", "parentSourcedId": "p"},
    ]
    await imported(database, roster, tmp_path / "1")
    row(roster, "orgs.csv", "d1")["parentSourcedId"] = "l"
    report = await imported(database, roster, tmp_path / "2")
    assert (report.counts["orgs.csv"].changed, report.counts["orgs.csv"].skipped) == (1, 1)
    async with database.read() as session:
        found = {region.source: region for region in await session.scalars(select(Region))}
    assert [found[id].kind for id in ("p", "l", "d1")] == ["province", "city", "county"]
    assert found["d1"].path == f"/{found['p'].id}/{found['l'].id}/{found['d1'].id}/"
    alone = rosters.county()  # the district's own roster knows nothing above itself
    assert not (await imported(database, alone, tmp_path / "3")).written


async def test_rows_that_are_right_can_be_taken_alone(database: Database, tmp_path: Path) -> None:
    roster = rosters.county()
    row(roster, "users.csv", "u1")["familyName"] = "教" * 121
    report = await imported(database, roster, tmp_path / "r", skip_refused=True)
    assert report.written
    assert {(line.file, line.row) for line in report.refusals} == {
        *(("users.csv", 2), ("roles.csv", 2), ("enrollments.csv", 2))
    }
    assert "u1" not in await people(database)
    assert (await snapshots.counts(database))["person"] == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_several_calendars(database: Database, tmp_path: Path) -> None:
    async with database.write() as session:
        await session.execute(insert(Calendar), [{"id": "a", "name": "甲县"}, {"id": "b", "name": "乙县"}])
    with pytest.raises(UserError) as caught:
        await imported(database, rosters.county(), tmp_path / "r")
    assert caught.value.code == "which_calendar"
    with pytest.raises(UserError) as caught:
        await imported(database, rosters.county(), tmp_path / "r", calendar="丙县")
    assert caught.value.code == "unknown_calendar"
    await imported(database, rosters.county(), tmp_path / "r", calendar="乙县")
    async with database.read() as session:
        assert set(await session.scalars(select(School.calendar))) == {"b"}


async def test_a_zip_archive_in_gb18030(database: Database, tmp_path: Path) -> None:
    folder = rosters.write(rosters.county(), tmp_path / "r")
    with zipfile.ZipFile(tmp_path / "r.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.writestr(f"名单/{file.name}", file.read_text("utf-8").encode("gb18030"))
    report = await import_roster(database, tmp_path / "r.zip", NOW, "command")
    assert report.written and report.refusals == []
    assert (await people(database))["u1"].name == "教师甲"


async def test_somebody_else_was_faster(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = roster_known.load

    async def slowly(*arguments: Any) -> Any:
        known = await load(*arguments)
        monkeypatch.setattr(roster_known, "load", load)
        async with Database(database_url) as other:
            await imported(other, rosters.county(), tmp_path / "r")
        return known

    monkeypatch.setattr(roster_known, "load", slowly)
    with pytest.raises(UserError) as caught:
        await imported(database, rosters.county(), tmp_path / "r")
    assert (caught.value.status, caught.value.code) == (409, "changed_meanwhile")
    assert (await snapshots.counts(database))["person"] == 6


async def test_an_import_that_is_cancelled_leaves_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()
    apply = roster_changes.apply

    async def stuck(*arguments: Any) -> None:
        await apply(*arguments)
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(roster_changes, "apply", stuck)
    task = asyncio.create_task(imported(database, rosters.large(500), tmp_path / "r"))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await snapshots.counts(database) == {"audit_head": 1}
    monkeypatch.setattr(roster_changes, "apply", apply)
    assert (await imported(database, rosters.large(500), tmp_path / "r")).written


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from signalling.db.engine import Database
from signalling.exchange.oneroster import import_roster

def progress(stage, done, total):
    if stage == "write" and done > total / 2:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with Database(sys.argv[1]) as database:
        await import_roster(database, Path(sys.argv[2]), 0, "command", progress=progress)

asyncio.run(main())
"""


async def test_an_import_that_is_killed_leaves_nothing(database: Database, database_url: str, tmp_path: Path) -> None:
    path = rosters.write(rosters.large(3000), tmp_path / "r")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, database_url, str(path), env={**os.environ, "PYTHONPATH": os.getcwd()}
    )
    assert await child.wait() == -signal.SIGKILL
    assert await snapshots.counts(database) == {"audit_head": 1}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_memory_is_bounded(database: Database, tmp_path: Path) -> None:
    path = rosters.write(rosters.large(5000), tmp_path / "r")
    seen: set[tuple[str, int, int | None]] = set()
    tracemalloc.start()
    try:
        report = await import_roster(database, path, NOW, "command", progress=lambda *step: seen.add(step))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.counts["users.csv"].created == 5000
    assert peak < 16 << 20  # about two kilobytes for a person, her roles and classes, and some for the way
    stages = {stage: max(done for name, done, _ in seen if name == stage) for stage, *_ in seen}
    assert stages["read"] > 15_000
    assert stages["write"] == next(total for stage, _, total in seen if stage == "write")


async def test_statements_are_bulk(database: Database, tmp_path: Path) -> None:
    statements = 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    path = rosters.write(rosters.large(3000), tmp_path / "r")
    engine = database._writing.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        await import_roster(database, path, NOW, "command")
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert statements < 60
