"""A school's weekly timetable as CSV: a grid of classes by week × day × period, or a list of single lines.

What is read are plain lines (`TimetableLine`), each naming a teacher, a period and a class or classroom that exist;
bookings are made of them elsewhere. The same lines written again give a file that reads as the same lines.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.logins import as_compared
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, PupilClass
from signalling.db.times import BellTable, Period
from signalling.exchange import timetable_words as words
from signalling.exchange.report import Report, harmless
from signalling.exchange.table import CsvTable, FileFault, Limits, Opener
from signalling.exchange.timetable_words import Slot
from signalling.timetable.series import Weeks

LIMITS = Limits(bytes=8 << 20, rows=20_000, columns=250)
MAX_SUBJECT = 40
_CLASS = ("class", "班级")
_CLASSROOM = ("classroom", "教室")
_LONG = {
    "weekday": ("weekday", "星期"),
    "period": ("period", "节次"),
    "subject": ("subject", "科目", "课程"),
    "teacher": ("teacher", "教师", "任课教师"),
    "weeks": ("weeks", "周次", "单双周"),
}


@dataclass(frozen=True, slots=True)
class TimetableLine:
    """A lesson of every (or every other) week, as it stands in a timetable.

    :ivar teacher: person's id. :ivar pupil_class: and :ivar classroom: ids; one of the two may be None.
    :ivar weekday: 0 for Monday. :ivar row: and :ivar column: where it stood, for what a booking may have to say.
    """

    subject: str
    teacher: str
    pupil_class: str | None
    classroom: str | None
    weekday: int
    period: int
    weeks: Weeks = "all"
    row: int = field(default=0, compare=False)
    column: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Teacher:
    id: str
    name: str
    login: str | None


@dataclass(frozen=True)
class Directory:
    """What a school's timetable may name. :ivar classes: and :ivar classrooms: name → id. :ivar periods: numbers."""

    teachers: Sequence[Teacher]
    classes: Mapping[str, str]
    classrooms: Mapping[str, str]
    periods: frozenset[int]

    def named(self, text: str) -> Sequence[Teacher]:
        """Teachers with this login, or else of this name; `教师甲(jiaoshi1)` names the login behind the name."""
        login = as_compared(words.login_of(text) or text)
        return [teacher for teacher in self.teachers if teacher.login == login] or [
            teacher for teacher in self.teachers if teacher.name == text
        ]

    def written(self, id: str) -> str:
        """A teacher such that `named` finds her alone."""
        teacher = next(teacher for teacher in self.teachers if teacher.id == id)
        alone = len(self.named(teacher.name)) == 1
        return teacher.name if alone or not teacher.login else f"{teacher.name}({teacher.login})"


async def load_directory(session: AsyncSession, school: str) -> Directory:
    """What the timetable of `school` may name now: active classes, classrooms, teachers, periods of all bell tables."""
    teachers = (
        select(Person.id, Person.name, Person.login)
        .where(
            Person.active,
            or_(
                Person.school == school,
                Person.id.in_(
                    select(RoleGrant.person).where(
                        RoleGrant.role == "teacher", RoleGrant.kind == "school", RoleGrant.scope == school
                    )
                ),
            ),
            Person.id.in_(select(RoleGrant.person).where(RoleGrant.role == "teacher")),
        )
        .order_by(Person.id)
    )
    classes = select(PupilClass.name, PupilClass.id).where(PupilClass.school == school, PupilClass.active)
    classrooms = select(Classroom.name, Classroom.id).where(Classroom.school == school, Classroom.active)
    periods = select(Period.number).join(BellTable, BellTable.id == Period.bell_table).where(BellTable.school == school)
    return Directory(
        [Teacher(*row) for row in await session.execute(teachers)],
        {name: id for name, id in await session.execute(classes)},
        {name: id for name, id in await session.execute(classrooms)},
        frozenset(await session.scalars(periods)),
    )


def read(file: str, opener: Opener, directory: Directory, report: Report) -> list[TimetableLine]:
    """The lines of a timetable in either shape; what cannot be read is in the report, cell by cell."""
    return _Reader(file, directory, report).read(opener)


def write(lines: Iterable[TimetableLine], directory: Directory) -> str:
    """A grid: a row for each class and classroom, a column for each slot that is in use."""
    lines = list(lines)
    classes = {id: name for name, id in directory.classes.items()}
    classrooms = {id: name for name, id in directory.classrooms.items()}
    slots = sorted({(line.weekday, line.period) for line in lines})
    grid: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for line in sorted(lines, key=lambda line: (line.weeks == "even", line.subject, line.teacher)):
        row = classes.get(line.pupil_class or "", ""), classrooms.get(line.classroom or "", "")
        said = f"{line.subject} {directory.written(line.teacher)}"
        marked = f"{words.weeks_name(line.weeks)}:{said}" if line.weeks != "all" else said
        grid[row][str(Slot(line.weekday, line.period))].append(marked)
    header = [_CLASS[1], _CLASSROOM[1], *(str(Slot(weekday, period)) for weekday, period in slots)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for row in sorted(grid):
        cells = [*row, *("；".join(grid[row][column]) for column in header[2:])]
        writer.writerow(map(harmless, cells))
    return out.getvalue()


class _Reader:
    def __init__(self, file: str, directory: Directory, report: Report) -> None:
        self._file = file
        self._directory = directory
        self._report = report
        self._lines: list[TimetableLine] = []
        self._taken: dict[tuple[str, int, int, str], int] = {}
        """(class, classroom or teacher, weekday, period, odd or even) → row"""

    def read(self, opener: Opener) -> list[TimetableLine]:
        try:
            table = CsvTable(self._file, opener, self._report, LIMITS)
            if _find(table.header, _LONG["period"]):
                self._long(table)
            else:
                self._grid(table)
        except FileFault:
            return []
        self._report.of(self._file).created = len(self._lines)
        return self._lines

    def _refuse(self, row: int, code: str, column: str, **facts: str | int) -> None:
        self._report.refuse(self._file, row, code, column, **facts)

    def _grid(self, table: CsvTable) -> None:
        places = {name for name in (_find(table.header, _CLASS), _find(table.header, _CLASSROOM)) if name}
        slots: dict[str, Slot] = {}
        for column in table.header:
            if column in places:
                continue
            found = words.slot(column)
            if found is None:
                self._refuse(1, "unknown_column", column, value=column)
            elif found.period not in self._directory.periods:
                self._refuse(1, "unknown_period", column, value=found.period)
            else:
                slots[column] = found
        for row, cells in table:
            place = self._place(row, table.header, cells)
            if place is None:
                continue
            for column, slot in slots.items():
                for taught in words.cell(cells[column]):
                    if taught is None:
                        self._refuse(row, "unreadable_cell", column, value=cells[column])
                        continue
                    weeks = slot.weeks if taught.weeks is None else taught.weeks
                    self._add(
                        row, column, Slot(slot.weekday, slot.period, weeks), place, taught.subject, taught.teacher
                    )

    def _long(self, table: CsvTable) -> None:
        columns = {ours: _find(table.header, names) or names[0] for ours, names in _LONG.items()}
        table.require(*(column for ours, column in columns.items() if ours != "weeks"))
        for row, cells in table:
            before = len(self._report.refusals)
            place = self._place(row, table.header, cells)
            weekday = words.weekday(cells[columns["weekday"]])
            if weekday is None:
                self._refuse(row, "unknown_weekday", columns["weekday"], value=cells[columns["weekday"]])
            period = words.number(cells[columns["period"]])
            if period not in self._directory.periods:
                self._refuse(row, "unknown_period", columns["period"], value=cells[columns["period"]])
            said = cells.get(columns["weeks"], "")
            weeks = words.weeks(said)
            if weeks is None:
                self._refuse(row, "unknown_weeks", columns["weeks"], value=said)
            subject, teacher = cells[columns["subject"]], cells[columns["teacher"]]
            if not subject:
                self._refuse(row, "empty", columns["subject"])
            if place is None or weekday is None or period is None or weeks is None:
                continue
            if not self._report.is_refused(self._file, row) and before == len(self._report.refusals):
                self._add(row, columns["teacher"], Slot(weekday, period, weeks), place, subject, teacher)

    def _place(self, row: int, header: Sequence[str], cells: Mapping[str, str]) -> tuple[str | None, str | None] | None:
        """(class, classroom); None when neither is named, or one that does not exist."""
        found: list[str | None] = []
        for names, known, code in (
            (_CLASS, self._directory.classes, "unknown_class"),
            (_CLASSROOM, self._directory.classrooms, "unknown_classroom"),
        ):
            column = _find(header, names)
            text = cells[column] if column else ""
            found.append(known.get(text) if text else None)
            if text and text not in known:
                self._refuse(row, code, column or "", value=text)
        if self._report.is_refused(self._file, row):
            return None
        if found == [None, None]:
            self._refuse(row, "no_place", "")
            return None
        return found[0], found[1]

    def _add(
        self, row: int, column: str, slot: Slot, place: tuple[str | None, str | None], subject: str, teacher: str
    ) -> None:
        if len(subject) > MAX_SUBJECT:
            return self._refuse(row, "bad_length", column, limit=MAX_SUBJECT)
        matching = self._directory.named(teacher)
        if not matching:
            return self._refuse(row, "unknown_teacher", column, value=teacher)
        if len(matching) > 1:
            logins = "、".join(sorted(found.login or "—" for found in matching))
            return self._refuse(row, "ambiguous_teacher", column, value=teacher, count=len(matching), logins=logins)
        person = matching[0].id
        keys = [
            (resource, slot.weekday, slot.period, week)
            for resource in (*filter(None, place), person)
            for week in (("odd", "even") if slot.weeks == "all" else (slot.weeks,))
        ]
        held = next((key for key in keys if key in self._taken), None)
        if held is not None:
            who = teacher if held[0] == person else self._name(held[0])
            return self._refuse(row, "slot_taken", column, value=who, other=self._taken[held])
        self._taken.update(dict.fromkeys(keys, row))
        self._lines.append(
            TimetableLine(subject, person, place[0], place[1], slot.weekday, slot.period, slot.weeks, row, column)
        )

    def _name(self, id: str) -> str:
        places = (*self._directory.classes.items(), *self._directory.classrooms.items())
        return next(name for name, place in places if place == id)


def _find(header: Sequence[str], names: Sequence[str]) -> str | None:
    return next((column for column in header if column.lower() in names), None)
