"""Who holds what when: conflicts of a plan with what is booked, and times at which everybody is free."""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def crowd(lessons: Sequence[tuple[int, int, int]], limit: int) -> tuple[int, int] | None:
    """When so many classrooms would be connected at once that the machines cannot carry them.

    :param lessons: (starts, ends, classrooms). :returns: (instant, classrooms) of the first such moment, or None.
    """
    steps: dict[int, int] = defaultdict(int)
    for starts, ends, classrooms in lessons:
        steps[starts] += classrooms
        steps[ends] -= classrooms
    connected = 0
    for instant in sorted(steps):
        connected += steps[instant]
        if connected > limit:
            return instant, connected
    return None


def free_slots(
    claims: Claims, resources: Sequence[str], candidates: Iterable[tuple[int, int]], limit: int
) -> list[tuple[int, int]]:
    """The first `limit` of `candidates` (starts, ends) at which every resource is free."""
    free = ((starts, ends) for starts, ends in candidates if claims.free(resources, starts, ends))
    return list(itertools.islice(free, limit))


def by_distance(candidates: Iterable[tuple[int, int]], wanted: int) -> list[tuple[int, int]]:
    """Those nearest to the wanted beginning first: what a planner would try next."""
    return sorted(candidates, key=lambda slot: (abs(slot[0] - wanted), slot[0]))


def group_by_resource(clashes: Iterable[Clash]) -> Mapping[str, list[Clash]]:
    groups: dict[str, list[Clash]] = defaultdict(list)
    for clash in clashes:
        groups[clash.wanted.resource].append(clash)
    return groups
