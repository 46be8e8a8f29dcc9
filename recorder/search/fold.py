"""How text is compared: width, case, accents and script do not matter (NFKC, lower case, OpenCC t2s).

Characters are folded one by one. OpenCC's phrases would make 乾 another character in 乾隆 than in 乾燥, so that what
is typed alone and what stands in a text were folded differently; so each becomes what OpenCC makes of it alone.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import opencc

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
RUNS = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
"""A run: Chinese characters side by side, or a word or number of anything else."""


@dataclass(frozen=True, slots=True)
class Folded:
    """:ivar at: index in the original of each character and of the end; None: they are the same."""

    text: str
    at: Sequence[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where [start, end) of `text` lies in the original."""
        if self.at is None:
            return start, end
        return self.at[start], self.at[end - 1] + 1 if end > start else self.at[start]


def fold(text: str) -> Folded:
    table = _table()
    if not table.longer.search(text):  # each character becomes one: the usual case, and a fast one
        return Folded(table.odd.sub(lambda found: table.map.get(found[0], found[0]), text).lower())
    folded: list[str] = []
    at: list[int] = []
    for index, character in enumerate(text):
        for made in table.map.get(character, character):
            folded.append(made)
            at.append(index)
    at.append(len(text))
    joined = "".join(folded)
    return Folded(joined) if len(joined) == len(text) and at == list(range(len(text) + 1)) else Folded(joined, at)


def folded(text: str) -> str:
    return fold(text).text


def is_han(run: str) -> bool:
    """Whether a run of folded text is of Chinese characters."""
    return "\u4e00" <= run <= "\u9fff" or bool(_HAN_RUN.match(run))  # nearly all lie in the first block


def all_han(word: str) -> bool:
    """Whether nothing else is in a word of folded text, which may have been cut from several runs."""
    return bool(_HAN_WORD.fullmatch(word))


_HAN_RUN = re.compile(f"[{HAN}]")
_HAN_WORD = re.compile(f"[{HAN}]+")


@dataclass(frozen=True, slots=True)
class _Table:
    """:ivar map: character → what it is compared as, where that is another. :ivar odd: finds those that `str.lower`
    alone may not fold. :ivar longer: those that become none or several."""

    map: Mapping[str, str]
    odd: re.Pattern[str]
    longer: re.Pattern[str]


@functools.cache
def _table() -> _Table:
    everything = [chr(code) for code in range(0x80, 0x31350) if not 0xD800 <= code < 0xE000]
    simple = opencc.OpenCC("t2s").convert("\n".join(everything)).split("\n")
    changed: dict[str, str] = {chr(code): chr(code).lower() for code in range(0x41, 0x5B)}
    odd, longer = [], []
    for character, simplified in zip(everything, simple, strict=True):
        made = _plain(simplified)
        if made != character and (not made or any(map(str.isalnum, made))):  # punctuation separates, whatever its width
            changed[character] = made
            if made != character.lower():
                (odd if len(made) == 1 else longer).append(character)
    return _Table(changed, re.compile(_class(odd, (0x10000, 0x10FFFF))), re.compile(_class(longer, _LONGER)))


def _plain(character: str) -> str:
    """Accents are dropped from Latin letters alone: in other scripts they make other letters."""
    made = unicodedata.normalize("NFKC", character).lower()
    decomposed = unicodedata.normalize("NFD", made)
    if len(decomposed) > 1 and decomposed[0].isascii():
        return "".join(part for part in decomposed if not unicodedata.combining(part))
    return "" if 0x300 <= ord(character) < 0x370 else made


_LONGER = (0x10000, 0x1F2FF)
"""Beyond the basic plane, what becomes several characters lies in here: letters and words in frames."""


def _class(characters: Sequence[str], rare: tuple[int, int]) -> str:
    """A regular expression's class of them; of rare planes one range, because more of them make it slow."""
    ranges: list[list[int]] = [[*rare]]
    for code in filter(lambda code: code < 0x10000, map(ord, characters)):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges) + "]"


def utf16(text: str, index: int) -> int:
    """An index of Python's in the units in which browsers count."""
    return index if text.isascii() else len(text[:index].encode("utf-16-le", "surrogatepass")) // 2
