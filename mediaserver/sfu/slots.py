"""Slots: the fixed places of a subscriber, and what each of them should play.

The tables of docs/protocol.md ("Slots") as data, and one function from a room's situation to
the content of a slot. Nothing here remembers anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_TILES = 8

STREAM_OF_SLOT = {"camera": "teacher", "teacher": "teacher", "main": "lesson", "program": "lesson"}
"""MediaStream ids: a browser keeps the tracks of one stream in lip sync. Slots not listed stand alone."""


def slot_names(kind: str, count: int, *, lead: bool) -> list[str]:
    """Names of the slots of `count` offered m-lines of one kind; the empty name means none."""
    if kind == "video":
        if lead:
            names = [f"tile{number}" for number in range(1, MAX_TILES + 1)]
        elif count == 1:
            names = ["main"]
        elif count == 2:
            names = ["camera", "screen"]
        else:
            names = ["camera", "screen", "called"]
    elif lead:
        names = ["called"]
    elif count == 1:
        names = ["program"]
    else:
        names = ["teacher", "called"]
    return (names + [""] * count)[:count]


class SourceState(Protocol):
    """What a slot needs to know of a track."""

    @property
    def active(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides over slots, the same for all subscribers of a room.

    :ivar tracks: (participant, source) → track.
    :ivar speaking: whose sound the `program` slot has now.
    """

    lead: str | None
    called: str | None
    tracks: Mapping[tuple[str, str], SourceState]
    speaking: str | None


def wanted(slot: str, situation: Situation, *, viewer: str, tiles: Sequence[str], kind: str) -> tuple[str, str] | None:
    """(participant, source) that a slot should play now, or None for nothing.

    A track that is not there is still wanted where its absence is worth telling (the slot then
    waits); the screen is wanted only while it is shared.
    """
    lead, called = situation.lead, situation.called
    if slot.startswith("tile"):
        number = int(slot[4:]) - 1
        return (tiles[number], "camera") if number < len(tiles) else None
    if slot == "called":
        source = "camera" if kind == "video" else "microphone"
        return (called, source) if called is not None and called != viewer else None
    if lead is None:
        return None
    if slot == "camera":
        return (lead, "camera")
    if slot in ("screen", "main"):
        screen = situation.tracks.get((lead, "screen"))
        if screen is not None and screen.active:
            return (lead, "screen")
        return (lead, "camera") if slot == "main" else None
    if slot == "teacher":
        return (lead, "microphone")
    if slot == "program":
        speaking = situation.speaking if situation.speaking != viewer else lead
        return (speaking or lead, "microphone")
    return None
