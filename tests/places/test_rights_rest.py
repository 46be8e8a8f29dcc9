"""Every route about places, people, imports and the log refuses whoever may not."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.booking.limits import Rules
from signalling.people.roles import ROLES, TABLE, Where
from signalling.rest.audit import AuditResource
from signalling.rest.calendars import BellsResource, CalendarsResource
from signalling.rest.classrooms import ClassesResource, ClassroomsResource
from signalling.rest.exports import ExportsResource
from signalling.rest.imports import ImportsResource
from signalling.rest.jobs import Jobs
from signalling.rest.operation import Operation
from signalling.rest.people import PeopleResource
from signalling.rest.places import RegionsResource, SchoolsResource
from tests.people.conftest import person
from tests.places.conftest import Desk

RESOURCES = (
    RegionsResource(),
    SchoolsResource(),
    ClassroomsResource(),
    ClassesResource(),
    CalendarsResource(),
    BellsResource(),
    PeopleResource(None),  # type: ignore[arg-type]
    ImportsResource(Jobs(), Rules()),
    ExportsResource(),
    AuditResource(),
)
OPERATIONS = [operation for resource in RESOURCES for operation in resource.operations()]
OWN = {"people_all"}
"""Everybody sees something there: herself."""
LATER = {"imports_read", "imports_report"}
"""Of an import that somebody began: test_imports_rest.py."""


def asked(operation: Operation, ids: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """A request that whoever may would be answered."""
    school, region = ids["school"], ids["region"]
    bodies: dict[str, Any] = {
        "regions_create": {"parent": region, "kind": "county", "name": "新县"},
        "schools_create": {"region": region, "calendar": ids["calendar"], "name": "新小学", "kind": "lead"},
        "classrooms_create": {"school": school, "name": "新教室", "kind": "lead"},
        "classes_create": {"school": school, "name": "一年级1班"},
        "calendars_create": {"name": "新校历"},
        "calendars_days": {"days": []},
        "calendars_add_term": {"name": "秋", "starts": "2100-09-01", "ends": "2101-01-15"},
        "bells_replace": {"tables": []},
        "people_create": {"name": "教师甲", "school": school},
        "people_password": {"password": "winter-laterne-zug"},
        "people_grant": {"role": "teacher", "kind": "school", "scope": school},
        "regions_change": {"name": "改名"},
        "calendars_change": {"name": "改名"},
    }
    queries = {
        "people_revoke": f"?role=teacher&kind=school&scope={school}",
        "calendars_proposal": "?first=2026-01-01&last=2026-02-01",
        "imports_timetable": f"?school={school}",
        "imports_days": f"?calendar={ids['calendar']}",
        "exports_timetable": f"?school={school}&day=2026-09-01",
    }
    path = operation.path.format(**ids) + queries.get(operation.id, "")
    if operation.uploads:
        return path, {"data": b"x", "headers": {"Content-Type": operation.uploads[0]}}
    return path, {"body": bodies.get(operation.id, {} if operation.method != "GET" else None)}


@pytest.fixture
async def ids(desk: Desk) -> dict[str, str]:
    county = desk.county
    pupils = await desk.ask("POST", "/classes", {"school": county.lead, "name": "三年级1班"})
    jia = await person(desk.office.accounts, "jia", school=county.lead)
    school = await desk.ask("GET", f"/schools/{county.lead}")
    return {
        "region": county.county,
        "school": county.lead,
        "classroom": county.lead_room,
        "class": pupils["id"],
        "calendar": school["calendar"],
        "person": jia,
        "term": "0" * 16,
        "import": "0" * 16,
    }


async def test_the_wrong_role(desk: Desk, ids: dict[str, str]) -> None:
    """In the right place: each role that may not. `places.read` and `times.read` are for all who have any."""
    assert all(operation.right in TABLE for operation in OPERATIONS) and len(OPERATIONS) > 40
    for role in (None, *ROLES):
        await desk.sign_in(f"r-{role}", *([(role, "system", "")] if role else ()))
        for operation in OPERATIONS:
            if operation.id in OWN | LATER or (role and role in TABLE[operation.right].roles):
                continue
            path, more = asked(operation, ids)
            assert await desk.refused(operation.method, path, **more) == (403, "forbidden"), (operation.id, role)


async def test_the_wrong_place(desk: Desk, ids: dict[str, str]) -> None:
    """The right role, for a county next to it."""
    await desk.sign_in("west", ("admin", "region", desk.county.other_county))
    anywhere = {operation.id for operation in OPERATIONS if TABLE[operation.right].where is Where.ANYWHERE}
    # She sees her own people and may make a calendar for her own schools; teachers of others may be asked for.
    for operation in OPERATIONS:
        if operation.id in OWN | LATER | anywhere | {"calendars_create", "people_teachers"}:
            continue
        path, more = asked(operation, ids)
        assert await desk.refused(operation.method, path, **more) == (403, "forbidden"), operation.id
