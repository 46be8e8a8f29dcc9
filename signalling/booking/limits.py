"""What the server's settings say about bookings (`BellConfig.rules`), and bounds that no setting moves."""

from __future__ import annotations

from dataclasses import dataclass

from signalling.timetable.series import MAX_MINUTES

MAX_EXTENSION_MINUTES = 120
"""All extensions of one lesson together."""
LONGEST_S = (MAX_MINUTES + MAX_EXTENSION_MINUTES) * 60
"""No claim is longer, so whoever asks who holds a resource at an instant need not look further back."""
MAX_CLAIMS = 20_000
"""Of one booking: lessons times what each of them holds."""


@dataclass(frozen=True, slots=True)
class Rules:
    """:ivar capacity: classrooms that the machines carry at once; 0: not limited.
    :ivar grace_s: from a lesson's end until its room closes."""

    capacity: int = 0
    grace_s: int = 600
