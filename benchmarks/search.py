"""`search`: build time, size and searches over HTTP of indexes of several sizes, and what 25 million would take."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import numpy as np
from sqlalchemy import insert

from benchmarks import resources, stats
from benchmarks.context import Context
from benchmarks.grid import Grid
from benchmarks.process import every_core
from benchmarks.servers.tongke import Tongke
from recorder.search import analysis, index
from recorder.search.document import Record
from recorder.search.fold import folded
from recorder.search.index import Writer
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.db.people import Person, RoleGrant
from signalling.people import sessions

LIMIT_S = 6 * 3600
SIZES, QUICK_SIZES = (10_000, 30_000, 100_000), (1_000, 3_000, 10_000)
ESTIMATE = 25_000_000
EACH, QUICK_EACH = 80, 30
"""Searches of a kind."""
TOGETHER = 4
"""Searches at once, in the second round."""
WARM_UP = 20
GOAL_MS = 50
ROWS = 5_000
"""Of the database that are written together."""
CHUNK, AHEAD = 1_000, 3
"""Resources that are made up together, and so many times before they are needed."""
PERSON = "searcher"
KINDS = {
    "word": "a word of two characters",
    "words": "two words",
    "term": "what a lesson is about, as it is typed: 勾股定理的证明",
    "said": "something between quotation marks",
    "character": "a single character",
    "pinyin": "pinyin or its initials",
    "misspelt": "a misspelt word",
    "filtered": "a word within a subject and a grade",
    "newest": "nothing typed: the newest",
    "nothing": "a word that is nowhere",
}


async def run(context: Context) -> dict[str, Any]:
    sizes = QUICK_SIZES if context.quick else SIZES
    if context.search_documents:
        sizes = (*(size for size in sizes if size < context.search_documents), context.search_documents)
    result: dict[str, Any] = {"sizes": {}}
    with tempfile.TemporaryDirectory(prefix="tongke-search-") as name:
        folder = Path(name)
        cookie = await _somebody(folder)
        done = 0
        for size in sizes:
            context.doing(f"{size:,}: building")
            place = (context.search_indexes or folder) / f"index-{size}"
            seconds = await asyncio.to_thread(built, place, size)
            await _shelve(folder, done, size)
            done = size
            measured = {"build_s": seconds, "bytes": index.size(place)}
            context.doing(f"{size:,}: searching")
            measured |= await _searched(context, folder, place, cookie, size)
            if context.search_indexes is None:
                shutil.rmtree(place)
            result["sizes"][str(size)] = measured
            one = measured["one"]["all"]
            context.done(
                f"  {size:,}: {measured['build_s']:.0f} s, {measured['bytes'] / size:,.0f} bytes each; "
                f"p50 {one['p50']:.1f} ms, p95 {one['p95']:.1f} ms"
            )
    result["estimate"] = estimate(result["sizes"])
    return result


async def _somebody(folder: Path) -> str:
    """A cookie of a teacher of one school, who finds what is public, her county's and her school's."""
    async with Database(f"sqlite:///{folder / 'tongke.sqlite3'}") as database:
        await database.upgrade()
        async with database.write() as session:
            session.add(Person(id=PERSON, name="教师甲"))
            await session.flush()
            session.add(RoleGrant(person=PERSON, role="teacher", kind="region", scope="c1"))
            begun = await sessions.begin(session, time.time(), PERSON, "benchmark")
    return f"tongke={begun.cookie}"


async def _shelve(folder: Path, first: int, last: int) -> None:
    """Rows, which the server reads of what it shows: whether it is shared still. The index has been told of them."""
    told = {"kind": "lesson", "state": "published", "rights": "public", "day": resources.FIRST, "made": 0, "changed": 0}
    async with Database(f"sqlite:///{folder / 'tongke.sqlite3'}") as database:
        for start in range(first, last, ROWS):
            numbers = range(start, min(start + ROWS, last))
            rows = [{"id": resources.name(it), "title": f"第{it}课", "indexed": 1, **told} for it in numbers]
            async with database.write() as session:
                await session.execute(insert(Resource), rows)


def built(place: Path, size: int) -> float:
    """An index of so many, unless it is there already. Seconds that it took."""
    told = place / "built.json"
    if not told.exists():
        shutil.rmtree(place, ignore_errors=True)
        seconds = _build(place, size)
        told.write_text(json.dumps({"seconds": seconds}))
    return float(json.loads(told.read_bytes())["seconds"])


def _build(folder: Path, size: int) -> float:
    """A new index, as `tongke index rebuild` makes one, on all cores. Seconds that it took, without waiting for what is
    indexed, which another process makes up."""
    waited = 0.0
    began = time.perf_counter()
    with every_core(), _made_up(size) as records, Writer(folder).rebuilding() as rebuild:
        with rebuild.batch() as batch:
            for _ in range(size):
                start = time.perf_counter()
                record = next(records)
                waited += time.perf_counter() - start
                batch.add(record)
        with rebuild.taking_over():
            pass
    return time.perf_counter() - began - waited


@contextlib.contextmanager
def _made_up(size: int) -> Iterator[Iterator[Record]]:
    """Some thousands ahead."""
    first = range(0, size, CHUNK)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        ahead = deque(pool.submit(_chunk, start, size) for start in first[:AHEAD])

        def records() -> Iterator[Record]:
            for start in (*first[AHEAD:], *[size] * AHEAD):
                if ahead:
                    yield from ahead.popleft().result()
                if start < size:
                    ahead.append(pool.submit(_chunk, start, size))

        yield records()


def _chunk(start: int, size: int) -> list[Record]:
    return [resources.resource(number) for number in range(start, min(start + CHUNK, size))]


async def _searched(context: Context, folder: Path, place: Path, cookie: str, size: int) -> dict[str, Any]:
    each = QUICK_EACH if context.quick else EACH
    asked = [(kind, query) for kind in KINDS for query in _queries(kind, each, size)]
    random.Random(size).shuffle(asked)
    database = {"TONGKE_DATABASE__URL": f"sqlite:///{folder / 'tongke.sqlite3'}"}
    async with Tongke(context.server_core, "reference", settings=database, index=place) as server:
        async with aiohttp.ClientSession(headers={"Cookie": cookie}) as http:
            for _, query in asked[:WARM_UP]:
                await _ask(http, server.url, query)
            one = await _round(http, server.url, asked, 1)
            several = await _round(http, server.url, asked, TOGETHER)
    return {"one": one, "several": several}


async def _round(
    http: aiohttp.ClientSession, url: str, asked: list[tuple[str, dict[str, str]]], together: int
) -> dict[str, Any]:
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    found = 0
    line = iter(asked)

    async def searcher() -> None:
        nonlocal found
        for kind, query in line:
            start = time.perf_counter()
            found += await _ask(http, url, query) > 0
            took[kind].append(1000 * (time.perf_counter() - start))

    await asyncio.gather(*(searcher() for _ in range(together)))
    every = [value for values in took.values() for value in values]
    shares = {kind: _shares(values) for kind, values in took.items()}
    return {**shares, "all": _shares(every), "found": found / len(every)}


def _shares(values: list[float]) -> dict[str, Any]:
    array = np.array(values)
    return {"p50": stats.quantile(array, 0.5), "p95": stats.quantile(array, 0.95), "searches": len(values)}


async def _ask(http: aiohttp.ClientSession, url: str, query: dict[str, str]) -> int:
    async with http.get(f"{url}/api/v1/library/search?{urlencode(query)}") as answer:
        document = await answer.json()
        if answer.status != 200:
            raise RuntimeError(f"a search was answered {answer.status}: {document}")
        return int(document["total"])


def _queries(kind: str, count: int, size: int) -> list[dict[str, str]]:
    chance = random.Random(f"{kind} {size}")
    return [_query(kind, chance, resources.resource(chance.randrange(size))) for _ in range(count)]


def _query(kind: str, chance: random.Random, record: resources.Record) -> dict[str, str]:
    """What somebody types who looks for this one."""
    topic = chance.choice([*record.points, record.unit.split(" ")[1]])
    line = chance.choice(record.speech).text.strip("，")
    said = [word for word in analysis.words(folded(line)) if len(word) > 1] or [topic]
    match kind:
        case "word" | "filtered":
            typed = {"q": chance.choice(said)}
            return {**typed, "subject": record.subject, "grade": record.grade} if kind == "filtered" else typed
        case "words":
            return {"q": f"{topic} {chance.choice(said)}"}
        case "term":
            return {"q": f"{topic}的{chance.choice(said)}"}
        case "said":
            return {"q": f'"{line[:6]}"'}
        case "character":
            return {"q": chance.choice(topic)}
        case "pinyin":
            span = analysis.span(folded(topic))
            return {"q": chance.choice((span.full, span.initials))}
        case "misspelt":
            word = chance.choice([word for word in resources.ALPHABET if len(word) > 3])
            place = chance.randrange(1, len(word) - 1)
            return {"q": word[:place] + word[place + 1 :]}
        case "nothing":
            return {"q": "齉龘麤" + chance.choice(said)}
    return {}


def estimate(sizes: dict[str, Any]) -> dict[str, float]:
    """By straight lines through the sizes: time and bytes go with the number, so do the milliseconds of a search."""
    numbers = np.array([int(size) for size in sizes], float)

    def at(values: list[float]) -> float:
        if len(numbers) < 2:
            return values[0] * ESTIMATE / numbers[0]
        slope, start = np.polyfit(numbers, np.array(values), 1)
        return float(start + slope * ESTIMATE) if slope > 0 else max(values)

    every = list(sizes.values())
    return {
        "build_h": at([it["build_s"] for it in every]) / 3600,
        "gigabytes": at([it["bytes"] for it in every]) / 1e9,
        **{share: at([it["one"]["all"][share] for it in every]) for share in ("p50", "p95")},
    }


# ---------------------------------------------------------------- report


def grids(result: dict[str, Any]) -> list[Grid]:
    sizes = result["sizes"]
    rows = [
        [
            f"{int(size):,}",
            f"{it['build_s']:,.0f} s",
            f"{int(size) / it['build_s']:,.0f}",
            f"{it['bytes'] / int(size):,.0f}",
            *(f"{it[way]['all'][share]:.1f}" for way in ("one", "several") for share in ("p50", "p95")),
        ]
        for size, it in sizes.items()
    ]
    guess = result["estimate"]
    rows.append(
        [
            f"{ESTIMATE:,} (estimate)",
            f"{guess['build_h']:,.0f} h",
            "",
            f"{1e9 * guess['gigabytes'] / ESTIMATE:,.0f} ({guess['gigabytes']:,.0f} GB)",
            *(f"{guess[share]:,.0f}" for share in ("p50", "p95")),
            *("", ""),
        ]
    )
    header = ["resources", "build", "a second", "bytes each", "p50 ms", "p95 ms", f"{TOGETHER} at once: p50", "p95"]
    note = (
        f"Goal: p95 ≤ {GOAL_MS} ms over HTTP. The estimate is a straight line through the sizes above, for one index "
        "on one machine like this."
    )
    largest = list(sizes.values())[-1]["one"]
    kinds = [[text, *(f"{largest[kind][share]:.1f}" for share in ("p50", "p95"))] for kind, text in KINDS.items()]
    label = f"{int(list(sizes)[-1]):,} resources, one after the other"
    return [
        Grid("Search", header, rows, note),
        Grid("By what is typed", [label, "p50 ms", "p95 ms"], kinds, f"{100 * largest['found']:.0f} % find something."),
    ]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    return []
