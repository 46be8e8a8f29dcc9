"""One resource in the index: what of it is searched, filtered, counted and shown."""

from __future__ import annotations

import datetime as dt
import functools
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import tantivy
from pydantic import BaseModel, ConfigDict

from recorder.search import analysis
from recorder.search.fold import all_han, folded

VERSION = 5
"""Of schema, analysis and stored form together: an index of another one is made again."""
GRAMS = "grams"
WORDS = "words"
TEXTS = ("title", "topics", "names", "about", "slides", "speech")
"""Fields of terms with positions, see `analysis.grams`."""
ANYWHERE = "anywhere"
"""Field of what stands in any of `TEXTS`, see `analysis.bag`: one list for what else were the union of six."""
TIERS = (("title", "topics", "names", "about"), ("title", "topics", "names", "about", "slides"))
"""What was written about a resource; and in it, to be read: without what was said."""
DRAWS = (4, 16, 64, 256, 1024)
"""One resource in so many carries the term: a sample that is counted in the place of what is too many."""
FACETS = ("subject", "grade", "form", "kind", "school", "year", "term", "textbook", "teacher_name", "region")
FILTERS = (*FACETS, "teacher", "has")
MAX_FACET = 200
SEPARATOR = "|"
"""Between parts of a term; `_part` keeps it out of them."""
CLIP = "*"
"""In `origin_allow` of a clip, and of nothing else."""
KINDS = ("title", "teacher", "subject", "point")
_ENTRIES = 100_000
"""Of the lexicon that are kept: the words of a language come again and again."""
_FRESH_DAYS = 3650
"""Something twice as good may be so much older."""
_FRESH_FROM = dt.date(2000, 1, 1)


class Spoken(NamedTuple):
    at_ms: int
    text: str


class Shown(NamedTuple):
    """A slide. :ivar image: name of its file."""

    at_ms: int
    image: str
    text: str


class Record(BaseModel):
    """What the index is given. :ivar version: of the resource. :ivar allow: terms, one of which a searcher must have.

    :ivar origin_allow: the same of what a clip is a part of, which a searcher must share as well; None: of no clip.
    :ivar files: id of the resource whose files these are. :ivar poster: name of one.
    :ivar teacher: her id; who has none, or two of one name, are counted by `teacher_name`.
    :ivar regions: ids of all above its school. :ivar has: of `transcript`, `slides`, `captions`.
    :ivar made: seconds since 1970; tells those of one day apart.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    version: int
    allow: frozenset[str]
    origin_allow: frozenset[str] | None = None
    kind: str
    title: str
    day: dt.date
    description: str = ""
    subject: str = ""
    grade: str = ""
    term: str = ""
    textbook: str = ""
    unit: str = ""
    points: tuple[str, ...] = ()
    form: str = ""
    teacher: str = ""
    teacher_name: str = ""
    school: str = ""
    school_name: str = ""
    regions: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    length_ms: int = 0
    files: str = ""
    poster: str = ""
    made: int = 0
    text: str = ""
    speech: tuple[Spoken, ...] = ()
    slides: tuple[Shown, ...] = ()

    def texts(self) -> dict[str, str]:
        """Field of `TEXTS` → what stands in it, in lines."""
        return {
            "title": self.title,
            "topics": "\n".join((self.unit, *self.points)),
            "names": "\n".join(
                (self.teacher_name, self.school_name, self.subject, self.grade, self.textbook, self.term)
            ),
            "about": self.description,
            "slides": "\n".join([_line(slide.text) for slide in self.slides] + [self.text]),
            "speech": "\n".join(_line(line.text) for line in self.speech),
        }


def key(id: str, version: int) -> str:
    return f"{id}@{version}"


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("id", "key", "allow", "origin_allow", "has", "teacher", "suggest", "draw"):
        builder.add_text_field(name, stored=name == "id", tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in TEXTS:
        builder.add_text_field(name, tokenizer_name=GRAMS)
    for name in (ANYWHERE, "latin", "lexicon"):
        builder.add_text_field(name, tokenizer_name=WORDS, index_option="basic")
    builder.add_integer_field("day", indexed=True, fast=True)
    builder.add_integer_field("newest", fast=True)
    builder.add_float_field("fresh", fast=True)
    builder.add_bytes_field("shown", stored=True)
    return builder.build()


def register(index: tantivy.Index) -> None:
    """Tokenizers belong to an opened index, not to its files."""
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    stop = tantivy.Filter.custom_stopword([analysis.BREAK])
    index.register_tokenizer(GRAMS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).filter(stop).build())
    index.register_tokenizer(WORDS, words)


def build(record: Record) -> tantivy.Document:
    document = tantivy.Document()
    add = document.add_text
    add("id", record.id)
    add("key", key(record.id, record.version))
    texts = {name: folded(text) for name, text in record.texts().items()}
    grams = {name: analysis.grams(text) for name, text in texts.items()}
    for name, text in grams.items():
        add(name, text)
    add(ANYWHERE, " ".join(set[str]().union(*map(analysis.bag, grams.values()))))
    for name, values in _exact(record):
        for value in values:
            if value:
                add(name, value)
    words = set[str]().union(*map(analysis.latin, texts.values()))
    add("latin", " ".join(words))
    add("lexicon", " ".join(_lexicon(texts)))
    for share in _drawn(record.id):
        add("draw", str(share))
    for term in sorted(_suggestions(record)):
        add("suggest", term)
    document.add_integer("day", record.day.toordinal())
    document.add_integer("newest", (record.day.toordinal() << 33) + max(0, min(record.made, (1 << 33) - 1)))
    document.add_float("fresh", 2.0 ** ((record.day - _FRESH_FROM).days / _FRESH_DAYS))
    document.add_bytes("shown", _pack(record))
    return document


def _exact(record: Record) -> Iterator[tuple[str, Iterable[str]]]:
    yield "allow", sorted(record.allow)
    yield "origin_allow", () if record.origin_allow is None else (CLIP, *sorted(record.origin_allow))
    for name in ("subject", "grade", "form", "kind", "school", "term", "textbook", "teacher", "teacher_name"):
        yield name, (getattr(record, name)[:MAX_FACET],)
    yield "year", (str(record.day.year),)
    yield "region", record.regions
    yield "has", record.has


def _lexicon(texts: dict[str, str]) -> set[str]:
    """Pinyin of words → the words. Of speech in full and word by word: initials of all that was said say nothing."""
    found = set[str]()
    for name in ("title", "topics", "names"):
        for span in analysis.spans(texts[name]):
            found.add(f"{span.full}{SEPARATOR}{span.text}")
            if len(span.initials) > 1:
                found.add(f"{span.initials}{SEPARATOR}{span.text}")
    for name in ("about", "slides", "speech"):
        found.update(map(_entry, set(analysis.words(texts[name]))))
    found.discard("")
    return found


@functools.lru_cache(_ENTRIES)
def _entry(word: str) -> str:
    """Of a Chinese word of two characters and more; empty of what is none."""
    if not (2 <= len(word) <= analysis.MAX_SPAN and all_han(word)):
        return ""
    return f"{analysis.span(word).full}{SEPARATOR}{word}"


def _suggestions(record: Record) -> set[str]:
    """Terms `kind|what is typed|what is shown`."""
    shown = {"title": [record.title], "teacher": [record.teacher_name], "subject": [record.subject]}
    found = set[str]()
    for kind, texts in {**shown, "point": [record.unit, *record.points]}.items():
        for text in filter(None, map(_part, texts)):
            plain = folded(text)
            pinyin = analysis.span("".join(run for run in analysis.runs(plain))[:20])
            for typed in {plain, pinyin.full, pinyin.initials} - {""}:
                found.add(f"{kind}{SEPARATOR}{typed}{SEPARATOR}{text}")
    return found


def _drawn(id: str) -> Iterator[int]:
    """Of a smaller sample is who is of a larger one; nothing else of an id decides."""
    number = zlib.crc32(id.encode())
    return (share for share in DRAWS if not number % share)


def _part(text: str) -> str:
    return " ".join(text.replace(SEPARATOR, " ").split())[:120]


def _line(text: str) -> str:
    return " ".join(text.split("\n"))


# ---------------------------------------------------------------- what is shown

_SHOWN = (
    *("id", "kind", "title", "description", "subject", "grade", "unit", "points", "teacher", "teacher_name", "school"),
    *("school_name", "length_ms", "slides", "files", "poster"),
)


def _pack(record: Record) -> bytes:
    kept: dict[str, Any] = {name: getattr(record, name) for name in _SHOWN}
    kept["day"] = record.day.isoformat()
    kept["at"] = [line.at_ms for line in record.speech]
    kept["speech"] = record.texts()["speech"]
    return zlib.compress(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def unpack(packed: bytes) -> dict[str, Any]:
    """What `build` stored of a record."""
    kept: dict[str, Any] = json.loads(zlib.decompress(packed))
    return kept
