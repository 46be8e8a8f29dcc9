"""The one place that cuts text into what the index holds and what a query asks for.

A run of Chinese characters becomes its overlapping pairs, one at each position, and its last character alone: 勾股定理
becomes 勾股, 股定, 定理, 理. So every string of two characters is one term, longer ones are phrases, and a single
character is whatever begins with it: no dictionary decides what can be found. rjieba's words say where a query is cut
and which words have a pinyin.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from operator import add
from typing import NamedTuple

import pypinyin
import rjieba
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

from recorder.search.fold import RUNS, folded, is_han

BREAK = "."
"""Stands between runs: it takes a position and is no term, so that nothing is found across it."""
LINE_BREAK = f"{BREAK} {BREAK}"
"""Between lines: wider than what a quoted phrase may reach across."""
MAX_WORD = 40
"""Characters of a word that is not Chinese; what is longer is cut."""
MAX_SPAN = 8
"""Chinese characters that have one pinyin together."""
_PINYIN_WORDS = 200_000
_UMLAUTS = re.compile("[üǖǘǚǜÜǕǗǙǛ]")


class Span(NamedTuple):
    """Words side by side. :ivar full: their pinyin, `gougudingli`. :ivar initials: `ggdl`."""

    text: str
    full: str
    initials: str


def runs(text: str) -> list[str]:
    """Of folded text."""
    return [run if is_han(run) else run[:MAX_WORD] for run in RUNS.findall(text)]


def terms(run: str) -> list[str]:
    """Of a run, one at each position."""
    if not is_han(run):
        return [run]
    return [*map(add, run, run[1:]), run[-1]]


def grams(text: str) -> str:
    """Terms of folded text, separated by spaces, as the index's tokenizer takes them; lines are lines."""
    lines = (f" {BREAK} ".join([" ".join(terms(run)) for run in runs(line)]) for line in text.split("\n"))
    return f" {LINE_BREAK} ".join(line for line in lines if line)


def pieces(run: str) -> list[str]:
    """Of a run, what is anywhere where it is: its pairs, or a single character, or another word."""
    return [*map(add, run, run[1:])] if len(run) > 1 and is_han(run) else [run]


def bag(grams: str) -> set[str]:
    """Each character, each pair and each other word of what `grams` made."""
    found = {*grams.split(), *filter(is_han, set(grams))}
    found.discard(BREAK)
    return found


def latin(text: str) -> set[str]:
    """Words and numbers of folded text that are not Chinese."""
    return {run for run in runs(text) if not is_han(run)}


def words(text: str) -> list[str]:
    """Cut into words, and what stands between them."""
    return list(_jieba().cut(text))


def spans(text: str) -> Iterator[Span]:
    """Every stretch of words side by side that has at most `MAX_SPAN` characters, in short folded text."""
    for run in filter(is_han, runs(text)):
        ends = [0]
        for word in words(run):
            ends.append(ends[-1] + len(word))
        edges = sorted({*ends, *_inner(run)})
        for place, start in enumerate(edges):
            for end in edges[place + 1 :]:
                if end - start > MAX_SPAN:
                    break
                yield span(run[start:end])


@functools.lru_cache(_PINYIN_WORDS)
def span(text: str) -> Span:
    syllables = pypinyin.lazy_pinyin(text, errors="ignore")
    return Span(text, "".join(map(_ascii, syllables)), "".join(_ascii(syllable)[:1] for syllable in syllables))


def is_syllable(word: str) -> bool:
    return spelt(word) in _syllables()


def spelt(pinyin: str) -> str:
    """As the index holds it: ü is v but in lüe and nüe, which people type lue, lve and nue, nve."""
    return pinyin.replace("lve", "lue").replace("nve", "nue")


def typed(text: str) -> str:
    """What was typed, with ü as v, before folding makes it u: 女 is nǚ and nü, 努 is nu."""
    return _UMLAUTS.sub("v", unicodedata.normalize("NFC", text))


def _inner(run: str) -> Iterable[int]:
    """Edges of the words within words: 勾股 and 定理 in 勾股定理."""
    for _, start, end in _jieba().tokenize(run, "search"):
        yield start
        yield end


def _ascii(syllable: str) -> str:
    return spelt(folded(typed(syllable)))


@functools.cache
def _jieba() -> rjieba.Jieba:
    return rjieba.Jieba()


@functools.cache
def _syllables() -> frozenset[str]:
    return frozenset(_ascii(to_normal(one)) for many in PINYIN_DICT.values() for one in many.split(","))


def distance(one: str, other: str, limit: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words; `limit` + 1 for more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: Sequence[int] = ()
    row: Sequence[int] = range(len(other) + 1)
    for i, left in enumerate(one, 1):
        made = [i]
        for j, right in enumerate(other, 1):
            best = min(made[-1] + 1, row[j] + 1, row[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, before[j - 2] + 1)
            made.append(best)
        if min(made) > limit:
            return limit + 1
        before, row = row, made
    return min(row[-1], limit + 1)


def tolerance(word: str) -> int:
    """How many mistakes a word that is not Chinese may have."""
    if any(map(str.isdigit, word)) or not word.isascii():
        return 0
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2
