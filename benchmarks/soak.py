"""`soak`: half an hour of joins, leaves, silent disappearances and loss; memory and descriptors must stay flat."""

from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks.context import Context
from benchmarks.grid import Grid
from benchmarks.load.lesson import Crowd, crowd
from benchmarks.load.peer import ConnectError
from benchmarks.plot import Line, lines
from benchmarks.servers.tongke import Tongke
from benchmarks.stats import show

MINUTES, QUICK_MINUTES = 30.0, 1.0
LIMIT_S = 60 * MINUTES + 300
STAYING = 20
LOSS = 0.02
JOIN_EVERY_S = 0.1
STAY_S = (0.5, 6.0)
SILENT_SHARE = 0.25
"""Of those who leave, so many simply vanish; the server notices by their silence."""
CONSENT_S = 5
LEAD_CHANGES_S = 20.0
SAMPLE_S = 2.0
AFTER_S = CONSENT_S + 3


async def run(context: Context) -> dict[str, Any]:
    result: dict[str, Any] = {"servers": {}}
    for name in context.servers("native", "reference"):
        measured: dict[str, Any] = {"label": name}
        result["servers"][name] = measured

        def factory(core: int, plane: str = name) -> Tongke:
            return Tongke(core, plane, settings={"TONGKE_MEDIA__CONSENT_TIMEOUT_S": str(CONSENT_S)})

        async with context.serving(name, factory, measured) as server:
            if isinstance(server, Tongke):
                await _soak(context, server, measured)
        if not context.quick:
            break  # one plane for half an hour: the one that serves
    return result


async def _soak(context: Context, server: Tongke, result: dict[str, Any]) -> None:
    minutes = context.soak_minutes or (QUICK_MINUTES if context.quick else MINUTES)
    async with crowd(server) as made:
        churn = Churn(made)
        made.engine.set_loss(LOSS)
        samples: list[dict[str, float]] = []
        context.doing(f"{server.label}: {minutes:.0f} minutes of coming and going")
        working = [asyncio.create_task(churn.visitors()), asyncio.create_task(churn.leads())]
        try:
            await made.receivers(STAYING)
            start = time.monotonic()
            while (at := time.monotonic() - start) < 60 * minutes:
                samples.append({"s": at, "joins": churn.joins, **readings(server)})
                if failed := next((task for task in working if task.done()), None):
                    failed.result()
                await asyncio.sleep(SAMPLE_S)
                if int(at) % 60 < SAMPLE_S:
                    context.doing(f"{server.label}: {at / 60:.0f} min, {churn.joins} joins, {samples[-1]['kb']:.0f} kB")
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
        await churn.all_leave()
        await asyncio.sleep(AFTER_S)
        totals = made.engine.totals()
        result.update(
            minutes=minutes,
            joins=churn.joins,
            failed_joins=churn.failed,
            lead_changes=churn.leads_changed,
            samples=samples,
            after=readings(server),
            growth_kb_per_1000_joins=growth(samples),
            descriptors=(samples[len(samples) // 2]["descriptors"], samples[-1]["descriptors"]),
            **{name: totals[name] for name in ("sent", "dropped", "received", "asked_again", "nacks", "undecryptable")},
        )
        context.done(
            f"  {server.label}: {churn.joins} joins, {show(result['growth_kb_per_1000_joins'])} kB per 1,000 joins, "
            f"descriptors {result['descriptors'][0]:.0f} → {result['descriptors'][1]:.0f}"
        )


def readings(server: Tongke) -> dict[str, float]:
    return {"kb": server.process.resident_kb(), "descriptors": server.process.descriptors()}


def growth(samples: list[dict[str, float]]) -> float:
    """kB of resident memory per 1,000 joins: least squares over the second half, when all pools have their size."""
    half = samples[len(samples) // 2 :]
    if len({sample["joins"] for sample in half}) < 2:
        return 0.0
    slope, _ = np.polyfit([sample["joins"] for sample in half], [sample["kb"] for sample in half], 1)
    return float(1000 * slope)


class Churn:
    """People who come and go. The same sequence of visits in every run."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._random = Random(1)
        self._visits: set[asyncio.Task[None]] = set()
        self.joins = self.failed = self.leads_changed = 0

    async def visitors(self) -> None:
        while True:
            visit = asyncio.create_task(self._visit(self._random.uniform(*STAY_S), self._random.random()))
            self._visits.add(visit)
            visit.add_done_callback(self._visits.discard)
            await asyncio.sleep(JOIN_EVERY_S)

    async def _visit(self, stay_s: float, fate: float) -> None:
        try:
            [peer] = await self._crowd.receivers(1)
        except (ConnectError, ExceptionGroup):
            self.failed += 1
            return
        self.joins += 1
        try:
            await asyncio.sleep(stay_s)
        finally:
            await self._crowd.leave(peer, farewell=fate > SILENT_SHARE)

    async def leads(self) -> None:
        """The teacher's page is reloaded again and again."""
        for number in itertools.count():
            lead = await self._crowd.lead()
            self._crowd.start([lead])
            await asyncio.sleep(LEAD_CHANGES_S)
            await self._crowd.leave(lead, farewell=number % 2 == 0)
            self.leads_changed += 1

    async def all_leave(self) -> None:
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        await self._crowd.leave_all()


def grids(result: dict[str, Any]) -> list[Grid]:
    rows = []
    for server in result["servers"].values():
        if "samples" not in server:
            continue
        first, last, after = server["samples"][len(server["samples"]) // 2], server["samples"][-1], server["after"]
        rows.append(
            [
                f"{server['label']}, {server['minutes']:.0f} min",
                f"{server['joins']:,} ({server['failed_joins']} failed)",
                f"{server['lead_changes']}",
                f"{first['kb'] / 1024:.1f} → {last['kb'] / 1024:.1f} ({after['kb'] / 1024:.1f} when all had left)",
                show(server["growth_kb_per_1000_joins"]),
                f"{first['descriptors']:.0f} → {last['descriptors']:.0f} ({after['descriptors']:.0f})",
            ]
        )
    header = ["", "joins", "leads", "MB, half-time → end", "kB per 1,000 joins", "descriptors"]
    note = (
        f"{100 * LOSS:.0f} % of the publisher's packets lost, as many asked for again by the receivers; "
        f"a quarter of those who leave vanish without a word."
    )
    return [Grid("Soak: joins, leaves and loss", header, rows, note)]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    drawn = []
    for server in result["servers"].values():
        points = []
        for sample in server.get("samples", ()):
            points.append((sample["s"] / 60, *(3 * (sample["kb"] / 1024,))))
        drawn.append(Line(server["label"], points))
    path = directory / "soak-memory.png"
    return [lines(path, "Resident memory while people come and go", "minutes", "MB", drawn, linear=True)]
