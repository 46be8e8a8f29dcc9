"""What somebody typed, read so that nothing she types is an error.

Words apart must all be found, in whatever order; words of Chinese are cut by rjieba. `"…"` and 「…」 are found as they
stand, `-word` is not found. Everything else is text: there are no operators, no fields, no wildcards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from recorder.search import analysis
from recorder.search.fold import folded, is_han

MAX_CHARACTERS = 200
MAX_TERMS = 12
MAX_RUN = 40
_QUOTES = {'"': '"', "“": "”", "„": "”", "”": "”", "「": "」", "『": "』", "＂": "＂"}
_CHUNK = re.compile(
    rf"(?P<no>(?<!\S)[-－])?(?:(?P<open>[{''.join(_QUOTES)}])(?P<quoted>[^{''.join({*_QUOTES, *_QUOTES.values()})}]*)"
    rf"[{''.join({*_QUOTES, *_QUOTES.values()})}]?|(?P<plain>[^\s{''.join(_QUOTES)}]+))"
)
_WEAK = frozenset(
    "的 了 是 在 和 与 及 吗 呢 吧 啊 怎么 怎样 如何 什么 为什么 哪些 哪个 我 你 我们 a an the of and to".split()
)
"""They help to find what is meant where they stand, and need not stand there."""


@dataclass(frozen=True, slots=True)
class Term:
    """:ivar runs: as the index holds them; more than one only when quoted, or when they are syllables of pinyin.
    :ivar open: the last word, which may be typed only in part. :ivar pinyin: what `runs` are together, or with ü."""

    runs: tuple[str, ...]
    quoted: bool = False
    open: bool = False
    pinyin: str = ""

    @property
    def han(self) -> bool:
        return not self.quoted and is_han(self.runs[0])


@dataclass(frozen=True, slots=True)
class Asked:
    """:ivar must: each of them. :ivar may: weak words. :ivar never: none of them. :ivar near: runs of Chinese
    characters that are better found as they stand.
    :ivar nothing: something was typed, and there is no letter in it."""

    must: tuple[Term, ...] = ()
    may: tuple[Term, ...] = ()
    never: tuple[Term, ...] = ()
    near: tuple[str, ...] = ()
    nothing: bool = False

    @property
    def shown(self) -> tuple[Term, ...]:
        return (*self.must, *self.may)


def parse(text: str) -> Asked:
    text = text[:MAX_CHARACTERS]
    must: list[Term] = []
    never: list[Term] = []
    near: list[str] = []
    for chunk in _CHUNK.finditer(text):
        plain = chunk["plain"]
        runs = tuple(run[:MAX_RUN] for run in analysis.runs(folded(plain or chunk["quoted"] or "")))
        if not runs:
            continue
        if chunk["no"]:
            never.append(Term(runs, quoted=True))
        elif plain is None:
            must.append(Term(runs, quoted=True))
        else:
            must.extend(_terms(runs, tuple(analysis.runs(folded(analysis.typed(plain))))))
            near.extend(run for run in runs if is_han(run) and len(run) > 2)
    terms = list(dict.fromkeys(_syllables(must)))[:MAX_TERMS]
    if terms and not terms[-1].quoted and text[-1:].isalnum():
        terms[-1] = Term(terms[-1].runs, open=True, pinyin=terms[-1].pinyin)
    weak = [term for term in terms if not term.quoted and len(term.runs) == 1 and term.runs[0] in _WEAK]
    strong = [term for term in terms if term not in weak]
    if not strong:
        strong, weak = weak, []
    words = {term.runs for term in terms}
    near = [run for run in near if (run,) not in words]
    weak = [term for term in weak if len(term.runs[0]) > 1]  # 的 stands everywhere, and says something in `near` alone
    return Asked(
        tuple(strong),
        tuple(weak),
        tuple(never[:MAX_TERMS]),
        tuple(dict.fromkeys(near))[:MAX_TERMS],
        bool(text.strip()) and not strong and not never,
    )


def _terms(runs: tuple[str, ...], typed: tuple[str, ...]) -> Iterator[Term]:
    """:param typed: the same runs, with ü as v."""
    for run, pinyin in zip_longest(runs, typed[: len(runs)], fillvalue=""):
        if is_han(run):
            yield from (Term((word,)) for word in analysis.words(run))
        else:
            yield Term((run,), pinyin="" if pinyin == run else pinyin[:MAX_RUN])


def _syllables(terms: list[Term]) -> Iterator[Term]:
    """Syllables of pinyin apart, `gou gu ding li`, are one term."""
    together: list[Term] = []
    for term in [*terms, None]:
        if term is not None and not term.quoted and analysis.is_syllable(term.pinyin or term.runs[0]):
            together.append(term)
            continue
        if len(together) > 1:
            spelt = "".join(one.pinyin or one.runs[0] for one in together)
            yield Term(tuple(one.runs[0] for one in together), pinyin=spelt)
        else:
            yield from together
        together = []
        if term is not None:
            yield term
