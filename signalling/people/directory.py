"""Who is there: people as those see them who manage accounts, and teachers as those see them who book lessons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, Region, School
from signalling.people.roles import SYSTEM, Scope

TEACHING = ("teacher", "assistant")


@dataclass(frozen=True, slots=True)
class Given:
    """:ivar scope_name: empty for the whole system."""

    role: str
    kind: str
    scope: str
    scope_name: str


@dataclass(frozen=True, slots=True)
class PersonShown:
    """:ivar subject: who she is to the provider `issuer`, where she signs in by one."""

    id: str
    name: str
    login: str | None
    school: str | None
    school_name: str
    active: bool
    language: str
    issuer: str | None
    subject: str | None
    grants: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class TeacherShown:
    id: str
    name: str
    school: str | None
    school_name: str


def within(reach: Collection[Scope]) -> ColumnElement[bool]:
    """Of `person` and `region`: people who lie within one of these scopes.

    :param reach: of `roles.reach`; a region's are those of its schools.
    """
    if SYSTEM in reach:
        return true()
    ids: dict[str, list[str]] = defaultdict(list)
    for scope in reach:
        ids[scope.kind].append(scope.id)
    return or_(
        Person.school.in_(ids["school"]),
        Person.id.in_(ids["person"]),
        *(Region.path.contains(f"/{region}/", autoescape=True) for region in ids["region"]),
        false(),
    )


def people(reach: Collection[Scope], *, school: str | None = None, role: str | None = None, q: str = "") -> Select[Any]:
    """Columns for `shown`, of those within `reach`. :param q: a part of the name or the login name."""
    it = Person
    found = (
        select(
            *(it.id, it.name, it.login, it.school, School.name.label("school_name"), it.active, it.language),
            *(it.issuer, it.subject),
        )
        .outerjoin(School, School.id == it.school)
        .outerjoin(Region, Region.id == School.region)
        .where(within(reach))
    )
    if school is not None:
        found = found.where(it.school == school)
    if role is not None:
        found = found.where(it.id.in_(select(RoleGrant.person).where(RoleGrant.role == role)))
    if q:
        found = found.where(it.name.icontains(q, autoescape=True) | it.login.icontains(q, autoescape=True))
    return found


async def shown(session: AsyncSession, rows: Select[Any]) -> list[PersonShown]:
    """:param rows: of `people`."""
    found = (await session.execute(rows)).all()
    grants = await _grants(session, [row.id for row in found])
    return [
        PersonShown(
            row.id,
            row.name,
            row.login,
            row.school,
            row.school_name or "",
            row.active,
            row.language,
            row.issuer,
            row.subject,
            tuple(grants[row.id]),
        )
        for row in found
    ]


async def _grants(session: AsyncSession, people: Sequence[str]) -> dict[str, list[Given]]:
    given: dict[str, list[Given]] = defaultdict(list)
    grant = RoleGrant
    rows = (
        await session.execute(
            select(grant.person, grant.role, grant.kind, grant.scope)
            .where(grant.person.in_(people))
            .order_by(grant.role, grant.kind, grant.scope)
        )
    ).all()
    names: dict[tuple[str, str], str] = {}
    for kind, table in (("region", Region), ("school", School), ("classroom", Classroom)):
        ids = {row.scope for row in rows if row.kind == kind}
        for id, name in await session.execute(select(table.id, table.name).where(table.id.in_(ids))):
            names[kind, id] = name
    for person, role, kind, scope in rows:
        given[person].append(Given(role, kind, scope, names.get((kind, scope), "")))
    return given


def teachers(school: str | None = None, q: str = "") -> Select[Any]:
    """Columns of `TeacherShown`: active people who teach or assist, all or those of one school; a teacher of several
    schools is found at each. :param q: a part of the name."""
    it, grant = Person, RoleGrant
    found = (
        select(it.id, it.name, it.school, School.name)
        .outerjoin(School, School.id == it.school)
        .where(it.active, it.id.in_(select(grant.person).where(grant.role.in_(TEACHING))))
    )
    if school is not None:
        here = and_(grant.role.in_(TEACHING), grant.kind == "school", grant.scope == school)
        found = found.where(or_(it.school == school, it.id.in_(select(grant.person).where(here))))
    return found.where(it.name.icontains(q, autoescape=True)) if q else found
