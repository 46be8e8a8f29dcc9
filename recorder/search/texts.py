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
MAX_DEPTH = 64
"""Queries inside each other: tantivy goes through them by recursion."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Of one index: where runs stand in a field."""

    schema: tantivy.Schema

    def run(self, field: str, run: str) -> Query:
        terms = analysis.terms(run)
        if not is_han(run):
            return Query.term_query(self.schema, field, run)
        if len(run) == 1:
            if field == "speech":  # a character has thousands of pairs there
                return Query.term_query(self.schema, ANYWHERE, run, "basic")
            return Query.regex_query(self.schema, field, f"{run}.?")
        return self._consecutive(field, list(enumerate(terms[:-1])))

    def phrase(self, field: str, runs: Sequence[str]) -> Query:
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


# ---------------------------------------------------------------- together


def everything(queries: Iterable[Query]) -> Query:
    clauses = [(Occur.Must, query) for query in queries]
    return Query.boolean_query(clauses) if clauses else Query.all_query()


def either(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def without(query: Query, *others: Query) -> Query:
    """One inside the other: of several at once tantivy makes a union, and works it out from end to end."""
    for other in others:
        query = Query.boolean_query([(Occur.Must, query), (Occur.MustNot, other)])
    return query


def preferring(query: Query, others: Sequence[Query]) -> Query:
    """In the order of what all of them score together, of which none must be found; `query` itself scores nothing.

    One inside the other, as `without`; those that would lie too deep are united.
    """
    query = Query.const_score_query(query, 0.0)
    single, rest = others[:MAX_DEPTH], others[MAX_DEPTH:]
    for other in (*single, either(rest)) if rest else single:
        query = Query.boolean_query([(Occur.Must, query), (Occur.Should, other)])
    return query
