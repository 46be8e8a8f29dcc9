"""What the demonstration shows after the lesson: how its recording is finished, and a sentence found in it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select

from mediaserver.api import UserError
from signalling.cli.demo_county import County
from signalling.cli.running import first_of
from signalling.cli.serve import Server
from signalling.client.http import tls_context
from signalling.db.engine import Database
from signalling.db.library import Resource, Stage

WORK_S = 600.0
LOOK_S = 0.3
WORDS = {
    "finalise": "making files that can be sought in",
    "pictures": "looking for slides",
    "transcript": "recognising speech",
    "chapters": "making captions and chapters",
    "publish": "publishing",
    "index": "making it found",
}


async def tell(server: Server, database: Database, county: County, stop: asyncio.Event, out: Console) -> None:
    """Wait until the lesson is in the library, and find something in it as its teacher would."""
    ended = time.monotonic()
    resource = await _finished(database, county.lesson, stop, out)
    if resource is None or stop.is_set():
        if not stop.is_set():
            out.print(
                "The recording is not in the library; see the log above, or the stages on the page of the lesson."
            )
        return
    out.print(f"\nIn the library {time.monotonic() - ended:.0f} s after that:", highlight=False)
    async with _signed_in(server, county) as http:
        transcript = await _ask(http, f"/resources/{resource}/transcript")
        lines = [line["text"] for line in transcript["lines"]]
        said = lines[len(lines) // 2] if lines else ""
        if not said:
            out.print(
                "Nothing was recognised: there is no model for speech (tongke models fetch), or nobody spoke. "
                "Names and titles are found all the same."
            )
        query = said or county.title
        found = await _ask(http, "/library/search", q=query)
        for hit in found["items"]:
            spoken = hit["spoken"][0] if hit["spoken"] else None
            at = "" if spoken is None else f", said at {_time(spoken['at_ms'])}"
            out.print(f"“{query}” is found in {hit['title']}{at}", style="bold", highlight=False)
            second = 0 if spoken is None else spoken["at_ms"] / 1000
            page = f"{server.url}/library#r={hit['id']}&t={second:.1f}"
            out.print(page, soft_wrap=True, markup=False, highlight=False)


async def _finished(database: Database, lesson: str, stop: asyncio.Event, out: Console) -> str | None:
    """The resource of a lesson, when all of its stages are done or given up; None when there is none in time."""
    columns = (TextColumn("The recording"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    deadline = time.monotonic() + WORK_S
    with Progress(*columns, console=out, transient=True) as progress:
        task = progress.add_task("", total=None)
        while time.monotonic() < deadline and not stop.is_set():
            async with database.read() as session:
                resource = await session.scalar(select(Resource.id).where(Resource.lesson == lesson))
                query = select(Stage).where(Stage.resource == resource).order_by(Stage.position)
                stages = list(await session.scalars(query))
            open_ = [it for it in stages if it.state not in ("done", "given_up") and it.error != "no_model"]
            if stages and not open_:
                return resource
            if stages:
                done = sum(it.progress / 1000 if it.state == "running" else it.state == "done" for it in stages)
                doing = WORDS.get(open_[0].name, open_[0].name)
                progress.update(task, total=len(stages), completed=done, description=doing)
            await first_of(stop, timeout=LOOK_S)
    return None


@contextlib.asynccontextmanager
async def _signed_in(server: Server, county: County) -> AsyncIterator[aiohttp.ClientSession]:
    context = tls_context([server.ca_file]) if server.ca_file is not None else True
    async with aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(ssl=context)) as http:
        who = {"login": county.logins["teacher"], "password": county.password}
        async with http.post("/api/v1/login", json=who) as answer:
            if answer.status != 200:
                raise UserError(502, "demo_failed", "The demonstration's teacher could not sign in; see the log above.")
        yield http


async def _ask(http: aiohttp.ClientSession, path: str, **query: str) -> Any:
    async with http.get(f"/api/v1{path}", params=query) as answer:
        if answer.status != 200:
            raise UserError(502, "demo_failed", f"{path} answered {answer.status}; see the log above.")
        return await answer.json()


def _time(ms: int) -> str:
    return f"{ms // 60_000}:{ms // 1000 % 60:02d}"
