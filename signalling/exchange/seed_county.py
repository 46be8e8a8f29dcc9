"""The schools, people and calendar of a county that does not exist; names are parts, not persons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signalling.db.base import Base
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, PupilClass, Region, School
from signalling.db.times import BellTable, Calendar, CalendarDay, Period, Term
from signalling.exchange import calendar_import
from signalling.timetable import calendar as timetable

ZONE = "Asia/Shanghai"
LEAD_SCHOOL = "第一小学"
VILLAGES = "东沟 西沟 南坪 北坡 柳林 石桥 清水 白杨 大湾 小河 高山 新田".split()
TEACHERS = "甲乙丙丁戊己庚辛壬癸"
ASSISTANTS = "子丑寅卯辰巳午未申酉戌亥"
PERIODS = ((480, 520), (530, 570), (600, 640), (650, 690), (840, 880), (890, 930), (950, 990), (1000, 1040))
"""Minutes after midnight."""
NUMERALS = "一二三四五六七八"
Rows = dict[type[Base], list[dict[str, Any]]]


@dataclass
class County:
    """Ids by name. :ivar classrooms: and :ivar classes: (school, name) → id."""

    rows: Rows = field(default_factory=dict)
    schools: dict[str, str] = field(default_factory=dict)
    classrooms: dict[tuple[str, str], str] = field(default_factory=dict)
    classes: dict[tuple[str, str], str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    terms: list[timetable.Term] = field(default_factory=list)
    days: dict[dt.date, dt.date | None] = field(default_factory=dict)

    def add(self, table: type[Base], **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)


def build(today: dt.date, ids: Callable[[], str]) -> County:
    county = County()
    calendar = ids()
    county.add(Calendar, id=calendar, name="示例县校历", zone=ZONE)
    _times(county, calendar, today, ids)
    region = _regions(county, ids)
    for name in (LEAD_SCHOOL, *(f"{village}村小学" for village in VILLAGES)):
        _school(county, name, region, calendar, ids)
    _people(county, region, ids)
    return county


def _regions(county: County, ids: Callable[[], str]) -> str:
    parent, path = None, "/"
    for kind, name in (("province", "示例省"), ("city", "示例市"), ("county", "示例县")):
        id = ids()
        path = f"{path}{id}/"
        county.add(Region, id=id, parent=parent, kind=kind, name=name, path=path)
        parent = id
    assert parent is not None
    return parent


def _times(county: County, calendar: str, today: dt.date, ids: Callable[[], str]) -> None:
    """Two terms of the school year; between them, the nearer one is longer, so that there is school today."""
    year = today.year if today.month >= 8 else today.year - 1
    autumn = [dt.date(year, 9, 1), dt.date(year + 1, 1, 22)]
    spring = [dt.date(year + 1, 2, 22), dt.date(year + 1, 7, 8)]
    monday = timetable.monday(today)
    fortnight = monday + dt.timedelta(days=13)
    for term, following in ((autumn, spring[0]), (spring, dt.date.max)):
        if term[0] <= today and term[1] < fortnight < following:
            term[1] = fortnight
    if today < autumn[0]:
        autumn[0] = monday
    elif autumn[1] < monday < spring[0]:
        spring[0] = monday
    for name, (starts, ends) in (("第一学期", autumn), ("第二学期", spring)):
        term_name = f"{year}-{year + 1}学年{name}"
        county.add(Term, id=ids(), calendar=calendar, name=term_name, starts=starts, ends=ends)
        county.terms.append(timetable.Term(term_name, starts, ends))
    proposal = calendar_import.propose(dt.date(year, 8, 1), dt.date(year + 1, 7, 31))
    for special in proposal.days:
        county.add(CalendarDay, calendar=calendar, day=special.day, runs=special.runs, name=special.name)
        county.days[special.day] = special.runs


def _school(county: County, name: str, region: str, calendar: str, ids: Callable[[], str]) -> None:
    lead = name == LEAD_SCHOOL
    county.schools[name] = school = ids()
    county.add(School, id=school, region=region, calendar=calendar, name=name, kind="lead" if lead else "receiving")
    rooms: Mapping[str, str] = (
        {"录播教室1": "lead", "录播教室2": "lead", "录播教室3": "lead", "报告厅": "both"}
        if lead
        else {"同步教室": "receiving", "多媒体教室": "receiving"}
    )
    for room, kind in rooms.items():
        county.classrooms[name, room] = id = ids()
        county.add(Classroom, id=id, school=school, name=room, kind=kind, seats=200 if kind == "both" else 45)
    for grade in range(3, 7):
        for number in (1, 2) if lead else (1,):
            class_ = f"{NUMERALS[grade - 1]}年级" + (f"{number}班" if lead else "")
            county.classes[name, class_] = id = ids()
            size = 44 - number if lead else 8 + (grade * 5 + len(county.schools) * 3) % 15
            county.add(PupilClass, id=id, school=school, name=class_, grade=str(grade), size=size)
    table = ids()
    county.add(BellTable, id=table, school=school, name="作息时间表", starts=county.terms[0].starts)
    for number, (starts, ends) in enumerate(PERIODS, 1):
        county.add(
            Period, bell_table=table, number=number, name=f"第{NUMERALS[number - 1]}节", starts=starts, ends=ends
        )


def _people(county: County, region: str, ids: Callable[[], str]) -> None:
    lead = county.schools[LEAD_SCHOOL]
    for number, part in enumerate(TEACHERS, 1):
        _person(county, f"教师{part}", f"teacher{number:02}", lead, "teacher", ("school", lead), ids)
    for number, (part, village) in enumerate(zip(ASSISTANTS, VILLAGES, strict=True), 1):
        school = county.schools[f"{village}村小学"]
        _person(county, f"辅助教师{part}", f"assistant{number:02}", school, "assistant", ("school", school), ids)
    _person(county, "教务员", "planner", lead, "planner", ("region", region), ids)
    _person(county, "巡课员", "supervisor", None, "supervisor", ("region", region), ids)


def _person(
    county: County,
    name: str,
    login: str,
    school: str | None,
    role: str,
    scope: tuple[str, str],
    ids: Callable[[], str],
) -> None:
    """Nobody has a password: whoever tries things out gives them some."""
    county.people[name] = id = ids()
    county.add(Person, id=id, school=school, name=name, login=login)
    county.add(RoleGrant, id=ids(), person=id, role=role, kind=scope[0], scope=scope[1])
