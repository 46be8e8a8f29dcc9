"""Who holds what when: conflicts of a plan with what is booked."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """:ivar resource: `person:…`, `classroom:…`, `pupils:…`, `device:…`. :ivar lesson: id of the lesson that holds it.
    Instants are seconds since 1970; the end does not belong to it."""

    resource: str
    starts: int
    ends: int
    lesson: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """One claim wanted, and one that is held."""

    wanted: Claim
    held: Claim


class Claims:
    """Held claims by resource, for many questions."""

    def __init__(self, held: Iterable[Claim]) -> None:
        self._held: dict[str, list[Claim]] = defaultdict(list)
        for claim in held:
            self._held[claim.resource].append(claim)
        for claims in self._held.values():
            claims.sort(key=lambda claim: claim.starts)
        self._starts = {resource: [claim.starts for claim in claims] for resource, claims in self._held.items()}
        self._longest = {
            resource: max(claim.ends - claim.starts for claim in claims) for resource, claims in self._held.items()
        }

    def during(self, resource: str, starts: int, ends: int) -> Iterator[Claim]:
        """What holds the resource in a part of [starts, ends), in order."""
        claims = self._held.get(resource, ())
        if not claims:
            return
        begun = self._starts[resource]
        first = bisect.bisect_right(begun, starts - self._longest[resource])
        for claim in claims[first : bisect.bisect_left(begun, ends)]:
            if claim.ends > starts:
                yield claim

    def clashes(self, wanted: Iterable[Claim]) -> list[Clash]:
        return [
            Clash(claim, held)
            for claim in wanted
            for held in self.during(claim.resource, claim.starts, claim.ends)
            if held.lesson != claim.lesson
        ]

    def free(self, resources: Iterable[str], starts: int, ends: int) -> bool:
        return all(next(self.during(resource, starts, ends), None) is None for resource in resources)
