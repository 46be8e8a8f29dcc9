"""Looks for words in the fields in which texts stand, and tells how well they are found there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Occur, Query

from recorder.search import analysis
from recorder.search.document import ANYWHERE
from recorder.search.fold import is_han

BOOSTS = {"title": 8.0, "topics": 5.0, "names": 4.0, "about": 2.0, "slides": 3.0, "speech": 1.0}
NEAR_BOOSTS = {"title": 8.0, "topics": 5.0, "slides": 3.0, "speech": 1.5}
"""What a run of several words adds where it stands as it was typed."""
TIE = 0.2
"""How much of what a term finds in other fields counts beside its best field."""


@dataclass(frozen=True, slots=True)
class Texts:
    """:ivar within: what is found is among these; they score nothing."""

    schema: tantivy.Schema
    within: Query | None

    def anywhere(self, run: str, fields: Sequence[str]) -> Query:
        return self._best([(self._run(name, run), BOOSTS[name]) for name in fields])

    def phrase(self, runs: Sequence[str], fields: Sequence[str]) -> Query:
        return self._best([(self._phrase(name, runs), BOOSTS[name]) for name in fields])

    def near(self, run: str, fields: Sequence[str]) -> Query:
        return self._best([(self._run(name, run), boost) for name, boost in NEAR_BOOSTS.items() if name in fields])

    def _best(self, ways: Iterable[tuple[Query, float]]) -> Query:
        return Query.disjunction_max_query([Query.boost_query(self._narrowed(it), boost) for it, boost in ways], TIE)

    def _narrowed(self, query: Query) -> Query:
        return query if self.within is None else everything([query, self.within])

    def _run(self, field: str, run: str) -> Query:
        terms = analysis.terms(run)
        if not is_han(run):
            return Query.term_query(self.schema, field, run)
        if len(run) == 1:
            if field == "speech":  # a character has thousands of pairs there
                return Query.term_query(self.schema, ANYWHERE, run, "basic")
            return Query.regex_query(self.schema, field, f"{run}.?")
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
                return Query.regex_phrase_query(self.schema, field, placed)
        return self._consecutive(field, placed)

    def _consecutive(self, field: str, placed: list[tuple[int, str]]) -> Query:
        if len(placed) == 1:
            return Query.term_query(self.schema, field, placed[0][1])
        return Query.phrase_query(self.schema, field, placed)


def everything(queries: Iterable[Query], but: Iterable[Query] = ()) -> Query:
    """:param but: none of these."""
    clauses = [(Occur.Must, query) for query in queries] or [(Occur.Must, Query.all_query())]
    return Query.boolean_query([*clauses, *((Occur.MustNot, query) for query in but)])
