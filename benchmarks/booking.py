"""`booking`: check, save, week view, search, bell and import in a province's database, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select, update

from benchmarks import province, stats
from benchmarks.context import Context
from benchmarks.grid import Grid, cell
from benchmarks.process import every_core
from benchmarks.province import FIRST, NOW, RULES, groups, wanted
from mediaserver.api import UserError
from signalling.booking import free, week
from signalling.booking.book import book
from signalling.booking.check import check
from signalling.db.engine import Database
from signalling.db.lessons import Lesson
from signalling.db.people import Person
from signalling.db.records import Audit
from signalling.exchange.oneroster import import_roster
from signalling.timetable.series import Plan
from tests.database.postgresql import PostgreSQL
from tests.exchange import rosters

LIMIT_S = 2400
EACH, QUICK_EACH = 100, 20
QUICK_WEEKS = 2
BELL_LESSONS = 2000
PEOPLE = 65_000
OPEN_S = 60.0
GOALS = {"save": "50", "series": "50", "refused": "50", "check": "50", "week": "100", "free": ""}
NAMES = {
    "check": "check of a series, nothing saved",
    "save": "one lesson: check and save",
    "series": "a series of 20: check and save",
    "refused": "a series that clashes: sentence and alternatives",
    "week": "week of a school, a teacher, a classroom",
    "free": "free times of a teacher and three classrooms in a week",
}
Work = Callable[[Database, int], Awaitable[object]]


async def run(context: Context) -> dict[str, Any]:
    result: dict[str, Any] = {"servers": {}}
    for name in ("sqlite", "postgresql"):
        measured: dict[str, Any] = {"label": {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[name]}
        result["servers"][name] = measured
        async with _databases(name) as new:
            await _province(context, new("province"), measured)
            await _import(context, new("roster"), measured)
    return result


@contextlib.asynccontextmanager
async def _databases(name: str) -> AsyncIterator[Callable[[str], str]]:
    """URLs of new databases. PostgreSQL keeps what it says it has kept: with fsync, as a school's would."""
    with tempfile.TemporaryDirectory(prefix="tongke-booking-") as folder:
        if name == "sqlite":
            yield lambda called: f"sqlite:///{folder}/{called}.sqlite3"
            return
        with every_core():
            server = PostgreSQL({"shared_buffers": "256MB", "fsync": "on", "synchronous_commit": "on"})
            server.start()
        try:
            yield lambda called: server.url(server.create())
        finally:
            server.stop()


async def _province(context: Context, url: str, measured: dict[str, Any]) -> None:
    label = measured["label"]
    async with Database(url) as database:
        await database.upgrade()
        began = time.monotonic()
        weeks = QUICK_WEEKS if context.quick else province.WEEKS
        measured["lessons"] = await province.fill(database, lambda text: context.doing(f"{label}: {text}"), weeks=weeks)
        measured["fill_s"] = time.monotonic() - began
        measured["figures"] = {}
        each = QUICK_EACH if context.quick else EACH
        for name, work in _WORK.items():
            context.doing(f"{label}: {NAMES[name]}")
            runs = []
            for run_number in range(context.runs):
                took = []
                for number in range(run_number * each, (run_number + 1) * each):
                    start = time.perf_counter()
                    await work(database, number)
                    took.append(1000 * (time.perf_counter() - start))
                values = np.array(took)
                runs.append({f"{name}_p50": stats.quantile(values, 0.5), f"{name}_p95": stats.quantile(values, 0.95)})
            measured["figures"] |= stats.figures(runs)
            p95 = measured["figures"][f"{name}_p95"]["median"]
            context.done(f"  {label}: {NAMES[name]}: p95 {stats.show(p95)} ms")
        await _bell(context, database, url, measured)


# ---------------------------------------------------------------- what is measured


def _place(number: int) -> tuple[int, int]:
    """A group of schools and a class in it; different ones for consecutive numbers."""
    among = groups()
    return among[(number * 37) % len(among)], (number // len(among)) % 8


def _series(number: int, day: int) -> Plan:
    return Plan(FIRST + dt.timedelta(days=day), 40, "FREQ=WEEKLY", period=_place(number)[1] + 1)


async def _check(database: Database, number: int) -> None:
    async with database.read() as session:
        checked = await check(session, wanted(*_place(number), _series(number, 1)), NOW, rules=RULES)
    checked.require()


async def _save(database: Database, number: int) -> None:
    group, of = _place(number)
    day = FIRST + dt.timedelta(days=3, weeks=number // len(groups()) % 2)
    await book(database, wanted(group, of, Plan(day, 40, period=of + 1)), f"t{group}x0", NOW, rules=RULES)


async def _save_series(database: Database, number: int) -> None:
    group, of = _place(number)
    await book(database, wanted(group, of, _series(number, 4)), f"t{group}x0", NOW, rules=RULES)


async def _refused(database: Database, number: int) -> None:
    """All of the three classes have another lesson then."""
    group, of = _place(number)
    try:
        await book(database, wanted(group, of, _series(number, 0)), f"t{group}x0", NOW, rules=RULES)
    except UserError as error:
        if error.code == "conflict":
            return
        raise
    raise AssertionError("two lessons at once")


async def _week(database: Database, number: int) -> None:
    group, of = _place(number)
    view, id = (("school", f"s{group}"), ("teacher", f"t{group}x{of}"), ("classroom", f"r{group}x{of}"))[number % 3]
    async with database.read() as session:
        shown = await week.week(session, view, id, FIRST + dt.timedelta(weeks=number % 2))  # type: ignore[arg-type]
    assert shown


async def _free(database: Database, number: int) -> None:
    group, of = _place(number)
    request = wanted(group, of, _series(number, 0))
    first = FIRST + dt.timedelta(weeks=number % 2)
    schools = frozenset((f"s{group + 1}", f"s{group + 2}"))
    search = free.Search(f"s{group}", frozenset(request.resources), 40, first, first + dt.timedelta(days=6), schools)
    async with database.read() as session:
        assert await free.find(session, search, NOW, rules=RULES)


_WORK: dict[str, Work] = {
    "check": _check,
    "week": _week,
    "free": _free,
    "refused": _refused,
    "save": _save,
    "series": _save_series,
}


# ---------------------------------------------------------------- bell


async def _bell(context: Context, database: Database, url: str, measured: dict[str, Any]) -> None:
    """2,000 lessons of one bell: rung by one server, and by one that is killed and a second one that goes on."""
    bells = []
    async with database.read() as session:
        last = select(Lesson.id).order_by(Lesson.starts.desc(), Lesson.id).limit(2 * BELL_LESSONS)
        ids = list(await session.scalars(last))
    for number, kill in enumerate((False, True)):
        lessons = ids[number * BELL_LESSONS : (number + 1) * BELL_LESSONS]
        starts = int(NOW) + 86400 * (number + 1)
        async with database.write() as session:
            for first in range(0, len(lessons), 500):
                of = Lesson.id.in_(lessons[first : first + 500])
                times = {"starts": starts, "ends": starts + 2400, "closes": starts + 3000}
                await session.execute(update(Lesson).where(of).values(times))
        context.doing(f"{measured['label']}: bell of {len(lessons)} lessons{', server killed' if kill else ''}")
        bells.append(await _rung(url, starts, len(lessons), kill=kill))
        async with database.read() as session:
            opened = await session.scalar(select(func.count()).where(Lesson.id.in_(lessons), Lesson.state == "open"))
            rows = select(func.count()).where(Audit.subject.in_(lessons), Audit.action == "lesson.open")
            told = await session.scalar(rows)
        bells[-1] |= {"lessons": len(lessons), "opened": opened, "audited": told, "killed": kill}
        context.done(f"  {measured['label']}: {opened} of {len(lessons)} opened in {bells[-1]['seconds']:.2f} s")
    measured["bells"] = bells


async def _rung(url: str, starts: int, lessons: int, *, kill: bool) -> dict[str, float]:
    """Seconds from the first lesson that opens to the last one, waiting for the lease of the killed server included."""
    opened: set[str] = set()
    async with asyncio.timeout(OPEN_S), contextlib.AsyncExitStack() as stack:
        child = await stack.enter_async_context(_ringer(url, starts))
        first = await _next(child, opened)
        began = time.monotonic()
        if kill:
            child.kill()
            with contextlib.suppress(EOFError):  # what it had said before
                while True:
                    await _next(child, opened)
            child = await stack.enter_async_context(_ringer(url, starts))
        if not kill:
            while len(opened) < lessons:
                last = await _next(child, opened)
            return {"seconds": last, "first_s": first}
        async with Database(url) as database:
            while True:
                async with database.read() as session:
                    due = select(func.count()).where(Lesson.starts == starts, Lesson.state == "scheduled")
                    if not await session.scalar(due):
                        break
                await asyncio.sleep(0.02)
        return {"seconds": time.monotonic() - began, "first_s": first}


async def _next(child: asyncio.subprocess.Process, opened: set[str]) -> float:
    assert child.stdout is not None
    line = await child.stdout.readline()
    if not line:
        raise EOFError
    lesson, seconds = line.split()
    opened.add(lesson.decode())
    return float(seconds)


@contextlib.asynccontextmanager
async def _ringer(url: str, wall: int) -> AsyncIterator[asyncio.subprocess.Process]:
    with every_core():
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.ring", url, str(wall), stdout=asyncio.subprocess.PIPE
        )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.communicate()


# ---------------------------------------------------------------- import


async def _import(context: Context, url: str, measured: dict[str, Any]) -> None:
    people = PEOPLE // 10 if context.quick else PEOPLE
    context.doing(f"{measured['label']}: import of {people:,} people")
    with tempfile.TemporaryDirectory(prefix="tongke-roster-") as folder:
        path = rosters.write(rosters.large(people, schools=max(20, people // 500)), Path(folder) / "roster")
        async with Database(url) as database:
            await database.upgrade()
            took = []
            for _ in range(2):  # the second one changes nothing
                began = time.monotonic()
                report = await import_roster(database, path, NOW, "command")
                took.append(time.monotonic() - began)
                assert not report.refused
            async with database.read() as session:
                there = await session.scalar(select(func.count()).select_from(Person))
    measured["import"] = {"people": there, "seconds": took[0], "again_s": took[1]}
    context.done(f"  {measured['label']}: {there:,} people imported in {took[0]:.1f} s")


# ---------------------------------------------------------------- report


def grids(result: dict[str, Any]) -> list[Grid]:
    servers = [server for server in result["servers"].values() if "figures" in server]
    rows = [
        [
            text,
            *(cell(server["figures"], f"{name}_{share}") for server in servers for share in ("p50", "p95")),
            GOALS[name],
        ]
        for name, text in NAMES.items()
    ]
    header = ["ms", *(f"{server['label']} {share}" for server in servers for share in ("p50", "p95")), "goal p95"]
    filled = ", ".join(f"{server['label']}: {server['lessons']:,} lessons" for server in servers)
    note = f"{province.SCHOOLS:,} schools, {province.CLASSES:,} classes; {filled}."
    once = [
        [
            server["label"],
            *(f"{bell['seconds']:.2f} s ({bell['opened']} of {bell['lessons']})" for bell in server["bells"]),
            f"{server['import']['seconds']:.1f} s",
            f"{server['import']['again_s']:.1f} s",
        ]
        for server in servers
    ]
    people = max((server["import"]["people"] for server in servers), default=0)
    header_once = ["", "bell", "bell, server killed", f"import of {people:,} people", "the same again"]
    told = "Killed: one server by SIGKILL after its first lesson, and the time until another has opened the rest."
    return [Grid("Booking", header, rows, note), Grid("Bell and import", header_once, once, told)]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    return []
