"""Fuzzes the compiled plane for long: `python -m tests.plane.fuzz [seconds]`, or `make fuzz SECONDS=600`.

All targets at once, each on a core, then 100,000 joins, the histories and the races. What is found lies under
build/fuzz: inputs that reached something new (the next run goes on from them), and `<target>.crash` when something
broke.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.plane.fuzz.build import HERE, OTHERS, TARGETS, build_fuzzers, build_races

_BUILD = HERE.parents[2] / "build" / "fuzz"
_RACE_SHARE = 10
"""Each race gets a tenth of the time of the targets."""


def _start(program: Path, seconds: float) -> subprocess.Popen[bytes]:
    inputs = _BUILD / "inputs" / program.name
    inputs.mkdir(parents=True, exist_ok=True)
    crash = _BUILD / f"{program.name}.crash"
    seed = str(time.time_ns())
    print(f"{program.name}: {seconds:.0f} s, seed {seed}", flush=True)
    options = ("-seconds", str(seconds), "-seed", seed, "-keep", str(inputs), "-crash", str(crash))
    return subprocess.Popen([program, *options, HERE / "corpus" / program.name, inputs])


def main(seconds: float) -> int:
    """The number of programs that found something."""
    guided = build_fuzzers(_BUILD / "guided", coverage=True)
    broken = sum(process.wait() != 0 for process in [_start(guided[name], seconds) for name in TARGETS])
    plain = build_fuzzers(_BUILD / "plain")
    broken += sum(subprocess.run([plain[name]]).returncode != 0 for name in OTHERS)
    races = build_races(_BUILD)
    broken += sum(
        subprocess.run([race, str(max(5.0, seconds / _RACE_SHARE))]).returncode != 0 for race in races.values()
    )
    programs = len(TARGETS) + len(OTHERS) + len(races)
    print("nothing found" if not broken else f"{broken} of {programs} found something: see above")
    return broken


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0))
