"""How much a machine carries: a cost model fitted to measured windows.

A server process spends, in shares of a core,

    base + in · (packets received per s) + out · (packets forwarded per s)

`in` is what a packet costs once however many see it (waking up, decrypting, finding its routes),
`out` what each copy costs (rewriting, encrypting, sending). What sessions cost by themselves (checks,
reports) is in both: in the measured windows every session moves packets at much the same rate, so a
term of its own could not be told from `out`. The three are fitted with relative weights, so that the
small measurements count as much as the large ones, and none of them may be negative.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FIGURES = Path(__file__).with_name("capacity.json")
SOUND_PACKETS = 50
SOUND_KBIT = 40
"""kbit/s on the wire, headers included: Opus at 32 kbit/s."""
PAYLOAD = 1080
"""Bytes of picture in a packet, as measured."""
WIRE = 1.09
"""Bits on the wire for each bit of picture: RTP, SRTP, UDP and IP headers."""


@dataclass(frozen=True)
class Point:
    """One measured window."""

    packets_in: float
    packets_out: float
    core: float


@dataclass(frozen=True)
class Costs:
    """Shares of one core; `error` is the mean relative error of the fit over its points."""

    base: float
    packet_in: float
    packet_out: float
    error: float

    def core(self, packets_in: float, packets_out: float) -> float:
        return self.base + self.packet_in * packets_in + self.packet_out * packets_out


@dataclass(frozen=True)
class Measured:
    """Figures of one machine. Memory in kB."""

    points: tuple[Point, ...]
    memory_base: float
    memory_session: float
    cpu: str
    plane: str
    date: str
    revision: str


@dataclass(frozen=True)
class Lesson:
    """:ivar receivers: receiving classrooms. :ivar return_kbit: of each classroom's own picture; 0 for none."""

    receivers: int
    kbit: float
    return_kbit: float

    def packets_in(self) -> float:
        back = self.receivers * _packets(self.return_kbit) if self.return_kbit else 0.0
        return _packets(self.kbit) + back

    def packets_out(self) -> float:
        """Everybody receives the lead, the lead sees every classroom and hears one."""
        back = 0.0
        if self.return_kbit:
            back = self.receivers * (_packets(self.return_kbit) - SOUND_PACKETS) + SOUND_PACKETS
        return self.receivers * _packets(self.kbit) + back

    def sessions(self) -> int:
        return 1 + self.receivers + (self.receivers + 1 if self.return_kbit else 0)

    def mbit_out(self) -> float:
        one = WIRE * self.kbit + SOUND_KBIT
        back = self.receivers * WIRE * self.return_kbit + SOUND_KBIT if self.return_kbit else 0.0
        return (self.receivers * one + back) / 1000


@dataclass(frozen=True)
class Machine:
    """:ivar share: of a core that a process may use; the rest is for peaks, joins and everything else."""

    cores: int
    memory_mb: float
    uplink_mbit: float
    share: float = 0.5


@dataclass(frozen=True)
class Capacity:
    """:ivar limit: `cpu`, `memory` or `uplink`. Each `by_*` is in lessons per machine."""

    lessons: int
    classrooms: int
    limit: str
    by_cpu: int
    by_memory: int
    by_uplink: int
    machines: int
    core_per_lesson: float
    mbit_per_lesson: float


def _packets(kbit: float) -> float:
    return kbit * 1000 / 8 / PAYLOAD + SOUND_PACKETS


def read(path: Path = FIGURES) -> Measured:
    """`OSError`, `KeyError` or `ValueError` when it cannot be used."""
    stored: dict[str, Any] = json.loads(path.read_text())
    return Measured(
        points=tuple(Point(*point) for point in stored["points"]),
        **{name: stored[name] for name in ("memory_base", "memory_session", "cpu", "plane", "date", "revision")},
    )


def fit(points: Sequence[Point]) -> Costs:
    """Weighted least squares without negative costs: what comes out negative is left out and the rest fitted anew."""
    if len(points) < 4:
        raise ValueError(f"{len(points)} measured windows are too few for a fit; it takes four")
    rows = np.array([[1.0, point.packets_in, point.packets_out] for point in points])
    cores = np.array([point.core for point in points])
    kept = [0, 1, 2]
    while True:
        solved, *_ = np.linalg.lstsq(rows[:, kept] / cores[:, None], np.ones(len(cores)), rcond=None)
        if (solved >= 0).all() or len(kept) == 1:
            break
        kept.pop(int(solved.argmin()))
    costs = np.zeros(3)
    costs[kept] = np.maximum(solved, 0)
    error = float(np.mean(np.abs(rows @ costs / cores - 1)))
    return Costs(*map(float, costs), error)


def capacity(measured: Measured, costs: Costs, lesson: Lesson, machine: Machine, classrooms: int) -> Capacity:
    """Lessons of one kind on one machine, and machines for so many receiving classrooms at once.

    One server process per core; a lesson is on one core, so a core holds whole lessons.
    """
    per_lesson = costs.core(lesson.packets_in(), lesson.packets_out()) - costs.base
    per_core = _whole((machine.share - costs.base) / per_lesson)
    by_cpu = per_core * machine.cores
    memory_kb = machine.memory_mb * 1024 * machine.share - machine.cores * measured.memory_base
    by_memory = _whole(memory_kb / (measured.memory_session * lesson.sessions()))
    by_uplink = _whole(machine.uplink_mbit * machine.share / lesson.mbit_out())
    limits = {"cpu": by_cpu, "memory": by_memory, "uplink": by_uplink}
    limit = min(limits, key=limits.__getitem__)
    lessons = limits[limit]
    wanted = math.ceil(classrooms / lesson.receivers)
    return Capacity(
        lessons=lessons,
        classrooms=lessons * lesson.receivers,
        limit=limit,
        by_cpu=by_cpu,
        by_memory=by_memory,
        by_uplink=by_uplink,
        machines=math.ceil(wanted / lessons) if lessons else 0,
        core_per_lesson=per_lesson,
        mbit_per_lesson=lesson.mbit_out(),
    )


def _whole(value: float) -> int:
    return max(0, math.floor(value))
