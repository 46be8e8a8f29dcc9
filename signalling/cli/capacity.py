"""`tongke capacity`: how many classrooms a machine carries, and how many machines a county needs."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mediaserver.api import UserError
from signalling.cli import capacity_model as model


def capacity(
    receivers: Annotated[int, typer.Option(min=1, help="Receiving classrooms of one lesson.")] = 2,
    kbit: Annotated[float, typer.Option(min=50, help="kbit/s of the lead's picture.")] = 1500,
    return_kbit: Annotated[float, typer.Option(min=0, help="kbit/s of each classroom's own picture; 0: none.")] = 350,
    classrooms: Annotated[
        int, typer.Option(min=1, help="Receiving classrooms at the same time, for the plan.")
    ] = 13480,
    cores: Annotated[int | None, typer.Option(min=1, help="Cores of a machine; default: this one's.")] = None,
    memory_mb: Annotated[float | None, typer.Option(min=64, help="Its memory; default: this one's.")] = None,
    uplink_mbit: Annotated[float, typer.Option(min=1, help="Mbit/s it can send.")] = 1000,
    share: Annotated[
        float, typer.Option(min=0.05, max=1, help="Share of all that is used; the rest is reserve.")
    ] = 0.5,
    figures: Annotated[Path | None, typer.Option(help="Measured figures; default: those that come along.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of sentences.")] = False,
) -> None:
    """Reckon how many classrooms a machine carries, from measured figures."""
    try:
        measured = model.read(figures or model.FIGURES)
        costs = model.fit(measured.points)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            400, "bad_figures", f"The figures cannot be used: {error}; name others with --figures."
        ) from None
    lesson = model.Lesson(receivers, kbit, return_kbit)
    machine = model.Machine(cores or os.cpu_count() or 1, memory_mb or _memory_mb(), uplink_mbit, share)
    result = model.capacity(measured, costs, lesson, machine, classrooms)
    if as_json:
        print(json.dumps({"capacity": asdict(result), "costs": asdict(costs), "lesson": asdict(lesson),
                          "machine": asdict(machine), "measured_on": measured.cpu}, ensure_ascii=False))  # fmt: skip
        return
    print("\n".join(sentences(measured, costs, lesson, machine, result, classrooms)))


def _memory_mb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20


def sentences(
    measured: model.Measured,
    costs: model.Costs,
    lesson: model.Lesson,
    machine: model.Machine,
    result: model.Capacity,
    classrooms: int,
) -> list[str]:
    """The answer, what limits it, and every assumption."""
    back = f", pictures of {lesson.return_kbit:.0f} kbit/s back" if lesson.return_kbit else ", nothing back"
    limit = {"cpu": "its cores", "memory": "its memory", "uplink": "its uplink"}[result.limit]
    said = [
        f"A lesson: one lead at {lesson.kbit:.0f} kbit/s, {lesson.receivers} receiving classrooms{back}.",
        f"It takes {100 * result.core_per_lesson:.3g} % of a core and {result.mbit_per_lesson:.3g} Mbit/s out.",
        "",
        f"One machine ({machine.cores} cores, {machine.memory_mb / 1024:.0f} GB, {machine.uplink_mbit:.0f} Mbit/s): "
        f"{result.lessons:,} lessons, {result.classrooms:,} classrooms; {limit} would be full first",
        f"  (cores alone: {result.by_cpu:,} lessons; memory: {result.by_memory:,}; uplink: {result.by_uplink:,}).",
    ]
    if result.machines:
        said.append(f"{classrooms:,} classrooms at the same time: {result.machines:,} machines.")
    else:
        said.append("Not even one such lesson fits; raise the share or take a larger machine.")
    return [
        *said,
        "",
        "Assumptions:",
        f"  Cores as fast as the measured one: {measured.cpu}, {measured.plane} plane, {measured.date}, "
        f"revision {measured.revision}.",
        f"  Fitted to {len(measured.points)} measured windows, off by {100 * costs.error:.0f} % on average: "
        f"{1e6 * costs.packet_in:.1f} µs per packet received, {1e6 * costs.packet_out:.2f} µs per copy sent,",
        f"  sessions' own work included; {100 * costs.base:.2f} % of a core per process; "
        f"{measured.memory_session:.0f} kB per session, {measured.memory_base / 1024:.0f} MB per process.",
        f"  One process per core; {100 * machine.share:.0f} % of cores, memory and uplink used, the rest is reserve "
        "for bells, keyframes and other work.",
        "  Measured on loopback: a network card's own work per packet is not in it. A lesson stays on one machine.",
    ]
