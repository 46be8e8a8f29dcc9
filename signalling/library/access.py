"""Who finds what: a resource carries terms, a person has a set of them, and one in common is enough.

Terms are `public`, `system`, and `province:`, `county:`, `school:`, `region:`, `person:` with an id. `county` is the
region above a school and `province` the topmost one: whoever belongs below shares in it. `region` and `system` are for
those who were granted a role there: they find what is shared by any school within it. What somebody keeps for herself
(`own`) is found by nobody else, administrators included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.library import Resource
from signalling.db.people import Person
from signalling.db.places import Classroom, Region, School
from signalling.people.roles import SYSTEM, Grant

PUBLIC = "public"
RIGHTS = ("own", "school", "county", "province", "public")
_SYSTEM = "system"

Terms = frozenset[str]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a resource lies. :ivar path: ids of the regions above its school, the topmost first."""

    school: str | None
    path: tuple[str, ...]


def terms(rights: str, home: Home, people: Iterable[str | None]) -> Terms:
    """What a resource carries. Rights that are not known share with nobody but `people`.

    :param people: who made it and who taught it: they find it whatever its rights are.
    """
    found = {f"person:{person}" for person in people if person}
    if rights in RIGHTS and rights != "own":
        found.update((_SYSTEM, *(f"region:{region}" for region in home.path)))
    if rights == "school" and home.school:
        found.add(f"school:{home.school}")
    if rights == "county" and home.path:
        found.add(f"county:{home.path[-1]}")
    if rights == "province" and home.path:
        found.add(f"province:{home.path[0]}")
    if rights == "public":
        found.add(PUBLIC)
    return frozenset(found)


async def homes(session: AsyncSession, resources: Iterable[Resource]) -> dict[str, Home]:
    """Of each resource, by its id, with one question for all of them."""
    listed = list(resources)
    regions = {resource.region for resource in listed if resource.region}
    paths = await _paths(session, regions)
    return {it.id: Home(it.school, paths.get(it.region or "", ())) for it in listed}


async def of_resource(session: AsyncSession, resource: Resource) -> Terms:
    home = (await homes(session, [resource]))[resource.id]
    return terms(resource.rights, home, (resource.made_by, resource.teacher))


async def of_person(session: AsyncSession, person: str, grants: Iterable[Grant]) -> Terms:
    """What somebody finds: what is hers, and what is shared with the places that she belongs to or has a role in."""
    found = {PUBLIC, f"person:{person}"}
    schools, regions, classrooms = set[str](), set[str](), set[str]()
    kept = {"school": schools, "region": regions, "classroom": classrooms}
    for grant in grants:
        if grant.scope == SYSTEM:
            found.add(_SYSTEM)
        elif grant.scope.kind in kept:
            kept[grant.scope.kind].add(grant.scope.id)
    found.update(f"region:{region}" for region in regions)
    if own := await session.scalar(select(Person.school).where(Person.id == person)):
        schools.add(own)
    if classrooms:
        schools.update(await session.scalars(select(Classroom.school).where(Classroom.id.in_(classrooms))))
    above = dict.fromkeys(regions)
    if schools:
        rows = (await session.execute(select(School.id, School.region).where(School.id.in_(schools)))).all()
        found.update(f"school:{school}" for school, _ in rows)
        above.update(dict.fromkeys(region for _, region in rows))
    for region, path in (await _paths(session, above)).items():
        found.update((f"county:{region}", f"province:{path[0]}"))
    return frozenset(found)


def finds(person: Terms, resource: Terms) -> bool:
    return not person.isdisjoint(resource)


async def _paths(session: AsyncSession, regions: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    wanted = set(regions)
    if not wanted:
        return {}
    rows = await session.execute(select(Region.id, Region.path).where(Region.id.in_(wanted)))
    return {id: tuple(part for part in path.split("/") if part) for id, path in rows}
