"""Words where they were spoken: pure.

The engine aligns words by attention, and lets the first word after a pause begin in it, up to seconds early. What
detects voices knows better.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from recorder.speech.heard import RATE, Heard, Region, Word


def timed(heard: Sequence[Heard], regions: Sequence[Region]) -> list[Heard]:
    """Each word within the one region of speech that it overlaps most; as it was where it overlaps none."""
    starts = [region.start for region in regions]
    return [
        Heard([_placed(word, regions, starts) for word in utterance.words], utterance.sure, utterance.silent)
        for utterance in heard
    ]


def _placed(word: Word, regions: Sequence[Region], starts: Sequence[int]) -> Word:
    begin, end = word.start_s * RATE, word.end_s * RATE
    best, longest = (begin, end), 0.0
    for region in regions[max(0, bisect_right(starts, begin) - 1) : bisect_right(starts, end)]:
        inside = max(begin, region.start), min(end, region.end)
        # Of two alike the later one: words begin too early, hardly ever too late.
        if inside[1] - inside[0] >= longest and inside[1] > inside[0]:
            best, longest = inside, inside[1] - inside[0]
    return Word(best[0] / RATE, best[1] / RATE, word.text)


COVERED = 0.3
"""Words that fill less of their utterance were not aligned at all."""
LATIN = 0.45
"""Time of a Latin letter, where a Chinese character takes 1."""


def within(words: Sequence[Word], start_s: float, end_s: float) -> list[Word]:
    """The words of an utterance, none outside of it; spread by their length where their times make no sense."""
    clipped = [
        Word(min(max(word.start_s, start_s), end_s), min(max(word.end_s, start_s), end_s), word.text) for word in words
    ]
    if sum(word.end_s - word.start_s for word in clipped) >= COVERED * (end_s - start_s):
        return clipped
    weights = [sum(LATIN if letter.isascii() else 1.0 for letter in word.text.strip()) or LATIN for word in words]
    edges = [start_s]
    for weight in weights:
        edges.append(edges[-1] + (end_s - start_s) * weight / sum(weights))
    return [Word(begin, end, word.text) for word, (begin, end) in zip(words, pairwise(edges), strict=True)]
