"""Lines of a transcript as captions that can be read, in WebVTT (W3C, "The Web Video Text Tracks Format"). Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from recorder.transcript import Line

WIDTH = 40
"""Of a row, in half-width characters: 20 Chinese ones, as television has it."""
ROWS = 2
SHORTEST_US = 500_000
LONGEST_BYTES = 4 << 20
_PAUSE = frozenset("，。！？；：、,.!?;:…")
_TOKEN = re.compile(r"[0-9A-Za-zÀ-ɏ'’%.-]+\s*|\S\s*")
_TIMING = re.compile(r"((?:\d{2,}:)?\d{2}:\d{2}\.\d{3})[ \t]+-->[ \t]+((?:\d{2,}:)?\d{2}:\d{2}\.\d{3})(?:[ \t].*)?")
_TAG = re.compile(r"<[^>]*>")


def webvtt(lines: Iterable[Line]) -> str:
    """:param lines: in the order of their times."""
    blocks = ["WEBVTT\n"]
    for start, end, rows in cues(lines):
        text = "\n".join(html.escape(row, quote=False) for row in rows)
        blocks.append(f"{_stamp(start)} --> {_stamp(end)}\n{text}\n")
    return "\n".join(blocks)


def cues(lines: Iterable[Line]) -> Iterator[tuple[int, int, list[str]]]:
    """(start, end, rows) in µs; a long line becomes several, each at most `ROWS` rows of `WIDTH`."""
    for line in lines:
        pages = _pages(_clean(line.text))
        if not pages:
            continue
        end = max(line.end_us, line.start_us + SHORTEST_US)
        sizes = [sum(len(row) for row in page) for page in pages]
        starts = _starts(line, end, sizes)
        for page, (begin, finish) in zip(pages, pairwise([*starts, end]), strict=True):
            yield begin, max(finish, begin + 1000), page


def parse(text: str) -> list[Line]:
    """Captions that somebody has made, without their styles and places.

    :raises ValueError: it is not WebVTT, or too long.
    """
    if len(text) > LONGEST_BYTES:
        raise ValueError("captions of more than 4 MiB are not read")
    blocks = re.split(
        r"\n{2,}", re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff")).replace("\0", "\ufffd").strip("\n")
    )
    if not re.match(r"WEBVTT(?:[ \t\n]|$)", blocks[0]):
        raise ValueError("it does not begin with WEBVTT")
    found = []
    for block in blocks[1:]:
        rows = block.split("\n")
        place = next((number for number, row in enumerate(rows[:2]) if "-->" in row), None)
        timing = _TIMING.fullmatch(rows[place].strip()) if place is not None else None
        if timing is None or place is None:
            continue
        start, end = _micro(timing[1]), _micro(timing[2])
        said = _clean(html.unescape(_TAG.sub("", " ".join(rows[place + 1 :]))))
        if end > start and said:
            found.append(Line(start_us=start, end_us=end, text=said))
    return sorted(found, key=lambda line: line.start_us)


def width(text: str) -> int:
    """In half-width characters."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _clean(text: str) -> str:
    """On one line, without what does not print."""
    text = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in text)
    return " ".join(text.split())


def _pages(text: str) -> list[list[str]]:
    rows = _rows(text)
    return [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]


def _rows(text: str) -> list[str]:
    """Broken where a reader pauses if that leaves a row at least half full, else between words."""
    rows: list[str] = []
    tokens = [piece for token in _TOKEN.findall(text) for piece in _short(token)]
    while tokens:
        count, used = 0, 0
        while count < len(tokens) and used + width(tokens[count].rstrip()) <= WIDTH:
            used += width(tokens[count])
            count += 1
        if count < len(tokens):
            # What closes a sentence stays on its row, were it one sign too long.
            while count < len(tokens) and tokens[count].strip() in _PAUSE:
                count += 1
            count = _pause(tokens[:count]) or count
        rows.append("".join(tokens[:count]).strip())
        del tokens[:count]
    return rows


def _pause(tokens: Sequence[str]) -> int:
    """So many of them end with the last pause in the row's second half; 0: there is none."""
    used = found = 0
    for number, token in enumerate(tokens, 1):
        used += width(token)
        if used >= WIDTH // 2 and token.rstrip()[-1:] in _PAUSE:
            found = number
    return found


def _short(token: str) -> Iterator[str]:
    for start in range(0, len(token), WIDTH):
        yield token[start : start + WIDTH]


def _starts(line: Line, end_us: int, sizes: Sequence[int]) -> list[int]:
    """When each page begins: with its first word where words have times, else as far as its share of the signs."""
    total, done, starts = sum(sizes), 0, [line.start_us]
    words = [(word.start_us, len(_clean(word.text))) for word in line.words]
    for size in sizes[:-1]:
        done += size
        spoken, at = 0, None
        for start, length in words:
            if spoken >= done:
                at = start
                break
            spoken += length
        if at is None:
            at = line.start_us + (end_us - line.start_us) * done // total
        starts.append(min(max(at, starts[-1] + 1000), max(end_us - 1000, starts[-1] + 1000)))
    return starts


def _stamp(us: int) -> str:
    ms = max(us, 0) // 1000
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def _micro(stamp: str) -> int:
    *hours, minutes, seconds = stamp.split(":")
    return (int(hours[0]) if hours else 0) * 3_600_000_000 + int(minutes) * 60_000_000 + round(float(seconds) * 1e6)
