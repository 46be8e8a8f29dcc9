"""From what was asked to tantivy's query, and to the needles that are marked in what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Occur, Query

from recorder.search import analysis
from recorder.search.document import SEPARATOR, TEXTS
from recorder.search.fold import is_han
from recorder.search.query import Asked, Term

BOOSTS = {"title": 8.0, "topics": 5.0, "names": 4.0, "about": 2.0, "slides": 3.0, "speech": 1.0}
NEAR_BOOSTS = {"title": 8.0, "topics": 5.0, "slides": 3.0, "speech": 1.5}
"""What a run of several words adds where it stands as it was typed."""
MISSPELT = 0.3
"""What a word with a mistake in it is worth, or one that is only begun."""
TIE = 0.2
"""How much of what a term finds in other fields counts beside its best field."""
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


@dataclass(frozen=True, slots=True)
class Wanted:
    query: Query
    needles: tuple[Needle, ...]


class Builder:
    """Reads pinyin by the words of one index, as it is when it is made."""

    def __init__(self, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self._schema = schema
        self._searcher = searcher

    def build(self, asked: Asked, filters: Query, fields: Sequence[str] = TEXTS) -> Wanted:
        """:param filters: what every hit must meet; it counts for nothing in their order.
        :param fields: of `TEXTS`, in which what must be found is looked for."""
        if asked.nothing:
            return Wanted(Query.empty_query(), ())
        clauses = [(Occur.Must, Query.const_score_query(filters, 0.0))]
        needles = []
        for term in asked.must:
            query, needle = self._term(term, fields)
            clauses.append((Occur.Must, query))
            needles.append(needle)
        for term in asked.may:
            clauses.append((Occur.Should, self._term(term, TEXTS)[0]))
        for run in asked.near:
            near = [
                Query.boost_query(self._run(name, run), boost) for name, boost in NEAR_BOOSTS.items() if name in fields
            ]
            clauses.append((Occur.Should, Query.disjunction_max_query(near, TIE)))
        for term in asked.never:
            clauses.append((Occur.MustNot, self._term(term, TEXTS)[0]))
        return Wanted(Query.boolean_query(clauses), tuple(needles))

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
        readings = self.readings(term.pinyin or term.runs[0], begun=term.open)
        return sum(map(self._have, readings)) + min(map(self._have, term.runs))

    def _have(self, run: str) -> int:
        if len(run) == 1 and is_han(run):
            return self._searcher.num_docs
        grams = analysis.terms(run)[:-1] if is_han(run) else [run]
        return sum(min(self._searcher.doc_freq(field, gram) for gram in grams) for field in TEXTS)

    # ------------------------------------------------------------ terms

    def _term(self, term: Term, fields: Sequence[str]) -> tuple[Query, Needle]:
        if term.quoted:
            if len(term.runs) > 1:
                phrases = [Query.boost_query(self._phrase(name, term.runs), BOOSTS[name]) for name in fields]
                return Query.disjunction_max_query(phrases, TIE), Needle(phrases=(term.runs,))
            run = term.runs[0]
            return self._anywhere(run, fields), Needle(han=(run,)) if is_han(run) else Needle(words=(run,))
        if term.han:
            return self._anywhere(term.runs[0], fields), Needle(han=term.runs)
        return self._latin(term, fields)

    def _latin(self, term: Term, fields: Sequence[str]) -> tuple[Query, Needle]:
        """Words as they stand, as the pinyin of Chinese ones, misspelt, or begun."""
        readings = self.readings(term.pinyin or term.runs[0], begun=term.open)
        either = [self._anywhere(reading, fields) for reading in readings]
        plain = [self._anywhere(run, fields) for run in term.runs]
        either.append(plain[0] if len(plain) == 1 else Query.boolean_query([(Occur.Must, query) for query in plain]))
        near, begun = (), ""
        if len(term.runs) == 1:
            run = term.runs[0]
            if tolerance := analysis.tolerance(run):
                near = (run,)
                either.append(_worth(Query.fuzzy_term_query(self._schema, "latin", run, tolerance)))
            if term.open and len(run) >= MIN_OPEN:
                begun = run
                either.append(_worth(Query.regex_query(self._schema, "latin", f"{run}.*")))
        return Query.disjunction_max_query(either, 0.0), Needle(tuple(readings), term.runs, begun, near)

    def _anywhere(self, run: str, fields: Sequence[str]) -> Query:
        runs = [Query.boost_query(self._run(name, run), BOOSTS[name]) for name in fields]
        return Query.disjunction_max_query(runs, TIE)

    def _run(self, field: str, run: str) -> Query:
        terms = analysis.terms(run)
        if not is_han(run):
            return Query.term_query(self._schema, field, run)
        if len(run) == 1:
            if field == "speech":  # a character has thousands of pairs there
                return Query.term_query(self._schema, "characters", run, "basic")
            return Query.regex_query(self._schema, field, f"{run}.?")
        return self._consecutive(field, list(enumerate(terms[:-1])))

    def _phrase(self, field: str, runs: Sequence[str]) -> Query:
        """The last run may go on where it is of Chinese characters, the first one may have begun before."""
        placed: list[tuple[int, str]] = []
        position = 0
        for run in runs:
            terms = analysis.terms(run)
            placed.extend(enumerate(terms, position))
            position += len(terms) + 1
        last = runs[-1]
        if is_han(last):
            end = placed.pop()[0]
            if len(last) == 1:
                placed.append((end, f"{last}.?"))
                return Query.regex_phrase_query(self._schema, field, placed)
        return self._consecutive(field, placed)

    def _consecutive(self, field: str, placed: list[tuple[int, str]]) -> Query:
        if len(placed) == 1:
            return Query.term_query(self._schema, field, placed[0][1])
        return Query.phrase_query(self._schema, field, placed)


def _worth(query: Query) -> Query:
    return Query.const_score_query(query, MISSPELT)


def everything(queries: Iterable[Query]) -> Query:
    clauses = [(Occur.Must, query) for query in queries]
    return Query.boolean_query(clauses) if clauses else Query.all_query()
