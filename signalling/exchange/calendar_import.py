"""Special days of a school calendar: China's public holidays as a proposal, and a CSV file of days.

What the proposal cannot know: holidays of a year whose State Council notice is younger than the `holidays` package
(it estimates the festivals and knows no working weekend), the school's own holidays, and which timetable a working
weekend runs where the school decides otherwise than the notice's pairs of days suggest.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import holidays

from mediaserver.api import UserError
from signalling.exchange.report import Report
from signalling.exchange.table import CsvTable, FileFault, Limits, Opener
from signalling.timetable.calendar import SpecialDay

FIRST_YEAR, LAST_YEAR = 2001, 2099
"""Those of which the package's lunar tables and the notices are checked."""
LIMITS = Limits(bytes=1 << 20, rows=2000, columns=20)
MAX_NAME = 120
_SUBSTITUTED = re.compile(r"\d{4}-\d{2}-\d{2}")
_COLUMNS = {"date": ("date", "日期"), "runs": ("runs", "补课日期", "执行"), "name": ("name", "名称")}


@dataclass(frozen=True, slots=True)
class Proposal:
    """:ivar uncertain: years of which no notice is known: festivals are estimated and working weekends missing."""

    days: Sequence[SpecialDay]
    uncertain: Sequence[int]


def propose(first: dt.date, last: dt.date) -> Proposal:
    """China's public holidays and working weekends from `first` to `last`, for somebody to look through.

    :raises UserError: 422 `bad_years`.
    """
    if not (FIRST_YEAR <= first.year and last.year <= LAST_YEAR and first <= last):
        raise UserError(422, "bad_years", f"Holidays are known from {FIRST_YEAR} to {LAST_YEAR}; choose other days.")
    if last.year - first.year > 2:
        raise UserError(422, "bad_years", "Ask for the holidays of at most three years at once.")
    # A day off around New Year may be made up in the year before.
    years = range(first.year - 1, last.year + 2)
    found: dict[dt.date, SpecialDay] = {}
    uncertain = []
    for year in years:
        china = holidays.country_holidays("CN", years=year, language="zh_CN")
        swaps = [day for day in china if _SUBSTITUTED.search(china[day])]
        if not swaps and first.year <= year <= last.year:
            uncertain.append(year)
        for day in sorted(china):
            name = china[day]
            worked = _SUBSTITUTED.search(name)
            found[day] = SpecialDay(day, None, "调休放假" if worked else name[:MAX_NAME])
            if worked:
                working = dt.date.fromisoformat(worked[0])
            if worked and working.weekday() >= 5:  # else the day off was moved from another holiday
                found[working] = SpecialDay(working, day, f"补{day.month}月{day.day}日的课")
    days = [found[day] for day in sorted(found) if first <= day <= last]
    return Proposal(days, uncertain)


def read_days(file: str, opener: Opener, report: Report) -> list[SpecialDay]:
    """CSV with the columns date, runs and name (or 日期, 补课日期, 名称); `runs` is empty on a day without school."""
    days: dict[dt.date, tuple[int, SpecialDay]] = {}
    try:
        table = CsvTable(file, opener, report, LIMITS)
        columns = {
            ours: next((name for name in names if name in table.header), names[0]) for ours, names in _COLUMNS.items()
        }
        table.require(columns["date"], columns["runs"])
        for row, cells in table:
            text = cells[columns["runs"]]
            day = day_of(cells[columns["date"]])
            runs = day_of(text) if text else None
            name = cells.get(columns["name"], "")
            if day is None:
                report.refuse(file, row, "bad_date", columns["date"], value=cells[columns["date"]])
            elif text and runs is None:
                report.refuse(file, row, "bad_date", columns["runs"], value=text)
            elif len(name) > MAX_NAME:
                report.refuse(file, row, "bad_length", columns["name"], limit=MAX_NAME)
            elif runs == day:
                report.refuse(file, row, "day_runs_itself", columns["runs"])
            elif day in days:
                report.refuse(file, row, "twice", columns["date"], value=str(day), other=days[day][0])
            else:
                days[day] = row, SpecialDay(day, runs, name)
    except FileFault:
        return []
    for row, special in list(days.values()):
        # A holiday may be made up, a working weekend not: one would have to follow it from day to day.
        if special.runs in days and days[special.runs][1].runs is not None:
            report.refuse(file, row, "runs_swapped_day", columns["runs"], value=str(special.runs))
            del days[special.day]
    return [special for _, special in sorted(days.values(), key=lambda item: item[1].day)]


def day_of(text: str) -> dt.date | None:
    """2026-09-01, 2026/9/1 or 2026年9月1日."""
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text, re.ASCII)
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None
