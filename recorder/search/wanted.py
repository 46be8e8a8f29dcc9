"""From what was asked to tantivy's queries, and to the needles that are marked in what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Occur, Query

from recorder.search import analysis
from recorder.search.document import ANYWHERE, SEPARATOR, TEXTS
from recorder.search.fold import is_han
from recorder.search.query import Asked, Term
from recorder.search.texts import BOOSTS, NEAR_BOOSTS, Texts, either, everything, preferring, without

MISSPELT = 0.3
"""What a word with a mistake in it is worth, or one that is only begun."""
MAX_READINGS = 8
"""Words of one pinyin; the commonest ones."""
MIN_OPEN = 3
"""Letters of a word that is only begun."""
LIKELIEST = ("speech", "slides", "topics", "title", "about", "names")
"""`TEXTS`, by how much is found in them."""


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
        self._texts = Texts(schema)
        self._read: dict[Term, list[str]] = {}

    def candidates(self, asked: Asked) -> Query:
        """All that are found and, unless it `is_plain`, some more: those that have every pair of each word somewhere.

        Of lists that hold nothing but who has something: it takes a tenth of the time of `exact`.
        """
        if asked.nothing:
            return Query.empty_query()
        never = [self._somewhere(term) for term in asked.never if self._is_plain(term)]
        return without(everything(map(self._somewhere, asked.must)), *never)

    def is_plain(self, asked: Asked) -> bool:
        """Whether `candidates` are exactly those that are found."""
        return all(map(self._is_plain, (*asked.must, *asked.never)))

    def exact(self, asked: Asked, among: Query, within: Query | None) -> Query:
        """Those of `among` that are found. Where words stand is looked up for these alone, which asks for them by what
        they lack: who lacks none of the words, and has none of those that must not be there.

        :param among: candidates. :param within: these and more, found with as little as possible; None: candidates that
            are not found may stay.
        """
        must = [term for term in asked.must if not self._is_plain(term)] if within is not None else []
        lacking = [without(within, *self._places(term)) for term in must]
        never = [place for term in asked.never if not self._is_plain(term) for place in self._places(term)]
        return without(among, *lacking, *never)

    def ranked(self, asked: Asked, among: Query) -> Query:
        """All of `among`, in order."""
        worth = [it for term in asked.shown for it in self._worth(term, TEXTS)]
        return preferring(among, [*worth, *self._near(asked, TEXTS)])

    def written(self, asked: Asked, filters: Query, fields: Sequence[str]) -> Query:
        """Those that meet `filters` and have all words in these fields of `TEXTS`, in order."""
        if asked.nothing:
            return Query.empty_query()
        must = [either([*self._worth(term, fields)]) for term in asked.must]
        never = [place for term in asked.never for place in self._places(term)]
        near = [*self._near(asked, fields)]
        clauses = [(Occur.Must, it) for it in (Query.const_score_query(filters, 0.0), *must)]
        return without(Query.boolean_query([*clauses, *((Occur.Should, it) for it in near)]), *never)

    def needles(self, asked: Asked) -> list[Needle]:
        """What each word that must be found is seen by."""
        return [*map(self._needle, asked.must)]

    def readings(self, pinyin: str, *, begun: bool) -> list[str]:
        """Words of Chinese that are written so, the commonest first; `begun`: those that begin so, too.

        Who has one that has another in it has the other: it is left out."""
        pinyin = analysis.spelt(pinyin)
        prefixes = [f"{pinyin}{SEPARATOR}"] + ([pinyin] if begun and len(pinyin) >= MIN_OPEN else [])
        found: dict[str, None] = {}
        for prefix in prefixes:
            for term, _ in self._searcher.terms_with_prefix("lexicon", prefix, limit=MAX_READINGS):
                found[term.partition(SEPARATOR)[2]] = None
        words = list(found)[:MAX_READINGS]
        return [word for word in words if not any(other in word for other in words if other != word)]

    def most(self, asked: Asked) -> int:
        """More resources than this do not have all that must be found; of what is misspelt or only begun, a guess."""
        return min((self._most(term) for term in asked.must), default=self._searcher.num_docs)

    def _most(self, term: Term) -> int:
        if not _is_latin(term):
            return min(map(self._have, term.runs))
        return sum(map(self._have, self._readings(term))) + min(map(self._have, term.runs))

    def _have(self, run: str) -> int:
        return min(self._searcher.doc_freq(ANYWHERE, piece) for piece in analysis.pieces(run))

    # ------------------------------------------------------------ terms

    def _near(self, asked: Asked, fields: Sequence[str]) -> Iterator[Query]:
        for run in asked.near:
            for name in fields:
                if name in NEAR_BOOSTS:
                    yield Query.boost_query(self._texts.run(name, run), NEAR_BOOSTS[name])

    def _worth(self, term: Term, fields: Sequence[str]) -> Iterator[Query]:
        """What a term is worth in each field; one of them is found where the term is."""
        for ways in self._ways(term, fields):
            for name, query in zip(fields, ways, strict=True):
                yield Query.boost_query(query, BOOSTS[name])
        if _is_latin(term):
            yield from self._nearly(term)

    def _places(self, term: Term) -> Iterator[Query]:
        """The same, where it is no matter how often and how well; what is found most comes first."""
        for ways in self._ways(term, LIKELIEST):
            yield from ways
        if _is_latin(term):
            yield from self._nearly(term)

    def _ways(self, term: Term, fields: Sequence[str]) -> Iterator[list[Query]]:
        """Ways to write it, each as a query a field."""
        run, phrase = self._texts.run, self._texts.phrase
        if term.quoted and len(term.runs) > 1:
            yield [phrase(name, term.runs) for name in fields]
        elif not _is_latin(term) or len(term.runs) == 1:
            yield [run(name, term.runs[0]) for name in fields]
        else:  # syllables of pinyin that stand there as they are, each somewhere
            all_ = self._all(term.runs)
            yield [everything([run(name, term.runs[0]), all_]) for name in fields]
        if _is_latin(term):
            for reading in self._readings(term):
                yield [run(name, reading) for name in fields]

    def _readings(self, term: Term) -> list[str]:
        if term not in self._read:
            self._read[term] = self.readings(term.pinyin or term.runs[0], begun=term.open)
        return self._read[term]

    def _nearly(self, term: Term) -> list[Query]:
        """A word that is not Chinese, misspelt or only begun."""
        queries = []
        for run in _alike(term):
            queries.append(Query.fuzzy_term_query(self._schema, "latin", run, analysis.tolerance(run)))
        if begun := _begun(term):
            queries.append(Query.regex_query(self._schema, "latin", f"{begun}.*"))
        return [Query.const_score_query(query, MISSPELT) for query in queries]

    def _needle(self, term: Term) -> Needle:
        if term.quoted and len(term.runs) > 1:
            return Needle(phrases=(term.runs,))
        if term.quoted or term.han:
            return Needle(han=term.runs) if is_han(term.runs[0]) else Needle(words=term.runs)
        return Needle(tuple(self._readings(term)), term.runs, _begun(term), _alike(term))

    def _somewhere(self, term: Term) -> Query:
        if not _is_latin(term):
            return self._all(term.runs)
        ways = [*([reading] for reading in self._readings(term)), term.runs]
        return either([*map(self._all, ways), *self._nearly(term)])

    def _all(self, runs: Iterable[str]) -> Query:
        pieces = dict.fromkeys(piece for run in runs for piece in analysis.pieces(run))
        queries = [Query.term_query(self._schema, ANYWHERE, piece, "basic") for piece in pieces]
        return queries[0] if len(queries) == 1 else everything(queries)

    def _is_plain(self, term: Term) -> bool:
        """Whether who has all its pieces has it."""
        if not _is_latin(term):
            return len(term.runs) == 1 and len(analysis.pieces(term.runs[0])) == 1
        return all(len(analysis.pieces(reading)) == 1 for reading in self._readings(term))


def _is_latin(term: Term) -> bool:
    """Whether it may be pinyin, or misspelt."""
    return not (term.quoted or term.han)


def _alike(term: Term) -> tuple[str, ...]:
    return term.runs if len(term.runs) == 1 and analysis.tolerance(term.runs[0]) else ()


def _begun(term: Term) -> str:
    return term.runs[0] if len(term.runs) == 1 and term.open and len(term.runs[0]) >= MIN_OPEN else ""
