"""Exports: the whole roster as an archive, a school's week as a timetable."""

from __future__ import annotations

import asyncio
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import structlog
from aiohttp import web

from mediaserver.api import UserError
from signalling.bodies import Id, IsoDay, Query
from signalling.exchange.roster_export import export_roster
from signalling.exchange.timetable_export import export_week
from signalling.rest import scratch
from signalling.rest.operation import NO_STORE, Call, Nothing, Operation

log = structlog.get_logger("signalling.rest")

MAX_SENDING = 4
"""Archives on their way at once; each is a file here until then."""
STALLED_S = 60.0
"""Whoever takes no piece for so long is cut off."""
_CHUNK = 1 << 18
_ZIP, _CSV = "application/zip", "text/csv"


class WeekAsked(Query):
    school: Id
    day: IsoDay


class ExportsResource:
    def __init__(self) -> None:
        self._making = asyncio.Lock()
        self._sending = 0

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/exports/roster", self.roster, right="export.run", of="system", content=_ZIP)
        yield Operation("GET", "/exports/timetable", self.timetable, right="export.run", content=_CSV)

    async def roster(self, call: Call[Nothing, Nothing]) -> web.StreamResponse:
        """Schools, people and classes as OneRoster 1.2 CSV files"""
        headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="roster.zip"'}
        if call.request.method == "HEAD":
            return web.Response(headers=headers, content_type=_ZIP)
        if self._making.locked() or self._sending >= MAX_SENDING:
            raise UserError(503, "busy", "Another export is being made; try again in a moment.")
        with tempfile.TemporaryDirectory(prefix=scratch.new_prefix()) as folder:
            archive = Path(folder, "roster.zip")
            async with self._making:
                await export_roster(call.database, Path(folder, "roster"))
                size = await asyncio.to_thread(_pack, Path(folder, "roster"), archive)
            response = web.StreamResponse(headers=headers)
            response.content_type, response.content_length = _ZIP, size
            self._sending += 1
            try:
                return await _send(call.request, response, archive)
            finally:
                self._sending -= 1

    async def timetable(self, call: Call[Nothing, WeekAsked]) -> web.Response:
        """A week of what a school teaches by periods"""
        asked = call.query
        await call.caller.require("export.run", "school", asked.school)
        async with call.database.read() as session:
            text = await export_week(session, asked.school, asked.day)
        headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="timetable.csv"'}
        # With a mark, by which spreadsheets know UTF-8.
        return web.Response(text=f"\ufeff{text}", content_type=_CSV, charset="utf-8", headers=headers)


async def _send(request: web.Request, response: web.StreamResponse, archive: Path) -> web.StreamResponse:
    with await asyncio.to_thread(archive.open, "rb") as file:
        await response.prepare(request)
        try:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                async with asyncio.timeout(STALLED_S):
                    await response.write(chunk)
        except TimeoutError:
            log.info("export_cut")  # what has begun cannot become a problem: the other side misses bytes
            if request.transport is not None:
                request.transport.abort()
            return response
    await response.write_eof()
    return response


def _pack(folder: Path, archive: Path) -> int:
    """Bytes of the archive; the files in it are removed."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.iterdir()):
            packed.write(file, file.name)
            file.unlink()
    return archive.stat().st_size
