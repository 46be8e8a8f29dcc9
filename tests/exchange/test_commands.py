"""`tongke import`, `tongke export` and `tongke seed-demo`: what they print, and how they end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from signalling import cli
from tests.exchange import rosters
from tests.exchange.rosters import row


def run(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return ended.value.code


@pytest.fixture(autouse=True)
def configured(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKE_DATABASE__URL", database_url)


def test_import_and_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rosters.write(rosters.county(), tmp_path / "r")
    assert run("import", "roster", str(path)) == 0
    out = capsys.readouterr().out
    assert out.endswith("Imported.\n") and "users.csv" in out
    assert run("import", "roster", str(path)) == 0
    assert capsys.readouterr().out.endswith("Nothing to do: the database holds all of this already.\n")
    assert run("export", "roster", str(tmp_path / "out")) == 0
    assert "6 users.csv" in capsys.readouterr().out
    assert run("import", "roster", str(tmp_path / "out"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["written"] is False
    assert run("export", "roster", str(tmp_path / "out")) == 2
    assert "is not empty" in capsys.readouterr().err


def test_refused_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roster = rosters.county()
    row(roster, "classes.csv", "c2")["title"] = "三年级1班"
    path = rosters.write(roster, tmp_path / "r")
    assert run("import", "roster", str(path), "--report", str(tmp_path / "report.csv")) == 1
    assert "Nothing was imported: 1 row was refused." in capsys.readouterr().out
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [line["code"] for line in csv.DictReader(file)] == ["name_taken"]
    assert run("import", "roster", str(path), "--json") == 1
    assert json.loads(capsys.readouterr().out)["refusals"][0]["row"] == 3
    assert run("import", "roster", str(path), "--skip-refused") == 1
    assert "Imported; " in capsys.readouterr().out
    assert run("import", "roster", str(tmp_path / "none")) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert run("import", "roster", str(path), "--report", str(tmp_path)) == 2


def test_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("seed-demo", "--bell-in", "60") == 0
    out = capsys.readouterr().out
    assert "13 school" in out and "starts in 60 seconds" in out
    assert run("seed-demo") == 2
    assert "goes into an empty one" in capsys.readouterr().err
