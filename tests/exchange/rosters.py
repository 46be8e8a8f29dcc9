"""Rosters for the tests: small believable ones, and generated large ones."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from signalling.exchange.roster_form import COLUMNS

Files = dict[str, list[dict[str, Any]]]


def county() -> Files:
    """A district with two schools, three classes, two teachers, an aide, a headmaster, a parent and two pupils."""
    return {
        "orgs.csv": [
            {"sourcedId": "d1", "name": "示例县", "type": "district"},
            {"sourcedId": "s1", "name": "第一小学", "type": "school", "parentSourcedId": "d1", "metadata.kind": "lead"},
            {"sourcedId": "s2", "name": "东沟村小学", "type": "school", "parentSourcedId": "d1"},
        ],
        "academicSessions.csv": [
            session("y1", "2026学年", "schoolYear", "2026-09-01", "2027-07-08"),
            session("t1", "第一学期", "semester", "2026-09-01", "2027-01-22", parent="y1"),
        ],
        "courses.csv": [{"sourcedId": "k1", "title": "三年级", "grades": "3", "orgSourcedId": "d1"}],
        "classes.csv": [
            {"sourcedId": "c1", "title": "三年级1班", "courseSourcedId": "k1", "schoolSourcedId": "s1"},
            {"sourcedId": "c2", "title": "四年级1班", "grades": "4", "schoolSourcedId": "s1"},
            {"sourcedId": "c3", "title": "三年级", "courseSourcedId": "k1", "schoolSourcedId": "s2"},
        ],
        "users.csv": [
            user("u1", "教", "师甲", "Teacher01", "s1"),
            user("u2", "教", "师乙", "teacher02", ""),
            user("u3", "辅", "助教师子", "assistant01", "s2"),
            user("u4", "校", "长", "head01", "s1"),
            user("u5", "学", "生甲", "pupil01", "s1"),
            user("u6", "学", "生乙", "", ""),
            user("u7", "家", "长", "parent01", ""),
        ],
        "roles.csv": [
            role("r1", "u1", "teacher", "s1"),
            role("r2", "u2", "teacher", "s1"),
            role("r3", "u3", "aide", "s2"),
            role("r4", "u4", "principal", "s1"),
            role("r5", "u4", "districtAdministrator", "d1", kind="secondary"),
            role("r6", "u5", "student", "s1"),
            role("r7", "u6", "student", "s2"),
            role("r8", "u7", "parent", "s1"),
        ],
        "enrollments.csv": [
            enrollment("e1", "c1", "u1", "teacher"),
            enrollment("e2", "c1", "u5", "student"),
            enrollment("e3", "c3", "u6", "student", "s2"),
        ],
    }


def large(people: int, schools: int = 20) -> Files:
    """A county with so many people: one teacher for about every twenty pupils."""
    files: Files = {name: [] for name in COLUMNS if name != "manifest.csv"}
    files["orgs.csv"].append({"sourcedId": "d", "name": "示例县", "type": "district"})
    for number in range(schools):
        files["orgs.csv"].append(
            {"sourcedId": f"s{number}", "name": f"第{number + 1}小学", "type": "school", "parentSourcedId": "d"}
        )
        for class_ in range(12):
            files["classes.csv"].append(
                {"sourcedId": f"c{number}-{class_}", "title": f"{class_ + 1}班", "schoolSourcedId": f"s{number}"}
            )
    for number in range(people):
        school, id = f"s{number % schools}", f"person-{number:07}"
        kind = "teacher" if number % 20 == 0 else "student"
        files["users.csv"].append(user(id, "人", f"员{number}", f"login{number}", school))
        files["roles.csv"].append(role(f"r-{number}", id, kind, school))
        files["enrollments.csv"].append(
            enrollment(f"e-{number}", f"c{number % schools}-{number // schools % 12}", id, kind, school)
        )
    return files


def session(id: str, title: str, kind: str, starts: str, ends: str, parent: str = "") -> dict[str, Any]:
    return {
        "sourcedId": id,
        "title": title,
        "type": kind,
        "startDate": starts,
        "endDate": ends,
        "parentSourcedId": parent,
    }


def user(id: str, family: str, given: str, login: str, school: str) -> dict[str, Any]:
    return {
        "sourcedId": id,
        "enabledUser": "true",
        "username": login,
        "givenName": given,
        "familyName": family,
        "primaryOrgSourcedId": school,
    }


def role(id: str, user: str, name: str, org: str, kind: str = "primary") -> dict[str, Any]:
    return {"sourcedId": id, "userSourcedId": user, "roleType": kind, "role": name, "orgSourcedId": org}


def enrollment(id: str, class_: str, user: str, name: str, school: str = "s1") -> dict[str, Any]:
    return {
        "sourcedId": id,
        "classSourcedId": class_,
        "schoolSourcedId": school,
        "userSourcedId": user,
        "role": name,
    }


def row(files: Files, file: str, id: str) -> dict[str, Any]:
    return next(row for row in files[file] if row["sourcedId"] == id)


def manifest(files: Files) -> list[tuple[str, str]]:
    return [
        ("propertyName", "value"),
        ("manifest.version", "1.0"),
        ("oneroster.version", "1.2"),
        *((f"file.{name.removesuffix('.csv')}", "bulk") for name in files),
    ]


def write(files: Files, folder: Path, properties: Mapping[str, str] | None = None) -> Path:
    """:param properties: of the manifest, instead of what is right."""
    folder.mkdir(exist_ok=True)
    changed = dict(manifest(files)[1:]) | dict(properties or {})
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("propertyName", "value"), *changed.items()])
    for name, rows in files.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS[name], restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder
