"""What becomes of a transcript's lines when the lesson is heard anew. Pure.

A line that somebody corrected stays as it is and where it is. What is heard now for the same time gives way to it, and
what is said before and behind it in the same breath becomes lines of its own; of the others a line that is the same
stays, with its number, and numbers of lines that are gone are never used again: whoever corrects a line that no longer
exists is told so, instead of correcting another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

SLIVER_MS = 1000
"""Times of words are not the same from model to model: less than this beside a correction is what was corrected."""


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
    wanted = dict.fromkeys(part for line in heard for part in _beside(line, corrected))
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


def _beside(line: Heard, corrected: Sequence[Heard]) -> list[Heard]:
    """What is left of it beside corrected lines: all of it, or the words that stand outside of them."""
    if not _covered(line, corrected):
        return [line]
    spans = [other for other in corrected if other.starts_ms < line.ends_ms and line.starts_ms < other.ends_ms]

    def corrects(word: tuple[int, int, str]) -> bool:
        return any(2 * other.starts_ms <= word[0] + word[1] < 2 * other.ends_ms for other in spans)

    found = []
    for gone, group in groupby(line.words, corrects):
        words = tuple(group)
        starts_ms, ends_ms = words[0][0], words[-1][1]
        text = "".join(word[2] for word in words).strip().lstrip("，。！？；：、,.!?;:")
        if not gone and ends_ms - starts_ms >= SLIVER_MS and any(map(str.isalnum, text)):
            found.append(Heard(starts_ms, ends_ms, text, words, line.speaker))
    return found


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
