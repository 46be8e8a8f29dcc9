"""A roster and what the database holds of it → what is to be written. Nothing here reads or writes the database.

What a roster does not name is left alone: a file that lacks half a county does not wipe it out. Only rows that say
`tobedeleted` take something away. What is out of use here stays so: a roster lists whom somebody has shut out for as
long as its own administration has not heard of it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mediaserver.api import UserError
from signalling.db.base import Base
from signalling.db.logins import is_login
from signalling.db.people import Enrolment, Person, RoleGrant
from signalling.db.places import PupilClass, School
from signalling.db.times import Calendar, Term
from signalling.exchange import roster_form as form
from signalling.exchange.report import Report
from signalling.exchange.roster_changes import Changes
from signalling.exchange.roster_known import ClassRow, Known, PersonRow, SchoolRow, TermRow
from signalling.exchange.roster_read import Roster
from signalling.exchange.roster_regions import plan_regions
from signalling.exchange.roster_unique import Span, overlapping, settle

NEW_CALENDAR = "校历"


def plan(roster: Roster, known: Known, report: Report, calendar: str | None, ids: Callable[[], str]) -> Changes:
    """Resolve all references and compare.

    :param calendar: name or id of the school calendar for new schools and terms; None: the only one, or a new one.
    :param ids: makes ids.
    :raises UserError: 422 `which_calendar`, `unknown_calendar`.
    """
    return _Planner(roster, known, report, calendar, ids).plan()


class _Planner:
    def __init__(
        self, roster: Roster, known: Known, report: Report, calendar: str | None, ids: Callable[[], str]
    ) -> None:
        self._roster = roster
        self._known = known
        self._report = report
        self._wanted_calendar = calendar
        self._ids = ids
        self._changes = Changes()
        self._regions: Mapping[str, str] = {}
        self._schools: dict[str, str] = {}
        self._classes: dict[str, tuple[str, str]] = {}
        """sourcedId → (id, school's id)"""
        self._people: dict[str, str] = {}
        self._new: set[str] = set()
        """sourcedIds of users that are created."""
        self._left_out: set[str] = set()
        self._left_out_classes: set[str] = set()
        """sourcedIds of guardians, and of users and classes that are gone and were never here."""
        self._calendar_id = ""

    def plan(self) -> Changes:
        self._regions = plan_regions(self._roster, self._known, self._report, self._changes, self._ids)
        for source, org in self._roster.orgs.items():
            if org.kind == "school":
                self._school(source, org)
        self._terms()
        self._pupil_classes()
        self._users()
        for role in self._roster.roles:
            self._role(role)
        self._enrollments()
        return self._changes

    # ------------------------------------------------------------ places and times

    def _calendar(self) -> str:
        """For the first new school or term: the calendar that was named, the only one, or a new one."""
        known, wanted = self._known.calendars, self._wanted_calendar
        if not self._calendar_id:
            if wanted is not None:
                matching = [id for id, name in known.items() if wanted in (id, name)]
                if len(matching) != 1:
                    raise UserError(
                        422, "unknown_calendar", f"{len(matching)} calendars are named {wanted!r}; give the id of one."
                    )
                self._calendar_id = matching[0]
            elif len(known) > 1:
                raise UserError(
                    422, "which_calendar", "There are several school calendars; name the one for new schools and terms."
                )
            elif known:
                self._calendar_id = next(iter(known))
            else:
                self._calendar_id = self._ids()
                self._changes.inserts[Calendar].append({"id": self._calendar_id, "name": NEW_CALENDAR})
        return self._calendar_id

    def _school(self, source: str, org: form.Org) -> None:
        file = "orgs.csv"
        existing = self._known.schools.get(source)
        if existing is None and self._known.regions.get(source) is not None:
            return self._report.refuse(
                file, org.row, "cannot_change", "type", value=source, was="region", kind="school"
            )
        region = self._region(org.parent)
        if region is None:
            code = "unknown_reference" if self._school_row(org.parent) is None else "not_a_region"
            return self._report.refuse(file, org.row, code, "parentSourcedId", value=org.parent, file=file)
        if existing is not None:
            self._schools[source] = existing.id
            wanted: dict[str, Any] = {"region": region, "name": org.name, "active": org.active}
            if org.sort:
                wanted["kind"] = org.sort
            return self._compare(School, existing, file, org.row, wanted)
        self._schools[source] = id = self._ids()
        self._changes.inserts[School].append(
            {
                "id": id,
                "source": source,
                "region": region,
                "calendar": self._calendar(),
                "name": org.name,
                "kind": org.sort or "receiving",
                "active": org.active,
            }
        )
        self._report.of(file).created += 1

    def _terms(self) -> None:
        file = "academicSessions.csv"
        rows: dict[str, tuple[str, Span]] = {}
        for source, session in self._roster.sessions.items():
            starts, ends = dt.date.fromisoformat(session.starts), dt.date.fromisoformat(session.ends)
            existing = self._known.terms.get(source)
            if not session.active:
                if existing is None:
                    self._report.of(file).skipped += 1
                else:
                    self._report.refuse(file, session.row, "cannot_delete", "status", value=session.name)
                continue
            existing = existing or self._term_made_here(starts)
            id = existing.id if existing else self._ids()
            if id in rows:
                self._report.refuse(file, session.row, "term_overlaps", "startDate", value=rows[id][1].name)
                continue
            calendar = existing.calendar if existing else self._calendar()
            rows[id] = source, Span(calendar, starts, ends, session.name, session.row)
        known = {id: Span(*term[2:3], *term[4:], term.name) for id, term in self._known.terms.by_id.items()}
        refused = overlapping({id: span for id, (_, span) in rows.items()}, known)
        for id, (source, span) in rows.items():
            if id in refused:
                self._report.refuse(file, span.row, "term_overlaps", "startDate", value=refused[id])
                continue
            wanted = {"name": span.name, "starts": span.starts, "ends": span.ends}
            if id in known:
                self._count(file, changed=self._changes.update(Term, self._known.terms.by_id[id], **wanted))
            else:
                self._changes.inserts[Term].append({"id": id, "source": source, "calendar": span.calendar, **wanted})
                self._report.of(file).created += 1

    def _term_made_here(self, starts: dt.date) -> TermRow | None:
        """A term of no roster that begins on the same day is the same."""
        calendar = self._calendar()
        terms = self._known.terms.by_id.values()
        return next((row for row in terms if (row.calendar, row.starts, row.source) == (calendar, starts, None)), None)

    def _pupil_classes(self) -> None:
        file = "classes.csv"
        wanted: dict[str, tuple[str, tuple[str, str]]] = {}
        for source, row in self._roster.classes.items():
            existing = self._known.classes.get(source)
            if existing is None and not row.active:
                self._left_out_classes.add(source)
                self._report.of(file).skipped += 1
                continue
            school = self._school_of(row.school, file, row.row, "schoolSourcedId")
            if school is not None:
                wanted[source] = existing.id if existing else self._ids(), (school, row.name)
        held = {(row.school, row.name): id for id, row in self._known.classes.by_id.items()}
        refused = settle(wanted, held)
        sizes = self._sizes()
        for source, (id, (school, name)) in wanted.items():
            row = self._roster.classes[source]
            if source in refused:
                self._report.refuse(file, row.row, "name_taken", "title", value=name)
                continue
            self._classes[source] = id, school
            existing = self._known.classes.by_id.get(id)
            values = {"school": school, "name": name, "grade": row.grade, "active": row.active}
            if existing is not None:
                self._changes.names[id] = name
                self._compare(PupilClass, existing, file, row.row, values)
            else:
                # Once made, its size is what the school says; enrolments may lag.
                self._changes.inserts[PupilClass].append(
                    {"id": id, "source": source, **values, "size": sizes.get(source, 0)}
                )
                self._report.of(file).created += 1

    def _sizes(self) -> Mapping[str, int]:
        sizes: dict[str, int] = defaultdict(int)
        for row in self._roster.enrollments:
            if row.active and row.role == "pupil":
                sizes[row.class_] += 1
        return sizes

    # ------------------------------------------------------------ people

    def _users(self) -> None:
        file = "users.csv"
        roles: dict[str, list[form.Role]] = defaultdict(list)
        for role in self._roster.roles:
            roles[role.user].append(role)
        wanted: dict[str, dict[str, Any]] = {}
        logins: dict[str, tuple[str, str]] = {}
        for source, user in self._roster.users.items():
            existing = self._known.people.get(source)
            school = self._user_school(source, user, roles.get(source, []), existing)
            if self._report.is_refused(file, user.row) or source in self._left_out:
                continue
            id = existing.id if existing else self._ids()
            login = existing.login if existing else None
            if user.login and any(role.role in form.GRANTS for role in roles.get(source, ())):
                if not is_login(user.login):
                    self._report.refuse(file, user.row, "bad_login", "username", value=user.login)
                    continue
                login = user.login
                logins[source] = id, login
            wanted[source] = {"id": id, "school": school, "name": user.name, "login": login, "active": user.active}
        refused = settle(logins, {login: person.id for login, person in self._holders()})
        for source, values in wanted.items():
            existing = self._known.people.get(source)
            user = self._roster.users[source]
            if source in refused:
                self._report.refuse(file, user.row, "login_taken", "username", value=user.login)
                continue
            self._people[source] = values["id"]
            if existing is not None:
                self._compare(Person, existing, file, user.row, values)
            else:
                self._new.add(source)
                self._changes.inserts[Person].append({"source": source, **values})
                self._report.of(file).created += 1

    def _holders(self) -> Iterator[tuple[str, PersonRow]]:
        for person in (*self._known.logins.values(), *self._known.people.by_id.values()):
            if person.login:
                yield person.login, person

    def _user_school(
        self, source: str, user: form.User, roles: list[form.Role], existing: PersonRow | None
    ) -> str | None:
        """Her school, unless she is refused or left out."""
        gone = existing is None and not user.active
        if not gone and user.active and not roles:
            self._report.refuse("users.csv", user.row, "user_without_role", "sourcedId", value=source)
            return None
        if gone or (existing is None and all(role.role in form.GUARDIANS for role in roles)):
            self._left_out.add(source)
            self._report.of("users.csv").skipped += 1
            return None
        return self._home(user, roles, existing)

    def _home(self, user: form.User, roles: list[form.Role], existing: PersonRow | None) -> str | None:
        """The school a person belongs to; None for those of a district."""
        if user.org:
            school = self._school_id(user.org)
            if school is None and self._region(user.org) is None:
                self._report.refuse(
                    "users.csv", user.row, "unknown_reference", "primaryOrgSourcedId", value=user.org, file="orgs.csv"
                )
            if school is not None:
                return school
        if existing is not None:
            return existing.school
        for role in sorted(roles, key=lambda role: not role.primary):
            school = self._school_id(role.org)
            if school is not None:
                return school
        return None

    def _role(self, role: form.Role) -> None:
        file = "roles.csv"
        if role.user in self._left_out:
            self._report.of(file).skipped += 1
            return
        person = self._person(role.user, file, role.row)
        school, region = self._school_id(role.org), self._region(role.org)
        scope = school or region
        if scope is None:
            self._report.refuse(file, role.row, "unknown_reference", "orgSourcedId", value=role.org, file="orgs.csv")
        if person is None or scope is None:
            return
        if role.role == form.PUPIL:
            if role.user in self._new:
                self._report.of(file).created += 1
            else:
                self._report.of(file).unchanged += 1
            return
        if role.role not in form.GRANTS:
            self._report.of(file).skipped += 1
            return
        key = person, form.GRANTS[role.role], "school" if school else "region", scope
        existing = self._known.grants.get(key)
        if not role.active:
            if existing is None:
                self._report.of(file).skipped += 1
            else:
                self._changes.deletes[RoleGrant].append(existing)
                self._report.of(file).changed += 1
        elif existing is not None:
            self._report.of(file).unchanged += 1
        else:
            self._known.grants[key] = id = self._ids()  # two rows may come to the same
            self._changes.inserts[RoleGrant].append(
                {"id": id, "person": key[0], "role": key[1], "kind": key[2], "scope": key[3]}
            )
            self._report.of(file).created += 1

    def _enrollments(self) -> None:
        file = "enrollments.csv"
        seen: dict[tuple[str, str], int] = {}
        for row in self._roster.enrollments:
            if row.user in self._left_out or row.class_ in self._left_out_classes:
                self._report.of(file).skipped += 1
                continue
            person = self._person(row.user, file, row.row)
            class_ = self._class_of(row)
            if person is None or class_ is None:
                continue
            other = seen.setdefault((class_, person), row.row)
            if other != row.row:
                self._report.refuse(file, row.row, "twice", "userSourcedId", value=row.user, other=other)
                continue
            id, role = self._known.enrolments.get((class_, person), ("", ""))
            if not row.active:
                if id:
                    self._changes.deletes[Enrolment].append(id)
                    self._report.of(file).changed += 1
                else:
                    self._report.of(file).skipped += 1
            elif not id:
                self._changes.inserts[Enrolment].append(
                    {"id": self._ids(), "pupil_class": class_, "person": person, "role": row.role}
                )
                self._report.of(file).created += 1
            else:
                if role != row.role:
                    self._changes.updates[Enrolment][id] = {"role": row.role}
                self._count(file, changed=role != row.role)

    # ------------------------------------------------------------ references

    def _compare(
        self, table: type[Base], existing: SchoolRow | ClassRow | PersonRow, file: str, row: int, wanted: dict[str, Any]
    ) -> None:
        """Note what differs of what can be put out of use."""
        stays_closed = wanted["active"] and not existing.active
        changed = self._changes.update(table, existing, **{**wanted, "active": wanted["active"] and existing.active})
        if stays_closed:
            self._report.note(file, row, "stays_closed", "status", value=wanted["name"])
        if stays_closed and not changed:
            self._report.of(file).skipped += 1
        else:
            self._count(file, changed=changed)

    def _count(self, file: str, *, changed: bool) -> None:
        if changed:
            self._report.of(file).changed += 1
        else:
            self._report.of(file).unchanged += 1

    def _region(self, source: str) -> str | None:
        if source in self._regions:
            return self._regions[source]
        found = self._known.regions.get(source)
        return found.id if found else None

    def _school_id(self, source: str) -> str | None:
        if source in self._schools:
            return self._schools[source]
        found = self._known.schools.get(source)
        return found.id if found else None

    def _school_row(self, source: str) -> object | None:
        org = self._roster.orgs.get(source)
        return org if org is not None and org.kind == "school" else self._known.schools.get(source)

    def _school_of(self, source: str, file: str, row: int, column: str) -> str | None:
        school = self._school_id(source)
        if school is None:
            code = "not_a_school" if self._region(source) is not None else "unknown_reference"
            self._report.refuse(file, row, code, column, value=source, file="orgs.csv")
        return school

    def _person(self, source: str, file: str, row: int) -> str | None:
        if source in self._people:
            return self._people[source]
        found = self._known.people.get(source)
        if found is None:
            self._report.refuse(file, row, "unknown_reference", "userSourcedId", value=source, file="users.csv")
        return found.id if found else None

    def _class_of(self, row: form.Enrollment) -> str | None:
        file = "enrollments.csv"
        id, school = self._classes.get(row.class_, ("", ""))
        if not id:
            found = self._known.classes.get(row.class_)
            if found is None:
                self._report.refuse(
                    file, row.row, "unknown_reference", "classSourcedId", value=row.class_, file="classes.csv"
                )
                return None
            id, school = found.id, found.school
        if row.school and self._school_of(row.school, file, row.row, "schoolSourcedId") not in (None, school):
            self._report.refuse(file, row.row, "other_school", "schoolSourcedId", value=row.class_)
        return None if self._report.is_refused(file, row.row) else id
