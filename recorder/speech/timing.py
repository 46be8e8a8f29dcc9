"""Words where they were spoken: pure.

The engine aligns words by attention, and lets the first word after a pause begin in it, up to seconds early. What
detects voices knows better.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

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
