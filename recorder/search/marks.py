"""Where in a text the needles are, and the part of a text that shows most of them."""

from __future__ import annotations

import bisect
import functools
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from recorder.search import analysis
from recorder.search.fold import HAN, Folded, fold, is_han, utf16
from recorder.search.wanted import Needle

MAX_MARKS = 50
MAX_FOUND = 400
"""Places of one needle that are looked at in one text."""
SNIPPET = 120
_BEFORE = 24

Marks = list[list[int]]
"""[start, end) in UTF-16 code units, in order and apart."""


class Found(NamedTuple):
    """:ivar needle: its number."""

    start: int
    end: int
    needle: int


class Excerpt(NamedTuple):
    text: str
    marks: Marks


def find(text: str, needles: Sequence[Needle]) -> list[Found]:
    """Places in folded text, by needle and then in order."""
    found: list[Found] = []
    for number, needle in enumerate(needles):
        places = [match.span() for match in itertools.islice(_matches(text, needle), MAX_FOUND)]
        found.extend(Found(start, end, number) for start, end in sorted(places))
    return found


def _matches(text: str, needle: Needle) -> Iterable[re.Match[str]]:
    """What is like a word is looked for where the word itself is not."""
    pattern = _pattern(needle)
    exact = list(itertools.islice(pattern.finditer(text), MAX_FOUND)) if pattern is not None else []
    yield from exact
    if exact or not needle.near:
        return
    for match in _WORD.finditer(text):
        if any(_like(word, match[0]) for word in needle.near):
            yield match


@functools.lru_cache(1 << 16)
def _like(word: str, other: str) -> bool:
    limit = analysis.tolerance(word)
    return abs(len(other) - len(word)) <= limit and analysis.distance(word, other, limit) <= limit


_WORD = re.compile(r"[a-z]{3,40}")


@functools.lru_cache(256)
def _pattern(needle: Needle) -> re.Pattern[str] | None:
    parts = [re.escape(text) for text in sorted(needle.han, key=len, reverse=True)]
    parts += [_bounded(re.escape(word)) for word in needle.words]
    if needle.begun:
        parts.append(rf"(?<![^\W_]){re.escape(needle.begun)}[^\W_]*")
    parts += [_phrase(runs) for runs in needle.phrases]
    return re.compile("|".join(parts)) if parts else None


def _bounded(word: str) -> str:
    """A word's neighbours may be Chinese characters, but no letters or digits of its own kind."""
    return rf"(?<![^\W_{HAN}]){word}(?![^\W_{HAN}])"


def _phrase(runs: Sequence[str]) -> str:
    return rf"(?:[\W_]+|(?<=[{HAN}])(?![{HAN}])|(?<![{HAN}])(?=[{HAN}]))".join(
        re.escape(run) if is_han(run) else _bounded(re.escape(run)) for run in runs
    )


def marks(text: str, needles: Sequence[Needle]) -> Marks:
    made = fold(text)
    return _marks(text, made, find(made.text, needles))


def excerpt(text: str, needles: Sequence[Needle], length: int = SNIPPET) -> Excerpt:
    """At most `length` characters of a text, from a little before the place where most different needles are."""
    text = " ".join(text.split())
    made = fold(text)
    found = find(made.text, needles)
    if len(text) <= length:
        return Excerpt(text, _marks(text, made, found))
    places = sorted((made.span(it.start, it.end)[0], it.needle) for it in found)
    best, score = 0, 0
    for index, (start, _) in enumerate(places):
        end = bisect.bisect_left(places, (start + length - _BEFORE,))
        if (seen := len({needle for _, needle in places[index:end]})) > score:
            best, score = start, seen
    first = max(0, min(best - _BEFORE, len(text) - length))
    cut = text[first : first + length]
    shown = ("…" if first else "") + cut + ("…" if first + length < len(text) else "")
    refolded = fold(shown)
    return Excerpt(shown, _marks(shown, refolded, find(refolded.text, needles)))


def _marks(text: str, made: Folded, found: Iterable[Found]) -> Marks:
    merged: Marks = []
    for start, end in sorted(made.span(it.start, it.end) for it in found):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    plain = text.isascii() or max(text) < "\U00010000"
    kept = merged[:MAX_MARKS]
    return kept if plain else [[utf16(text, start), utf16(text, end)] for start, end in kept]


def best_lines(text: str, needles: Sequence[Needle], limit: int) -> list[tuple[int, Excerpt]]:
    """The numbers of the lines with most different needles, in order; each with its marks."""
    made = fold(text)
    found = find(made.text, needles)
    if not found:
        return []
    ends = [match.start() for match in re.finditer("\n", made.text)]
    seen: dict[int, set[int]] = {}
    for it in found:
        seen.setdefault(bisect.bisect_left(ends, it.start), set()).add(it.needle)
    chosen = sorted(seen, key=lambda number: (-len(seen[number]), number))[:limit]
    lines = text.split("\n")
    return [(number, excerpt(lines[number], needles)) for number in sorted(chosen)]
