"""Asking a recorder whether it is there: real processes, real lines."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from recorder import greeting, process, version, wire
from signalling.cli import doctor
from signalling.config import Config

TONGKE = (sys.executable, "-c", "from signalling.cli import main; main()")


def test_it_says_who_it_is_and_how_much_it_may_write(tmp_path: Path) -> None:
    for command in (process.local(tmp_path), (*TONGKE, "recorder", "--folder", str(tmp_path / "new" / "one"))):
        hello = greeting.ask(command)
        assert (hello.wire, hello.program) == (wire.VERSION, version.PROGRAM)
        assert hello.free > 0


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = (*TONGKE, "recorder", "--folder", str(tmp_path / "file"))
    assert greeting.ask(command).free == -1
    found = doctor.recording(Config(recorder={"command": command}))
    assert (found.level, "cannot be written" in found.text) == ("bad", True)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("exit 255", "ends without an answer"),
        ("echo Welcome to recorder1; cat", "no recorder"),
        ("exec sleep 60", "no answer within"),
        ('printf \'\\025\\0\\0\\0\\005{"wire":9,"a":"bcd"}\'; cat > /dev/null', "speaks version 9"),
    ],
)
def test_what_does_not_answer_is_told(script: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(greeting.NoAnswer, match=sentence):
        greeting.ask(("/bin/sh", "-c", script), patience_s=1.0)
    if sentence != "no answer within":
        found = doctor.recording(Config(recorder={"command": ["/bin/sh", "-c", script, "geheim"]}))
        assert found.level == "bad" and sentence in found.text and "geheim" not in found.text


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    found = doctor.recording(Config(recorder={"command": [str(tmp_path / "nothing"), "geheim"]}))
    assert found.level == "bad" and "geheim" not in found.text
    assert "geheim" not in repr(Config(recorder={"command": ["geheim"]}))


def test_switched_off_there_is_nothing_to_ask() -> None:
    assert doctor.recording(Config(recorder={"enabled": False})).level == "ok"
