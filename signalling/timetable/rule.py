"""Recurrence rules (RFC 5545 §3.3.10), as far as a timetable needs them: daily, weekly, monthly.

A rule is asked about each day of a term in turn, so no rule can take longer than its term. (Generators such as
dateutil's look for the next match up to the year 9999, and a rule from outside can be one that never matches.)
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_LENGTH = 500
_NUMBER = r"[1-9][0-9]{0,3}"
_MONTH_DAY = r"[+-]?(?:0?[1-9]|[12][0-9]|3[01])"
_WEEKDAY = rf"(?:[+-]?[1-5])?(?:{'|'.join(WEEKDAYS)})"
_PARTS = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY",
    "INTERVAL": _NUMBER,
    "COUNT": _NUMBER,
    "UNTIL": r"[0-9]{8}(?:T[0-9]{6}Z?)?",
    "BYDAY": rf"{_WEEKDAY}(?:,{_WEEKDAY})*",
    "BYMONTHDAY": rf"{_MONTH_DAY}(?:,{_MONTH_DAY})*",
    "WKST": "|".join(WEEKDAYS),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """:ivar weekdays: (which one of the month, or 0 for each; 0 for Monday). :ivar month_days: negative from the end.
    :ivar week_start: 0 for Monday; counts where only every other week is meant."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: dt.date | None = None
    weekdays: frozenset[tuple[int, int]] = frozenset()
    month_days: frozenset[int] = frozenset()
    week_start: int = 0

    @classmethod
    def parse(cls, text: str) -> Rule:
        """:raises ValueError: not such a rule. A time of day in UNTIL is not looked at."""
        if len(text) > MAX_LENGTH:
            raise ValueError("too long")
        parts: dict[str, str] = {}
        for part in text.strip().upper().removeprefix("RRULE:").split(";"):
            name, _, value = part.partition("=")
            if name in parts or name not in _PARTS or not re.fullmatch(_PARTS[name], value, re.ASCII):
                raise ValueError(f"{part!r} is not understood")
            parts[name] = value
        if "FREQ" not in parts or {"COUNT", "UNTIL"} <= parts.keys():
            raise ValueError("FREQ is missing, or there are two ends")
        rule = cls(
            parts["FREQ"],
            int(parts.get("INTERVAL", 1)),
            int(parts["COUNT"]) if "COUNT" in parts else None,
            dt.datetime.strptime(parts["UNTIL"][:8], "%Y%m%d").date() if "UNTIL" in parts else None,
            frozenset((int(day[:-2] or 0), WEEKDAYS.index(day[-2:])) for day in _items(parts, "BYDAY")),
            frozenset(map(int, _items(parts, "BYMONTHDAY"))),
            WEEKDAYS.index(parts.get("WKST", "MO")),
        )
        if rule.frequency != "MONTHLY" and any(which for which, _ in rule.weekdays):
            raise ValueError("only in a month is there a second Monday")
        if rule.frequency == "WEEKLY" and rule.month_days:
            raise ValueError("a week has no days of the month")
        return rule

    def days(self, first: dt.date, last: dt.date) -> Iterator[dt.date]:
        """The days from `first` (DTSTART) to `last` on which the rule is met."""
        met = 0
        last = min(last, self.until or last)
        for number in range((last - first).days + 1):
            day = first + dt.timedelta(days=number)
            if self._meets(day, first):
                yield day
                met += 1
                if met == self.count:
                    return

    def _meets(self, day: dt.date, first: dt.date) -> bool:
        if self._distance(day, first) % self.interval:
            return False
        length = calendar.monthrange(day.year, day.month)[1]
        if self.month_days and not self.month_days & {day.day, day.day - length - 1}:
            return False
        if self.weekdays:
            which = (0, (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1))
            return any((number, day.weekday()) in self.weekdays for number in which)
        if self.frequency == "WEEKLY":
            return day.weekday() == first.weekday()
        return self.frequency == "DAILY" or bool(self.month_days) or day.day == first.day

    def _distance(self, day: dt.date, first: dt.date) -> int:
        """Days, weeks or months from the one in which the rule begins."""
        if self.frequency == "DAILY":
            return (day - first).days
        if self.frequency == "WEEKLY":
            return ((day - first).days + (first.weekday() - self.week_start) % 7) // 7
        return (day.year - first.year) * 12 + day.month - first.month


def _items(parts: dict[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []
