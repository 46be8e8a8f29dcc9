"""Terms, weeks, holidays and swapped days: which timetable a day runs.

A lesson is planned on days of the timetable. A holiday runs none, and a working Saturday may run that of a Monday
that fell into the holiday (调休), so the lesson of that Monday is taught on the Saturday.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Term:
    """:ivar starts: a day of week 1. :ivar ends: its last day."""

    name: str
    starts: dt.date
    ends: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.starts <= day <= self.ends

    def week(self, day: dt.date) -> int:
        """第几周: 1 for the week, from Monday on, in which the term starts."""
        return (monday(day) - monday(self.starts)).days // 7 + 1


@dataclass(frozen=True, slots=True)
class Period:
    """节次. :ivar starts: and :ivar ends: minutes after midnight."""

    number: int
    name: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """:ivar runs: the day whose timetable it runs (调休); None: no school."""

    day: dt.date
    runs: dt.date | None
    name: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """:ivar days: special days → the day whose timetable they run, None for no school."""

    zone: ZoneInfo
    terms: Sequence[Term] = ()
    days: Mapping[dt.date, dt.date | None] = field(default_factory=dict)

    def term(self, day: dt.date) -> Term | None:
        return next((term for term in self.terms if day in term), None)

    def runs(self, day: dt.date) -> dt.date | None:
        """The day whose timetable `day` runs; itself on an ordinary day, None on a holiday."""
        return self.days.get(day, day)

    def days_running(self, planned: dt.date, term: Term) -> Iterator[dt.date]:
        """The days on which the timetable of `planned` runs: usually that day, none or another one."""
        if self.runs(planned) == planned:
            yield planned
        for day, runs in sorted(self.days.items()):
            if runs == planned and day != planned and day in term:
                yield day

    def instant(self, day: dt.date, minute: int) -> int:
        """Seconds since 1970 of a local wall clock time.

        A time that the clock skips (summer time begins) is read as the one an hour later; of a time that comes twice
        the first is meant (PEP 495).
        """
        midnight = dt.datetime.combine(day, dt.time())
        local = (midnight + dt.timedelta(minutes=minute)).replace(tzinfo=self.zone)
        return int(local.timestamp())

    def local(self, instant: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(instant, self.zone)


def monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())
