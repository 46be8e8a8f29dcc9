"""Where the chapters of a lesson begin: at slides that stay, and after long pauses. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from recorder.captions import width
from recorder.manifest import Chapter, Slide
from recorder.transcript import Line

PAUSE_US = 5_000_000
"""A teacher who is silent for so long begins something new, or lets the pupils work."""
SHORTEST_US = 90_000_000
MOST = 30
_NEAR_US = 8_000_000
"""A pause so near to a slide means the same."""
_TITLE = 30
"""Half-width characters."""


class _Mark(NamedTuple):
    weight: float
    at_us: int


def outline(slides: Sequence[Slide], lines: Sequence[Line], length_us: int) -> list[Chapter]:
    """In order, the first at 0; none when there is nothing to go by.

    Every chapter lasts `SHORTEST_US` at least, and longer in a long lesson: there are at most `MOST`.
    """
    apart = max(SHORTEST_US, length_us // MOST)
    taken: list[int] = [0]
    for mark in sorted(_marks(slides, lines), key=lambda mark: (-mark.weight, mark.at_us)):
        if mark.at_us < length_us - apart // 2 and all(abs(mark.at_us - other) >= apart for other in taken):
            taken.append(mark.at_us)
    if len(taken) == 1 and not slides and not lines:
        return []
    return [_chapter(at, slides, lines) for at in sorted(taken)]


def _marks(slides: Sequence[Slide], lines: Sequence[Line]) -> list[_Mark]:
    """Pauses weigh what they last, up to five times the shortest; a slide as much as a pause of twice that."""
    marks, end = [], None
    for line in lines:
        if end is not None and line.start_us - end >= PAUSE_US:
            marks.append(_Mark(min((line.start_us - end) / PAUSE_US, 5.0), line.start_us))
        end = max(end or 0, line.end_us)
    for slide in slides:
        near = max((mark.weight for mark in marks if abs(mark.at_us - slide.at_us) <= _NEAR_US), default=0.0)
        marks.append(_Mark(2.0 + near, slide.at_us))
    return marks


def _chapter(at_us: int, slides: Sequence[Slide], lines: Sequence[Line]) -> Chapter:
    number = next((n for n in reversed(range(len(slides))) if slides[n].at_us <= at_us + _NEAR_US // 2), None)
    heading = slides[number].text.strip().split("\n")[0] if number is not None else ""
    said = next((line.text for line in lines if line.end_us > at_us + 500_000), "")
    return Chapter(at_us=at_us, title=_cut(heading or said), slide=number)


def _cut(text: str) -> str:
    text = " ".join(text.split())
    if width(text) <= _TITLE:
        return text
    while width(text) > _TITLE - 1:
        text = text[:-1]
    return f"{text.rstrip('，。！？、,. ')}…"
