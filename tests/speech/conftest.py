"""Lessons in which known phrases are spoken at known times."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from recorder import manifest
from recorder.manifest import Manifest, Part, Sync, Track
from recorder.stages.work import Facts, Work
from tests.asr.speech import Plan, speak

Lesson = Callable[..., Work]


@pytest.fixture(autouse=True)
def no_hub(monkeypatch):
    """The engine has no business on the network."""
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")


@pytest.fixture
def lesson(tmp_path) -> Lesson:
    """`lesson({participant: (plan, seconds)})` → a recording with one part per track; `at` says where they begin."""

    def make(plans: dict[str, tuple[Plan, float]], *, at: dict[str, float] | None = None, facts: Facts | None = None):
        folder = tmp_path / "lesson"
        (folder / "parts").mkdir(parents=True)
        made = Manifest(room="lesson", began=1_800_000_000_000, lead=next(iter(plans)), ended=True)
        for participant, (plan, seconds) in plans.items():
            track = add(folder, participant, plan, seconds, (at or {}).get(participant, 0.0))
            made.tracks.append(track)
            made.length_us = max(made.length_us, track.parts[0].start_us + track.parts[0].duration_us)
        manifest.save(folder, made)
        return Work(folder, made, facts or Facts(subject="数学", grade="八年级", unit="勾股定理"))

    return make


def add(folder: Path, participant: str, plan: Plan, seconds: float, start_s: float = 0.0) -> Track:
    name = f"parts/{participant}.webm"
    speak(folder / name, plan, seconds)
    start = int(start_s * 1e6)
    part = Part(
        file=name,
        codec="opus",
        start_us=start,
        duration_us=int(seconds * 1e6),
        bytes=(folder / name).stat().st_size,
        closed=True,
        sync=[Sync(pts_us=0, at_us=start)],
    )
    return Track(
        id=f"{participant}-microphone", participant=participant, source="microphone", kind="audio", parts=[part]
    )
