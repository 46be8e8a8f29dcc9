"""Searching one index: what is found, in which order, how many of what, and where in each it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import tantivy
from tantivy import FieldType, Occur, Query

from recorder.search import document, index, marks, query
from recorder.search.document import ANYBODY, FACETS, FILTERS, KINDS, SEPARATOR
from recorder.search.fold import folded
from recorder.search.marks import Excerpt, Marks
from recorder.search.query import Asked
from recorder.search.spelling import corrections
from recorder.search.wanted import Builder, Needle, Wanted, everything

PAGE = 24
MAX_PAGES = 42
"""At most 1,000 hits deep, and a few."""
SPOKEN, SLIDES = 3, 2
FACET_SIZE = 30
SUGGESTIONS = 8
_CANDIDATES = 16
"""Suggestions of a kind that are looked at, for some that may be shown."""


@dataclass(frozen=True, slots=True)
class Filters:
    """:ivar exact: field of `FILTERS` → one of these values. :ivar since, until: days, `date.toordinal()`, both
    included."""

    exact: Mapping[str, Sequence[str]] = field(default_factory=dict)
    since: int | None = None
    until: int | None = None


class Spot(NamedTuple):
    """A line that was spoken, or a slide. :ivar image: of a slide: name of its file."""

    at_ms: int
    text: str
    marks: Marks
    image: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """:ivar shown: what was kept of the record, see `document.unpack`."""

    shown: Mapping[str, Any]
    title_marks: Marks
    snippet: Excerpt
    spoken: Sequence[Spot]
    slides: Sequence[Spot]

    @property
    def id(self) -> str:
        return str(self.shown["id"])


class Count(NamedTuple):
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    total: int
    hits: Sequence[Hit]
    facets: Mapping[str, Sequence[Count]]
    did_you_mean: str


class Suggestion(NamedTuple):
    text: str
    kind: str


class Library:
    """What is read of an index; threads may share one. It follows commits and changes of the folder by itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._opened: tuple[Path, tantivy.Index] | None = None
        self._mark: object = None

    def search(
        self,
        text: str,
        allow: frozenset[str],
        filters: Filters = Filters(),
        *,
        page: int = 1,
        sort: Literal["best", "new"] = "best",
    ) -> Results:
        """:param allow: terms, one of which a document must carry. :param page: from 1 to `MAX_PAGES`.

        :raises Missing: there is no index to be read.
        """
        return _Search(self._index(), allow, filters).results(query.parse(text), page, sort)

    def suggest(self, text: str, allow: frozenset[str]) -> list[Suggestion]:
        """What titles, teachers, subjects and points begin so, in characters, pinyin or initials. :raises Missing:"""
        return _Search(self._index(), allow, Filters()).suggestions(text)

    def _index(self) -> tantivy.Index:
        with self._lock:
            place = index.current(self._folder)
            try:
                stat = os.stat(place / "meta.json")
            except FileNotFoundError:
                raise index.Missing("lost") from None
            mark = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if self._opened is None or self._opened[0] != place:
                self._opened = (place, index.opened(place))
            elif mark != self._mark:
                self._opened[1].reload()
            self._mark = mark
            return self._opened[1]


class _Search:
    """One search on one state of the index."""

    def __init__(self, opened: tantivy.Index, allow: frozenset[str], filters: Filters) -> None:
        self._schema = opened.schema
        self._searcher = opened.searcher()
        self._builder = Builder(self._schema, self._searcher)
        self._allow = allow
        self._given = filters
        self._filters = self._filter()

    def _filter(self, but: str = "") -> Query:
        """:param but: a facet that narrows nothing."""
        allow, filters = sorted(self._allow), self._given
        clauses = [self._any("allow", allow), self._any("origin_allow", [ANYBODY, *allow])]
        for name, values in filters.exact.items():
            if name not in FILTERS:
                raise ValueError(f"{name} is no filter")
            if name != but:
                clauses.append(self._any(name, [*map(_sound, values)]))
        if filters.since is not None or filters.until is not None:
            clauses.append(
                Query.range_query(self._schema, "day", FieldType.Integer, filters.since, filters.until)  # type: ignore[arg-type]
            )
        return everything(clauses)

    def _any(self, name: str, values: Sequence[str]) -> Query:
        if len(values) == 1:
            return Query.term_query(self._schema, name, values[0], "basic")
        return Query.boolean_query(
            [(Occur.Should, Query.term_query(self._schema, name, value, "basic")) for value in values]
        )

    def results(self, asked: Asked, page: int, sort: str) -> Results:
        wanted = self._builder.build(asked, self._filters)
        newest = sort == "new" or not asked.shown
        found = self._searcher.search(
            wanted.query,
            PAGE,
            offset=(min(max(page, 1), MAX_PAGES) - 1) * PAGE,
            **({"order_by_field": "newest"} if newest else {"weight_by_field": "fresh"}),
        )
        total = found.count
        hits = [self._hit(address, wanted.needles) for _, address in found.hits]
        meant = "" if total or not asked.must else self._meant(asked)
        return Results(total, hits, self._facets(asked, wanted, total), meant)

    def _hit(self, address: tantivy.DocAddress, needles: Sequence[Needle]) -> Hit:
        shown = document.unpack(self._searcher.doc(address)["shown"][0])
        at, slides = shown.pop("at"), shown.pop("slides")
        spoken = marks.best_lines(shown.pop("speech"), needles, SPOKEN) if needles else []
        texts = "\n".join(" ".join(text.split()) for _, _, text in slides)
        seen = marks.best_lines(texts, needles, SLIDES) if needles else []
        return Hit(
            shown,
            marks.marks(shown["title"], needles),
            self._snippet(shown, needles),
            [Spot(at[number], *it) for number, it in spoken],
            [Spot(slides[number][0], *it, slides[number][1]) for number, it in seen],
        )

    def _snippet(self, shown: Mapping[str, Any], needles: Sequence[Needle]) -> Excerpt:
        """Of the first text that has something in it, else how the description begins."""
        texts = [shown["description"], " · ".join(filter(None, (shown["unit"], *shown["points"])))]
        excerpts = [marks.excerpt(text, needles) for text in texts if text]
        return next((it for it in excerpts if it.marks), excerpts[0] if excerpts else Excerpt("", []))

    def _facets(self, asked: Asked, wanted: Wanted, total: int) -> dict[str, list[Count]]:
        """Of a facet that something is chosen in: what there would be without that, so that more can be chosen."""
        chosen = [name for name in FACETS if name in self._given.exact]
        counted = self._counted(wanted.query, [name for name in FACETS if name not in chosen]) if total else {}
        for name in chosen:
            counted |= self._counted(self._builder.build(asked, self._filter(but=name)).query, [name])
        return {name: counted.get(name, []) for name in FACETS}

    def _counted(self, query: Query, names: Sequence[str]) -> dict[str, list[Count]]:
        made = self._searcher.aggregate(query, {name: {"terms": {"field": name, "size": FACET_SIZE}} for name in names})
        return {name: [Count(it["key"], it["doc_count"]) for it in made[name]["buckets"]] for name in names}

    # ------------------------------------------------------------ what may have been meant

    def _meant(self, asked: Asked) -> str:
        """The query with words in the place of those that nothing has; only where it finds something then."""
        for text in corrections(asked, self._searcher, self._builder):
            wanted = self._builder.build(query.parse(text), self._filters)
            if self._searcher.search(wanted.query, 1, count=False).hits:
                return text
        return ""

    def suggestions(self, text: str) -> list[Suggestion]:
        typed = " ".join(folded(_sound(text[: query.MAX_CHARACTERS]).replace(SEPARATOR, " ")).split())
        if not typed:
            return []
        found: dict[Suggestion, int] = {}
        for kind in KINDS:
            prefix = f"{kind}{SEPARATOR}{typed}"
            for term, count in self._searcher.terms_with_prefix("suggest", prefix, limit=_CANDIDATES):
                suggestion = Suggestion(term.rpartition(SEPARATOR)[2], kind)
                if suggestion not in found and self._visible(term):
                    found[suggestion] = count
        best = sorted(found, key=lambda it: (KINDS.index(it.kind) == 0, -found[it], len(it.text), it.text))
        return best[:SUGGESTIONS]

    def _visible(self, term: str) -> bool:
        both = everything([Query.term_query(self._schema, "suggest", term, "basic"), self._filters])
        return bool(self._searcher.search(both, 1, count=False).hits)


def _sound(text: str) -> str:
    """Without halves of surrogate pairs, which tantivy refuses."""
    return text.encode("utf-8", "replace").decode()
