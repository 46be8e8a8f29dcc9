"""The shape of a roster: OneRoster 1.2, CSV binding (1EdTech, 2022), as far as Tongke has a place for it.

Columns in the specification's order; `metadata.kind` is an extension column as the specification allows them: it keeps
what OneRoster has no word for (lead and receiving schools; province, city and county), and may be absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

_ROW = ("sourcedId", "status", "dateLastModified")
KIND = "metadata.kind"

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "manifest.csv": ("propertyName", "value"),
        "orgs.csv": (*_ROW, "name", "type", "identifier", "parentSourcedId", KIND),
        "academicSessions.csv": (*_ROW, "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
        "courses.csv": (
            *(*_ROW, "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId", "subjects"),
            "subjectCodes",
        ),
        "classes.csv": (
            *(*_ROW, "title", "grades", "courseSourcedId", "classCode", "classType", "location", "schoolSourcedId"),
            *("termSourcedIds", "subjects", "subjectCodes", "periods"),
        ),
        "users.csv": (
            *(*_ROW, "enabledUser", "username", "userIds", "givenName", "familyName", "middleName", "identifier"),
            *("email", "sms", "phone", "agentSourcedIds", "grades", "password", "userMasterIdentifier"),
            *("resourceSourcedIds", "preferredGivenName", "preferredMiddleName", "preferredFamilyName"),
            *("primaryOrgSourcedId", "pronouns"),
        ),
        "roles.csv": (
            *(*_ROW, "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId"),
            "userProfileSourcedId",
        ),
        "enrollments.csv": (
            *(*_ROW, "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate"),
        ),
    }
)
"""In the order in which they are read."""

NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "manifest.csv": ("propertyName", "value"),
        "orgs.csv": ("sourcedId", "name", "type", "parentSourcedId"),
        "academicSessions.csv": ("sourcedId", "title", "type", "startDate", "endDate"),
        "courses.csv": ("sourcedId",),
        "classes.csv": ("sourcedId", "title", "schoolSourcedId"),
        "users.csv": ("sourcedId", "givenName", "familyName"),
        "roles.csv": ("sourcedId", "userSourcedId", "role", "orgSourcedId"),
        "enrollments.csv": ("sourcedId", "classSourcedId", "userSourcedId", "role"),
    }
)
"""Columns a file must have; the others may be left out."""

ABSENT = (
    "categories classResources courseResources demographics lineItemLearningObjectiveIds lineItems lineItemScoreScales "
    "resources resultLearningObjectiveIds results resultScoreScales scoreScales userProfiles userResources"
).split()
"""Files of the specification that are neither read nor written."""

REGIONS: Mapping[str, str] = MappingProxyType({"state": "province", "local": "city", "district": "county"})
ORG_TYPES = (*REGIONS, "school", "department", "national")
REGION_KINDS = ("province", "city", "county")
SCHOOL_KINDS = ("lead", "receiving", "both")

SESSION_TYPES = ("term", "semester", "schoolYear", "gradingPeriod")

GRANTS: Mapping[str, str] = MappingProxyType(
    {
        "teacher": "teacher",
        "aide": "assistant",
        "administrator": "planner",  # of OneRoster 1.1
        "principal": "planner",
        "siteAdministrator": "planner",
        "districtAdministrator": "planner",
        "systemAdministrator": "planner",
    }
)
"""OneRoster's role → ours. No roster makes an administrator: its writer was not asked who they are."""
PUPIL = "student"
GUARDIANS = ("guardian", "parent", "relative")
ROLES = (*GRANTS, PUPIL, *GUARDIANS, "counselor", "proctor")
ENROLMENTS: Mapping[str, str] = MappingProxyType({"student": "pupil", "teacher": "teacher"})
ENROLMENT_ROLES = (*ENROLMENTS, *(role for role in ROLES if role not in ENROLMENTS))


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """As it is exported: a spreadsheet does not take it for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.lstrip("'")[:1] in _FORMULA else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'")[:1] in _FORMULA else cell


class Org(NamedTuple):
    """:ivar kind: `school` or `region`. :ivar sort: of REGION_KINDS or SCHOOL_KINDS; may be empty for a school."""

    row: int
    kind: str
    sort: str
    name: str
    parent: str
    active: bool


class Session(NamedTuple):
    row: int
    kind: str
    name: str
    starts: str
    ends: str
    parent: str
    active: bool


class Class(NamedTuple):
    """:ivar grade: of the class, or else of its course."""

    row: int
    name: str
    grade: str
    school: str
    active: bool


class User(NamedTuple):
    """:ivar login: as it is compared; only of those who sign in it has to be one that can be typed."""

    row: int
    name: str
    login: str
    org: str
    active: bool


class Role(NamedTuple):
    """:ivar primary: decides which school a person belongs to."""

    row: int
    user: str
    role: str
    org: str
    primary: bool
    active: bool


class Enrollment(NamedTuple):
    row: int
    class_: str
    school: str
    user: str
    role: str
    active: bool


_TWO = frozenset(
    "欧阳 司马 上官 诸葛 夏侯 皇甫 尉迟 公孙 慕容 令狐 司徒 司空 东方 独孤 南宫 长孙 宇文 端木 百里".split()
)
"""Family names of two characters."""


def join_name(family: str, middle: str, given: str) -> str:
    """A person's name as it is said: 教师甲, but Anna Svensson."""
    if _chinese(family + given):
        return family + middle + given
    return " ".join(part for part in (given, middle, family) if part)


def split_name(name: str) -> tuple[str, str]:
    """(family name, given name) such that `join_name` makes the same of them."""
    if _chinese(name):
        at = 2 if name[:2] in _TWO and len(name) > 2 else 1
        parts = name[:at], name[at:]
    else:
        given, _, family = name.rpartition(" ")
        parts = family, given
    return parts if join_name(parts[0].strip(), "", parts[1].strip()) == name else (name, "")


def _chinese(text: str) -> bool:
    return any("\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff" for char in text)
