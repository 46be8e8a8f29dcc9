"""Teaching hours: planned by the timetable against taught by measurement, for both teachers of a lesson.

The lead teacher teaches while her sound or picture arrives, or that of the recorder box which publishes for her: only
one of the two sends at a time, so their seconds add up. The assistant works while she is in the lesson, by her own page
or the phone beside her classroom's display; who has both is there once. It is measured from the lesson's beginning on
(`attendance`), and counts for no more than the lesson was planned for. Who gave a lesson away when it had begun keeps
what she did herself; what the box sent and the phone saw is the teacher's who has the lesson now. Everything is
computed by the database, from rows that stay as they are; behind each figure stand the numbers of the audit log's rows
about its lessons.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, and_, case, extract, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson, Participation, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom, School
from signalling.db.records import Audit
from signalling.db.times import Term

By = Literal["month", "term"]
MAX_DAYS = 400
MAX_PAGE = 1000
MAX_EXPORT = 100_000
"""Lines of one file: Excel takes a million, a mail hardly more than this."""
HOURS_PAGE = 20_000
"""Lines of a file that are asked for together: each time, the hours of all teachers are reckoned anew."""
_EVIDENCE = ("lesson.open", "lesson.live", "lesson.ended", "lesson.evidence")
"""Actions on the audit log that say when a lesson took place and who was there."""


@dataclass(frozen=True, slots=True)
class Scope:
    """:ivar since: and :ivar until: of the lessons' beginnings, seconds since 1970; the end does not belong to it.
    :ivar school: of the teachers' classrooms. :ivar teacher: id of a person."""

    since: int
    until: int
    school: str | None = None
    teacher: str | None = None

    def __post_init__(self) -> None:
        if not self.since < self.until <= self.since + MAX_DAYS * 86400:
            raise UserError(422, "bad_range", f"Choose a time of at most {MAX_DAYS} days that ends after it begins.")


@dataclass(frozen=True, slots=True)
class Line:
    """One teacher's hours in one part in one period. :ivar part: `lead` or `assistant`.
    :ivar period: `2026-03`, or the name of a term; empty for days outside every term.
    :ivar lessons: and :ivar planned_s: as the timetable has it now, without lessons that she gave away.
    :ivar taught_lessons: those with any evidence. :ivar audit: (first, last, how many) rows of the audit log."""

    teacher: str
    name: str
    part: str
    period: str
    lessons: int
    taught_lessons: int
    planned_s: int
    taught_s: int
    audit: tuple[int | None, int | None, int]


@dataclass(frozen=True, slots=True)
class Item:
    """One lesson of one teacher. :ivar planned_s: 0 where she gave it away after she had begun.
    :ivar audit: numbers of the audit log's rows about it."""

    lesson: str
    title: str
    day: str
    starts: int
    state: str
    teacher: str
    name: str
    part: str
    planned_s: int
    taught_s: int
    audit: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """The lessons behind one line. :ivar period: as in `Line`."""

    part: str
    by: By
    period: str


async def hours(database: Database, scope: Scope, by: By, *, limit: int = MAX_PAGE, offset: int = 0) -> list[Line]:
    """By name, then period, then part. :raises UserError: 503 `database_unavailable`."""
    async with database.read() as session:
        return await _hours(session, scope, by, min(limit, MAX_PAGE), offset)


async def items(
    database: Database,
    scope: Scope,
    *,
    limit: int = MAX_PAGE,
    after: tuple[int, str, str, str] | None = None,
    share: Share | None = None,
) -> list[Item]:
    """In the order of time. :param after: (starts, lesson, teacher, part) of the last one of the page before.

    :raises UserError: 422 `bad_period`, 503 `database_unavailable`.
    """
    async with database.read() as session:
        return await _items(session, scope, min(limit, MAX_PAGE), after, share)


async def hours_csv(database: Database, scope: Scope, by: By, language: str = "zh-CN") -> AsyncGenerator[bytes, None]:
    """The lines of `hours` as CSV in UTF-8, with the byte order mark that Excel needs.

    :raises UserError: 503 `database_unavailable`, 422 `too_long`.
    """
    yield _csv([_HOURS[language.startswith("zh")]], begins=True)
    offset = 0
    async with database.read() as session:
        while page := await _hours(session, scope, by, HOURS_PAGE, offset):
            offset = _grown(offset, page)
            yield _csv(
                (
                    *(it.name, it.teacher, _part(it.part, language), it.period, it.lessons, it.taught_lessons),
                    *(_hours_of(it.planned_s), _hours_of(it.taught_s)),
                    *("" if number is None else number for number in it.audit),
                )
                for it in page
            )


async def items_csv(database: Database, scope: Scope, language: str = "zh-CN") -> AsyncGenerator[bytes, None]:
    """The same for `items`: each lesson with its rows on the audit log."""
    yield _csv([_ITEMS[language.startswith("zh")]], begins=True)
    offset, after = 0, None
    async with database.read() as session:
        while page := await _items(session, scope, MAX_PAGE, after):
            offset = _grown(offset, page)
            last = page[-1]
            after = last.starts, last.lesson, last.teacher, last.part
            yield _csv(
                (
                    *(it.day, it.title, it.lesson, it.state, it.name, it.teacher, _part(it.part, language)),
                    *(_hours_of(it.planned_s), _hours_of(it.taught_s), " ".join(map(str, it.audit))),
                )
                for it in page
            )


# ---------------------------------------------------------------- queries


def _duties(scope: Scope) -> Any:
    """Who was to teach which lesson in which part, two rows for a dual-teacher lesson; and who has begun to teach what
    was given to somebody else, of which nothing is planned for her any more."""
    within = and_(Lesson.starts >= scope.since, Lesson.starts < scope.until, Lesson.state != "cancelled")
    columns = (
        *(Lesson.id.label("lesson"), Lesson.title, Lesson.day, Lesson.starts, Lesson.state, Lesson.booking),
        (Lesson.ends - Lesson.starts).label("length"),
    )
    planned, nothing = (Lesson.ends - Lesson.starts).label("planned"), literal(0).label("planned")
    of_lead, of_assistant = literal("lead").label("part"), literal("assistant").label("part")
    lead: Select[Any] = select(*columns, planned, Lesson.teacher.label("person"), of_lead).where(within)
    was_there = select(*columns, nothing, Participation.person.label("person"))
    was_there = was_there.join(Participation, Participation.lesson == Lesson.id).where(within)
    has_led = was_there.add_columns(of_lead).where(
        Participation.role == "lead", Participation.sent > 0, Participation.person != Lesson.teacher
    )
    sits = select(Seat.lesson).where(Seat.lesson == Lesson.id, Seat.assistant == Participation.person)
    has_assisted = was_there.add_columns(of_assistant).where(
        Participation.role == "assistant",
        *(Participation.present > 0, Participation.person.is_not(None)),
        ~sits.correlate(Lesson, Participation).exists(),
    )
    # An assistant of two classrooms in one lesson works once.
    seats = select(Seat.lesson, Seat.assistant).where(Seat.assistant.is_not(None)).distinct()
    if scope.school is not None:
        lead, has_led = (
            it.join(Booking, Booking.id == Lesson.booking).where(Booking.school == scope.school)
            for it in (lead, has_led)
        )
        seats = seats.join(Classroom, Classroom.id == Seat.classroom).where(Classroom.school == scope.school)
        rooms = select(Classroom.id).where(Classroom.school == scope.school)
        has_assisted = has_assisted.where(Participation.classroom.in_(rooms))
    if scope.teacher is not None:
        lead = lead.where(Lesson.teacher == scope.teacher)
        seats = seats.where(Seat.assistant == scope.teacher)
        has_led, has_assisted = (it.where(Participation.person == scope.teacher) for it in (has_led, has_assisted))
    seat = seats.subquery("seats")
    assistant = (
        select(*columns, planned, seat.c.assistant.label("person"), of_assistant)
        .join(seat, seat.c.lesson == Lesson.id)
        .where(within)
    )
    return union_all(lead, assistant, has_led, has_assisted).subquery("duties")


def _taught(duties: Any) -> Any:
    """The same rows with `taught`, in seconds: as measured, but not more than planned."""
    # Conditions are on the lesson alone where they can be: PostgreSQL without statistics would go by the person.
    row = Participation
    hers = or_(row.person == duties.c.person, and_(row.person.is_(None), duties.c.planned > 0))
    sent = select(func.sum(case((hers, row.sent), else_=0))).where(row.lesson == duties.c.lesson, row.role == "lead")
    beside = select(Seat.lesson).where(
        Seat.lesson == row.lesson, Seat.classroom == row.classroom, Seat.assistant == duties.c.person
    )
    phone = and_(row.role == "assistant", row.person.is_(None), beside.correlate(row, duties).exists())
    there = select(func.max(row.present)).where(
        row.lesson == duties.c.lesson, or_(row.participant == duties.c.person, phone)
    )
    seconds = case(
        (duties.c.part == "lead", sent.correlate(duties).scalar_subquery()),
        else_=there.correlate(duties).scalar_subquery(),
    )
    measured = select(duties, func.coalesce(seconds, 0).label("measured")).subquery("measured")
    capped = case((measured.c.measured > measured.c.length, measured.c.length), else_=measured.c.measured)
    return select(measured, capped.label("taught")).subquery("taught")


async def _hours(session: AsyncSession, scope: Scope, by: By, limit: int, offset: int) -> list[Line]:
    work = _taught(_duties(scope))
    about = and_(Audit.subject == work.c.lesson, Audit.action.in_(_EVIDENCE))

    def rows(what: Any) -> Any:
        return select(what).where(about).correlate(work).scalar_subquery()

    each = select(
        work.c.person,
        work.c.part,
        work.c.booking,
        work.c.day,
        work.c.planned,
        work.c.taught,
        rows(func.min(Audit.number)).label("first"),
        rows(func.max(Audit.number)).label("last"),
        rows(func.count()).label("entries"),
    ).subquery("each")
    key: tuple[Any, ...] = _month(each) if by == "month" else (Term.starts, Term.name)
    query = select(
        each.c.person,
        Person.name,
        each.c.part,
        *key,
        func.sum(case((each.c.planned > 0, 1), else_=0)),
        func.sum(case((each.c.taught > 0, 1), else_=0)),
        func.sum(each.c.planned),
        func.sum(each.c.taught),
        func.min(each.c.first),
        func.max(each.c.last),
        func.sum(each.c.entries),
    ).join(Person, Person.id == each.c.person)
    if by == "term":
        query = _with_term(query, each)
    query = query.group_by(each.c.person, Person.name, each.c.part, *key)
    query = query.order_by(Person.name, each.c.person, *key, each.c.part).limit(limit).offset(offset)
    lines = []
    for person, name, part, first, second, *sums in await session.execute(query):
        period = f"{int(first):04d}-{int(second):02d}" if by == "month" else second or ""
        lessons, taught_lessons, planned, taught, lowest, highest, entries = sums
        whole = int(lessons), int(taught_lessons), int(planned), int(taught)
        lines.append(Line(person, name, part, period, *whole, (lowest, highest, int(entries))))
    return lines


def _month(duties: Any) -> tuple[Any, Any]:
    return extract("year", duties.c.day), extract("month", duties.c.day)


def _with_term(query: Select[Any], duties: Any) -> Select[Any]:
    """Joined with the term of the lead school that each day lies in, if any."""
    within = and_(Term.calendar == School.calendar, Term.starts <= duties.c.day, Term.ends >= duties.c.day)
    query = query.join(Booking, Booking.id == duties.c.booking).join(School, School.id == Booking.school)
    return query.outerjoin(Term, within)


def _of_share(query: Select[Any], duties: Any, share: Share) -> Select[Any]:
    query = query.where(duties.c.part == share.part)
    if share.by == "term":
        return _with_term(query, duties).where(Term.name == share.period if share.period else Term.name.is_(None))
    try:
        month = dt.date.fromisoformat(f"{share.period}-01")
    except ValueError:
        raise UserError(422, "bad_period", "A month is written like 2026-03; choose one of those shown.") from None
    year, number = _month(duties)
    return query.where(year == month.year, number == month.month)


async def _items(
    session: AsyncSession,
    scope: Scope,
    limit: int,
    after: tuple[int, str, str, str] | None,
    share: Share | None = None,
) -> list[Item]:
    duties = _duties(scope)
    order = ("starts", "lesson", "person", "part")
    columns = [duties.c[name] for name in order]
    page = select(duties, Person.name).join(Person, Person.id == duties.c.person).order_by(*columns).limit(limit)
    if share is not None:
        page = _of_share(page, duties, share)
    if after is not None:
        later = [
            and_(
                *(column == value for column, value in zip(columns[:n], after[:n], strict=True)), columns[n] > after[n]
            )
            for n in range(len(columns))
        ]
        page = page.where(columns[0] >= after[0], or_(*later))
    work = _taught(page.subquery("page"))
    query = select(work).order_by(*(work.c[name] for name in order))
    rows = (await session.execute(query)).all()
    numbers: dict[str, list[int]] = {}
    about = select(Audit.subject, Audit.number).where(
        Audit.subject.in_({row.lesson for row in rows}), Audit.action.in_(_EVIDENCE)
    )
    for subject, number in await session.execute(about.order_by(Audit.number)):
        numbers.setdefault(subject, []).append(number)
    return [
        Item(
            lesson=row.lesson,
            title=row.title,
            day=row.day.isoformat(),
            starts=row.starts,
            state=row.state,
            teacher=row.person,
            name=row.name,
            part=row.part,
            planned_s=row.planned,
            taught_s=row.taught,
            audit=tuple(numbers.get(row.lesson, ())),
        )
        for row in rows
    ]


# ---------------------------------------------------------------- CSV

_HOURS = {
    True: (
        "教师",
        "教师编号",
        "角色",
        "时段",
        "计划节数",
        "实际节数",
        "计划小时",
        "实际小时",
        "日志首号",
        "日志末号",
        "日志条数",
    ),
    False: (
        *("teacher", "teacher id", "part", "period", "lessons planned", "lessons taught", "hours planned"),
        *("hours taught", "first audit row", "last audit row", "audit rows"),
    ),
}
_ITEMS = {
    True: ("日期", "课题", "课次编号", "状态", "教师", "教师编号", "角色", "计划小时", "实际小时", "日志编号"),
    False: (
        *("day", "title", "lesson id", "state", "teacher", "teacher id", "part", "hours planned"),
        *("hours taught", "audit rows"),
    ),
}
_PARTS = {"lead": "主讲", "assistant": "辅助"}


def _part(part: str, language: str) -> str:
    return _PARTS[part] if language.startswith("zh") else part


def _hours_of(seconds: int) -> str:
    return f"{seconds / 3600:.2f}"


def _grown(lines: int, page: Sequence[object]) -> int:
    if lines + len(page) > MAX_EXPORT:
        raise UserError(422, "too_long", f"A file has at most {MAX_EXPORT} lines; choose a shorter time or one school.")
    return lines + len(page)


def _csv(rows: Any, *, begins: bool = False) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig" if begins else "utf-8")


def _harmless(cell: object) -> object:
    """A name that begins like a formula would be computed by Excel (OWASP, "CSV injection")."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
