"""`transcribe`: the transcript stage on one core: how much faster than speech, and how many characters are wrong.

The speech is synthetic (`tests/asr`): the error rate tells whether the chain works, not how well a model hears people.
The fixture's model has 0.8 million parameters. With `TONGKE_RECORDER__MODEL` set that model is measured too: what it
costs is then real. A run of one lesson: `python -m benchmarks.transcribe FOLDER MODEL`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import stats
from benchmarks.context import Context
from benchmarks.grid import Grid, cell
from benchmarks.process import ROOT, ChildError
from recorder import manifest, transcript
from recorder.manifest import Manifest, Part, Track
from recorder.stages.work import Facts, Work
from tests.asr.phrases import ALL, EN, MODEL, ZH
from tests.asr.speech import clips, speak

LIMIT_S = 3600
MINUTES, QUICK_MINUTES = 10, 2
KINDS = {"zh": ("Chinese", ZH), "en": ("English", EN), "mixed": ("mixed", ALL)}
NEAR_S = 1.0
_BARE = re.compile(r"[\W_]+")


async def run(context: Context) -> dict[str, Any]:
    minutes = QUICK_MINUTES if context.quick else MINUTES
    result: dict[str, Any] = {"minutes": minutes, "models": {}}
    for label, model in _models().items():
        measured = result["models"][label] = {}
        for kind, (name, _) in KINDS.items():
            runs: list[dict[str, float | None]] = []
            for number in range(context.runs):
                context.doing(f"{label}: {minutes} minutes of {name} speech, run {number + 1}")
                runs.append(await _one(context, model, kind, minutes * 60, number))
            measured[kind] = {"figures": stats.figures(runs), "runs": runs}
            context.done(
                f"  {label}, {name}: real-time factor {stats.show(measured[kind]['figures']['rtf']['median'])}"
            )
    return result


def _models() -> dict[str, Path]:
    models = {"fixture": MODEL}
    if other := os.environ.get("TONGKE_RECORDER__MODEL"):
        models[Path(other).name] = Path(other)
    return models


def plan(kind: str, seconds: float, seed: int) -> list[tuple[float, str]]:
    """Phrases as a teacher speaks: mostly one after the other, now and then with nothing for some seconds."""
    chance = random.Random(f"{kind}{seed}")
    at, made = 2.0, []
    while True:
        phrase = chance.choice(KINDS[kind][1])
        end = at + len(clips()[phrase]) / 16_000
        if end > seconds - 2:
            return made
        made.append((at, phrase))
        at = end + (chance.uniform(0.25, 1.2) if chance.random() < 0.75 else chance.uniform(2, 8))


async def _one(context: Context, model: Path, kind: str, seconds: float, seed: int) -> dict[str, float | None]:
    with tempfile.TemporaryDirectory(prefix="tongke-transcribe-") as name:
        folder = Path(name)
        spoken = plan(kind, seconds, seed)
        speak(folder / "sound.webm", spoken, seconds)
        part = Part(file="sound.webm", codec="opus", start_us=0, duration_us=int(seconds * 1e6), closed=True)
        track = Track(id="t-microphone", participant="t", source="microphone", kind="audio", parts=[part])
        manifest.save(folder, Manifest(room="bench", began=0, lead="t", tracks=[track]))
        cost = await _child(context.server_core, folder, model)
        made = transcript.load(folder)
        assert made is not None
        return {
            "rtf": cost["wall_s"] / seconds,
            "cpu": cost["cpu_s"] / seconds,
            "mb": cost["mb"],
            **_score(spoken, made),
        }


async def _child(core: int, folder: Path, model: Path) -> dict[str, float]:
    python = (sys.executable, "-m")
    child = await asyncio.create_subprocess_exec(
        *(*python, "benchmarks.child", str(os.getpid()), str(core)),
        *(*python, "benchmarks.transcribe", str(folder), str(model)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        out, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise ChildError(f"the stage ended with status {child.returncode}")
    return json.loads(out)


def _score(spoken: list[tuple[float, str]], made: transcript.Transcript) -> dict[str, float]:
    said = "".join(_bare(phrase) for _, phrase in spoken)
    heard = "".join(_bare(line.text) for line in made.lines)
    near = sum(
        any(_bare(phrase) in _bare(line.text) and abs(line.start_us / 1e6 - at) <= NEAR_S for line in made.lines)
        for at, phrase in spoken
    )
    return {"cer": 100 * distance(said, heard) / len(said), "near": 100 * near / len(spoken)}


def _bare(text: str) -> str:
    return _BARE.sub("", text.lower())


def distance(one: str, other: str) -> int:
    """Levenshtein's."""
    row = list(range(len(other) + 1))
    for index, left in enumerate(one, 1):
        before, row[0] = row[0], index
        for column, right in enumerate(other, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (left != right))
    return row[-1]


def grids(result: dict[str, Any]) -> list[Grid]:
    rows = [
        [
            f"{label}, {KINDS[kind][0]}",
            *(cell(measured["figures"], name) for name in ("rtf", "cpu", "cer", "near", "mb")),
        ]
        for label, kinds in result["models"].items()
        for kind, measured in kinds.items()
    ]
    header = [
        "model, speech",
        "real-time factor",
        "CPU s per s",
        "wrong characters %",
        "phrases within 1 s %",
        "peak MB",
    ]
    note = f"Synthetic lessons of {result['minutes']} minutes, int8, one thread; loading the model is not counted."
    return [Grid("Transcript", header, rows, note)]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    return []


def measure(folder: Path, model: Path) -> dict[str, float]:
    from recorder.stages.transcript import Transcriber

    silent = folder / "warm"
    silent.mkdir()
    transcriber = Transcriber(model, "cpu", threads=1)
    speak(silent / "sound.webm", [], 2)
    made = manifest.load(folder)
    transcriber.run(Work(silent, made.model_copy(deep=True)))
    wall, cpu = time.perf_counter(), time.process_time()
    transcriber.run(Work(folder, made, Facts()))
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
