"""Whose lesson it is: a box may lead until the teacher comes, and a substitute or that box its last minutes."""

from __future__ import annotations

from recorder.manifest import Manifest


def teacher(manifest: Manifest) -> str:
    """Of all who led it, of whom most was recorded; of equals, who leads it now. Empty when nobody led it."""
    return max((manifest.lead, *manifest.leads), key=lambda who: _recorded_us(manifest, who))


def _recorded_us(manifest: Manifest, participant: str) -> int:
    """Of the longest of somebody's tracks."""
    tracks = (track for track in manifest.tracks if track.participant == participant)
    return max((sum(part.duration_us for part in track.parts) for track in tracks), default=0)
