"""A roster that would take away what booked lessons need is refused as a whole."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from mediaserver.api import UserError
from signalling.booking import change
from signalling.db.engine import Database
from signalling.db.people import Person, RoleGrant
from signalling.db.places import School
from signalling.db.times import Term
from signalling.exchange.oneroster import import_roster
from signalling.exchange.roster_export import export_roster
from tests.booking.conftest import county
from tests.booking.county import NOW, book, request

__all__ = ["county"]

Row = dict[str, str]


def closed(id: str) -> Callable[[Row], None]:
    def edit(row: Row) -> None:
        if row["sourcedId"] == id:
            row["status"] = "tobedeleted"

    return edit


def shortened(row: Row) -> None:
    if row["sourcedId"] == "year":
        row["endDate"] = "2026-09-20"


def edited(file: Path, edit: Callable[[Row], None]) -> None:
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    for row in rows:
        edit(row)
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


async def test_the_last_administrator_stays(county: Database, tmp_path: Path) -> None:
    await export_roster(county, tmp_path / "r")
    edited(tmp_path / "r" / "users.csv", closed("p1"))
    async with county.write() as session:
        for id in ("p1", "p2"):
            await session.execute(update(Person).where(Person.id == id).values(password="hash"))
            session.add(RoleGrant(id=f"admin-{id}", person=id, role="admin", kind="system"))
        await session.execute(update(Person).where(Person.id == "p2").values(active=False))
    with pytest.raises(UserError) as caught:
        await import_roster(county, tmp_path / "r", NOW, "command")
    assert (caught.value.status, caught.value.code) == (409, "last_admin") and caught.value.detail.endswith(".")
    async with county.write() as session:
        await session.execute(update(Person).where(Person.id == "p2").values(active=True))
    edited(tmp_path / "r" / "users.csv", closed("p2"))
    with pytest.raises(UserError) as caught:  # both of them at once
        await import_roster(county, tmp_path / "r", NOW, "command")
    assert caught.value.code == "last_admin"
    async with county.write() as session:
        session.add(RoleGrant(id="admin-p0", person="p0", role="admin", kind="system"))
        await session.execute(update(Person).where(Person.id == "p0").values(subject="p0", issuer="https://id.example"))
    assert (await import_roster(county, tmp_path / "r", NOW, "command")).written
    async with county.read() as session:
        assert not any(await session.scalars(select(Person.active).where(Person.id.in_(("p1", "p2")))))


@pytest.mark.parametrize(
    ("file", "edit"),
    [
        ("orgs.csv", closed("s1")),
        ("classes.csv", closed("c0")),
        ("users.csv", closed("t0")),
        ("users.csv", closed("a1")),
        ("academicSessions.csv", shortened),
    ],
    ids=["school", "class", "teacher", "assistant", "term"],
)
async def test_what_lessons_need_stays(
    county: Database, tmp_path: Path, file: str, edit: Callable[[Row], None]
) -> None:
    booked = await book(county, request())
    async with county.write() as session:
        for person, role, school in (("t0", "teacher", "s0"), ("a1", "assistant", "s1")):
            session.add(RoleGrant(id=f"r{person}", person=person, role=role, kind="school", scope=school))
    await export_roster(county, tmp_path / "r")
    edited(tmp_path / "r" / file, edit)
    with pytest.raises(UserError) as caught:
        await import_roster(county, tmp_path / "r", NOW, "command")
    assert caught.value.code == "lessons_booked" and caught.value.detail.endswith(".")
    async with county.read() as session:
        assert all(await session.scalars(select(School.active)))
        assert all(await session.scalars(select(Person.active)))
        assert {str(day) for day in await session.scalars(select(Term.ends))} == {"2027-01-15"}
    for lesson in booked.lessons:
        await change.cancel(county, lesson, "p0", NOW)
    assert (await import_roster(county, tmp_path / "r", NOW, "command")).written
