"""Imports of rosters, timetables, special days and resources of the library: a file goes in, a report comes out."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import select

from mediaserver.api import UserError
from signalling.bodies import Id, IsoDay, Line, Query, Short
from signalling.booking.limits import Rules
from signalling.db.places import Classroom
from signalling.exchange import calendar_import, library_csv, timetable_csv
from signalling.exchange.library_import import import_library
from signalling.exchange.oneroster import Progress, import_roster
from signalling.exchange.report import Report
from signalling.exchange.timetable_import import Wishes, import_timetable
from signalling.library.uploads import Uploads
from signalling.people.accounts import forbidden
from signalling.places import days
from signalling.rest.jobs import Import, Jobs, State, Work
from signalling.rest.operation import NO_STORE, Call, Nothing, Operation

MAX_ROSTER = 64 << 20
MAX_RECEIVERS = 50
_DAYS = "days.csv"
_CSV, _ZIP, _FORM = "text/csv", "application/zip", "multipart/form-data"


class RosterAsked(Query):
    skip_refused: bool = Field(False, description="import the rows that are right although others are refused")
    calendar: Line | None = Field(None, description="name or id of the calendar for new schools and terms")


class TimetableAsked(Query):
    school: Id
    form: Short = Field("channel", description="of the lessons")
    classroom: Id | None = Field(None, description="of rows that name none")
    receiver: list[Id] = Field([], max_length=MAX_RECEIVERS, description="classrooms that all lessons are sent to")
    first: IsoDay | None = Field(None, description="no lesson is before this day; from tomorrow on in any case")
    skip_refused: bool = False


class LibraryAsked(Query):
    school: Id
    skip_refused: bool = False


class DaysAsked(Query):
    calendar: Id
    skip_refused: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    id: str


@dataclass(frozen=True, slots=True)
class Failed:
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ImportShown:
    """:ivar state: `refused`: rows were, and nothing was written; `failed`: see `problem`.
    :ivar stage: `waiting`, `read`, `compare` or `write`. :ivar done: steps of the stage, of `total` where it is known.
    :ivar report: `{written, counts, refusals, more}`."""

    id: str
    state: State
    stage: str
    done: int
    total: int | None
    report: dict[str, Any] | None
    problem: Failed | None


class ImportsResource:
    """:param rules: for the lessons of timetables. :param uploads: takes files of the library,
    :param folder: where those lie that a list names. :param clock: seconds since 1970."""

    def __init__(self, jobs: Jobs, rules: Rules, uploads: Uploads, folder: Path, clock: Callable[[], float]) -> None:
        self._jobs = jobs
        self._rules = rules
        self._uploads = uploads
        self._folder = folder
        self._clock = clock

    def operations(self) -> Iterable[Operation]:
        right = "import.run"
        roster, csv = (_ZIP, _FORM), (_CSV, _FORM)
        yield Operation("POST", "/imports/roster", self.roster, right=right, of="system", status=202, uploads=roster)
        yield Operation("POST", "/imports/timetable", self.timetable, right=right, status=202, uploads=csv)
        yield Operation("POST", "/imports/days", self.days, right=right, status=202, uploads=csv)
        yield Operation("POST", "/library/import", self.library, right="library.import", status=202, uploads=csv)
        yield Operation("GET", "/imports/{import}", self.read, right=right)
        yield Operation("GET", "/imports/{import}/report.csv", self.report, right=right, content=_CSV)

    async def roster(self, call: Call[Nothing, RosterAsked]) -> Begun:
        """Import schools, people and classes from an archive of OneRoster 1.2 CSV files"""
        asked = call.query

        async def work(path: Path, progress: Progress) -> Report:
            return await import_roster(
                call.database,
                path,
                call.now,
                call.person,
                skip_refused=asked.skip_refused,
                calendar=asked.calendar,
                progress=progress,
            )

        return await self._begin(call, (_ZIP,), MAX_ROSTER, work)

    async def timetable(self, call: Call[Nothing, TimetableAsked]) -> Begun:
        """Book the lessons of a school's timetable, each as a weekly series to the end of the term"""
        asked, caller = call.query, call.caller
        await caller.require("import.run", "school", asked.school)
        async with call.database.read() as session:
            of = select(Classroom.school).where(Classroom.id.in_(asked.receiver)).distinct()
            schools = {asked.school, *(await session.scalars(of))}
        may_approve = [id for id in sorted(schools) if await caller.allows("booking.approve", "school", id)]
        wishes = Wishes(asked.school, asked.form, asked.classroom, tuple(asked.receiver), asked.first)

        async def work(path: Path, progress: Progress) -> Report:
            return await import_timetable(
                call.database,
                partial(path.open, "rb"),
                wishes,
                call.now,
                call.person,
                rules=self._rules,
                may_approve=may_approve,
                skip_refused=asked.skip_refused,
                progress=progress,
            )

        return await self._begin(call, (_CSV,), timetable_csv.LIMITS.bytes, work)

    async def days(self, call: Call[Nothing, DaysAsked]) -> Begun:
        """Add special days to a calendar; those it has besides stay"""
        asked = call.query
        await call.caller.require("import.run", "calendar", asked.calendar)

        async def work(path: Path, progress: Progress) -> Report:
            report = Report()
            progress("read", 0, None)
            read = await asyncio.to_thread(calendar_import.read_days, _DAYS, partial(path.open, "rb"), report)
            if (report.refused and not asked.skip_refused) or not read:
                return report
            progress("write", 0, len(read))
            done = await days.set_days(call.database, call.now, call.person, asked.calendar, read, beside=True)
            counts = report.of(_DAYS)
            counts.created, counts.changed, counts.unchanged = done["created"], done["changed"], done["unchanged"]
            report.written = bool(counts.created or counts.changed)
            return report

        return await self._begin(call, (_CSV,), calendar_import.LIMITS.bytes, work)

    async def library(self, call: Call[Nothing, LibraryAsked]) -> Begun:
        """Add the resources of a list to a school's part of the library: links, and files of the import folder"""
        asked = call.query
        await call.caller.require("library.import", "school", asked.school)

        async def work(path: Path, progress: Progress) -> Report:
            return await import_library(
                call.database,
                partial(path.open, "rb"),
                asked.school,
                self._folder,
                self._uploads,
                self._clock,
                call.person,
                skip_refused=asked.skip_refused,
                progress=progress,
            )

        return await self._begin(call, (_CSV,), library_csv.LIMITS.bytes, work)

    async def read(self, call: Call[Nothing, Nothing]) -> ImportShown:
        """How far an import is, and its report"""
        job = await self._mine(call)
        return ImportShown(
            job.id,
            job.state,
            job.stage,
            job.done,
            job.total,
            job.report.as_json() if job.report is not None and job.state != "running" else None,
            Failed(job.problem.code, job.problem.detail) if job.problem is not None else None,
        )

    async def report(self, call: Call[Nothing, Nothing]) -> web.Response:
        """The refused rows of an import, for a spreadsheet"""
        job = await self._mine(call)
        if job.report is None:
            raise UserError(409, "no_report", "This import has no report; wait until it is done, or see its problem.")
        text = io.StringIO()
        job.report.write_csv(text)
        headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="report.csv"'}
        return web.Response(text=text.getvalue(), content_type=_CSV, charset="utf-8", headers=headers)

    async def _mine(self, call: Call[Nothing, Nothing]) -> Import:
        """Of whoever began it, and of those who may import everything."""
        job = self._jobs.find(call.path("import"))
        if job.person != call.person and not await call.caller.allows("import.run"):
            raise forbidden("import.run")
        return job

    async def _begin(self, call: Call[Nothing, Any], types: tuple[str, ...], limit: int, work: Work) -> Begun:
        if call.request.content_type not in (*types, _FORM):
            raise UserError(415, "not_a_file", f"Send the file as {' or '.join((*types, _FORM))}.")
        return Begun(await self._jobs.begin(call.request, call.person, limit, work))
