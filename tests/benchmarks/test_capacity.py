"""`tongke capacity`: the fit, the limits, and what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from signalling import cli
from signalling.cli import capacity_model as model

COSTS = model.Costs(0.01, 20e-6, 2e-6, 0.0)


def points() -> list[model.Point]:
    sizes = [(200, 200 * n) for n in (1, 10, 100, 500)] + [(600 * n, 700 * n) for n in (1, 10, 50)]
    return [model.Point(*map(float, size), COSTS.core(*size)) for size in sizes]


def measured(**changes: object) -> dict[str, object]:
    return {
        "points": [[p.packets_in, p.packets_out, p.core] for p in points()],
        "memory_base": 102400,
        "memory_session": 100,
        "cpu": "CPU",
        "plane": "native",
        "date": "2026-01-01",
        "revision": "abc",
        **changes,
    }


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    path = tmp_path / "figures.json"
    path.write_text(json.dumps(measured()))
    return path


def test_the_fit_finds_the_costs() -> None:
    costs = model.fit(points())
    assert costs.base == pytest.approx(COSTS.base)
    assert costs.packet_in == pytest.approx(COSTS.packet_in)
    assert costs.packet_out == pytest.approx(COSTS.packet_out)
    assert costs.error < 1e-6


def test_no_cost_is_negative() -> None:
    bent = [point if point.packets_out < 9000 else replace(point, core=point.core / 2) for point in points()]
    costs = model.fit(bent)
    assert min(costs.base, costs.packet_in, costs.packet_out) >= 0
    with pytest.raises(ValueError, match="too few"):
        model.fit(points()[:3])


def test_a_lesson_in_packets() -> None:
    one_way = model.Lesson(receivers=3, kbit=8.64 * 100, return_kbit=0)
    assert one_way.packets_in() == pytest.approx(150) and one_way.packets_out() == pytest.approx(450)
    assert one_way.sessions() == 4
    both = model.Lesson(receivers=2, kbit=8.64 * 100, return_kbit=8.64 * 10)
    assert both.packets_in() == pytest.approx(150 + 2 * 60)
    assert both.packets_out() == pytest.approx(2 * 150 + 2 * 10 + 50)
    assert both.sessions() == 6


@pytest.mark.parametrize(
    ("machine", "limit"),
    [
        (model.Machine(2, 64_000, 100_000), "cpu"),
        (model.Machine(2, 450, 100_000), "memory"),
        (model.Machine(2, 64_000, 20), "uplink"),
    ],
)
def test_the_scarcest_decides(tmp_path: Path, figures: Path, machine: model.Machine, limit: str) -> None:
    lesson = model.Lesson(2, 1500, 350)
    made = model.capacity(model.read(figures), COSTS, lesson, machine, 13480)
    assert made.limit == limit and made.lessons == min(made.by_cpu, made.by_memory, made.by_uplink) > 0
    assert made.classrooms == 2 * made.lessons
    assert (made.machines - 1) * made.classrooms < 13480 <= made.machines * made.classrooms


class TestCommand:
    def run(self, *arguments: str) -> object:
        with pytest.raises(SystemExit) as ended:
            cli.main(["capacity", *arguments])
        return ended.value.code

    def test_answers_with_its_assumptions(self, figures: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("--figures", str(figures), "--cores", "4", "--memory-mb", "8000") == 0
        text = capsys.readouterr().out
        assert "13,480 classrooms at the same time: " in text and "Assumptions:" in text and "4 cores" in text

    def test_json(self, figures: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("--figures", str(figures), "--cores", "4", "--return-kbit", "0", "--json") == 0
        made = json.loads(capsys.readouterr().out)
        assert made["capacity"]["lessons"] > 0 and made["machine"]["cores"] == 4

    def test_says_when_nothing_fits(self, figures: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("--figures", str(figures), "--receivers", "100000") == 0
        assert "Not even one such lesson fits" in capsys.readouterr().out

    def test_figures_that_cannot_be_used(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "bad.json").write_text("{}")
        assert self.run("--figures", str(tmp_path / "bad.json")) == 2
        assert "name others with --figures" in capsys.readouterr().err

    def test_the_figures_that_come_along_can_be_used(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("--cores", "2", "--memory-mb", "4000") == 0
        assert "machines." in capsys.readouterr().out
