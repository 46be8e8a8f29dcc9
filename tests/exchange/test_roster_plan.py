"""Whatever a roster says, what is planned fits together: every reference leads to a row, every unique name is one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signalling.db.people import Enrolment, Person, RoleGrant
from signalling.db.places import PupilClass, Region, School
from signalling.db.times import Calendar, Term
from signalling.exchange import roster_plan, roster_read
from signalling.exchange.archive import files
from signalling.exchange.report import Report
from signalling.exchange.roster_changes import Changes
from signalling.exchange.roster_form import COLUMNS
from signalling.exchange.roster_known import (
    ClassRow,
    Known,
    PersonRow,
    RegionRow,
    SchoolRow,
    TermRow,
)
from tests.exchange import rosters

VALUES = (
    *("", "d1", "d2", "s1", "s2", "u1", "u2", "u5", "c1", "c3", "t1", "active", "tobedeleted", "teacher01"),
    *("teacher", "student", "parent", "school", "district", "state", "national", "true", "false", "primary"),
    *("三年级1班", "2026-09-01", "2027-02-01", "term", "semester"),
)
NAMES = sorted(name for name in COLUMNS if name != "manifest.csv")


@st.composite
def spoilt(draw: st.DrawFn) -> rosters.Files:
    """A county with some cells changed, some rows missing and some doubled."""
    roster = rosters.county()
    roster["orgs.csv"].append(
        {"sourcedId": "d2", "name": "邻县", "type": "district", "parentSourcedId": draw(st.sampled_from(["", "d1"]))}
    )
    for name, what, number, column, value in draw(
        st.lists(
            st.tuples(
                st.sampled_from(NAMES),
                st.sampled_from(["change", "change", "change", "drop", "double"]),
                st.integers(0, 10),
                st.integers(0, 12),
                st.sampled_from(VALUES),
            ),
            max_size=8,
        )
    ):
        rows = roster[name]
        if not rows:
            continue
        row = rows[number % len(rows)]
        if what == "drop":
            rows.remove(row)
        elif what == "double":
            rows.append(dict(row) | {"sourcedId": value})
        else:
            row[COLUMNS[name][column % len(COLUMNS[name])]] = value
    return roster


def planned(roster: rosters.Files, folder: Path, known: Known, numbers: Iterator[int]) -> tuple[Changes, Report]:
    report = Report()
    with files(rosters.write(roster, folder), COLUMNS.keys()) as found:
        read = roster_read.read(found, report, lambda _: None)
    return roster_plan.plan(read, known, report, None, lambda: f"new{next(numbers)}"), report


def after(known: Known, changes: Changes) -> Known:
    """What the database would hold."""
    rows: dict[Any, dict[str, dict[str, Any]]] = {
        table: {id: dict(row._asdict()) for id, row in found.by_id.items()}
        for table, found in (
            *((Region, known.regions), (School, known.schools), (Term, known.terms)),
            *((PupilClass, known.classes), (Person, known.people)),
        )
    }
    for table, found in rows.items():
        for row in changes.inserts.get(table, ()):
            assert row["id"] not in found
            found[row["id"]] = {"active": True} | row
        for id, values in changes.updates.get(table, {}).items():
            found[id] |= values
    result = Known(known.calendars | {row["id"]: row["name"] for row in changes.inserts.get(Calendar, ())})
    for table, kind, found in (
        *((Region, RegionRow, result.regions), (School, SchoolRow, result.schools), (Term, TermRow, result.terms)),
        *((PupilClass, ClassRow, result.classes), (Person, PersonRow, result.people)),
    ):
        found.add(kind(*(row[name] for name in kind._fields)) for row in rows[table].values())
    result.logins = {person.login: person for person in result.people.by_id.values() if person.login}
    result.grants = {
        **{key: id for key, id in known.grants.items() if id not in changes.deletes.get(RoleGrant, ())},
        **{(row["person"], row["role"], row["kind"], row["scope"]): row["id"] for row in changes.inserts[RoleGrant]},
    }
    enrolments = {
        key: held for key, held in known.enrolments.items() if held[0] not in changes.deletes.get(Enrolment, ())
    }
    for row in changes.inserts[Enrolment]:
        assert (row["pupil_class"], row["person"]) not in enrolments
        enrolments[row["pupil_class"], row["person"]] = row["id"], row["role"]
    result.enrolments = {
        key: (id, changes.updates[Enrolment].get(id, {}).get("role", role)) for key, (id, role) in enrolments.items()
    }
    return result


def fits_together(known: Known) -> None:
    regions, schools, people = known.regions.by_id, known.schools.by_id, known.people.by_id
    for region in regions.values():
        above = regions[region.parent].path if region.parent else "/"
        assert region.path == f"{above}{region.id}/"
    assert all(school.region in regions for school in schools.values())
    assert all(term.calendar in known.calendars and term.starts <= term.ends for term in known.terms.by_id.values())
    classes = list(known.classes.by_id.values())
    assert all(row.school in schools for row in classes)
    assert len({(row.school, row.name) for row in classes}) == len(classes)
    assert all(person.school is None or person.school in schools for person in people.values())
    logins = [person.login for person in people.values() if person.login]
    assert len(set(logins)) == len(logins)
    for person, _, kind, scope in known.grants:
        assert person in people and scope in (schools if kind == "school" else regions)
    for class_, person in known.enrolments:
        assert class_ in known.classes.by_id and person in people


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(spoilt(), spoilt())
def test_any_two_rosters_one_after_the_other(tmp_path: Path, first: rosters.Files, second: rosters.Files) -> None:
    known, numbers = Known(), itertools.count()
    for roster in (first, second):
        changes, report = planned(roster, tmp_path / "roster", known, numbers)
        known = after(known, changes)
        fits_together(known)
        assert all(line.sentence for line in report.refusals)
        counted = {file: sum(counts.as_json().values()) for file, counts in report.counts.items()}
        for file in NAMES:
            assert counted.get(file, 0) == len(roster[file]), file
        again, _ = planned(roster, tmp_path / "roster", known, numbers)
        assert len(again) == 0
