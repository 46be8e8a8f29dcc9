"""The library's one box: search and suggestions, for what is shared with who asks."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from recorder.search.document import FACETS
from recorder.search.query import MAX_CHARACTERS
from recorder.search.searching import FACET_SIZE, MAX_PAGES, Filters, Hit, Spot
from signalling.bodies import IsoDay, Line, Query, Short
from signalling.library import access, addresses, choices
from signalling.library.choices import Choice
from signalling.library.searches import Searches
from signalling.library.seen import still
from signalling.rest.operation import Call, Nothing, Operation

Typed = Annotated[str, StringConstraints(max_length=10_000)]
"""Longer than anything is read to, so that a whole paragraph that was pasted is no mistake."""


def _any_of(what: str = "") -> Any:
    """Several times: any of them will do; at most as many as are counted."""
    return Field([], max_length=FACET_SIZE, description=what or None)


class SearchQuery(Query):
    q: Typed = Field("", description=f"what is searched for, its first {MAX_CHARACTERS} characters; empty: the newest")
    kind: list[Short] = _any_of()
    subject: list[Short] = _any_of()
    grade: list[Short] = _any_of()
    term: list[Short] = _any_of()
    textbook: list[Line] = _any_of()
    form: list[Short] = _any_of()
    school: list[Short] = _any_of()
    region: list[Short] = _any_of("or whatever lies below it")
    teacher: list[Short] = _any_of("her id")
    teacher_name: list[Line] = _any_of()
    year: list[Short] = _any_of()
    since: IsoDay | None = Field(None, alias="from")
    until: IsoDay | None = Field(None, alias="to")
    has: Literal["", "transcript", "slides", "captions"] = ""
    sort: Literal["best", "new"] = "best"
    page: int = Field(1, ge=1, le=MAX_PAGES)


class SuggestQuery(Query):
    q: Typed = ""


Marks = Sequence[Sequence[int]]
"""[start, end) in UTF-16 code units."""


@dataclass(frozen=True, slots=True)
class SpokenHit:
    at_ms: int
    text: str
    marks: Marks


@dataclass(frozen=True, slots=True)
class SlideHit:
    """:ivar image: its address."""

    at_ms: int
    text: str
    marks: Marks
    image: str


@dataclass(frozen=True, slots=True)
class Item:
    """:ivar school: its name. :ivar poster: its address, or empty."""

    id: str
    kind: str
    title: str
    title_marks: Marks
    subject: str
    grade: str
    unit: str
    teacher: str
    school: str
    day: dt.date
    length_ms: int
    poster: str
    snippet: str
    snippet_marks: Marks
    spoken: Sequence[SpokenHit]
    slides: Sequence[SlideHit]


@dataclass(frozen=True, slots=True)
class Found:
    """:ivar about: `total` and the counts of `facets` are reckoned from a sample, to two digits."""

    total: int
    took_ms: float
    items: Sequence[Item]
    facets: Mapping[str, Sequence[Choice]]
    did_you_mean: str
    about: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """:ivar kind: `title`, `teacher`, `subject` or `point`."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Suggested:
    items: Sequence[Suggestion]


class LibrarySearchResource:
    def __init__(self, searches: Searches) -> None:
        self._searches = searches

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/library/search", self.search, "library.read", "system")
        yield Operation("GET", "/library/suggest", self.suggest, "library.read", "system")

    async def search(self, call: Call[Nothing, SearchQuery]) -> Found:
        """Search the library; 24 hits a page, the first thousand"""
        began = time.perf_counter()
        query = call.query
        allow = await _allow(call)
        filters = _filters(query)
        found = await self._searches.search(query.q, allow, filters, page=query.page, sort=query.sort)
        async with call.database.read() as session:
            shared = await still(session, allow, [*(hit.id for hit in found.hits), *found.meant])
            items = [_item(hit) for hit in found.hits if hit.id in shared]
            # Where the index lags, its counts would tell of what is shared no more.
            counts = found.facets if len(items) == len(found.hits) else dict.fromkeys(found.facets, ())
            facets = await choices.labelled(session, counts, filters.exact)
        total = found.total - len(found.hits) + len(items)
        meant = found.did_you_mean if shared.intersection(found.meant) else ""
        took = round(1000 * (time.perf_counter() - began), 1)
        return Found(total, took, items, facets, meant, found.about)

    async def suggest(self, call: Call[Nothing, SuggestQuery]) -> Suggested:
        """What titles, teachers, subjects and points begin like this, also in pinyin"""
        allow = await _allow(call)
        found = await self._searches.suggest(call.query.q, allow)
        async with call.database.read() as session:
            shared = await still(session, allow, [id for it in found for id in it.ids])
        return Suggested([Suggestion(it.text, it.kind) for it in found if shared.intersection(it.ids)])


async def _allow(call: Call[Any, Any]) -> access.Terms:
    async with call.database.read() as session:
        return await access.of_person(session, call.person, call.caller.grants)


def _filters(query: SearchQuery) -> Filters:
    given = {name: [it for it in getattr(query, name) if it] for name in (*FACETS, "teacher")}
    exact = {name: values for name, values in given.items() if values}
    if query.has:
        exact["has"] = [query.has]
    days = [None if day is None else day.toordinal() for day in (query.since, query.until)]
    return Filters(exact, *days)


def _item(hit: Hit) -> Item:
    shown = hit.shown
    files = shown["files"]
    return Item(
        **{name: shown[name] for name in ("id", "kind", "title", "subject", "grade", "unit", "length_ms")},
        title_marks=hit.title_marks,
        teacher=shown["teacher_name"],
        school=shown["school_name"],
        day=dt.date.fromisoformat(shown["day"]),
        poster=addresses.file(files, shown["poster"]) if shown["poster"] else "",
        snippet=hit.snippet.text,
        snippet_marks=hit.snippet.marks,
        spoken=[SpokenHit(it.at_ms, it.text, it.marks) for it in hit.spoken],
        slides=[_slide(it, files) for it in hit.slides],
    )


def _slide(spot: Spot, files: str) -> SlideHit:
    return SlideHit(spot.at_ms, spot.text, spot.marks, addresses.file(files, spot.image))
