"""Words that may have been meant where nothing was found."""

from __future__ import annotations

from collections.abc import Iterator

import tantivy

from recorder.search import analysis
from recorder.search.document import SEPARATOR
from recorder.search.query import Asked, Term
from recorder.search.wanted import Builder

MAX_CORRECTIONS = 4
"""Queries that are tried."""
_CANDIDATES = 3000
"""Words with the same first letters that are compared."""


def corrections(asked: Asked, searcher: tantivy.Searcher, builder: Builder) -> Iterator[str]:
    """Whole queries, the likeliest first, each with other words for some of its own."""
    for run in asked.near if len(asked.must) == len(_of(asked)) else ():  # what was cut in pieces: 钩股定理
        yield from (word for word in builder.readings(analysis.span(run).full, begun=False)[:2] if word != run)
    choices = [_choices(term, searcher, builder) for term in asked.must]
    for rank in range(MAX_CORRECTIONS):
        picked = [words[rank] if rank < len(words) else words[0] if words else "" for words in choices]
        if not any(picked) or not any(rank < len(words) for words in choices):
            return
        words = [word or _text(term) for word, term in zip(picked, asked.must, strict=True)]
        yield " ".join(words)


def _of(asked: Asked) -> list[Term]:
    """Terms that lie within the one run of Chinese characters that was typed."""
    return [term for term in asked.must if term.han and len(asked.near) == 1 and term.runs[0] in asked.near[0]]


def _text(term: Term) -> str:
    text = " ".join(term.runs)
    return f'"{text}"' if term.quoted else text


def _choices(term: Term, searcher: tantivy.Searcher, builder: Builder) -> list[str]:
    if term.quoted:
        return []
    if term.han:  # another word that sounds the same: 钩股定理
        word = term.runs[0]
        return [it for it in builder.readings(analysis.span(word).full, begun=False) if it != word]
    typed = term.pinyin or term.runs[0]
    if not analysis.tolerance(typed):
        return []
    limit = analysis.tolerance(typed) + 1  # nearer ones are found without being asked for
    found: dict[str, tuple[int, int]] = {}
    for field in ("latin", "lexicon"):
        for entry, count in searcher.terms_with_prefix(field, typed[:2], limit=_CANDIDATES):
            spelt, _, word = entry.partition(SEPARATOR)
            away = analysis.distance(typed, spelt, limit)
            if 0 < away <= limit:
                found[word or spelt] = min(found.get(word or spelt, (away, -count)), (away, -count))
    return sorted(found, key=lambda word: found[word])[:MAX_CORRECTIONS]
