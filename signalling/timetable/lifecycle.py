"""A lesson's life as a table: (state, cue) → state. A pair that is not in it is refused or has no effect.

    scheduled ──open──▶ open ──arrives──▶ live ──close──▶ ended ──process──▶ processing ──publish──▶ published
        │                 └────close (nobody came)────────▶ ended
        └──cancel──▶ cancelled ◀──cancel── open

`close` rings at the end of the grace time or is the teacher's own word. What was live once is never cancelled: it is
ended, and what was recorded of it is kept.
"""

from __future__ import annotations

from typing import Literal

State = Literal["scheduled", "open", "live", "ended", "processing", "published", "cancelled"]
Cue = Literal["open", "arrives", "close", "cancel", "process", "publish"]

TRANSITIONS: dict[tuple[State, Cue], State] = {
    ("scheduled", "open"): "open",
    ("scheduled", "cancel"): "cancelled",
    ("scheduled", "close"): "ended",
    ("open", "arrives"): "live",
    ("open", "cancel"): "cancelled",
    ("open", "close"): "ended",
    ("live", "close"): "ended",
    ("ended", "process"): "processing",
    ("processing", "publish"): "published",
    ("published", "process"): "processing",
}
"""`scheduled` to `ended`: the server was down from before the lesson until after it."""


def due(state: State, *, starts: int, closes: int, open_before_s: int, now: float) -> Cue | None:
    """What the clock says to a lesson: `open` before it begins, `close` when its time is over.

    All instants are seconds since 1970.
    """
    if state in ("scheduled", "open", "live") and now >= closes:
        return "close"
    if state == "scheduled" and now >= starts - open_before_s:
        return "open"
    return None
