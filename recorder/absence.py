"""What is missing of a track while nobody wrote it, with the reasons."""

from __future__ import annotations

from recorder import gaps
from recorder.manifest import Manifest, Spell, Track, Why

SHORT_US = 100_000
"""What is missing for less is no gap: neither eye nor ear finds it, and a key frame takes so long to arrive."""


def but_for_orders(manifest: Manifest, track: Track, since_us: int, why: Why, until_us: int) -> tuple[int, Why]:
    """Nobody wrote, but what came in a pause was not to be written anyway.

    :returns: the last piece of it, which has one reason: since when, and which. What lies before it are gaps now.
    """
    spells: list[tuple[Spell, Why]] = [(spell, "paused") for spell in manifest.pauses]
    spells += [(spell, "excluded") for spell in manifest.excluded.get(track.participant, [])]
    for spell, order in sorted(spells, key=lambda it: it[0].start_us):
        if spell.start_us >= until_us:
            break
        if spell.end_us is not None and spell.end_us <= since_us:
            continue
        _add(track, since_us, spell.start_us, why)
        since_us = max(since_us, spell.start_us)
        if spell.end_us is None or spell.end_us >= until_us:
            return since_us, order
        gaps.add(track.gaps, since_us, spell.end_us, order)
        since_us = spell.end_us
    return since_us, why


def miss(manifest: Manifest, track: Track, since_us: int, why: Why, until_us: int) -> None:
    since_us, why = but_for_orders(manifest, track, since_us, why, until_us)
    _add(track, since_us, until_us, why)


def _add(track: Track, since_us: int, until_us: int, why: Why) -> None:
    if until_us - since_us >= SHORT_US:
        gaps.add(track.gaps, since_us, until_us, why)
