"""From what the engine says it heard to lines that can be read: pure, no I/O.

Whisper's known ways to be wrong, each undone here: traditional characters, punctuation of the other script, credits of
subtitles out of silence, the same words over and over.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from recorder.speech.heard import Heard, Word

PAUSE_S = 1.0
"""A longer silence between two words ends a line."""
WIDE, MOST = 24, 36
"""Widths (a Chinese character is 1, a Latin letter 0.45) from which a line ends at a comma, and anywhere."""
LATIN = 0.45
REPEATS = 3
"""So often may words follow themselves: pupils do chant. More is the engine's loop, and one is kept."""
LONGEST_LOOP = 16
COMPRESSION = 2.4
"""Bytes of text to bytes deflated, above which it is a loop whatever its form (as in Radford et al. 2022, 4.5)."""
UNSURE = -1.2
SILENT = 0.85

_CJK = r"\u3400-\u9fff\uf900-\ufaff"
_WIDE_MARKS = "，。！？；：、"
_IS_CJK = re.compile(rf"[{_CJK}{_WIDE_MARKS}（）]")
_FULL = str.maketrans(",.!?;:()", "，。！？；：（）")
_ENDS = re.compile(r"[。！？!?]$|\.$")
_COMMAS = re.compile(r"[，；：、,;:]$")
_BARE = re.compile(rf"[^0-9a-z{_CJK}]+")

_GHOSTS = re.compile(
    r"""
    字幕(组|志愿者) | (字幕|翻译|校对|时间轴|压制)由.{1,30}(提供|制作) | 请不吝点赞 | (点赞|订阅|转发|打赏){2} |
    明镜(与|需要)点点 | 点点栏目 | 优优独播剧场 | yoyotelevision | amaraorg |
    subtitles?by | subtitledby | captionedby | likeandsubscribe
    """,
    re.VERBOSE,
)
"""Found anywhere in an utterance without its spaces and marks, they tell that all of it was learnt from subtitles."""
_SILENT_GHOSTS = re.compile(
    r"(字幕|校对|时间轴|压制)(由|制作|提供)|中文字幕|词曲李宗盛|transcri(bed|ption)by|subscribeto(my|our)"
)
"""A lesson may be about these: they are ghosts where the engine itself hears silence."""
_ALONE = re.compile(
    r"(谢谢|感谢)(您的|大家的?)?(观看|收看|收听)|(我们)?下(期|集)(节目)?再见|以下是普通话的句子|未经作者授权禁止转载|"
    r"(thankyou|thanks)(somuch|verymuch)?forwatching|seeyouinthenextvideo"
)
"""Ghosts when an utterance is nothing else."""
_NOISE = re.compile(r"[\[(（【♪*][^\])）】0-9+\-=×÷<>]*[\])）】♪*]")
"""(音乐), [applause], ♪: what was heard, but not said; (a+b)(a-b) was said."""


@dataclass(frozen=True, slots=True)
class CleanLine:
    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...]


@dataclass(slots=True)
class Dropped:
    """Utterances that were left out, by reason, and words that were cut as loops."""

    ghosts: int = 0
    loops: int = 0
    unsure: int = 0
    looped_words: int = 0


@dataclass(slots=True)
class Cleaner:
    """:param simplify: traditional to simplified characters.

    :param told: what the engine was told of the lesson; it likes to say it back out of silence.
    """

    simplify: Callable[[str], str]
    told: str = ""
    dropped: Dropped = field(default_factory=Dropped)

    def lines(self, heard: Sequence[Heard]) -> list[CleanLine]:
        """In the order of time, none of them empty."""
        utterances = [words for utterance in heard if (words := self.words(utterance))]
        return [line for words in self._without_chants(utterances) for line in _broken(words)]

    def words(self, heard: Heard) -> list[Word]:
        """Of one utterance, as they are written; none when it is dropped."""
        words = self._without_loops([word for word in heard.words if word.text])
        if not words:
            return []
        text = "".join(word.text for word in words)
        bare = _bare(self.simplify(text))
        told = heard.silent > 0.5 and (bare in _bare(self.told) or _SILENT_GHOSTS.search(bare))
        if not bare or told or _GHOSTS.search(bare) or _ALONE.fullmatch(bare) or _NOISE.fullmatch(text.strip()):
            self.dropped.ghosts += 1
            return []
        if _compression(text) > COMPRESSION:
            self.dropped.loops += 1
            return []
        if (heard.sure < UNSURE and heard.silent > 0.5) or (heard.sure < UNSURE / 2 and heard.silent > SILENT):
            self.dropped.unsure += 1
            return []
        return self._written(words)

    def _without_loops(self, words: list[Word]) -> list[Word]:
        """Of words that follow themselves more often than `REPEATS` times one round is kept."""
        keys = [_bare(word.text) or word.text for word in words]
        kept: list[Word] = []
        index = 0
        while index < len(words):
            for length in range(1, min(LONGEST_LOOP, (len(words) - index) // (REPEATS + 1)) + 1):
                unit = keys[index : index + length]
                rounds = 1
                while keys[index + rounds * length : index + (rounds + 1) * length] == unit:
                    rounds += 1
                if rounds > REPEATS:
                    kept += words[index : index + length]
                    self.dropped.looped_words += (rounds - 1) * length
                    index += rounds * length
                    break
            else:
                kept.append(words[index])
                index += 1
        return kept

    def _without_chants(self, utterances: list[list[Word]]) -> list[list[Word]]:
        kept: list[list[Word]] = []
        last, times = "", 0
        for words in utterances:
            text = _bare("".join(word.text for word in words))
            times = times + 1 if text == last else 1
            last = text
            if times <= REPEATS:
                kept.append(words)
            else:
                self.dropped.loops += 1
        return kept

    def _written(self, words: Sequence[Word]) -> list[Word]:
        """In simplified script and with the marks of its own script; each character stays with its word."""
        text = "".join(word.text for word in words)
        owner = [number for number, word in enumerate(words) for _ in word.text]
        simple = self.simplify(text)
        if len(simple) != len(text):
            # A phrase that became longer or shorter: word by word then, so that times stay right.
            simple = "".join(
                made if len(made := self.simplify(word.text)) == len(word.text) else word.text for word in words
            )
        texts = [""] * len(words)
        for index, character in enumerate(simple):
            before = simple[:index].rstrip()[-1:]
            after = simple[index + 1 :].lstrip()[:1]
            texts[owner[index]] += _mark(character, before, after, simple[index + 1 : index + 2])
        return [Word(word.start_s, word.end_s, text) for word, text in zip(words, texts, strict=True) if text]


def _mark(character: str, before: str, after: str, next_: str) -> str:
    """A character between its neighbours, of which spaces do not count."""
    wide_before, wide_after = bool(_IS_CJK.match(before)), bool(_IS_CJK.match(after))
    if character.isspace():
        return "" if wide_before or wide_after or not before else " "
    if character in ",.!?;:()" and (wide_before or wide_after):
        # 3.14, 10:30 and a.b keep theirs.
        return character if next_.isascii() and next_.isalnum() and character in ".:," else character.translate(_FULL)
    return character


def _broken(words: Sequence[Word]) -> list[CleanLine]:
    lines: list[list[Word]] = [[]]
    width = 0.0
    for word, after in pairwise([*words, None]):
        assert word is not None
        lines[-1].append(word)
        width += sum(1 if _IS_CJK.match(character) else LATIN for character in word.text)
        if after is None:
            break
        text = word.text.rstrip()
        if (
            after.start_s - word.end_s >= PAUSE_S
            or _ENDS.search(text)
            or (width >= WIDE and _COMMAS.search(text))
            or (width >= MOST and (after.text[:1].isspace() or _IS_CJK.match(after.text)))
        ):
            lines.append([])
            width = 0.0
    return [line for words in lines if (line := _line(words))]


def _line(words: Sequence[Word]) -> CleanLine | None:
    text = "".join(word.text for word in words).strip()
    if not _bare(text):
        return None
    start = words[0].start_s
    return CleanLine(start, max(words[-1].end_s, start), text, tuple(words))


def _bare(text: str) -> str:
    return _BARE.sub("", text.lower())


def _compression(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))
