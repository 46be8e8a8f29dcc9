"""What may be said of a resource: Dublin Core and LOM terms, within bounds, from lists where the timetable has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mediaserver.api import UserError
from signalling.booking.forms import FORMS
from signalling.library.access import RIGHTS

MAX_TITLE, MAX_DESCRIPTION, MAX_SHORT, MAX_POINTS, MAX_URL = 120, 2000, 40, 30, 1000
_LENGTHS = {
    **{"title": MAX_TITLE, "textbook": MAX_TITLE, "unit": MAX_TITLE, "licence": MAX_TITLE, "teacher_name": MAX_TITLE},
    **{"subject": MAX_SHORT, "grade": MAX_SHORT, "term": MAX_SHORT, "description": MAX_DESCRIPTION},
}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
"""BCP 47, as far as anybody writes it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """:ivar code: of `exchange.report.SENTENCES`. :ivar facts: for its blanks."""

    name: str
    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


def narrower(one: str, other: str) -> str:
    """Of two rights the one that shares with fewer; `RIGHTS` begins with the narrowest."""
    return min(one, other, key=RIGHTS.index)


def tidy(wanted: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """What is to be kept: without needless spaces and control characters, and what cannot be.

    :param wanted: names of columns of `Resource`; others than text pass through.
    """
    kept: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in wanted.items():
        if name in _LENGTHS:
            value = _text(value, lines=name == "description")
            if len(value) > _LENGTHS[name]:
                faults.append(Fault(name, "bad_length", {"limit": _LENGTHS[name]}))
            elif name == "title" and not value:
                faults.append(Fault(name, "empty"))
        elif name == "points":
            value = list(dict.fromkeys(filter(None, map(_text, value))))
            if len(value) > MAX_POINTS or any(len(point) > MAX_TITLE for point in value):
                faults.append(Fault(name, "bad_length", {"limit": MAX_TITLE}))
        elif name == "form" and value and value not in FORMS:
            faults.append(Fault(name, "unknown_value", {"value": value, "allowed": ", ".join(FORMS)}))
        elif name == "rights" and value not in RIGHTS:
            faults.append(Fault(name, "unknown_value", {"value": value, "allowed": ", ".join(RIGHTS)}))
        elif name == "language" and not _LANGUAGE.fullmatch(value):
            faults.append(Fault(name, "unknown_value", {"value": value, "allowed": "zh-CN, en, bo, ug …"}))
        elif name == "url" and not is_url(value):
            faults.append(Fault(name, "bad_url", {"value": value}))
        kept[name] = value
    return kept, faults


def required(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be kept. :raises UserError: 422 `bad_metadata`."""
    kept, faults = tidy(wanted)
    if faults:
        fault = faults[0]
        why = {
            "bad_length": "is too long, at most {limit} characters each",
            "empty": "must not be empty",
            "unknown_value": "is none of {allowed}",
            "bad_url": "must be an address that begins with https:// or http://",
        }[fault.code].format(**fault.facts)
        raise UserError(422, "bad_metadata", f"What {fault.name} says {why}; correct it.", field=fault.name)
    return kept


def is_url(text: str) -> bool:
    """Of a page that a browser may be sent to; nothing else runs behind a link."""
    if len(text) > MAX_URL or not text.isprintable() or re.search(r'[\s<>"\\]', text):
        return False
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and (parts.port or 1) > 0
        )
    except ValueError:
        return False


def _text(value: str, *, lines: bool = False) -> str:
    """One line, or several; what cannot be seen is a space."""
    if lines:
        return "\n".join(_text(line) for line in value.splitlines()).strip()
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())
