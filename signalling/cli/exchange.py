"""`tongke import roster` and `tongke export roster`: schools, people and classes as OneRoster 1.2 CSV files."""

from __future__ import annotations

import asyncio
import enum
import json as jsonlib
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from mediaserver.api import UserError
from signalling import config
from signalling.db.engine import Database
from signalling.exchange.oneroster import import_roster
from signalling.exchange.report import Report
from signalling.exchange.roster_export import export_roster

ACTOR = "command"
STAGES = {"read": "Reading rows", "compare": "Comparing", "write": "Writing rows"}
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
]


class What(enum.StrEnum):
    ROSTER = "roster"


def import_(
    what: Annotated[What, typer.Argument()],
    path: Annotated[Path, typer.Argument(help="Folder or zip archive of OneRoster 1.2 CSV files, in bulk mode.")],
    skip_refused: Annotated[
        bool, typer.Option(help="Import the rows that are right although others are refused.")
    ] = False,
    calendar: Annotated[
        str | None, typer.Option(help="Name or id of the school calendar for new schools and terms.")
    ] = None,
    report_file: Annotated[
        Path | None, typer.Option("--report", help="Write the refused rows to this CSV file, for a spreadsheet.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Import schools, people and classes. Exit status 1 when rows were refused; then nothing is written.

    The same roster again changes nothing. What a roster does not name is left as it is.
    """
    url = config.load(config_file).database_url
    report = asyncio.run(_import(url, path, skip_refused=skip_refused, calendar=calendar))
    if report_file is not None:
        try:
            with report_file.open("w", encoding="utf-8", newline="") as file:
                report.write_csv(file)
        except OSError:
            raise UserError(422, "cannot_write", f"{report_file} cannot be written; check its path.") from None
    if json:
        print(jsonlib.dumps(report.as_json(), ensure_ascii=False))
    else:
        console = Console()
        for table in report.tables():
            console.print(table)
        print(_sentence(report))
    if report.refused:
        raise typer.Exit(1)


def _sentence(report: Report) -> str:
    refused = "1 row was refused" if report.refused == 1 else f"{report.refused} rows were refused"
    if report.written:
        return f"Imported; {refused}." if report.refused else "Imported."
    if report.refused:
        return f"Nothing was imported: {refused}. Correct them, or add --skip-refused."
    return "Nothing to do: the database holds all of this already."


def export(
    what: Annotated[What, typer.Argument()],
    path: Annotated[Path, typer.Argument(help="New folder for the files.")],
    config_file: ConfigFile = None,
) -> None:
    """Export schools, people and classes in the form that import takes. Administrators are left out."""
    counts = asyncio.run(_export(config.load(config_file).database_url, path))
    for file, rows in counts.items():
        print(f"{rows:>8} {file}")


async def _import(url: str, path: Path, *, skip_refused: bool, calendar: str | None) -> Report:
    async with Database(url) as database:
        await database.require_current()
        with _Bars() as bars:
            return await import_roster(
                database,
                path,
                time.time(),
                ACTOR,
                skip_refused=skip_refused,
                calendar=calendar,
                progress=bars.show,
            )


async def _export(url: str, path: Path) -> dict[str, int]:
    async with Database(url) as database:
        await database.require_current()
        with _Bars() as bars:
            return dict(await export_roster(database, path, bars.show))


class _Bars:
    """Progress bars on standard error, one for each stage; rich locks them for the threads that report."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def show(self, stage: str, done: int, total: int | None) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(STAGES[stage], total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
