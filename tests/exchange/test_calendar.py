"""China's holidays as a proposal, and special days from a file."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import UserError
from signalling.exchange import calendar_import
from signalling.exchange.calendar_import import SpecialDay
from signalling.exchange.report import Report

D = dt.date


def read(text: str) -> tuple[list[SpecialDay], Report]:
    report = Report()
    return calendar_import.read_days("days.csv", lambda: io.BytesIO(text.encode()), report), report


def test_a_year_with_its_working_weekends() -> None:
    """Notice of the State Council for 2025: 1 to 8 October off, and work on 28 September and 11 October."""
    proposal = calendar_import.propose(D(2025, 9, 1), D(2025, 10, 31))
    days = {special.day: special.runs for special in proposal.days}
    assert {D(2025, 10, day) for day in (1, 2, 3, 6, 7, 8)} <= {day for day, runs in days.items() if runs is None}
    assert {day: runs for day, runs in days.items() if runs} == {
        D(2025, 9, 28): D(2025, 10, 7),
        D(2025, 10, 11): D(2025, 10, 8),
    }
    assert proposal.uncertain == []
    assert {special.name for special in proposal.days} >= {"国庆节", "补10月7日的课"}


def test_every_working_weekend_runs_a_day_off() -> None:
    for year in range(2015, 2027):
        days = {special.day: special.runs for special in calendar_import.propose(D(year, 1, 1), D(year, 12, 31)).days}
        swaps = {day: runs for day, runs in days.items() if runs}
        assert swaps and all(day.weekday() > 4 and runs.weekday() < 5 for day, runs in swaps.items())
        assert all(days.get(runs, None) is None for runs in swaps.values())


def test_a_year_without_notice_is_uncertain() -> None:
    assert calendar_import.propose(D(2060, 1, 1), D(2060, 12, 31)).uncertain == [2060]


@pytest.mark.parametrize("years", [(1990, 1990), (2099, 2100), (2026, 2025), (2020, 2030)])
def test_years_that_are_not_known(years: tuple[int, int]) -> None:
    with pytest.raises(UserError) as caught:
        calendar_import.propose(D(years[0], 1, 1), D(years[1], 12, 31))
    assert caught.value.code == "bad_years"


def test_days_from_a_file() -> None:
    days, report = read("日期,补课日期,名称\n2026-10-01,,国庆节\n2026/10/10,2026-10-07,补课\n2026年10月7日,,国庆节\n")
    assert report.refusals == []
    assert days == [
        SpecialDay(D(2026, 10, 1), None, "国庆节"),
        SpecialDay(D(2026, 10, 7), None, "国庆节"),
        SpecialDay(D(2026, 10, 10), D(2026, 10, 7), "补课"),
    ]


CASES = {
    "bad_date": "date,runs,name\n2026-02-30,,x\n",
    "bad_length": f"date,runs,name\n2026-02-03,,{'x' * 121}\n",
    "day_runs_itself": "date,runs\n2026-02-03,2026-02-03\n",
    "twice": "date,runs\n2026-02-03,\n2026-02-03,\n",
    "runs_swapped_day": "date,runs\n2026-02-03,2026-02-04\n2026-02-04,2026-02-05\n",
    "column_missing": "date\n",
}


@pytest.mark.parametrize("code", CASES)
def test_a_day_that_is_refused(code: str) -> None:
    _, report = read(CASES[code])
    assert [line.code for line in report.refusals] == [code]


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    report = Report()
    calendar_import.read_days("days.csv", lambda: io.BytesIO(b"date,runs\n" + data), report)
    assert all(line.sentence for line in report.refusals)
