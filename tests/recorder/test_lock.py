"""Who writes a recording, who may be ended for it, and whose clock counts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.follow import DRIFT_US, Follow
from recorder.lock import Busy, Lock, myself

HOLD = """
import sys
from dataclasses import replace
from pathlib import Path
from recorder.lock import Lock, myself
folder, server, run, lost, other = sys.argv[1:]
me = myself(server, int(run))
lock = Lock(Path(folder), replace(me, born=me.born - 1) if other == "born" else replace(me, boot="x") if other else me)
if lost:
    lock.lose()
print("held", flush=True)
sys.stdin.read()
"""
MINE = myself("server-a", 2)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    made: list[subprocess.Popen[str]] = []
    yield made
    for process in made:
        process.kill()
        process.communicate()


def hold(
    made: list[subprocess.Popen[str]], folder: Path, server: str, run: int, lost: str = "", other: str = ""
) -> int:
    """A process that writes there; its id."""
    command = [sys.executable, "-c", HOLD, str(folder), server, str(run), lost, other]
    made.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    stdout = made[-1].stdout
    assert stdout is not None and stdout.readline() == "held\n"
    return made[-1].pid


@pytest.mark.parametrize(
    ("server", "run", "lost"),
    [("server-a", 1, ""), ("server-a", 1, "lost"), ("server-a", 2, "lost"), ("server-b", 9, "lost")],
)
def test_who_is_left_over_is_ended(server: str, run: int, lost: str, tmp_path: Path, held: list) -> None:
    hold(held, tmp_path, server, run, lost)
    with pytest.raises(Busy):
        Lock(tmp_path, MINE)
    assert held[0].wait(10) == -9
    lock = Lock(tmp_path, MINE)
    with pytest.raises(Busy):
        Lock(tmp_path, MINE)
    lock.release()
    Lock(tmp_path, myself("server-c", 1)).release()


@pytest.mark.parametrize(
    ("server", "run", "lost", "other"),
    [
        ("server-a", 2, "", ""),
        ("server-a", 3, "", ""),
        ("server-b", 1, "", ""),
        ("server-a", 1, "lost", "born"),
        ("server-a", 1, "lost", "boot"),
    ],
)
def test_whose_server_speaks_to_it_is_left_alone(
    server: str, run: int, lost: str, other: str, tmp_path: Path, held: list
) -> None:
    """So is a process that only has the number of the one that wrote its name, and one of another machine."""
    hold(held, tmp_path, server, run, lost, other)
    with pytest.raises(Busy):
        Lock(tmp_path, MINE)
    assert held[0].poll() is None
    assert held[0].communicate("")[0] == "" and held[0].returncode == 0


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"pid": 1}', "\xff", "x" * 5000])
def test_what_is_written_there_by_others_ends_nobody(text: str, tmp_path: Path, held: list) -> None:
    hold(held, tmp_path, "server-a", 1)
    (tmp_path / "lock").write_text(text)
    with pytest.raises(Busy):
        Lock(tmp_path, MINE)
    assert held[0].poll() is None


@given(
    st.lists(st.integers(0, 500_000), min_size=1, max_size=50),
    st.integers(-(10**15), 10**15),
)
def test_the_servers_clock_is_never_ahead(late_us: list[int], apart_us: int) -> None:
    """Beats a second apart, each so late; another machine's clock."""
    now_us = 0
    clock = Follow(lambda: now_us + apart_us)
    for number, late in enumerate(late_us):
        now_us = number * 1_000_000 + late
        clock.hear(number * 1_000_000)
        behind = now_us - clock()
        assert 0 <= behind <= late
        assert behind <= min(late_us[: number + 1]) + DRIFT_US * len(late_us)
