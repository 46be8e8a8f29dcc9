"""Who finds what: every right, asked by people at every distance."""

import datetime as dt

import pytest

from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.db.people import Person
from signalling.library import access
from signalling.people.roles import SYSTEM, Grant, Scope
from tests.people.conftest import NOW, County, seed_county

WHO = {
    "maker": ("lead", []),
    "colleague": ("lead", []),
    "neighbour": ("village", []),
    "far": ("foreign", []),
    "nobody": (None, []),
    "classroom": (None, [("assistant", "classroom", "lead_room")]),
    "school": (None, [("staff", "school", "lead")]),
    "county": (None, [("admin", "region", "county")]),
    "other_county": (None, [("admin", "region", "other_county")]),
    "city": (None, [("staff", "region", "city")]),
    "system": (None, [("admin", "system", "")]),
}
"""Person → her school, her grants."""
OF_SCHOOL = {"maker", "colleague", "classroom", "school", "county", "city", "system"}
FINDS = {
    "own": {"maker"},
    "school": OF_SCHOOL,
    "county": OF_SCHOOL | {"neighbour"},
    "province": OF_SCHOOL | {"neighbour", "far", "other_county"},
    "public": set(WHO),
    "a right of tomorrow": {"maker"},
}


def _grant(role: str, kind: str, name: str, county: County) -> Grant:
    return Grant(role, Scope(kind, getattr(county, name)) if name else SYSTEM)


@pytest.mark.parametrize("rights", FINDS)
async def test_each_right_shares_with_whom_it_says(database: Database, rights):
    county = await seed_county(database)
    async with database.write() as session:
        for who, (school, _) in WHO.items():
            session.add(Person(id=who, name="教师甲", school=getattr(county, school) if school else None))
        await session.flush()
        resource = Resource(
            kind="lesson", state="published", title="勾股定理", rights=rights, school=county.lead, region=county.county,
            day=dt.date(2026, 9, 8), made=int(NOW), changed=int(NOW), made_by="maker",
        )  # fmt: skip
        session.add(resource)
    async with database.read() as session:
        carried = await access.of_resource(session, resource)
        found = set()
        for who, (_, grants) in WHO.items():
            given = [_grant(*grant, county) for grant in grants]
            if access.finds(await access.of_person(session, who, given), carried):
                found.add(who)
    assert found == FINDS[rights]


async def test_what_lies_in_no_region_is_shared_with_the_whole_system_alone(database: Database):
    home = access.Home(None, ())
    assert access.terms("county", home, ("jia", None)) == {"person:jia", "system"}
    async with database.read() as session:
        assert await access.of_person(session, "unknown", []) == {"public", "person:unknown"}
