"""The whole way once: a server, a publisher, three receivers, two seconds."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import forward, forward_report, runner
from benchmarks.context import Context
from benchmarks.floor import floor
from benchmarks.load.engine import Engine
from benchmarks.load.lesson import crowd
from benchmarks.process import USABLE, Child, cores
from benchmarks.servers.tongke import Tongke
from benchmarks.window import Expected, measure


@pytest.fixture(autouse=True)
def cores_as_they_were():
    yield
    os.sched_setaffinity(0, USABLE)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    server, load = cores()
    with (tmp_path / "console").open("w") as written:
        yield Context(True, server, load, Console(file=written, width=200), ("reference",))


async def test_a_lesson_is_forwarded_and_measured() -> None:
    async with Tongke(cores()[0], "reference") as server, crowd(server) as made:
        lead = await made.lead()
        made.start([lead])
        peers = await made.receivers(3)
        assert {peer.profile for peer in [lead, *peers]} == {"SRTP_AEAD_AES_128_GCM"}
        run = await measure(made.engine, server.process, 2.0, Expected(3))
    assert run["received"] > 3 * 200 and run["undecryptable"] == 0
    assert run["cpu_us"] > 0 and run["server_core"] > 0 and run["load_core"] > 0
    assert 0 < run["delay_p50_ms"] <= run["delay_p95_ms"] <= run["delay_p99_ms"]
    assert run["sound_delay_p50_ms"] > 0
    assert not server.process.running


@pytest.mark.parametrize("segments", [False, True])
async def test_the_floor_sends_what_can_be_decrypted(engine: Engine, segments: bool) -> None:
    async with floor(engine, cores()[0], 3) as running:
        await running.send(burst=True, segments=segments)
        run = await measure(engine, running.process, 0.5, Expected(None))
        counts = await running.halt()
    assert run["received"] > 0 and run["loss"] == 0 and run["undecryptable"] == 0
    assert run["delay_p50_ms"] > 0
    assert (counts["messages"] < counts["packets"]) is segments
    assert counts["refused"] == 0


async def test_a_child_does_not_outlive_its_context() -> None:
    program = [sys.executable, "-c", "import os; print(os.sched_getaffinity(0), flush=True); input()"]
    async with await Child.start(program, core=cores()[0], name="waiter") as child:
        assert (await child.line("{.*}")).group(0) == f"{{{cores()[0]}}}"
        assert child.running and child.cpu_s() > 0 and child.resident_kb() > 1000 and child.descriptors() >= 3
    assert not child.running
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_the_runner_stores_and_shows(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "QUICK_SIZES", (1, 3))
    monkeypatch.setattr(Context, "window_s", 0.3)
    monkeypatch.setattr(Context, "runs", 1)
    monkeypatch.setattr(forward, "saturated", lambda runs: "")  # in so short a window one late packet is a loss
    monkeypatch.setattr(forward_report, "plots", lambda result, directory: [])  # matplotlib is for `make bench`
    assert runner.run(["forward"], context, tmp_path / "out") == []
    result = json.loads((tmp_path / "out" / "forward.json").read_text())
    assert set(result["servers"]["reference"]["sizes"]) == {"1", "3"}
    assert result["machine"]["cpu"] and result["machine"]["revision"]
    titles = [grid.title for grid in forward_report.grids(result)]
    assert any("µs" in title for title in titles) and any("lost" in title for title in titles)


def test_what_is_not_measured_anew_stays() -> None:
    earlier = {
        "quick": False,
        "started": "then",
        "machine": {"revision": "r"},
        "floor": {"1": "f"},
        "servers": {"native": "old", "janus": "old"},
    }
    result = {"quick": False, "started": "now", "floor": {}, "servers": {"native": "new"}}
    runner.keep_others(result, earlier)
    assert result["servers"] == {"native": "new", "janus": "old"} and result["floor"] == {"1": "f"}
    assert result["kept"] == dict.fromkeys(("janus", "floor"), "then, revision r")
    other = {"quick": True, "floor": {}, "servers": {}}
    runner.keep_others(other, earlier)
    assert other == {"quick": True, "floor": {}, "servers": {}}
