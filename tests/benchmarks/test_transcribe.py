"""The benchmark of transcripts: what is reckoned, and a lesson of it."""

from __future__ import annotations

import pytest

from benchmarks import transcribe
from recorder.transcript import Line, Transcript
from tests.asr.phrases import ALL, EN, ZH


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [
        ("", "", 0),
        ("abc", "", 3),
        ("", "abc", 3),
        ("勾股定理", "勾股定律", 1),
        ("kitten", "sitting", 3),
        ("ab", "ba", 2),
    ],
)
def test_distance(one: str, other: str, steps: int) -> None:
    assert transcribe.distance(one, other) == steps


@pytest.mark.parametrize(("kind", "phrases"), [("zh", ZH), ("en", EN), ("mixed", ALL)])
def test_a_lesson_is_full_and_the_same_each_time(kind: str, phrases: tuple[str, ...]) -> None:
    plan = transcribe.plan(kind, 120, 1)
    assert plan == transcribe.plan(kind, 120, 1) != transcribe.plan(kind, 120, 2)
    assert all(phrase in phrases for _, phrase in plan) and len(plan) > 20
    assert [at for at, _ in plan] == sorted(at for at, _ in plan) and plan[-1][0] < 118


def test_score() -> None:
    lines = [Line(start_us=1_200_000, end_us=2, text="请坐。"), Line(start_us=9_000_000, end_us=2, text="Well done")]
    score = transcribe._score([(1.0, "请坐"), (5.0, "well done")], Transcript(lines=lines))
    assert score == {"cer": 0.0, "near": 50.0}


def test_grids_show_every_kind() -> None:
    figures = {name: {"low": 1, "median": 2, "high": 3} for name in ("rtf", "cpu", "cer", "near", "mb")}
    measured = {kind: {"figures": figures} for kind in transcribe.KINDS}
    (grid,) = transcribe.grids({"minutes": 2, "models": {"fixture": measured}})
    assert [row[0] for row in grid.rows] == ["fixture, Chinese", "fixture, English", "fixture, mixed"]
