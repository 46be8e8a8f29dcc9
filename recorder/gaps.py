"""The list of what is missing from a track: merged, in order, and never longer than a manifest bears."""

from __future__ import annotations

from recorder.manifest import Gap, Why

MAX_GAPS = 500
MERGE_US = 1_000_000
"""Gaps for one reason that lie nearer together than this are shown as one."""


def add(gaps: list[Gap], start_us: int, end_us: int, why: Why) -> None:
    """Gaps come in order of their time; one that reaches back into the last one is cut."""
    start_us = max(0, start_us, gaps[-1].end_us if gaps else 0)
    if end_us <= start_us:
        return
    if gaps and gaps[-1].why == why and start_us - gaps[-1].end_us < MERGE_US:
        gaps[-1].end_us = end_us
        return
    gaps.append(Gap(start_us=start_us, end_us=end_us, why=why))
    if len(gaps) > MAX_GAPS:
        _merge_nearest(gaps)


def _merge_nearest(gaps: list[Gap]) -> None:
    """Two of one reason with the least between them become one; of any reason when no two neighbours share one.

    More is then called missing than is, never less.
    """
    pairs = range(1, len(gaps))
    same = [at for at in pairs if gaps[at].why == gaps[at - 1].why]
    at = min(same or pairs, key=lambda number: gaps[number].start_us - gaps[number - 1].end_us)
    gaps[at - 1].end_us = gaps[at].end_us
    del gaps[at]


def put(gaps: list[Gap], start_us: int, end_us: int, why: Why) -> None:
    """One that is found out afterwards, wherever it lies. Where two overlap the earlier one's reason stays."""
    known = sorted([*gaps, Gap(start_us=start_us, end_us=end_us, why=why)], key=lambda gap: gap.start_us)
    gaps.clear()
    for gap in known:
        add(gaps, gap.start_us, gap.end_us, gap.why)
