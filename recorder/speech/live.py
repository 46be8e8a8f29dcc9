"""Live captions out of an engine that hears stretches: pure, the engine is given.

The sound since the last word that is settled is heard again every second or so. What two hearings in a row agree upon
from the beginning is settled and never changes; the rest is shown as tentative (LocalAgreement-2: Macháček, Dabre and
Bojar, "Turning Whisper into Real-Time Transcription System", 2023). A pause settles everything before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from recorder.speech.heard import RATE, Pcm, Region, Word

EVERY = RATE
"""New samples after which it is worth while to hear again."""
LONGEST = 15 * RATE
"""Samples that are heard at once: who speaks longer without a pause has what is settled cut off, or is cut."""
PAUSE = int(0.6 * RATE)
LEAD = int(0.3 * RATE)
"""Samples of quiet that are left before speech."""
HOLE = int(0.1 * RATE)
"""Samples that may be missing within speech; more ends an utterance."""
OVERLAP_S = 0.15
"""A word that begins so long before the end of the settled ones may still be a new one."""
NGRAM = 5


class Caption(NamedTuple):
    """What has changed. Times are seconds of the lesson.

    :ivar settled: new words, to be put behind all settled ones. :ivar tentative: in the place of the earlier tentative.
    :ivar pause: whoever spoke has paused behind the settled ones.
    """

    settled: tuple[Word, ...]
    tentative: tuple[Word, ...]
    pause: bool = False


class Agreement:
    """LocalAgreement-2 on words, which are characters in Chinese."""

    def __init__(self) -> None:
        self.until_s = -1.0
        self.tentative: list[Word] = []
        self._tail: list[str] = []

    def take(self, words: Iterable[Word]) -> list[Word]:
        """A new hearing of everything since `until_s`, or of more. → what is settled by it."""
        new = self._unsettled(words)
        agreed = 0
        for old, now in zip(self.tentative, new, strict=False):
            if _key(old) != _key(now):
                break
            agreed += 1
        self.tentative = new[agreed:]
        return self._settle(new[:agreed])

    def finish(self, words: Iterable[Word] | None = None) -> list[Word]:
        """Everything is settled: the last hearing, or a new one."""
        rest = self.tentative if words is None else self._unsettled(words)
        self.tentative = []
        return self._settle(rest)

    def _settle(self, words: list[Word]) -> list[Word]:
        if words:
            self.until_s = max(self.until_s, words[-1].end_s)
            self._tail = [*self._tail, *map(_key, words)][-NGRAM:]
        return words

    def _unsettled(self, words: Iterable[Word]) -> list[Word]:
        """Without words from before, and without settled ones that were heard a little later this time."""
        new = [word for word in words if _key(word) and word.start_s > self.until_s - OVERLAP_S]
        if new and new[0].start_s < self.until_s + 1:
            keys = [_key(word) for word in new[:NGRAM]]
            for length in range(min(NGRAM, len(keys), len(self._tail)), 0, -1):
                if keys[:length] == self._tail[-length:] and new[0].start_s < self.until_s:
                    return new[length:]
        return new


@dataclass(slots=True)
class Counts:
    """Utterances that were cut because they had no pause; holes in the sound that ended one."""

    forced: int = 0
    holes: int = 0


class Captions:
    """:param recognise: words of a stretch, in seconds from its beginning. :param speech: where it has speech."""

    def __init__(self, recognise: Callable[[Pcm], Sequence[Word]], speech: Callable[[Pcm], Sequence[Region]]) -> None:
        self._recognise, self._speech = recognise, speech
        self._agreement = Agreement()
        self._pcm: Pcm = np.zeros(0, np.float32)
        self._begin = 0
        """Sample of the lesson at which `_pcm` begins."""
        self._new = 0
        self.counts = Counts()

    @property
    def waiting_s(self) -> float:
        """Sound that is kept."""
        return len(self._pcm) / RATE

    def feed(self, at_us: int, pcm: Pcm) -> list[Caption]:
        """Sound that was captured at `at_us` of the lesson. It is heard once, however much it is: whoever is late feeds
        more at a time and hears less often."""
        at = round(at_us * RATE / 1_000_000)
        captions: list[Caption] = []
        hole = at - self._begin - len(self._pcm)
        if not len(self._pcm):
            self._begin = at
        elif abs(hole) > HOLE:
            self.counts.holes += 1
            captions += self.end()
            self._begin = at
        elif hole > 0:
            pcm = np.concatenate((np.zeros(hole, np.float32), pcm))
        else:
            pcm = pcm[-hole:]
        self._pcm = np.concatenate((self._pcm, pcm))
        self._new += len(pcm)
        if self._new >= EVERY:
            self._new = 0
            captions += self._look()
        return captions

    def end(self) -> list[Caption]:
        """Nothing follows: what is there is settled, and another beginning may come."""
        regions = self._speech(self._pcm)
        captions = self._over(regions[0].start, len(self._pcm)) if regions else self._quiet()
        self._cut(len(self._pcm))
        self._new = 0
        return captions

    def _look(self) -> list[Caption]:
        regions = list(self._speech(self._pcm))
        captions: list[Caption] = []
        while regions:
            # The first pause, between two regions or behind the last one.
            count = next(
                (n for n, (one, two) in enumerate(pairwise(regions), 1) if two.start - one.end >= PAUSE), len(regions)
            )
            behind = regions[count].start if count < len(regions) else len(self._pcm)
            end = regions[count - 1].end
            if behind - end < PAUSE:
                break
            captions += self._over(regions[0].start, end + PAUSE // 2)
            cut = self._cut(end + PAUSE // 2)
            regions = [Region(region.start - cut, region.end - cut) for region in regions[count:]]
        if not regions:
            captions += self._quiet()
            self._cut(len(self._pcm) - LEAD)
            return captions
        self._cut(regions[0].start - LEAD)
        return captions + self._go_on()

    def _go_on(self) -> list[Caption]:
        before = [word.text for word in self._agreement.tentative]
        settled = self._agreement.take(self._heard(0, len(self._pcm)))
        if len(self._pcm) > LONGEST:
            done = round(self._agreement.until_s * RATE) - self._begin
            if done < LONGEST // 3:
                self.counts.forced += 1
                settled += self._agreement.finish()
                done = len(self._pcm)
            self._cut(done)
        tentative = self._agreement.tentative
        if not settled and before == [word.text for word in tentative]:
            return []
        return [Caption(tuple(settled), tuple(tentative))]

    def _over(self, start: int, end: int) -> list[Caption]:
        """What lies between is heard a last time."""
        shown = bool(self._agreement.tentative)
        settled = self._agreement.finish(self._heard(max(0, start - LEAD), end))
        return [Caption(tuple(settled), (), True)] if settled or shown else []

    def _quiet(self) -> list[Caption]:
        """Nobody speaks in what is there; what is still tentative was said before it."""
        settled = self._agreement.finish()
        return [Caption(tuple(settled), (), True)] if settled else []

    def _heard(self, start: int, end: int) -> list[Word]:
        offset = (self._begin + start) / RATE
        words = self._recognise(self._pcm[start:end])
        return [Word(offset + word.start_s, offset + word.end_s, word.text) for word in words]

    def _cut(self, samples: int) -> int:
        samples = min(max(0, samples), len(self._pcm))
        self._pcm = self._pcm[samples:].copy()
        self._begin += samples
        return samples


def _key(word: Word) -> str:
    return "".join(character for character in word.text.lower() if character.isalnum())
