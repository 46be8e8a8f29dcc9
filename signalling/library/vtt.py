"""Captions of the lines as they stand, corrections included: WebVTT (W3C, https://www.w3.org/TR/webvtt1/)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from signalling.db.library import Line

CONTENT_TYPE = "text/vtt"
_LEAST_MS = 100
"""A cue that ends when it begins is never shown."""


def write(lines: Iterable[Line], language: str) -> Iterator[str]:
    """:param lines: in the order of time."""
    yield f"WEBVTT\nLanguage: {language}\n\n" if language else "WEBVTT\n\n"
    for line in lines:
        ends = max(line.ends_ms, line.starts_ms + _LEAST_MS)
        yield f"{line.number}\n{_time(line.starts_ms)} --> {_time(ends)}\n{_text(line.text)}\n\n"


def _time(ms: int) -> str:
    """§3.3: hours have two digits or more."""
    seconds, ms = divmod(max(ms, 0), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def _text(text: str) -> str:
    """§4.2.2: no markup, no arrow, no blank line inside a cue."""
    plain = " ".join(text.split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
