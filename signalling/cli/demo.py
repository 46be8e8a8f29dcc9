"""`tongke demo`: the whole system on this machine, with a made-up county whose next lesson runs by itself.

Three processes: the server (this one), a generated teacher who publishes into the lesson's room, and the display of one
of the two classrooms, which watches. The other classroom's display is the one to open in a browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import json as jsonlib
import math
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mediaserver.api import UserError
from recorder.speech import models
from signalling import config as configuration
from signalling import logs
from signalling.bell.ringing import Event, LessonClosed, LessonOpened
from signalling.cli import demo_county, demo_library
from signalling.cli.demo_county import County
from signalling.cli.publish import GENERATED
from signalling.cli.running import emit, first_of, spawn, stop_signals
from signalling.cli.serve import Server
from signalling.config import Config, DatabaseConfig
from signalling.db.engine import Database

BELL_IN_S = 45
MEASURED_BELL_IN_S = 1
"""Where `--for` asks for figures: the lesson that begins at once."""
MINUTES = 3
DEV_CONFIG = Path(__file__).resolve().parents[2] / "configs" / "dev.toml"
START_TIMEOUT_S = 20.0
END_TIMEOUT_S = 5.0
EVIDENCE_S = 15.0


def demo(
    seconds: Annotated[
        float | None, typer.Option("--for", min=1, max=3600, help="Measure for so many seconds, then end.")
    ] = None,
    bell_in: Annotated[int, typer.Option(min=0, max=3600, help="Seconds until the lesson begins.")] = BELL_IN_S,
    minutes: Annotated[float, typer.Option(min=0.1, max=240, help="Length of the lesson.")] = MINUTES,
    json: Annotated[bool, typer.Option("--json", help="Print what was measured as one JSON object.")] = False,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="Configuration of the server; default: configs/dev.toml.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="HTTPS port instead; 0 takes a free one.")] = None,
    speech: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What the teacher says: a media file.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Speech model instead of the fetched one.")
    ] = None,
) -> None:
    """Run a server with a made-up county whose next lesson starts within a minute; with --for, measure and end.

    The county's database and library are made anew and removed at the end. Exit status 1 when nothing was shown, 2 when
    it cannot start.
    """
    if config_file is None and DEV_CONFIG.is_file():
        config_file = DEV_CONFIG
    config = configuration.load(config_file)
    logs.configure("warning", config.log.format)
    notes = Console(stderr=True)
    out = notes if json else Console()
    with tempfile.TemporaryDirectory(prefix="tongke-demo-") as folder:
        config = _own(config, Path(folder), port, model, records=seconds is None)
        says = f"{GENERATED}{speech.resolve() if speech is not None else ''}"
        measured = asyncio.run(_demo(config, config_file, seconds, (bell_in, round(minutes * 60)), says, out, notes))
    if seconds is None:
        return
    if measured is None:
        raise typer.Exit(1)
    if json:
        emit(measured)
    else:
        _report(measured, out)
    if not measured["frames"]:
        raise typer.Exit(1)


def _own(config: Config, folder: Path, port: int | None, model: Path | None, *, records: bool) -> Config:
    """The same with a database and files of its own; browsers know its certificate from the last time."""
    (folder / "tls").symlink_to(config.tls_dir.resolve())
    config.tls_dir.mkdir(parents=True, exist_ok=True)
    used = models.find(model or config.recorder.model, config.models_dir)
    changed: dict[str, Any] = {
        "data_dir": folder,
        "tokens": config.tokens.model_copy(update={"secret_file": config.secret_file}),
        "database": DatabaseConfig(url=SecretStr(f"sqlite:///{folder / 'county.sqlite3'}")),
        "bell": config.bell.model_copy(update={"grace_minutes": 0, "tick_s": 0.5}),
        "log": config.log.model_copy(update={"level": "warning"}),
        "recorder": config.recorder.model_copy(
            update={"enabled": records, "folder": None, "files": None, "model": used}
        ),
    }
    if port is not None:
        changed["http"] = config.http.model_copy(update={"port": port})
    return config.model_copy(update=changed)


async def _demo(
    config: Config,
    config_file: Path | None,
    seconds: float | None,
    lesson: tuple[int, int],
    says: str,
    out: Console,
    notes: Console,
) -> dict[str, Any] | None:
    """:param lesson: seconds until it begins, and its length; what is measured begins at once and lasts as long."""
    bell_in, bell_s = lesson if seconds is None else (MEASURED_BELL_IN_S, math.ceil(seconds) + 120)
    with stop_signals() as stop:
        async with Server(config) as server, Database(config.database_url) as database:
            county = await demo_county.make(database, time.time(), bell_in=bell_in, bell_s=bell_s)
            bell = _Bell(server, county.lesson)
            if not await first_of(bell.opened, stop, timeout=START_TIMEOUT_S):
                raise UserError(504, "no_lesson", "The made-up lesson's room did not open; see the log above.")
            if stop.is_set():
                return None
            common = ["--room", county.lesson, "--url", server.url, "--json"]
            if config_file is not None:
                common += ["--config", str(config_file)]
            _links(server, county, out)
            if seconds is None:
                await first_of(stop, timeout=max(0.0, county.starts - time.time()))
                if stop.is_set():
                    return None
            teacher = ("publish", says, *common, "--id", county.teacher, "--name", county.teacher_name)
            async with _child(*teacher) as lead:
                await _until_published(lead, stop)
                if stop.is_set():
                    return None
                watcher_id = ["--id", county.displays[-1].device]
                if seconds is not None:
                    async with _child("watch", *common, *watcher_id, "--for", str(seconds)) as watcher:
                        measured = await _measure(watcher, stop, seconds, notes)
                    if measured is not None:
                        measured = {"url": server.url, "plane": server.plane_name} | measured
                    return measured
                notes.print(f"{_clock(time.time())}  The teacher is live.")
                async with _child("watch", *common, *watcher_id):
                    telling = asyncio.create_task(_tell_events(lead, stop, notes))
                    await first_of(bell.closed, stop)
                    telling.cancel()
                    await asyncio.gather(telling, return_exceptions=True)
            if not stop.is_set():
                await _tell_evidence(database, county, stop, out)
                await demo_library.tell(server, database, county, stop, out)
                out.print("Start the demonstration again for another lesson; Ctrl-C ends it.")
                await stop.wait()
            return None


class _Bell:
    """:ivar opened: and :ivar closed: of one lesson."""

    def __init__(self, server: Server, lesson: str) -> None:
        assert server.belfry is not None
        self._lesson = lesson
        self.opened = asyncio.Event()
        self.closed = asyncio.Event()
        server.belfry.bell.listeners.append(self._hear)
        if server.belfry.doors.is_open(lesson):
            self.opened.set()

    def _hear(self, event: Event) -> None:
        if event.lesson == self._lesson and isinstance(event, LessonOpened):
            self.opened.set()
        if event.lesson == self._lesson and isinstance(event, LessonClosed):
            self.closed.set()


async def _tell_evidence(database: Database, county: County, stop: asyncio.Event, out: Console) -> None:
    """The ledger, as soon as what was measured in the rooms is written."""
    deadline = time.monotonic() + EVIDENCE_S
    items, there = await demo_county.evidence(database, county)
    while not any(item.taught_s for item in items) and time.monotonic() < deadline and not stop.is_set():
        await first_of(stop, timeout=0.2)
        items, there = await demo_county.evidence(database, county)
    hours = _table("The ledger:", "teacher", "part", "planned", "taught", "rows of the audit log")
    for item in items:
        rows = ", ".join(map(str, item.audit))
        hours.add_row(item.name, item.part, f"{item.planned_s} s", f"{item.taught_s} s", rows)
    attendance = _table("Who was there:", "name", "where", "present", "taught")
    for it in there:
        attendance.add_row(it.name, it.classroom_name, f"{it.present_s} s", f"{it.sent_s} s" if it.sent_s else "")
    out.print(f"\n{_clock(time.time())}  The lesson is over.", highlight=False)
    out.print(hours, attendance)


@contextlib.asynccontextmanager
async def _child(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child process that is ended, kindly first, when the block is left."""
    process = await spawn(*arguments)
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                # `communicate` also reads the pipe empty, on which the child could otherwise hang.
                await asyncio.wait_for(process.communicate(), END_TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.communicate()


async def _event(process: asyncio.subprocess.Process, stop: asyncio.Event) -> dict[str, Any] | None:
    """The next JSON line of a child; None when it or we end."""
    assert process.stdout is not None
    line, stopped = asyncio.create_task(process.stdout.readline()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((line, stopped), return_when=asyncio.FIRST_COMPLETED)
        return jsonlib.loads(line.result()) if line.done() and line.result() else None
    finally:
        line.cancel()
        stopped.cancel()
        await asyncio.gather(line, stopped, return_exceptions=True)


async def _until_published(lead: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    detail = "its process ended"
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while event := await _event(lead, stop):
                if event["t"] == "published":
                    return
                detail = str(event["detail"])
    except TimeoutError:
        pass
    if not stop.is_set():
        raise UserError(504, "no_lesson", f"The generated lesson could not be published: {detail}")


async def _tell_events(lead: asyncio.subprocess.Process, stop: asyncio.Event, notes: Console) -> None:
    while event := await _event(lead, stop):
        notes.print(event["detail"])


async def _measure(
    watcher: asyncio.subprocess.Process, stop: asyncio.Event, seconds: float, notes: Console
) -> dict[str, Any] | None:
    """The watcher's summary; None when it came to none."""
    columns = (
        TextColumn("Watching as a classroom"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=notes, transient=True) as progress:
        task = progress.add_task("", total=seconds)
        while event := await _event(watcher, stop):
            if event["t"] == "summary":
                del event["t"]
                return event
            delay = event["delay_ms_p50"]
            shown = f"{event['frames']} frames" + ("" if delay is None else f", delay {delay:.0f} ms")
            progress.update(task, completed=event["seconds"], description=shown)
    return None


def _links(server: Server, county: County, out: Console) -> None:
    out.print(
        f"A county that does not exist: one lead school, twelve village schools, two weeks of lessons.\n"
        f"The next one, {county.title} ({county.teacher_name}), begins at {_clock(county.starts)} by itself "
        f"and ends at {_clock(county.ends)}.",
        highlight=False,
        soft_wrap=True,
    )
    display = county.displays[0]
    pages = (
        (f"Display of {display.name}; joins at the bell", f"classroom#claim={display.claim}", None),
        ("Teacher", "studio", county.logins["teacher"]),
        ("Assistant teacher, on a phone", "assistant", county.logins["assistant"]),
        ("Planner", "timetable", county.logins["planner"]),
        ("The library, where the lesson will be found", "library", county.logins["teacher"]),
        ("Administrator", "admin", county.logins["admin"]),
    )
    for name, page, login in pages:
        out.print(f"\n{name}" + (f", signs in as {login}" if login else ""), style="bold", highlight=False)
        out.print(f"{server.url}/{page}", soft_wrap=True, markup=False, highlight=False)
    out.print(f"\nThe password of them all: {county.password}", highlight=False)
    out.print(
        f"The browser warns until it trusts this server's CA certificate: {server.url}/ca.crt"
        + (f" (file {server.ca_file.resolve()})." if server.ca_file else "."),
        soft_wrap=True,
        highlight=False,
    )


def _table(title: str, *columns: str) -> Table:
    """The first two columns are words."""
    table = Table(title=title, title_justify="left", box=None)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number < 2 else "right")
    return table


def _clock(instant: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(instant))


def _report(measured: dict[str, Any], out: Console) -> None:
    if not measured["frames"]:
        out.print("Nothing was shown.")
        return
    delay = "unknown"
    if measured["delay_ms_p50"] is not None:
        delay = f"{measured['delay_ms_p50']:.0f} ms (95 %: {measured['delay_ms_p95']:.0f} ms)"
    out.print(f"\nMeasured in {measured['seconds']:.0f} s as a classroom, {measured['plane']} packet plane:")
    out.print(f"  time to first frame  {measured['first_frame_ms']:.0f} ms")
    out.print(f"  frames shown         {measured['frames']}")
    out.print(f"  delay                {delay}")
    out.print(f"  loss                 {100 * measured['loss']:.2f} %")
    out.print(f"  sound                {'audible' if measured['audible'] else 'silent'}")
