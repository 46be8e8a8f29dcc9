"""What the database already holds of a roster: the rows its sourcedIds name, and those its names could collide with.

A sourcedId is that of an earlier import (`source`), or, for rows that were made here and exported, the row's own id.
Regions, schools, classes and terms are kept whole (some ten thousand rows in a county); people as far as the roster
names them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.people import Enrolment, Person, RoleGrant
from signalling.db.places import PupilClass, Region, School
from signalling.db.times import Calendar, Term
from signalling.exchange.roster_read import Roster

_BATCH = 2000


class RegionRow(NamedTuple):
    id: str
    source: str | None
    parent: str | None
    kind: str
    name: str
    path: str


class SchoolRow(NamedTuple):
    id: str
    source: str | None
    region: str
    kind: str
    name: str
    active: bool


class TermRow(NamedTuple):
    id: str
    source: str | None
    calendar: str
    name: str
    starts: dt.date
    ends: dt.date


class ClassRow(NamedTuple):
    id: str
    source: str | None
    school: str
    name: str
    grade: str
    active: bool


class PersonRow(NamedTuple):
    id: str
    source: str | None
    school: str | None
    name: str
    login: str | None
    active: bool


class _Sourced(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str | None: ...


R = TypeVar("R", bound=_Sourced)


class Found(Generic[R]):
    """Rows by id and by sourcedId."""

    def __init__(self, rows: Iterable[R] = ()) -> None:
        self.by_id: dict[str, R] = {}
        self._by_source: dict[str, R] = {}
        self.add(rows)

    def add(self, rows: Iterable[R]) -> None:
        for row in rows:
            self.by_id[row.id] = row
            if row.source is not None:
                self._by_source[row.source] = row

    def get(self, source: str) -> R | None:
        found = self._by_source.get(source)
        if found is None:
            found = self.by_id.get(source)
            if found is not None and found.source is not None:
                return None  # it goes by another sourcedId
        return found


@dataclass
class Known:
    """:ivar grants: (person, role, kind, scope) → id. :ivar enrolments: (class, person) → (id, role)."""

    calendars: dict[str, str] = field(default_factory=dict)
    regions: Found[RegionRow] = field(default_factory=Found)
    schools: Found[SchoolRow] = field(default_factory=Found)
    terms: Found[TermRow] = field(default_factory=Found)
    classes: Found[ClassRow] = field(default_factory=Found)
    people: Found[PersonRow] = field(default_factory=Found)
    logins: dict[str, PersonRow] = field(default_factory=dict)
    grants: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    enrolments: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


async def load(session: AsyncSession, roster: Roster) -> Known:
    known = Known()
    known.calendars = {id: name for id, name in await session.execute(select(Calendar.id, Calendar.name))}
    regions = select(Region.id, Region.source, Region.parent, Region.kind, Region.name, Region.path)
    known.regions.add(RegionRow(*row) for row in await session.execute(regions))
    schools = select(School.id, School.source, School.region, School.kind, School.name, School.active)
    known.schools.add(SchoolRow(*row) for row in await session.execute(schools))
    terms = select(Term.id, Term.source, Term.calendar, Term.name, Term.starts, Term.ends)
    known.terms.add(TermRow(*row) for row in await session.execute(terms))
    classes = select(
        *(PupilClass.id, PupilClass.source, PupilClass.school, PupilClass.name, PupilClass.grade, PupilClass.active)
    )
    known.classes.add(ClassRow(*row) for row in await session.execute(classes))

    named = {*roster.users, *(role.user for role in roster.roles), *(row.user for row in roster.enrollments)}
    logins = {user.login for user in roster.users.values() if user.login}
    people = select(Person.id, Person.source, Person.school, Person.name, Person.login, Person.active)
    async for row in _stream(session, people):
        person = PersonRow(*row)
        if (person.source or person.id) in named:
            known.people.add((person,))
        if person.login in logins:
            known.logins[person.login or ""] = person
    grants = select(RoleGrant.id, RoleGrant.person, RoleGrant.role, RoleGrant.kind, RoleGrant.scope)
    async for id, who, role, kind, scope in _stream(session, grants):
        if who in known.people.by_id:
            known.grants[who, role, kind, scope] = id
    enrolments = select(Enrolment.id, Enrolment.pupil_class, Enrolment.person, Enrolment.role)
    async for id, class_, who, role in _stream(session, enrolments):
        if who in known.people.by_id:
            known.enrolments[class_, who] = id, role
    return known


async def _stream(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> AsyncIterator[Any]:
    """A whole table, some rows at a time.

    Asking for a thousand names at a time is no faster for a roster as large as the table, and on PostgreSQL, whose
    statistics know nothing of rows just written, it can take minutes.
    """
    rows = await session.stream(query.execution_options(yield_per=_BATCH))
    try:
        async for row in rows:
            yield row
    finally:
        await rows.close()
