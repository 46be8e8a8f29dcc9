"""What becomes of a transcript's lines when the lesson is heard anew. Pure.

A line that somebody corrected stays as it is and where it is. What is heard now for the same time gives way to it; of
the others a line that is the same stays, with its number, and numbers of lines that are gone are never used again:
whoever corrects a line that no longer exists is told so, instead of correcting another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Heard(NamedTuple):
    """:ivar words: (start ms, end ms, text)."""

    starts_ms: int
    ends_ms: int
    text: str
    words: tuple[tuple[int, int, str], ...] = ()
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A line that is there. :ivar corrected: by somebody."""

    number: int
    corrected: bool
    heard: Heard


@dataclass(frozen=True, slots=True)
class Change:
    """:ivar gone: numbers. :ivar new: by number."""

    gone: tuple[int, ...]
    new: tuple[tuple[int, Heard], ...]


def merge(kept: Sequence[Kept], heard: Iterable[Heard], highest: int) -> Change:
    """:param highest: number that was ever used; 0: none."""
    corrected = sorted((line.heard for line in kept if line.corrected), key=lambda it: it.starts_ms)
    wanted = [line for line in heard if not _covered(line, corrected)]
    same = {line.heard: line.number for line in kept if not line.corrected}
    stays: set[int] = set()
    new: list[tuple[int, Heard]] = []
    for line in wanted:
        number = same.pop(line, None)
        if number is not None:
            stays.add(number)
        else:
            highest += 1
            new.append((highest, line))
    gone = tuple(line.number for line in kept if not line.corrected and line.number not in stays)
    return Change(gone, tuple(new))


def _covered(line: Heard, corrected: Sequence[Heard]) -> bool:
    """Whether corrected lines stand for half of its time, or it for half of one's."""
    shared = 0
    for other in corrected:
        both = min(line.ends_ms, other.ends_ms) - max(line.starts_ms, other.starts_ms)
        if both <= 0:
            continue
        if 2 * both >= other.ends_ms - other.starts_ms:
            return True
        shared += both
    return 2 * shared >= line.ends_ms - line.starts_ms and shared > 0
