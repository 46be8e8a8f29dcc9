"""Import of a school's timetable: a weekly series to the end of the term for each of its lines, booked like any other.

Everything is checked first, each line against what is booked and against the lines before it; where one cannot be
booked, nothing is, unless such lines are to be skipped. Each is booked in a transaction of its own: all of them in one
would keep everybody else from writing for as long as a thousand bookings take. Between checking and booking others may
take a place: that line is then refused, and without skipping what was booked so far is called off again. Where the
server stops on the way, the same timetable again finds its series booked already, and books the others.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import problems, schooltime, series
from signalling.booking.book import Booked, book, withdraw
from signalling.booking.check import check
from signalling.booking.limits import Rules
from signalling.booking.request import Receiver, Request
from signalling.booking.schooltime import SchoolTime
from signalling.db.engine import Database
from signalling.db.lessons import Booking
from signalling.exchange import timetable_csv
from signalling.exchange.oneroster import Progress, no_progress
from signalling.exchange.report import Report
from signalling.exchange.table import Opener
from signalling.exchange.timetable_csv import Directory, TimetableLine
from signalling.exchange.timetable_pending import Pending, name_of
from signalling.timetable.calendar import ONE_DAY, Term
from signalling.timetable.series import Plan, period_on

FILE = "timetable.csv"
_RULE = "FREQ=WEEKLY"
_SAID = ("name", "title", "teacher", "school", "starts", "ends", "count", "classrooms", "limit")
"""Facts of a problem that its sentence is made of."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a timetable does not say. :ivar classroom: of lines that name none. :ivar receivers: classrooms that all
    lessons are sent to. :ivar first: no lesson is before this day; None: from tomorrow on."""

    school: str
    form: str = "channel"
    classroom: str | None = None
    receivers: tuple[str, ...] = ()
    first: dt.date | None = None


async def import_timetable(
    database: Database,
    opener: Opener,
    wishes: Wishes,
    now: float,
    actor: str,
    *,
    rules: Rules,
    may_approve: Collection[str] = (),
    skip_refused: bool = False,
    progress: Progress = no_progress,
) -> Report:
    """:param may_approve: as for `book`.
    :raises UserError: 422 `unknown_school`, `outside_term`; 503 as `Database.run`: it says how much is booked by then.
    """
    report = Report()
    async with database.read() as session:
        directory = await timetable_csv.load_directory(session, wishes.school)
        time, term, first = await _term(session, wishes, now)
        known = await _known(session, wishes.school, term)
    progress("read", 0, None)
    lines = await asyncio.to_thread(timetable_csv.read, FILE, opener, directory, report)
    report.of(FILE).created = 0  # so far they are only read
    wanted = []
    for line in lines:
        request = _request(line, wishes, directory, time, term, first, report)
        if request is not None and _signature(request) in known:
            report.of(FILE).unchanged += 1
        elif request is not None:
            wanted.append((line, request))
    if report.refused and not skip_refused:
        return report
    possible = []
    pending = Pending(rules.capacity)
    for done, (line, request) in enumerate(wanted):
        progress("compare", done, len(wanted))
        async with database.read() as session:
            if await _fits(session, line, request, pending, time, now, rules, report):
                possible.append((line, request))
    if report.refused and not skip_refused:
        return report
    booked: list[Booked] = []
    for done, (line, request) in enumerate(possible):
        progress("write", done, len(possible))
        try:
            booked.append(await book(database, request, actor, now, rules=rules, may_approve=may_approve))
        except UserError as error:
            if error.status >= 500:
                raise _stopped(error, len(booked), len(possible)) from None
            _refuse(report, line, error)
            if not skip_refused:
                await _call_off(database, booked, len(possible), actor, now)
                return report
    report.of(FILE).created = len(booked)
    report.written = bool(booked)
    return report


async def _fits(
    session: AsyncSession,
    line: TimetableLine,
    request: Request,
    pending: Pending,
    time: SchoolTime,
    now: float,
    rules: Rules,
    report: Report,
) -> bool:
    """Whether the line can be booked beside those before it; then it counts for those after it."""
    try:
        checked = await check(session, request, now, rules=rules)
        checked.require()
    except UserError as error:
        _refuse(report, line, error)
        return False
    taken = pending.taken(request, checked.lessons)
    if taken is not None:
        name = await name_of(session, taken[0])
        report.refuse(FILE, line.row, "slot_taken", line.column, value=name, other=taken[1])
        return False
    full = await pending.full(session, request, checked.lessons)
    if full is not None:
        problem = problems.capacity(*full, rules.capacity, time.calendar)
        _refuse(report, line, problems.conflict([problem], 0, ()))
        return False
    pending.add(request, checked.lessons, line.row)
    return True


async def _call_off(database: Database, booked: Sequence[Booked], lines: int, actor: str, now: float) -> None:
    """Take back what was booked before a line was refused after all, the last one first."""
    for done, it in enumerate(reversed(booked)):
        try:
            if it.state == "requested":
                await withdraw(database, it.booking, actor, now)
            else:
                await series.cancel(database, it.booking, actor, now)
        except UserError as error:
            if error.status >= 500:
                raise _stopped(error, len(booked) - done, lines) from None
            # Somebody has changed it within these seconds: it is hers now.


def _stopped(error: UserError, booked: int, lines: int) -> UserError:
    """The database went away on the way."""
    so_far = f" {booked} of {lines} rows are booked; import the same file again, and the others follow."
    return UserError(error.status, error.code, f"{error.detail}{so_far if booked else ''}", **error.extra)


async def _term(session: AsyncSession, wishes: Wishes, now: float) -> tuple[SchoolTime, Term, dt.date]:
    """The term that the timetable is for, and the first day on which it may take place."""
    today = dt.datetime.fromtimestamp(int(now), dt.UTC).date()
    time = await schooltime.load(session, wishes.school, (), wishes.first or today)
    earliest = time.calendar.local(int(now)).date() + ONE_DAY
    first = max(wishes.first or earliest, earliest)
    term = next((term for term in time.calendar.terms if term.ends >= first), None)
    if term is None:
        raise UserError(
            422, "outside_term", f"The school's calendar has no term on or after {first}; add the term first."
        )
    return time, term, max(first, term.starts)


async def _known(session: AsyncSession, school: str, term: Term) -> set[tuple[object, ...]]:
    """Series of this term that an import before may have booked."""
    it = Booking
    rows = await session.execute(
        select(it.title, it.form, it.teacher, it.classroom, it.period, it.weeks, it.first).where(
            it.school == school,
            it.state.in_(("requested", "booked")),
            it.rule == _RULE,
            it.first.between(term.starts, term.ends),
        )
    )
    return {(*which, first.weekday()) for *which, first in rows}


def _signature(request: Request) -> tuple[object, ...]:
    plan = request.plan
    where = (request.title, request.form, request.teacher, request.classroom)
    return (*where, plan.period, plan.weeks, plan.first.weekday())


def _request(
    line: TimetableLine,
    wishes: Wishes,
    directory: Directory,
    time: SchoolTime,
    term: Term,
    first: dt.date,
    report: Report,
) -> Request | None:
    classroom = line.classroom or wishes.classroom
    if classroom is None:
        report.refuse(FILE, line.row, "no_classroom", line.column)
        return None
    day = first + dt.timedelta(days=(line.weekday - first.weekday()) % 7)
    name = next((name for name, id in directory.classes.items() if id == line.pupil_class), "")
    try:
        period = period_on(time.periods, day, line.period)
    except UserError as error:
        _refuse(report, line, error)
        return None
    return Request(
        title=f"{name} {line.subject}".strip(),
        form=wishes.form,
        school=wishes.school,
        teacher=line.teacher,
        classroom=classroom,
        plan=Plan(day, period.ends - period.starts, _RULE, weeks=line.weeks, period=line.period),
        receivers=tuple(map(Receiver, wishes.receivers)),
        lead_class=line.pupil_class,
        subject=line.subject,
    )


def _refuse(report: Report, line: TimetableLine, error: UserError) -> None:
    """With the facts of what stands in the way, which a page says in its own language."""
    found: Sequence[Mapping[str, Any]] = error.extra.get("problems", ())
    first = found[0] if found else {"code": error.code, "detail": error.detail, "facts": {}}
    facts = {name: first["facts"][name] for name in _SAID if name in first["facts"]}
    if days := first["facts"].get("days"):
        facts["day"] = days[0]
    why = first["detail"].rstrip(".")
    report.refuse(FILE, line.row, "not_booked", line.column, **facts, why=why, problem=first["code"])
