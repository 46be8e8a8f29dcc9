"""A worker that says when it has saved and then waits: `python -m tests.speech.worker FOLDER SPAN_S`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from recorder import manifest
from recorder.stages.transcript import Transcriber
from recorder.stages.work import Facts, Work
from tests.asr.phrases import MODEL


def saved(part: float) -> None:
    print(f"saved {part}", flush=True)
    signal.pause()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    facts = Facts(subject="数学", grade="八年级", unit="勾股定理")
    work = Work(folder, manifest.load(folder), facts, saved)
    Transcriber(MODEL, "cpu", threads=1, span_s=float(sys.argv[2])).run(work)
