"""Many resources by a list, in one transaction: all of them, or none where one is refused.

Files are copied out of the import folder and stay in it; who imports the same list again finds its links there already,
and is given its files once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.exchange import library_csv, timetable_csv
from signalling.exchange.library_csv import FILE, ListedResource
from signalling.exchange.oneroster import Progress, no_progress
from signalling.exchange.report import Report
from signalling.exchange.table import Opener
from signalling.library import editing
from signalling.library.uploads import Received, Uploads

_AT_ONCE = 500


async def import_library(
    database: Database,
    opener: Opener,
    school: str,
    folder: Path,
    uploads: Uploads,
    clock: Callable[[], float],
    actor: str,
    *,
    skip_refused: bool = False,
    progress: Progress = no_progress,
) -> Report:
    """:param folder: of files that the list names. :param clock: seconds since 1970; rows say when they were written,
    which may be hours after their files began to be copied.

    :raises UserError: 404 `not_found`; 503 `disk_full`, `folder_unavailable`.
    """
    report = Report()
    progress("read", 0, None)
    async with database.read() as session:
        directory = await timetable_csv.load_directory(session, school)
    listed = await asyncio.to_thread(library_csv.read, opener, directory, report)
    report.of(FILE).created = 0  # so far they are only read
    async with database.read() as session:
        known = await _known(session, school, listed)
    wanted = [one for one in listed if one.file or one.said["url"] not in known]
    report.of(FILE).unchanged = len(listed) - len(wanted)
    if report.refused and not skip_refused:
        return report
    async with AsyncExitStack() as stack:
        ready: list[tuple[ListedResource, str, Received | None]] = []
        for done, one in enumerate(wanted):
            progress("compare", done, len(wanted))
            received = None
            if one.file:
                try:
                    received = await stack.enter_async_context(uploads.copied(folder / one.file))
                except UserError as error:
                    if error.status >= 500:
                        raise
                    _refuse(report, one, error)
                    continue
                if one.kind and one.kind != received.kind.kind:
                    report.refuse(FILE, one.row, "other_kind", value=one.kind, found=received.kind.kind)
                    continue
            ready.append((one, new_id(clock()), received))
        if not ready or (report.refused and not skip_refused):
            return report
        progress("write", 0, len(ready))
        places = [(received, id) for _, id, received in ready if received is not None]
        async with uploads.settled(places, clock()) as spool:
            await database.run(lambda session: _write(session, ready, school, spool, clock(), actor))
    report.of(FILE).created = len(ready)
    report.written = True
    return report


async def _known(session: AsyncSession, school: str, listed: Sequence[ListedResource]) -> set[str]:
    """Addresses that the school has already."""
    urls = [one.said["url"] for one in listed if not one.file]
    found: set[str] = set()
    for first in range(0, len(urls), _AT_ONCE):
        asked = select(Resource.url).where(Resource.school == school, Resource.state != "removed")
        found.update(await session.scalars(asked.where(Resource.url.in_(urls[first : first + _AT_ONCE]))))
    return found


async def _write(
    session: AsyncSession,
    ready: Sequence[tuple[ListedResource, str, Received | None]],
    school: str,
    spool: str,
    now: float,
    actor: str,
) -> None:
    wanted = [
        editing.New(id, received.kind.kind, "waiting", one.said, spool)
        if received is not None
        else editing.New(id, "link", "published", one.said)
        for one, id, received in ready
    ]
    rows = await editing.make_all(session, now, actor, school, wanted)
    entries = [
        audit.Entry(actor, "resource.created", row.id, {**editing.created(row), "row": one.row})
        for row, (one, *_) in zip(rows, ready, strict=True)
    ]
    await audit.append_all(session, int(now), entries)


def _refuse(report: Report, one: ListedResource, error: UserError) -> None:
    if error.code == "no_such_file":
        report.refuse(FILE, one.row, "no_such_file", value=one.file)
    else:
        report.refuse(FILE, one.row, "bad_file", value=one.file, why=error.detail.rstrip("."))
