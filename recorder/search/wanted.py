"""From what was asked to tantivy's query, and to the needles that are marked in what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Occur, Query

from recorder.search import analysis
from recorder.search.document import ANYWHERE, SEPARATOR, TEXTS
from recorder.search.fold import is_han
from recorder.search.query import Asked, Term
from recorder.search.texts import Texts, everything

MISSPELT = 0.3
"""What a word with a mistake in it is worth, or one that is only begun."""
MAX_READINGS = 8
"""Words of one pinyin; the commonest ones."""
MIN_OPEN = 3
"""Letters of a word that is only begun."""


@dataclass(frozen=True, slots=True)
class Needle:
    """What a term is seen by. :ivar han: strings of Chinese characters, anywhere. :ivar words: whole other words.
    :ivar begun: words that begin like this. :ivar near: words that are like this one but for `analysis.tolerance`.
    :ivar phrases: runs that stand one after the other."""

    han: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    begun: str = ""
    near: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()


class Builder:
    """Reads pinyin by the words of one index, as it is when it is made."""

    def __init__(self, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self._schema = schema
        self._searcher = searcher
        self._read: dict[Term, list[str]] = {}

    def build(self, asked: Asked, filters: Query, fields: Sequence[str] = TEXTS, within: Query | None = None) -> Query:
        """What is found, in order.

        :param filters: what every hit must meet; it counts for nothing in their order.
        :param fields: of `TEXTS`, in which what must be found is looked for.
        :param within: every hit is among these. Each field is then asked for these alone: a union is worked out from
            end to end, however few of it are wanted.
        """
        if asked.nothing:
            return Query.empty_query()
        texts = Texts(self._schema, None if within is None else Query.const_score_query(within, 0.0))
        clauses = [(Occur.Must, Query.const_score_query(filters, 0.0))]
        for term in asked.must:
            clauses.append((Occur.Must, self._term(texts, term, fields)))
        for term in asked.may:
            clauses.append((Occur.Should, self._term(texts, term, TEXTS)))
        for run in asked.near:
            clauses.append((Occur.Should, texts.near(run, fields)))
        for term in asked.never:
            clauses.append((Occur.MustNot, self._term(texts, term, TEXTS)))
        return Query.boolean_query(clauses)

    def candidates(self, asked: Asked) -> Query:
        """All that are found and, unless it `is_plain`, some more: those that have every pair of each word somewhere.

        In no order; of lists that hold nothing but who has something, and without unions: it takes a tenth of the time.
        """
        if asked.nothing:
            return Query.empty_query()
        never = [self._somewhere(term) for term in asked.never if self._is_plain(term)]
        return everything(map(self._somewhere, asked.must), never)

    def is_plain(self, asked: Asked) -> bool:
        """Whether `candidates` are exactly those that are found."""
        return all(map(self._is_plain, (*asked.must, *asked.never)))

    def needles(self, asked: Asked) -> list[Needle]:
        """What each word that must be found is seen by."""
        return [*map(self._needle, asked.must)]

    def readings(self, pinyin: str, *, begun: bool) -> list[str]:
        """Words of Chinese that are written so, the commonest first; `begun`: those that begin so, too."""
        pinyin = analysis.spelt(pinyin)
        prefixes = [f"{pinyin}{SEPARATOR}"] + ([pinyin] if begun and len(pinyin) >= MIN_OPEN else [])
        found: dict[str, None] = {}
        for prefix in prefixes:
            for term, _ in self._searcher.terms_with_prefix("lexicon", prefix, limit=MAX_READINGS):
                found[term.partition(SEPARATOR)[2]] = None
        return list(found)[:MAX_READINGS]

    def most(self, asked: Asked) -> int:
        """More resources than this do not have all that must be found; of what is misspelt or only begun, a guess."""
        return min((self._most(term) for term in asked.must), default=self._searcher.num_docs)

    def _most(self, term: Term) -> int:
        if term.quoted or term.han:
            return min(map(self._have, term.runs))
        return sum(map(self._have, self._readings(term))) + min(map(self._have, term.runs))

    def _have(self, run: str) -> int:
        return min(self._searcher.doc_freq(ANYWHERE, piece) for piece in analysis.pieces(run))

    # ------------------------------------------------------------ terms

    def _term(self, texts: Texts, term: Term, fields: Sequence[str]) -> Query:
        if term.quoted and len(term.runs) > 1:
            return texts.phrase(term.runs, fields)
        if term.quoted or term.han:
            return texts.anywhere(term.runs[0], fields)
        plain = [texts.anywhere(run, fields) for run in term.runs]
        either = [texts.anywhere(reading, fields) for reading in self._readings(term)]
        either.append(plain[0] if len(plain) == 1 else everything(plain))
        return Query.disjunction_max_query([*either, *self._nearly(term)], 0.0)

    def _readings(self, term: Term) -> list[str]:
        if term not in self._read:
            self._read[term] = self.readings(term.pinyin or term.runs[0], begun=term.open)
        return self._read[term]

    def _nearly(self, term: Term) -> list[Query]:
        """A word that is not Chinese, misspelt or only begun."""
        queries = []
        for run in _near(term):
            queries.append(Query.fuzzy_term_query(self._schema, "latin", run, analysis.tolerance(run)))
        if begun := _begun(term):
            queries.append(Query.regex_query(self._schema, "latin", f"{begun}.*"))
        return [Query.const_score_query(query, MISSPELT) for query in queries]

    def _needle(self, term: Term) -> Needle:
        if term.quoted and len(term.runs) > 1:
            return Needle(phrases=(term.runs,))
        if term.quoted or term.han:
            return Needle(han=term.runs) if is_han(term.runs[0]) else Needle(words=term.runs)
        return Needle(tuple(self._readings(term)), term.runs, _begun(term), _near(term))

    def _somewhere(self, term: Term) -> Query:
        if term.quoted or term.han:
            return self._all(term.runs)
        ways = [*([reading] for reading in self._readings(term)), term.runs]
        either = [*map(self._all, ways), *self._nearly(term)]
        return either[0] if len(either) == 1 else Query.boolean_query([(Occur.Should, way) for way in either])

    def _all(self, runs: Iterable[str]) -> Query:
        pieces = dict.fromkeys(piece for run in runs for piece in analysis.pieces(run))
        queries = [Query.term_query(self._schema, ANYWHERE, piece, "basic") for piece in pieces]
        return queries[0] if len(queries) == 1 else everything(queries)

    def _is_plain(self, term: Term) -> bool:
        """Whether who has all its pieces has it."""
        if term.quoted or term.han:
            return len(term.runs) == 1 and len(analysis.pieces(term.runs[0])) == 1
        return all(len(analysis.pieces(reading)) == 1 for reading in self._readings(term))


def _near(term: Term) -> tuple[str, ...]:
    return term.runs if len(term.runs) == 1 and analysis.tolerance(term.runs[0]) else ()


def _begun(term: Term) -> str:
    return term.runs[0] if len(term.runs) == 1 and term.open and len(term.runs[0]) >= MIN_OPEN else ""
