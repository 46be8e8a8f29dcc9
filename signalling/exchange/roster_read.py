"""A roster's files → rows in memory, each checked by itself: bounded by `LIMITS`.

Only what Tongke keeps is taken out of a row: no e-mail, no telephone number, no birthday, and never a password.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from mediaserver.api import UserError
from signalling.db.logins import as_compared
from signalling.exchange import roster_form as form
from signalling.exchange.report import Report
from signalling.exchange.table import CsvTable, FileFault, Opener
from signalling.timetable.series import MAX_TERM

Cells = dict[str, str]
MAX_SOURCE, MAX_NAME, MAX_LOGIN, MAX_SHORT = 255, 120, 80, 40
MAX_TERMS = 500
_PROGRESS_ROWS = 1000


@dataclass
class Roster:
    """:ivar digests: SHA-256 of each file, for the audit log. :ivar nations: what is above all regions."""

    orgs: dict[str, form.Org] = field(default_factory=dict)
    nations: set[str] = field(default_factory=set)
    sessions: dict[str, form.Session] = field(default_factory=dict)
    classes: dict[str, form.Class] = field(default_factory=dict)
    users: dict[str, form.User] = field(default_factory=dict)
    roles: list[form.Role] = field(default_factory=list)
    enrollments: list[form.Enrollment] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)


def read(files: Mapping[str, Opener], report: Report, advanced: Callable[[int], None]) -> Roster:
    """Read all files of a roster.

    :param advanced: is told how many more rows were read.
    :raises UserError: 422 `no_manifest`, `not_oneroster`, `delta_roster`, `empty_roster`: it is no roster to import.
    """
    return _Reader(files, report, advanced).read()


class _Reader:
    def __init__(self, files: Mapping[str, Opener], report: Report, advanced: Callable[[int], None]) -> None:
        self._files = files
        self._report = report
        self._advanced = advanced
        self._file = ""
        self._row = 0
        self._cells: Cells = {}
        self._roster = Roster()
        self._grades: dict[str, str] = {}

    def read(self) -> Roster:
        wanted = self._manifest()
        for name, take in (
            ("orgs.csv", self._org),
            ("academicSessions.csv", self._session),
            ("courses.csv", self._course),
            ("classes.csv", self._class),
            ("users.csv", self._user),
            ("roles.csv", self._role),
            ("enrollments.csv", self._enrollment),
        ):
            seen: dict[str, int] = {}
            for _ in self._rows(name, wanted):
                source = self._text("sourcedId", MAX_SOURCE)
                if source in seen:
                    self._refuse("twice", "sourcedId", value=source, other=seen[source])
                    continue
                seen[source] = self._row
                take(source)
        self._leave_out_divided_semesters()
        return self._roster

    # ------------------------------------------------------------ files

    def _manifest(self) -> set[str]:
        if "manifest.csv" not in self._files:
            raise UserError(
                422, "no_manifest", "There is no manifest.csv; choose a OneRoster 1.2 folder or zip archive."
            )
        properties = {cells["propertyName"]: cells["value"] for cells in self._rows("manifest.csv", {"manifest.csv"})}
        if not properties.get("oneroster.version", "").startswith("1.2"):
            raise UserError(422, "not_oneroster", "manifest.csv names another version; export OneRoster 1.2.")
        wanted = set()
        for name in form.COLUMNS:
            if name == "manifest.csv":
                continue
            mode = properties.get(f"file.{name.removesuffix('.csv')}", "absent").lower()
            if mode == "delta":
                raise UserError(422, "delta_roster", "The roster holds changes alone; export it in bulk mode.")
            if mode == "bulk":
                wanted.add(name)
                if name not in self._files:
                    self._report.refuse(name, 0, "file_missing", file=name)
            elif name in self._files:
                self._report.refuse(name, 0, "manifest_disagrees", file=name)
        if not wanted:
            raise UserError(422, "empty_roster", "manifest.csv announces no file that can be imported.")
        if "users.csv" in wanted and "roles.csv" not in wanted:
            self._report.refuse("roles.csv", 0, "file_missing", file="roles.csv")
        return wanted & self._files.keys()

    def _rows(self, name: str, wanted: set[str]) -> Iterator[Cells]:
        if name not in wanted:
            return
        self._file = name
        try:
            table = CsvTable(name, self._files[name], self._report)
            table.require(*form.NEEDED[name])
            self._roster.digests[name] = table.digest
            read = 0
            for self._row, cells in table:
                self._cells = {column: form.unguarded(cell) for column, cell in cells.items()}
                yield self._cells
                read += 1
                if read % _PROGRESS_ROWS == 0:
                    self._advanced(_PROGRESS_ROWS)
            self._advanced(read % _PROGRESS_ROWS)
        except FileFault:
            return

    # ------------------------------------------------------------ cells

    def _refuse(self, code: str, column: str, **facts: str | int) -> None:
        self._report.refuse(self._file, self._row, code, column, **facts)

    def _refused(self) -> bool:
        return self._report.is_refused(self._file, self._row)

    def _text(self, column: str, limit: int, *, needed: bool = True) -> str:
        value = self._cells.get(column, "")
        if needed and not value:
            self._refuse("empty", column)
        if len(value) > limit:
            self._refuse("bad_length", column, limit=limit)
        return value

    def _one_of(self, column: str, allowed: tuple[str, ...], default: str = "") -> str:
        """The allowed value that the cell holds in whatever case."""
        value = self._cells.get(column, "") or default
        found = next((name for name in allowed if name.lower() == value.lower()), None)
        if found is None:
            self._refuse("unknown_value", column, value=value, allowed=", ".join(allowed))
            return ""
        return found

    def _active(self) -> bool:
        return self._one_of("status", ("active", "tobedeleted"), "active") != "tobedeleted"

    def _day(self, column: str) -> str:
        value = self._cells.get(column, "")
        try:
            return dt.date.fromisoformat(value[:10]).isoformat()  # some exports add a time of day
        except ValueError:
            self._refuse("bad_date", column, value=value)
            return ""

    def _skip(self) -> None:
        self._report.of(self._file).skipped += 1

    # ------------------------------------------------------------ rows

    def _session(self, source: str) -> None:
        kind = self._one_of("type", form.SESSION_TYPES)
        active = self._active()
        if kind in ("schoolYear", "gradingPeriod"):
            if not self._refused():
                self._skip()
            return
        name, starts, ends = self._text("title", MAX_NAME), self._day("startDate"), self._day("endDate")
        if starts and ends:
            length = dt.date.fromisoformat(ends) - dt.date.fromisoformat(starts)
            if not dt.timedelta() <= length <= MAX_TERM:
                self._refuse("term_order", "endDate", limit=MAX_TERM.days)
        if self._refused():
            return
        if len(self._roster.sessions) >= MAX_TERMS:
            self._refuse("too_many_rows", "", limit=MAX_TERMS)
            return
        parent = self._cells.get("parentSourcedId", "") if kind == "term" else ""
        self._roster.sessions[source] = form.Session(self._row, kind, name, starts, ends, parent, active)

    def _leave_out_divided_semesters(self) -> None:
        """A semester that is divided into terms has no place beside them."""
        sessions = self._roster.sessions
        for source in {session.parent for session in sessions.values()} & sessions.keys():
            if sessions[source].kind == "semester":
                del sessions[source]
                self._report.of("academicSessions.csv").skipped += 1

    def _org(self, source: str) -> None:
        kind = self._one_of("type", form.ORG_TYPES)
        active = self._active()
        name, parent = self._text("name", MAX_NAME), self._text("parentSourcedId", MAX_SOURCE, needed=False)
        sort = form.REGIONS.get(kind, "")
        if self._cells.get(form.KIND):
            sort = self._one_of(form.KIND, form.REGION_KINDS if sort else form.SCHOOL_KINDS)
        if self._refused():
            return
        if kind == "national":
            self._roster.nations.add(source)
        if kind in ("department", "national"):
            self._skip()
            return
        if kind == "school" and not parent:
            self._refuse("no_region", "parentSourcedId")
            return
        self._roster.orgs[source] = form.Org(
            self._row, "school" if kind == "school" else "region", sort, name, parent, active
        )

    def _course(self, source: str) -> None:
        """A course has no table here; its grades are those of classes that name none."""
        self._grades[source] = self._text("grades", MAX_SHORT, needed=False)
        if not self._refused():
            self._skip()

    def _class(self, source: str) -> None:
        name, school = self._text("title", MAX_NAME), self._text("schoolSourcedId", MAX_SOURCE)
        grade, active = self._text("grades", MAX_SHORT, needed=False), self._active()
        course = self._cells.get("courseSourcedId", "")
        if course and course not in self._grades:
            self._refuse("unknown_reference", "courseSourcedId", value=course, file="courses.csv")
        if not self._refused():
            grade = grade or self._grades.get(course, "")
            self._roster.classes[source] = form.Class(self._row, name, grade, school, active)

    def _user(self, source: str) -> None:
        names = (self._cells.get(column, "") for column in ("familyName", "middleName", "givenName"))
        name = form.join_name(*names)
        if not name:
            self._refuse("empty", "familyName")
        elif len(name) > MAX_NAME:
            self._refuse("bad_length", "familyName", limit=MAX_NAME)
        login = as_compared(self._text("username", MAX_LOGIN, needed=False))
        if len(login) > MAX_LOGIN:  # ㎏ becomes two characters
            self._refuse("bad_length", "username", limit=MAX_LOGIN)
        enabled = self._one_of("enabledUser", ("true", "false"), "true") != "false"
        active = self._active() and enabled
        if not self._refused():
            org = self._cells.get("primaryOrgSourcedId", "")
            self._roster.users[source] = form.User(self._row, name, login, org, active)

    def _role(self, source: str) -> None:
        role = self._one_of("role", form.ROLES)
        primary = self._one_of("roleType", ("primary", "secondary"), "primary") == "primary"
        user, org = self._text("userSourcedId", MAX_SOURCE), self._text("orgSourcedId", MAX_SOURCE)
        active = self._active()
        if not self._refused():
            self._roster.roles.append(form.Role(self._row, user, role, org, primary, active))

    def _enrollment(self, source: str) -> None:
        role = self._one_of("role", form.ENROLMENT_ROLES)
        class_, user = self._text("classSourcedId", MAX_SOURCE), self._text("userSourcedId", MAX_SOURCE)
        school = self._text("schoolSourcedId", MAX_SOURCE, needed=False)
        active = self._active()
        if self._refused():
            return
        if role not in form.ENROLMENTS:
            self._skip()
            return
        self._roster.enrollments.append(form.Enrollment(self._row, class_, school, user, form.ENROLMENTS[role], active))
