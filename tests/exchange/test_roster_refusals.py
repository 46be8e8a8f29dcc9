"""Every reason for which a row of a roster is refused, and that nothing is written then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.exchange import roster_form as form
from signalling.exchange import roster_read
from signalling.exchange.archive import files
from signalling.exchange.oneroster import import_roster
from signalling.exchange.report import Report
from tests.exchange import rosters, snapshots
from tests.exchange.rosters import Files, row

Spoil = Callable[[Files], object]
NOW = 1_790_000_000.0


def change(file: str, id: str, **cells: str) -> Spoil:
    return lambda roster: row(roster, file, id).update(cells)


def add(file: str, cells: dict[str, str]) -> Spoil:
    return lambda roster: roster[file].append(cells)


def drop(file: str, id: str) -> Spoil:
    return lambda roster: roster[file].remove(row(roster, file, id))


CASES: list[tuple[str, str, str, Spoil]] = [
    ("file_missing", "roles.csv", "", lambda roster: roster.pop("roles.csv")),
    ("empty", "orgs.csv", "name", change("orgs.csv", "s2", name="")),
    ("empty", "users.csv", "familyName", change("users.csv", "u2", givenName="", familyName="")),
    ("unknown_value", "orgs.csv", "type", change("orgs.csv", "s2", type="kindergarten")),
    ("unknown_value", "orgs.csv", "metadata.kind", change("orgs.csv", "s2", **{"metadata.kind": "county"})),
    ("unknown_value", "users.csv", "enabledUser", change("users.csv", "u2", enabledUser="maybe")),
    ("unknown_value", "users.csv", "status", change("users.csv", "u2", status="gone")),
    ("unknown_value", "roles.csv", "role", change("roles.csv", "r2", role="king")),
    ("bad_date", "academicSessions.csv", "startDate", change("academicSessions.csv", "t1", startDate="1.9.2026")),
    ("bad_length", "classes.csv", "title", change("classes.csv", "c2", title="班" * 121)),
    ("bad_length", "users.csv", "familyName", change("users.csv", "u2", familyName="教" * 121)),
    ("bad_length", "users.csv", "username", change("users.csv", "u2", username="x" * 81)),
    ("twice", "users.csv", "sourcedId", add("users.csv", rosters.user("u2", "教", "师丙", "teacher03", "s1"))),
    (
        *("twice", "enrollments.csv", "userSourcedId"),
        add("enrollments.csv", rosters.enrollment("e4", "c1", "u5", "teacher")),
    ),
    ("unknown_reference", "classes.csv", "courseSourcedId", change("classes.csv", "c1", courseSourcedId="k9")),
    ("unknown_reference", "orgs.csv", "parentSourcedId", change("orgs.csv", "s2", parentSourcedId="d9")),
    ("unknown_reference", "users.csv", "primaryOrgSourcedId", change("users.csv", "u6", primaryOrgSourcedId="s9")),
    ("unknown_reference", "roles.csv", "orgSourcedId", change("roles.csv", "r5", orgSourcedId="d9")),
    ("unknown_reference", "roles.csv", "userSourcedId", change("roles.csv", "r5", userSourcedId="u9")),
    ("unknown_reference", "enrollments.csv", "classSourcedId", change("enrollments.csv", "e2", classSourcedId="c9")),
    ("not_a_school", "classes.csv", "schoolSourcedId", change("classes.csv", "c2", schoolSourcedId="d1")),
    ("no_region", "orgs.csv", "parentSourcedId", change("orgs.csv", "s2", parentSourcedId="")),
    ("not_a_region", "orgs.csv", "parentSourcedId", change("orgs.csv", "s2", parentSourcedId="s1")),
    ("circle", "orgs.csv", "parentSourcedId", change("orgs.csv", "d1", parentSourcedId="d1")),
    ("other_school", "enrollments.csv", "schoolSourcedId", change("enrollments.csv", "e2", schoolSourcedId="s2")),
    ("user_without_role", "users.csv", "sourcedId", drop("roles.csv", "r2")),
    ("login_taken", "users.csv", "username", change("users.csv", "u2", username="TEACHER01")),
    ("login_taken", "users.csv", "username", change("users.csv", "u2", username="ＴＥＡＣＨＥＲ０１")),
    ("bad_login", "users.csv", "username", change("users.csv", "u2", username="教师乙（语文）")),
    ("bad_login", "users.csv", "username", change("users.csv", "u2", username="教师\u3000乙")),
    ("name_taken", "classes.csv", "title", change("classes.csv", "c2", title="三年级1班")),
    ("term_order", "academicSessions.csv", "endDate", change("academicSessions.csv", "t1", endDate="2026-08-01")),
    (
        *("term_overlaps", "academicSessions.csv", "startDate"),
        add("academicSessions.csv", rosters.session("t2", "重叠", "term", "2027-01-01", "2027-02-01")),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "file", "column", "spoil"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_refused_row_keeps_everything_out(
    database: Database, tmp_path: Path, code: str, file: str, column: str, spoil: Spoil
) -> None:
    roster = rosters.county()
    announced = {f"file.{name.removesuffix('.csv')}": "bulk" for name in roster}
    spoil(roster)
    report = await import_roster(database, rosters.write(roster, tmp_path / "roster", announced), NOW, "command")
    assert (code, file, column) in {(line.code, line.file, line.column) for line in report.refusals}
    assert all(line.sentence.endswith(".") and "{" not in line.sentence for line in report.refusals)
    assert not report.written
    assert await snapshots.counts(database) == {"audit_head": 1}


AFTERWARDS: list[tuple[str, str, str, Spoil]] = [
    ("cannot_delete", "orgs.csv", "status", change("orgs.csv", "d1", status="tobedeleted")),
    ("cannot_delete", "academicSessions.csv", "status", change("academicSessions.csv", "t1", status="tobedeleted")),
    ("cannot_change", "orgs.csv", "type", change("orgs.csv", "s2", type="district")),
    (
        *("login_taken", "users.csv", "username"),
        lambda roster: (drop("users.csv", "u1")(roster), change("users.csv", "u2", username="teacher01")(roster)),
    ),
    (
        *("name_taken", "classes.csv", "title"),
        lambda roster: (drop("classes.csv", "c1")(roster), change("classes.csv", "c2", title="三年级1班")(roster)),
    ),
    (
        *("term_overlaps", "academicSessions.csv", "startDate"),
        change("academicSessions.csv", "t1", sourcedId="t2", startDate="2026-09-02"),
    ),
]


@pytest.mark.parametrize(("code", "file", "column", "spoil"), AFTERWARDS)
async def test_refused_by_what_the_database_holds(
    database: Database, tmp_path: Path, code: str, file: str, column: str, spoil: Spoil
) -> None:
    roster = rosters.county()
    assert (await import_roster(database, rosters.write(roster, tmp_path / "1"), NOW, "command")).written
    before = await snapshots.rows(database)
    spoil(roster)
    report = await import_roster(database, rosters.write(roster, tmp_path / "2"), NOW, "command")
    assert (code, file, column) in {(line.code, line.file, line.column) for line in report.refusals}
    assert await snapshots.rows(database) == before


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"oneroster.version": "1.1"}, "not_oneroster"),
        ({"file.users": "delta"}, "delta_roster"),
        ({f"file.{name.removesuffix('.csv')}": "absent" for name in form.COLUMNS}, "empty_roster"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_no_roster(database: Database, tmp_path: Path, properties: dict[str, str], code: str) -> None:
    with pytest.raises(UserError) as caught:
        await import_roster(database, rosters.write(rosters.county(), tmp_path / "r", properties), NOW, "command")
    assert (caught.value.status, caught.value.code) == (422, code)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_folder_without_manifest(database: Database, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        await import_roster(database, tmp_path, NOW, "command")
    assert caught.value.code == "no_manifest"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_that_the_manifest_does_not_announce(database: Database, tmp_path: Path) -> None:
    path = rosters.write(rosters.county(), tmp_path / "r", {"file.courses": "absent"})
    report = await import_roster(database, path, NOW, "command")
    assert ("manifest_disagrees", "courses.csv") in {(line.code, line.file) for line in report.refusals}


CELLS = st.sampled_from(
    ["", "d1", "s1", "u1", "c1", "teacher", "school", "tobedeleted", "2026-09-01", "\ufeff", "教" * 300]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.data())
def test_any_file_is_read_or_reported(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "roster"
    rosters.write(rosters.county(), folder)
    name = data.draw(st.sampled_from(sorted(form.COLUMNS)))
    if data.draw(st.booleans()):
        content = data.draw(st.binary(max_size=300))
    else:
        header = form.COLUMNS[name]
        lines = data.draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=5))
        content = "\n".join(",".join(line) for line in (header, *lines)).encode()
    (folder / name).write_bytes(content)
    report = Report()
    try:
        with files(folder, form.COLUMNS.keys()) as found:
            roster_read.read(found, report, lambda _: None)
    except UserError as error:
        assert error.status == 422
    assert all(line.sentence for line in report.refusals)


@pytest.mark.parametrize("name", sorted(rosters.county()))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_that_was_cut_off(database: Database, tmp_path: Path, name: str) -> None:
    folder = rosters.write(rosters.county(), tmp_path / "r")
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: data.rindex(b",,")])
    report = await import_roster(database, folder, NOW, "command")
    assert ("cut_short", name) in {(line.code, line.file) for line in report.refusals}
    assert await snapshots.counts(database) == {"audit_head": 1}


@pytest.mark.parametrize("name", sorted(rosters.county()))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_with_an_open_quote(database: Database, tmp_path: Path, name: str) -> None:
    folder = rosters.write(rosters.county(), tmp_path / "r")
    lines = (folder / name).read_text("utf-8").splitlines()
    (folder / name).write_text("\n".join([lines[0], '"' + lines[1], *lines[2:]]), "utf-8")
    report = await import_roster(database, folder, NOW, "command")
    assert ("unclosed_quote", name, 2) in {(line.code, line.file, line.row) for line in report.refusals}
    assert not report.written
