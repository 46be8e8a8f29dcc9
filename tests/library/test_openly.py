"""What is public, listed for programs elsewhere: in order, and never by looking through all that there is."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.db.places import Region
from signalling.library import openly
from signalling.library.openly import PUBLIC, Place
from tests.library.shelf import DAY
from tests.people.conftest import seed_county

GONE = (Resource.withdrawn, ~PUBLIC)


async def test_places_are_listed_page_by_page_in_the_order_of_changes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openly, "AT_ONCE", 2)
    county, dice = await seed_county(database), random.Random(1)
    regions = [county.province, county.city, county.county, county.other_county]
    rows = []
    for number in range(40):
        public, withdrawn = dice.random() < 0.6, dice.random() < 0.5
        rights = {"rights": "public" if public else "school", "withdrawn": withdrawn and not public}
        said = {
            "kind": "link",
            "state": "published",
            "title": "公开",
            "day": DAY,
            "made": 1,
            "region": dice.choice(regions),
        }
        rows.append({**said, **rights, "id": f"r{number:02}", "changed": dice.randrange(6)})
    async with database.write() as session:
        session.add_all(Resource(**row) for row in rows)
    listed = sorted(
        (row["changed"], row["id"], row["region"]) for row in rows if row["rights"] == "public" or row["withdrawn"]
    )
    below = {
        None: regions,
        Place("region", county.city, ""): regions[1:],
        Place("region", county.county, ""): [county.county],
        Place("school", county.lead, ""): [],
    }
    async with database.read() as session:
        for of, here in below.items():
            found, after = [], None
            while page := await openly.listed(session, 4, after, of=of):
                after = (page[-1].row.changed, page[-1].row.id)
                found += [(it.row.changed, it.row.id, it.row.region) for it in page]
            assert found == [it for it in listed if it[2] in here]
        feed = await openly.newest(session, Place("region", county.city, ""))
        public = {row["id"] for row in rows if row["rights"] == "public"}
        assert [it.row.id for it in feed] == [
            id for _, id, at in reversed(listed) if id in public and at in regions[1:]
        ]
        assert {it.id for it in await openly.places(session)} == set(regions)


async def test_an_index_has_it_in_its_order(tmp_path: Path) -> None:
    """A place with little must not cost as much as all that is public."""
    async with Database(f"sqlite:///{tmp_path / 'tongke.sqlite3'}") as database:
        await database.upgrade()
        async with database.write() as session:
            session.add(Region(id="city", kind="city", name="市", path="/city/"))
        plans = {}
        async with database.read() as session:
            connection = await session.connection()
            for of in (None, Place("school", "s0", ""), Place("region", "city", "")):
                there = await openly._places(session, of)
                for wanted, newest in (((PUBLIC,), False), ((PUBLIC,), True), (GONE, False)):
                    asked = openly.asked(wanted, there, 50, newest=newest)
                    sql = asked.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
                    rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")
                    plan = plans[of and of.kind, wanted is GONE, newest] = " ".join(str(row[3]) for row in rows)
                    assert "B-TREE" not in plan and "SCAN resource" not in plan
    names = {key: plan.partition("INDEX ")[2].partition(" ")[0] for key, plan in plans.items()}
    assert names[None, True, False] == "ix_resource_withdrawn_changed_id"
    for kind in ("school", "region"):
        assert names[kind, False, False] == names[kind, False, True] == f"ix_resource_{kind}_rights_state_changed_id"
        assert names[kind, True, False] == f"ix_resource_{kind}_withdrawn_changed_id"
