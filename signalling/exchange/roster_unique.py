"""What may be there only once: names of classes, logins, days of terms. Rows that are refused keep what they have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping
from typing import NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)


def settle(wanted: Mapping[str, tuple[str, K]], held: Mapping[K, str]) -> set[str]:
    """Who of those that want a unique name cannot have it.

    All change at once, so a name that its holder gives up can be taken; a holder who is refused keeps hers, and then
    who was to take it is refused too.

    :param wanted: sourcedId → (id, name). :param held: name → id, in the database.
    """
    ids = {id for id, _ in wanted.values()}
    old = {id: name for name, id in held.items() if id in ids}
    owned = {name for name, id in held.items() if id not in ids}
    takers: dict[K, str] = {}
    refused: set[str] = set()
    # Those who keep what they have come first.
    for source in sorted(wanted, key=lambda source: old.get(wanted[source][0]) != wanted[source][1]):
        name = wanted[source][1]
        if name not in owned and name not in takers:
            takers[name] = source
            continue
        loser: str | None = source
        while loser is not None:
            refused.add(loser)
            kept = old.get(wanted[loser][0])
            loser = None
            if kept is not None:
                owned.add(kept)
                loser = takers.pop(kept, None)
    return refused


class Span(NamedTuple):
    """A term. :ivar row: in the roster. :ivar ends: its last day."""

    calendar: str
    starts: dt.date
    ends: dt.date
    name: str
    row: int = 0


def overlapping(wanted: Mapping[str, Span], held: Mapping[str, Span]) -> dict[str, str]:
    """Which of the wanted terms overlap others, after all that can change have: id → name of the other.

    :param wanted: id → term of the roster. :param held: id → term in the database.
    """
    accepted = {id: span for id, span in wanted.items() if id not in held or held[id][:3] != span[:3]}
    refused: dict[str, str] = {}
    while (clash := _clash({**held, **accepted}, accepted)) is not None:
        loser, name = clash
        refused[loser] = name
        del accepted[loser]
    return refused


def _clash(terms: Mapping[str, Span], accepted: Mapping[str, Span]) -> tuple[str, str] | None:
    """A term that has to go, the later row of two, and the name of the other."""
    longest = ""
    for id in sorted(terms, key=lambda id: terms[id][:3]):
        term = terms[id]
        if longest and terms[longest].calendar == term.calendar and term.starts <= terms[longest].ends:
            movable = [each for each in (longest, id) if each in accepted]
            if movable:
                loser = max(movable, key=lambda each: accepted[each].row)
                return loser, terms[id if loser == longest else longest].name
        if not longest or terms[longest].calendar != term.calendar or term.ends > terms[longest].ends:
            longest = id
    return None
