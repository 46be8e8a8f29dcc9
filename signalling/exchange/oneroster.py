"""Import of a roster: everything is checked first, then everything is written in one transaction, or nothing is."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.exchange import roster_audit, roster_changes, roster_guard, roster_known, roster_plan, roster_read
from signalling.exchange.archive import files
from signalling.exchange.report import Report
from signalling.exchange.roster_form import COLUMNS
from signalling.exchange.roster_read import Roster

Progress = Callable[[str, int, int | None], None]
"""Stage (`read`, `compare`, `write`), steps done, steps in all where they are known. Called in any thread."""


def no_progress(stage: str, done: int, total: int | None) -> None:
    """For those who do not watch."""


class _Steps:
    def __init__(self, progress: Progress, stage: str, total: int | None = None) -> None:
        self._progress = progress
        self._stage = stage
        self._total = total
        self._done = 0

    def __call__(self, more: int) -> None:
        self._done += more
        self._progress(self._stage, self._done, self._total)


async def import_roster(
    database: Database,
    path: Path,
    now: float,
    actor: str,
    *,
    skip_refused: bool = False,
    calendar: str | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Import a folder or zip archive of OneRoster 1.2 CSV files in bulk mode. The same roster again changes nothing.

    Reading and comparing happen without a transaction that others would wait for. What changes in the database
    between comparing and writing either does not matter or breaks a constraint; then nothing is written.

    :param skip_refused: write the rows that are right although others are refused.
    :param calendar: name or id of the school calendar for new schools and terms; None: the only one, or a new one.
    :returns: what became of each row; `written` says whether anything was to be written and is.
    :raises UserError: it is no roster (404, 422); 409 `changed_meanwhile`, `lessons_booked`, `last_admin`; 503 as
        `Database.run`.
    """
    report = Report()
    roster = await asyncio.to_thread(_read, path, report, _Steps(progress, "read"))
    if report.refused and not skip_refused and _nothing_to_resolve(roster):
        return report
    async with database.read() as session:
        known = await roster_known.load(session, roster)
    progress("compare", 0, None)
    # In a row, so that no two of them are the same and they lie together in the indexes.
    numbers = itertools.count(secrets.randbits(44))
    ids = partial(new_id, now, lambda _: next(numbers))
    changes = await asyncio.to_thread(roster_plan.plan, roster, known, report, calendar, ids)
    if (report.refused and not skip_refused) or not len(changes):
        return report
    digests = roster.digests
    del roster, known

    async def write(session: roster_changes.AsyncSession) -> None:
        await roster_guard.strands_nothing(session, now, changes)
        entries = await roster_audit.entries(session, changes, actor)
        await roster_changes.apply(session, changes, _Steps(progress, "write", len(changes)))
        counts = {file: counted.as_json() for file, counted in report.counts.items()}
        detail = {"counts": counts, "files": digests}
        await audit.append_all(session, int(now), [*entries, audit.Entry(actor, "roster_imported", "roster", detail)])

    try:
        await database.run(write)
    except IntegrityError:
        raise UserError(
            409, "changed_meanwhile", "Somebody changed the same schools or people meanwhile; import once more."
        ) from None
    report.written = True
    return report


def _read(path: Path, report: Report, steps: _Steps) -> Roster:
    with files(path, COLUMNS.keys()) as found:
        return roster_read.read(found, report, steps)


def _nothing_to_resolve(roster: Roster) -> bool:
    return not (roster.orgs or roster.sessions or roster.classes or roster.users or roster.roles or roster.enrollments)
