"""What a search counted, as people call it and look for it: names of schools and regions for their ids,
grades as school has them, years and terms from the newest on, all else the commonest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.search.searching import Count
from signalling.db.places import Region, School

_NAMED: Mapping[str, type[School] | type[Region]] = {"school": School, "region": Region}
_DIGITS = "一二三四五六七八九"
_NO_GRADE = 99


@dataclass(frozen=True, slots=True)
class Choice:
    """:ivar label: what people call it; the same as `value` where pages have words for that."""

    value: str
    label: str
    count: int


async def labelled(
    session: AsyncSession, facets: Mapping[str, Sequence[Count]], chosen: Mapping[str, Sequence[str]]
) -> dict[str, list[Choice]]:
    """:param chosen: what was asked for, which is told of although nothing has it."""
    made: dict[str, list[Choice]] = {}
    for name, found in facets.items():
        counted, asked = {it.value for it in found}, chosen.get(name, ())
        counts = [*found, *(Count(it, 0) for it in dict.fromkeys(asked) if it not in counted)]
        names: dict[str, str] = {}
        if counts and name in _NAMED:
            table = _NAMED[name]
            rows = await session.execute(select(table.id, table.name).where(table.id.in_([it.value for it in counts])))
            names = {id: label for id, label in rows}
        if counts and name == "region":
            telling = set(told_apart(found, await _paths(session, names)))
            counts = [it for it in counts if it in telling or it.value in asked]
        if name == "grade":
            counts.sort(key=lambda it: grade(it.value))
        elif name in ("year", "term"):
            counts.sort(key=lambda it: it.value, reverse=True)
        made[name] = [Choice(it.value, names.get(it.value, it.value), it.count) for it in counts]
    return made


def grade(text: str) -> int:
    """Of 三年级, 3年级, 初二 or 高一; what is none stands last."""
    found = re.match(r"(初|高)?中?([一二三四五六七八九1-9])", text.strip())
    if found is None:
        return _NO_GRADE
    stage, digit = found.groups()
    year = int(digit) if digit.isdigit() else _DIGITS.index(digit) + 1
    return year + {None: 0, "初": 6, "高": 9}[stage]


async def _paths(session: AsyncSession, ids: Iterable[str]) -> dict[str, str]:
    rows = await session.execute(select(Region.id, Region.path).where(Region.id.in_(list(ids))))
    return {id: path for id, path in rows}


def told_apart(counts: Sequence[Count], paths: Mapping[str, str]) -> list[Count]:
    """Regions that tell something apart: without those that hold as much as one below them, and without the one that
    everything lies in when some below it are counted too."""
    known = [it for it in counts if it.value in paths]
    below = {it.value: [one for one in known if one.value != it.value and _lies(one, it, paths)] for it in known}
    left = [it for it in known if all(one.count < it.count for one in below[it.value])]
    inner = {one.value for it in left for one in below[it.value]}
    tops = [it for it in left if it.value not in inner]
    return [it for it in left if tops != [it] or not below[it.value]]


def _lies(one: Count, within: Count, paths: Mapping[str, str]) -> bool:
    return paths[one.value].startswith(paths[within.value])
