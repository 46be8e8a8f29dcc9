"""One measured window: what the server spent and what arrived, between two instants."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks import stats
from benchmarks.load.engine import PICTURE, SOUND, Engine
from benchmarks.process import Child

SATURATED_CPU = 0.97
SATURATED_LOSS = 0.02
SETTLE_S = 0.3


@dataclass(frozen=True)
class Expected:
    """:ivar copies: packets that should arrive for each packet sent; None where the server makes its own packets."""

    copies: float | None


async def measure(engine: Engine, process: Child, seconds: float, expected: Expected) -> dict[str, float | None]:
    """Numbers of one window.

    `cpu_us` server CPU per packet received; `server_core` and `load_core` shares of a core; `loss` by gaps in the
    sequence numbers; `missing` by what should have come, what the server lost on its way in included; delays in ms
    from the publisher's clock to the kernel's receive time stamp, of pictures (`delay_*`) and sound (`sound_delay_*`).
    """
    await asyncio.sleep(SETTLE_S)
    engine.take_delays()
    before, cpu, start = engine.totals(), process.cpu_s(), time.monotonic()
    await asyncio.sleep(seconds)
    after, cpu, elapsed = engine.totals(), process.cpu_s() - cpu, time.monotonic() - start
    delays = engine.take_delays()
    grown = {name: after[name] - before[name] for name in after}
    received, due = grown["received"], grown["expected"]
    missing = None
    if expected.copies is not None and grown["sent"]:
        missing = max(0.0, 1 - received / (grown["sent"] * expected.copies))
    result: dict[str, float | None] = {
        "seconds": elapsed,
        "sent": grown["sent"],
        "received": received,
        "packets_per_s": received / elapsed,
        "mbit_per_s": 8 * grown["received_bytes"] / elapsed / 1e6,
        "cpu_us": 1e6 * cpu / received if received else None,
        "server_core": cpu / elapsed,
        "load_core": grown["cpu_ns"] / 1e9 / elapsed,
        "load_us": grown["cpu_ns"] / 1e3 / (received + grown["sent"]) if received + grown["sent"] else None,
        "late_max_ms": after["late_max_ns"] / 1e6,
        "loss": max(0, due - received) / due if due else 1.0,
        "missing": missing,
        "keyframe_requests": grown["keyframe_requests"],
        "undecryptable": grown["undecryptable"],
    }
    for prefix, kind in (("delay", PICTURE), ("sound_delay", SOUND)):
        for share in (0.5, 0.95, 0.99):
            value = stats.quantile(delays[kind], share)
            result[f"{prefix}_p{round(100 * share)}_ms"] = None if value is None else value / 1e6
    return result


def saturated(runs: Sequence[dict[str, float | None]]) -> str:
    """Why more receivers would tell nothing; empty while there is room.

    By the median of the runs: a machine that is busy with something else for a moment is not a full server.
    """
    core, loss, missing = (median(run[name] or 0 for run in runs) for name in ("server_core", "loss", "missing"))
    if core >= SATURATED_CPU:
        return f"uses {100 * core:.0f} % of its core"
    if max(loss, missing) >= SATURATED_LOSS:
        return f"loses {100 * max(loss, missing):.1f} % of the packets"
    return ""
