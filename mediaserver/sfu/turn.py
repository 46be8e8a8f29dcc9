"""Whose sound a slot for one voice plays: the teacher's, or the called classroom's in its turn."""

from __future__ import annotations

SPEECH_LEVEL = 45
"""−dBov; louder (smaller) than this is speech. Classroom noise lies at 50–70."""
ASSUMED_LEVEL = SPEECH_LEVEL - 1
"""Of a voice whose level is not known: quiet speech, which never takes the turn from louder speech."""
SILENT = 127
MARGIN = 6
"""dB by which the other must be louder to take over while both speak."""
HOLD_S = 0.4
"""A voice keeps its turn so long after it fell silent, so that pauses between words stay its own."""


class Turn:
    """Two voices, one slot. The teacher (`first`) has it whenever nobody else speaks."""

    def __init__(self) -> None:
        self._second_has_it = False
        self._first_spoke = -HOLD_S
        self._second_spoke = -HOLD_S

    def second_speaks(self, first_level: int, second_level: int, now: float) -> bool:
        """Whether the called classroom has the slot now. Levels in −dBov (RFC 6464), 127 for silence."""
        if first_level < SPEECH_LEVEL:
            self._first_spoke = now
        if second_level < SPEECH_LEVEL:
            self._second_spoke = now
        first = now - self._first_spoke < HOLD_S
        second = now - self._second_spoke < HOLD_S
        if not second:
            self._second_has_it = False
        elif not first:
            self._second_has_it = True
        elif self._second_has_it:
            self._second_has_it = first_level + MARGIN > second_level
        else:
            self._second_has_it = second_level + MARGIN < first_level
        return self._second_has_it

    def reset(self) -> None:
        """Nobody is called any more."""
        self._second_has_it = False
