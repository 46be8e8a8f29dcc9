"""Export of schools, people and classes in the shape `oneroster.py` reads; importing it again changes nothing.

Administrators, supervisors and other staff are left out, as are grants of a classroom or of the whole system: a roster
cannot say them, and one that could would be a way to make an administrator. Whoever has no role is a pupil where a
class has her as one, and nobody otherwise, such as those who came by the sign-in service and wait for a role. Pairs of
files are read in one snapshot and written row by row, so that a province needs no more memory than a village.
"""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.people import Enrolment, Person, RoleGrant
from signalling.db.places import PupilClass, Region, School
from signalling.db.times import Term
from signalling.exchange import roster_form as form
from signalling.exchange.oneroster import Progress, no_progress

_BATCH = 1000
_ORG_TYPES = {kind: type for type, kind in form.REGIONS.items()}
_ROLES: Mapping[tuple[str, str], str] = {
    ("teacher", "school"): "teacher",
    ("teacher", "region"): "teacher",
    ("assistant", "school"): "aide",
    ("assistant", "region"): "aide",
    ("planner", "school"): "siteAdministrator",
    ("planner", "region"): "districtAdministrator",
}
_ENROLMENTS = {ours: theirs for theirs, ours in form.ENROLMENTS.items()}


async def export_roster(database: Database, folder: Path, progress: Progress = no_progress) -> Mapping[str, int]:
    """Write all files into `folder`, which is made, and must be empty.

    :returns: rows by file.
    :raises UserError: 409 `not_empty`; 422 `cannot_write`; 503 as `Database.read`.
    """
    try:
        _prepare(folder)
        async with database.read() as session:
            return await _Writer(session, folder, progress).write()
    except OSError as error:
        if isinstance(error, UserError):
            raise
        raise UserError(
            422, "cannot_write", f"{folder} cannot be written; check its path and the free space."
        ) from None


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UserError(409, "not_empty", f"{folder} is not empty; name a new folder.")


class _Writer:
    def __init__(self, session: AsyncSession, folder: Path, progress: Progress) -> None:
        self._session = session
        self._folder = folder
        self._progress = progress
        self._regions: dict[str, str] = {}
        self._schools: dict[str, str] = {}
        self._classes: dict[str, tuple[str, str]] = {}
        self._done = 0

    async def write(self) -> Mapping[str, int]:
        self._manifest()
        counts = {
            "orgs.csv": await self._file("orgs.csv", self._orgs()),
            "academicSessions.csv": await self._file("academicSessions.csv", self._terms()),
            "courses.csv": await self._file("courses.csv", self._courses()),
            "classes.csv": await self._file("classes.csv", self._pupil_classes()),
        }
        total = await self._session.scalar(select(func.count()).select_from(Person)) or 0
        counts |= await self._people(total)
        return counts

    def _manifest(self) -> None:
        rows = [("manifest.version", "1.0"), ("oneroster.version", "1.2")]
        rows += [(f"file.{name.removesuffix('.csv')}", "bulk") for name in form.COLUMNS if name != "manifest.csv"]
        rows += [(f"file.{name}", "absent") for name in form.ABSENT]
        rows += [("source.systemName", "Tongke"), ("source.systemCode", "tongke")]
        with (self._folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([form.COLUMNS["manifest.csv"], *rows])

    async def _file(self, name: str, rows: AsyncIterator[Mapping[str, Any]]) -> int:
        count = 0
        with (self._folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, form.COLUMNS[name], restval="")
            writer.writeheader()
            async for row in rows:
                writer.writerow(_guarded(row))
                count += 1
        return count

    async def _rows(self, query: Select[*tuple[Any, ...]]) -> AsyncIterator[Any]:
        rows = await self._session.stream(query.execution_options(yield_per=_BATCH))
        try:
            async for row in rows:
                yield row
        finally:
            await rows.close()

    async def _orgs(self) -> AsyncIterator[Mapping[str, Any]]:
        regions = select(Region.id, Region.source, Region.parent, Region.kind, Region.name)
        async for id, source, parent, kind, name in self._rows(regions.order_by(func.length(Region.path), Region.id)):
            self._regions[id] = source or id
            yield {
                "sourcedId": source or id,
                "name": name,
                "type": _ORG_TYPES.get(kind, "district"),
                "parentSourcedId": self._regions.get(parent or "", ""),
                form.KIND: kind,
            }
        schools = select(School.id, School.source, School.region, School.kind, School.name, School.active)
        async for id, source, region, kind, name, active in self._rows(schools.order_by(School.id)):
            self._schools[id] = source or id
            yield {
                "sourcedId": source or id,
                "status": _status(active),
                "name": name,
                "type": "school",
                "parentSourcedId": self._regions[region],
                form.KIND: kind,
            }

    async def _terms(self) -> AsyncIterator[Mapping[str, Any]]:
        terms = select(Term.id, Term.source, Term.name, Term.starts, Term.ends).order_by(Term.starts, Term.id)
        async for id, source, name, starts, ends in self._rows(terms):
            yield {
                "sourcedId": source or id,
                "title": name,
                "type": "semester",
                "startDate": starts.isoformat(),
                "endDate": ends.isoformat(),
                "schoolYear": ends.year,
            }

    async def _courses(self) -> AsyncIterator[Mapping[str, Any]]:
        """A class must have a course; ours have one for all."""
        yield {"sourcedId": _COURSE, "title": "班级", "orgSourcedId": next(iter(self._regions.values()), "")}

    async def _pupil_classes(self) -> AsyncIterator[Mapping[str, Any]]:
        columns = (PupilClass.id, PupilClass.source, PupilClass.school, PupilClass.name, PupilClass.grade)
        async for id, source, school, name, grade, active in self._rows(
            select(*columns, PupilClass.active).order_by(PupilClass.id)
        ):
            self._classes[id] = source or id, self._schools[school]
            yield {
                "sourcedId": source or id,
                "status": _status(active),
                "title": name,
                "grades": grade,
                "courseSourcedId": _COURSE,
                "classType": "homeroom",
                "schoolSourcedId": self._schools[school],
            }

    async def _people(self, total: int) -> Mapping[str, int]:
        """Users, roles and enrolments side by side: a batch of people at a time."""
        counts = {"users.csv": 0, "roles.csv": 0, "enrollments.csv": 0}
        with ExitStack() as stack:
            writers = {}
            for name in counts:
                file = stack.enter_context((self._folder / name).open("w", encoding="utf-8", newline=""))
                writers[name] = csv.DictWriter(file, form.COLUMNS[name], restval="")
                writers[name].writeheader()
            last = ""
            while people := await self._batch(last):
                last = people[-1][0]
                for name, rows in (await self._of(people)).items():
                    writers[name].writerows(map(_guarded, rows))
                    counts[name] += len(rows)
                self._done += len(people)
                self._progress("write", self._done, total)
        return counts

    async def _batch(self, last: str) -> Sequence[Any]:
        query = select(Person.id, Person.source, Person.school, Person.name, Person.login, Person.active)
        return (await self._session.execute(query.where(Person.id > last).order_by(Person.id).limit(_BATCH))).all()

    async def _of(self, people: Sequence[Any]) -> dict[str, list[dict[str, Any]]]:
        first, last = people[0].id, people[-1].id  # a batch is all people between two ids
        grants = await self._by_person(
            select(RoleGrant.person, RoleGrant.id, RoleGrant.role, RoleGrant.kind, RoleGrant.scope).where(
                RoleGrant.person.between(first, last)
            )
        )
        enrolments = await self._by_person(
            select(Enrolment.person, Enrolment.id, Enrolment.pupil_class, Enrolment.role).where(
                Enrolment.person.between(first, last)
            )
        )
        rows: dict[str, list[dict[str, Any]]] = {"users.csv": [], "roles.csv": [], "enrollments.csv": []}
        for person in people:
            roles = self._roles(person, grants.get(person.id, ()), enrolments.get(person.id, ()))
            if not roles:
                continue
            family, given = form.split_name(person.name)
            rows["users.csv"].append(
                {
                    "sourcedId": person.source or person.id,
                    "status": _status(person.active),
                    "enabledUser": "true" if person.active else "false",
                    "username": person.login or "",
                    "givenName": given,
                    "familyName": family,
                    "primaryOrgSourcedId": self._schools.get(person.school or "", ""),
                }
            )
            rows["roles.csv"] += roles
            for _, id, class_, role in enrolments.get(person.id, ()):
                source, school = self._classes[class_]
                rows["enrollments.csv"].append(
                    {
                        "sourcedId": id,
                        "classSourcedId": source,
                        "schoolSourcedId": school,
                        "userSourcedId": person.source or person.id,
                        "role": _ENROLMENTS[role],
                        "primary": "false",
                    }
                )
        return rows

    async def _by_person(self, query: Select[*tuple[Any, ...]]) -> Mapping[str, Sequence[Any]]:
        found: dict[str, list[Any]] = {}
        for row in await self._session.execute(query):
            found.setdefault(row[0], []).append(row)
        return found

    def _roles(self, person: Any, grants: Iterable[Any], enrolments: Iterable[Any]) -> list[dict[str, Any]]:
        """Her rows of roles.csv; none: she is somebody a roster does not name."""
        source = person.source or person.id
        if not grants:
            org = self._schools.get(person.school or "", "")
            if not org or not any(enrolment.role == "pupil" for enrolment in enrolments):
                return []
            return [_role(f"{source}-{form.PUPIL}"[:255], source, form.PUPIL, org, primary=True)]
        rows: list[dict[str, Any]] = []
        for _, id, role, kind, scope in grants:
            org = (self._schools if kind == "school" else self._regions).get(scope, "")
            named = _ROLES.get((role, kind))
            if named and org:
                rows.append(_role(id, source, named, org, primary=not rows))
        return rows


_COURSE = "tongke-class"


def _role(id: str, user: str, role: str, org: str, *, primary: bool) -> dict[str, Any]:
    return {
        "sourcedId": id,
        "userSourcedId": user,
        "roleType": "primary" if primary else "secondary",
        "role": role,
        "orgSourcedId": org,
    }


def _guarded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: form.guarded(cell) if isinstance(cell, str) else cell for column, cell in row.items()}


def _status(active: bool) -> str:
    """Empty, as bulk mode wants it, for what is in use."""
    return "" if active else "tobedeleted"
