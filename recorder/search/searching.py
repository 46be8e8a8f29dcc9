"""Searching one index: what is found, in which order, how many of what, and where in each it is."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import tantivy
from tantivy import FieldType, Occur, Query

from recorder.search import analysis, document, index, marks, query
from recorder.search.document import CLIP, DRAWS, FACETS, FILTERS, KINDS, SEPARATOR, TIERS
from recorder.search.fold import folded
from recorder.search.marks import Excerpt, Marks
from recorder.search.query import Asked
from recorder.search.spelling import corrections
from recorder.search.texts import everything, without
from recorder.search.wanted import Builder, Needle

PAGE = 24
MAX_PAGES = 42
"""At most 1,000 hits deep, and a few."""
SPOKEN, SLIDES = 3, 2
FACET_SIZE = 30
SUGGESTIONS = 8
BROAD, COSTLY = 20_000, 4_000
"""Resources; where more may be found they are not all ranked and counted: see `_Search._broad`. The second where each
has to be asked where words stand in it; a fourth of them, the largest sample, fills `MAX_PAGES`."""
SAMPLE, ENOUGH = 8_000, 2_000
"""About so many of them are counted then; a sample of fewer than the second is drawn again, larger if it can be."""
WITNESSES = 5
"""Resources that are named for a suggestion."""
_ALL = "all"
"""Beside the facets: how many there are."""
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
    """:ivar meant: ids of some that `did_you_mean` finds.
    :ivar about: `total` and the counts are reckoned from a sample, to two digits."""

    total: int
    hits: Sequence[Hit]
    facets: Mapping[str, Sequence[Count]]
    did_you_mean: str
    meant: Sequence[str] = ()
    about: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """:ivar query: what was counted, a sample of what is too many. :ivar share: how many each of it stands for.
    :ivar total: how many there are, about where it is a sample."""

    query: Query
    share: int
    total: int
    facets: Mapping[str, list[Count]]


class Suggestion(NamedTuple):
    """:ivar ids: of some resources that it is of."""

    text: str
    kind: str
    ids: tuple[str, ...] = ()


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
        """What every hit meets. :param but: a facet that narrows nothing."""
        allow = sorted(self._allow)
        clauses = [self._any("allow", allow), *self._chosen(but)]
        since, until = self._given.since, self._given.until
        if since is not None or until is not None:
            clauses.append(Query.range_query(self._schema, "day", FieldType.Integer, since, until))  # type: ignore[arg-type]
        clips = Query.term_query(self._schema, "origin_allow", CLIP, "basic")
        return without(everything(clauses), without(clips, self._any("origin_allow", allow)))

    def _chosen(self, but: str = "") -> list[Query]:
        exact = self._given.exact
        if unknown := [name for name in exact if name not in FILTERS]:
            raise ValueError(f"{unknown[0]} is no filter")
        return [self._any(name, [*map(_sound, values)]) for name, values in exact.items() if name != but]

    def _meet(self, but: str) -> int:
        """More resources than this do not meet the filters. :param but: as in `_filter`."""
        exact = [(name, tuple(map(_sound, it))) for name, it in self._given.exact.items() if name != but]
        values = [("allow", tuple(self._allow)), *exact]
        return min(sum(self._searcher.doc_freq(name, value) for value in it) for name, it in values)

    def _any(self, name: str, values: Sequence[str]) -> Query:
        if len(values) == 1:
            return Query.term_query(self._schema, name, values[0], "basic")
        return Query.boolean_query(
            [(Occur.Should, Query.term_query(self._schema, name, value, "basic")) for value in values]
        )

    def results(self, asked: Asked, page: int, sort: str) -> Results:
        offset = (min(max(page, 1), MAX_PAGES) - 1) * PAGE
        counted, facets = self._counted(asked)
        needles = self._builder.needles(asked)
        newest = sort == "new" or not asked.shown
        if counted.share > 1:
            share = counted.share
            found = self._newest(self._matching(asked), offset) if newest else self._broad(asked, offset, share)
            return Results(_about(counted.total), self._hits(found, needles), facets, "", about=True)
        query = counted.query
        found = self._newest(query, offset) if newest else self._best(self._builder.ranked(asked, query), offset).hits
        meant, ids = ("", ()) if counted.total or not asked.must else self._meant(asked)
        return Results(counted.total, self._hits(found, needles), facets, meant, ids)

    def _matching(self, asked: Asked, but: str = "", share: int = 1, *, exact: bool | None = None) -> Query:
        """All hits, in no order.

        :param but: as in `_filter`. :param share: one in so many, a sample.
        :param exact: without those that are candidates only; left out: where it is no sample, which errs by more.
        """
        drawn = [Query.term_query(self._schema, "draw", str(share), "basic")] if share > 1 else []
        within = everything([self._builder.candidates(asked), *self._chosen(but), *drawn])
        among = everything([within, self._filter(but)])
        return self._builder.exact(asked, among, within if exact or (exact is None and share == 1) else None)

    def _best(self, query: Query, offset: int, limit: int = PAGE) -> tantivy.SearchResult:
        return self._searcher.search(query, limit, offset=offset, weight_by_field="fresh")

    def _newest(self, query: Query, offset: int) -> list[tuple[Any, tantivy.DocAddress]]:
        return self._searcher.search(query, PAGE, offset=offset, order_by_field="newest", count=False).hits

    def _broad(self, asked: Asked, offset: int, share: int) -> list[tuple[Any, tantivy.DocAddress]]:
        """A page of those that have it in what was written, which are few, and behind them of a sample of all.

        What so many say tells little of any of them, and to rank them all would take longer than anybody waits.
        """
        tiers = [self._builder.written(asked, self._filters, fields) for fields in TIERS]
        tiers.append(self._builder.ranked(asked, self._matching(asked, share=share, exact=True)))
        hits: list[tuple[Any, tantivy.DocAddress]] = []
        for place, tier in enumerate(tiers):
            found = self._best(without(tier, *tiers[:place]), offset, PAGE - len(hits))
            hits += found.hits
            if len(hits) == PAGE:
                break
            offset = max(0, offset - (found.count or 0))
        return hits

    def _counted(self, asked: Asked) -> tuple[Counted, dict[str, list[Count]]]:
        """And all facets: where something is chosen in one, what there would be without that, so that more can be."""
        chosen = [name for name in FACETS if name in self._given.exact]
        counted = self._count(asked, [name for name in FACETS if name not in chosen])
        facets = {**counted.facets}
        for name in chosen:
            facets |= self._count(asked, [name], name).facets
        return counted, {name: facets[name] for name in FACETS}

    def _count(self, asked: Asked, names: Sequence[str], but: str = "") -> Counted:
        """:param names: of facets. :param but: as in `_filter`."""
        limit = BROAD if self._builder.is_plain(asked) else COSTLY
        most, least = min(self._meet(but), self._builder.most(asked)), 0
        share = DRAWS[-1] + 1
        sample = None
        while most > limit and least < ENOUGH and (closer := _share(most)) < share:  # few of many: too small a sample
            share = closer
            sample = self._of_each(self._matching(asked, but, share), names, share)
            most, least = sample.total, sample.total // share
        if sample is not None and most > limit:
            return sample
        return self._of_each(self._matching(asked, but), names, 1)

    def _of_each(self, query: Query, names: Sequence[str], share: int) -> Counted:
        wanted: dict[str, Any] = {name: {"terms": {"field": name, "size": FACET_SIZE}} for name in names}
        made = self._searcher.aggregate(query, {**wanted, _ALL: {"value_count": {"field": "newest"}}})
        facets = {
            name: [
                Count(it["key"], _about(it["doc_count"] * share) if share > 1 else it["doc_count"])
                for it in made[name]["buckets"]
            ]
            for name in names
        }
        return Counted(query, share, int(made[_ALL]["value"]) * share, facets)

    def _hits(self, found: Sequence[tuple[Any, tantivy.DocAddress]], needles: Sequence[Needle]) -> list[Hit]:
        return [self._hit(address, needles) for _, address in found]

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

    # ------------------------------------------------------------ what may have been meant

    def _meant(self, asked: Asked) -> tuple[str, tuple[str, ...]]:
        """The query with words in the place of those that nothing has; only where it finds something then."""
        for text in corrections(asked, self._searcher, self._builder):
            if found := self._some(self._matching(query.parse(text))):
                return text, self._ids(found)
        return "", ()

    def suggestions(self, text: str) -> list[Suggestion]:
        typed = " ".join(folded(_sound(text[: query.MAX_CHARACTERS]).replace(SEPARATOR, " ")).split())
        if not typed:
            return []
        counts: dict[Suggestion, int] = {}
        shown: dict[Suggestion, list[tantivy.DocAddress]] = {}
        for kind, text in itertools.product(KINDS, {typed: 0, analysis.spelt(typed): 0}):
            prefix = f"{kind}{SEPARATOR}{text}"
            for term, count in self._searcher.terms_with_prefix("suggest", prefix, limit=_CANDIDATES):
                suggestion = Suggestion(term.rpartition(SEPARATOR)[2], kind)
                if suggestion not in counts and (found := self._visible(term)):
                    counts[suggestion], shown[suggestion] = count, found
        best = sorted(counts, key=lambda it: (KINDS.index(it.kind) == 0, -counts[it], len(it.text), it.text))
        return [it._replace(ids=self._ids(shown[it])) for it in best[:SUGGESTIONS]]

    def _visible(self, term: str) -> list[tantivy.DocAddress]:
        return self._some(everything([Query.term_query(self._schema, "suggest", term, "basic"), self._filters]))

    def _some(self, wanted: Query) -> list[tantivy.DocAddress]:
        return [address for _, address in self._searcher.search(wanted, WITNESSES, count=False).hits]

    def _ids(self, found: Sequence[tantivy.DocAddress]) -> tuple[str, ...]:
        return tuple(str(self._searcher.doc(address)["id"][0]) for address in found)


def _share(most: int) -> int:
    """One in how many is drawn."""
    return next((share for share in DRAWS if most <= share * SAMPLE), DRAWS[-1])


def _about(number: int) -> int:
    """To two digits."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return round(number / unit) * unit


def _sound(text: str) -> str:
    """Without halves of surrogate pairs, which tantivy refuses."""
    return text.encode("utf-8", "replace").decode()
