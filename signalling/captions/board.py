"""What of the captions is on the screens: two stretches of settled words, the tentative ones behind them. Pure."""

from __future__ import annotations

from signalling.messages import Captions

LONGEST = 200
"""Characters of a stretch; who goes on without a pause begins another one, so that nothing that is shown moves."""
TENTATIVE = 120
GONE_S = 6.0
"""What was said so long ago is not shown any more when the next words come."""


class Board:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._tentative = ""
        self._paused = True
        """The last line is whole."""
        self._at = 0.0
        self._new = False

    def take(self, settled: str, tentative: str, pause: bool, now: float) -> None:
        """:param settled: to be put behind all settled words. :param tentative: in the place of the earlier ones.
        :param now: seconds of any clock that does not jump."""
        if now - self._at > GONE_S:
            self._lines.clear()
            self._paused = True
        self._at = now
        for word in _pieces(settled):
            if self._paused or not self._lines or len(self._lines[-1]) + len(word) > LONGEST:
                self._lines = [*self._lines[-1:], ""]
                self._paused = False
            self._lines[-1] = (self._lines[-1] + word).lstrip()
        if tentative and self._paused:
            self._lines = [*self._lines[-1:], ""]
            self._paused = False
        self._tentative = tentative[-TENTATIVE:]
        if pause:
            self._paused = True
            self._lines = [line for line in self._lines if line]
        self._new = True

    def silence(self) -> None:
        """Whoever heard is gone: what was tentative stays unsaid."""
        self.take("", "", True, self._at)

    def standing(self, now: float) -> Captions | None:
        """What whoever comes now is to be shown; None: there is nothing any more."""
        if now - self._at > GONE_S or not (self._tentative or any(self._lines)):
            return None
        return self._captions()

    def news(self) -> Captions | None:
        """All that is to be shown, when it has changed since."""
        if not self._new:
            return None
        self._new = False
        return self._captions()

    def _captions(self) -> Captions:
        return Captions(lines=list(self._lines), tentative=self._tentative)


def _pieces(settled: str) -> list[str]:
    return [settled[at : at + LONGEST] for at in range(0, len(settled), LONGEST)]
