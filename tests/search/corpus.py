"""Records of a few words, and a search that looks at each of them: the oracle of the index."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from recorder.search import index
from recorder.search.analysis import words as cut
from recorder.search.document import Record, Spoken
from recorder.search.index import Writer

DAY = dt.date(2026, 9, 8)
PUBLIC = frozenset({"public"})


def record(id: str, title: str = "无题", **more: Any) -> Record:
    given = {"version": 1, "allow": PUBLIC, "kind": "lesson", "day": DAY, **more}
    return Record(id=id, title=title, **given)


def said(*lines: str) -> tuple[Spoken, ...]:
    """A line every ten seconds."""
    return tuple(Spoken(10_000 * number, line) for number, line in enumerate(lines))


def fill(folder: Path, records: Iterable[Record]) -> None:
    """An index with these records alone, made with two commits."""
    index.make(folder)
    listed = list(records)
    for some in (listed[::2], listed[1::2]):
        with Writer(folder).batch() as batch:
            for it in some:
                batch.put(it)


# ---------------------------------------------------------------- the oracle


def runs(text: str) -> list[str]:
    """Chinese characters side by side, or other letters side by side, of text that is folded already."""
    found: list[str] = []
    kind = None
    for character in text:
        new = "han" if "\u4e00" <= character <= "\u9fff" else "word" if character.isalnum() else None
        if new is None:
            kind = None
        elif new == kind:
            found[-1] += character
        else:
            found.append(character)
            kind = new
    return found


def has_phrase(line: str, phrase: Sequence[str]) -> bool:
    there = runs(line)
    if len(phrase) == 1:
        return any(_is(run, phrase[0]) for run in there)
    for start in range(len(there) - len(phrase) + 1):
        first, *inner, last = there[start : start + len(phrase)]
        fits_first = first.endswith(phrase[0]) if _han(phrase[0]) and _han(first) else first == phrase[0]
        fits_last = last.startswith(phrase[-1]) if _han(phrase[-1]) and _han(last) else last == phrase[-1]
        if fits_first and fits_last and inner == list(phrase[1:-1]):
            return True
    return False


def _is(run: str, wanted: str) -> bool:
    return wanted in run if _han(wanted) else run == wanted


def _han(run: str) -> bool:
    return "\u4e00" <= run[0] <= "\u9fff"


def lines_of(record: Record) -> list[str]:
    texts = [record.title, record.description, record.unit, *record.points, record.teacher_name, record.subject]
    return [*texts, *(line.text for line in record.speech), *(slide.text for slide in record.slides)]


def matches(record: Record, words: Iterable[str], phrases: Iterable[str], never: Iterable[str]) -> bool:
    """:param words: each cut into words, which may stand apart. :param phrases: as they stand in one line."""
    lines = lines_of(record)
    for chunk in words:
        for run in runs(chunk):
            for word in cut(run) if _han(run) else [run]:
                if not any(has_phrase(line, [word]) for line in lines):
                    return False
    if not all(any(has_phrase(line, runs(phrase)) for line in lines) for phrase in phrases):
        return False
    return not any(any(has_phrase(line, runs(phrase)) for line in lines) for phrase in never)
