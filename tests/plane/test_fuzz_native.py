"""The compiled plane under sanitizers, without Python: inputs, joins, races. `make fuzz` does it for longer."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.plane.fuzz.build import HERE, TARGETS, build_fuzzers, build_races

RUNS = 2500
SEED = 20
JOINS = 100_000
PACKETS = 100_000
RACE_S = 3


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_fuzzers(tmp_path_factory.mktemp("fuzz"))


def run(program: Path, *arguments: object) -> dict[str, float]:
    """What the program reports in its last line, `name value` over and over."""
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "TSAN_OPTIONS": "halt_on_error=1"}
    command = [program, *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=program.parent, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: float(value) for name, value in re.findall(r"(\w+) ([\d.]+)", done.stdout)}


@pytest.mark.parametrize("target", TARGETS)
def test_target(programs: dict[str, Path], target: str) -> None:
    stored = HERE / "corpus" / target
    report = run(programs[target], "-runs", RUNS, "-seed", SEED, stored)
    assert report["executions"] == RUNS + len(list(stored.iterdir())) > RUNS


def test_broken_input_is_told_and_stored(programs: dict[str, Path], tmp_path: Path) -> None:
    """Or the other tests would prove nothing: an input that breaks a rule ends the run, and can be run again."""
    crash = tmp_path / "crash"
    (tmp_path / "input").write_bytes(b"SELFTEST")
    with pytest.raises(AssertionError, match="not so: !asked_to_fail"):
        run(programs["tables"], "-crash", crash, tmp_path / "input")
    assert crash.read_bytes() == b"SELFTEST"


def test_nothing_is_left_of_peers_that_left(programs: dict[str, Path]) -> None:
    assert run(programs["joins"], JOINS)["joins"] == JOINS


def test_histories_keep_what_they_were_given(programs: dict[str, Path]) -> None:
    report = run(programs["histories"], PACKETS)
    assert report["packets"] == 4 * PACKETS and report["moved"] > 100


@pytest.fixture(scope="module")
def races(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_races(tmp_path_factory.mktemp("races"))


def test_thread_against_control(races: dict[str, Path]) -> None:
    report = run(races["race"], RACE_S)
    assert report["lives"] > 1 and report["steps"] > 100 and report["datagrams"] > 1000 and report["events"] > 0


def test_two_threads_that_relay_to_each_other(races: dict[str, Path]) -> None:
    report = run(races["spread"], RACE_S)
    assert report["lives"] > 4 and report["steps"] > 100 and report["relayed"] > 1000 and report["forwarded"] > 1000
