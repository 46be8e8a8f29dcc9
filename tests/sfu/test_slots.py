"""The slot tables of docs/protocol.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mediaserver.sfu.slots import MAX_TILES, Situation, slot_names, wanted

ROLES = ("classroom", "assistant", "staff", "supervisor", "admin")
TILES = [f"tile{number}" for number in range(1, MAX_TILES + 1)]


@pytest.mark.parametrize(
    ("kind", "count", "lead", "names"),
    [
        ("video", 1, False, ["main"]),
        ("video", 2, False, ["camera", "screen"]),
        ("video", 3, False, ["camera", "screen", "called"]),
        ("video", 5, False, ["camera", "screen", "called", "", ""]),
        ("video", 0, False, []),
        ("video", 1, True, TILES[:1]),
        ("video", 8, True, TILES),
        ("video", 10, True, [*TILES, "", ""]),
        ("audio", 1, False, ["program"]),
        ("audio", 2, False, ["teacher", "called"]),
        ("audio", 4, False, ["teacher", "called", "", ""]),
        ("audio", 1, True, ["called"]),
        ("audio", 3, True, ["called", "", ""]),
        ("audio", 0, True, []),
    ],
)
def test_names(kind: str, count: int, lead: bool, names: list[str]) -> None:
    assert slot_names(kind, count, lead=lead) == names


def test_names_are_those_of_the_document() -> None:
    text = (Path(__file__).parents[2] / "docs/protocol.md").read_text(encoding="utf-8")
    section = text.partition("### Slots")[2].partition("## Problems")[0]
    written = set(re.findall(r"`(main|camera|screen|called|tile1|tile8|program|teacher)`", section))
    ours = {
        name
        for kind in ("video", "audio")
        for count in range(9)
        for lead in (True, False)
        for name in slot_names(kind, count, lead=lead)
    }
    assert written == (ours - {""} - set(TILES[1:-1]))


class On:
    active = True


class Off:
    active = False


def situation(*, lead="t", called=None, screen: type | None = None, speaking="t") -> Situation:
    tracks = {("t", "screen"): screen()} if screen else {}
    return Situation(lead, called, tracks, speaking)


@pytest.mark.parametrize(
    ("slot", "now", "target"),
    [
        ("main", situation(), ("t", "camera")),
        ("main", situation(screen=On), ("t", "screen")),
        ("main", situation(screen=Off), ("t", "camera")),
        ("camera", situation(screen=On), ("t", "camera")),
        ("screen", situation(screen=On), ("t", "screen")),
        ("screen", situation(screen=Off), None),
        ("screen", situation(), None),
        ("called", situation(called="b"), ("b", "camera")),
        ("called", situation(), None),
        ("called", situation(called="a"), None),
        ("", situation(called="b"), None),
        ("main", situation(lead=None), None),
        ("tile1", situation(), ("x", "camera")),
        ("tile2", situation(), ("y", "camera")),
        ("tile3", situation(), None),
    ],
)
def test_pictures(slot: str, now: Situation, target: tuple[str, str] | None) -> None:
    assert wanted(slot, now, viewer="a", tiles=("x", "y"), kind="video") == target


@pytest.mark.parametrize(
    ("slot", "now", "target"),
    [
        ("teacher", situation(), ("t", "microphone")),
        ("teacher", situation(lead=None), None),
        ("called", situation(called="b"), ("b", "microphone")),
        ("called", situation(called="a"), None),
        ("program", situation(), ("t", "microphone")),
        ("program", situation(called="b", speaking="b"), ("b", "microphone")),
        ("program", situation(called="a", speaking="a"), ("t", "microphone")),
        ("program", situation(lead=None, speaking=None), None),
        ("", situation(), None),
    ],
)
def test_sounds(slot: str, now: Situation, target: tuple[str, str] | None) -> None:
    assert wanted(slot, now, viewer="a", tiles=(), kind="audio") == target
