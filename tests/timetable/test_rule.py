"""Rules against dateutil's, and rules meant to hurt."""

from __future__ import annotations

import datetime as dt
import itertools
import time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from signalling.timetable.rule import MAX_LENGTH, WEEKDAYS, Rule

FIRST = dt.date(2026, 9, 1)
weekday = st.sampled_from(WEEKDAYS)
month_day = st.integers(1, 31) | st.integers(-31, -1)


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY")))
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 5))}")
    ordinals = frequency == "MONTHLY" and draw(st.booleans())
    which = st.integers(1, 5) | st.integers(-5, -1) if ordinals else st.just("")
    if draw(st.booleans()):
        days = draw(st.lists(st.tuples(which, weekday), min_size=1, max_size=4))
        parts.append("BYDAY=" + ",".join(f"{number}{day}" for number, day in days))
    if frequency != "WEEKLY" and not ordinals and draw(st.booleans()):
        parts.append("BYMONTHDAY=" + ",".join(map(str, draw(st.lists(month_day, min_size=1, max_size=4)))))
    if draw(st.booleans()):
        parts.append(f"WKST={draw(weekday)}")
    end = draw(st.sampled_from(("", "COUNT", "UNTIL")))
    if end == "COUNT":
        parts.append(f"COUNT={draw(st.integers(1, 60))}")
    if end == "UNTIL":
        parts.append(f"UNTIL={FIRST + dt.timedelta(draw(st.integers(0, 300))):%Y%m%d}")
    return ";".join(parts)


@settings(deadline=None)
@given(rules(), st.dates(FIRST, FIRST + dt.timedelta(60)))
def test_dateutil_says_the_same(text: str, first: dt.date) -> None:
    last = first + dt.timedelta(200)
    oracle = rrulestr(text, dtstart=dt.datetime.combine(first, dt.time()))
    end = dt.datetime.combine(last, dt.time())
    expected = [moment.date() for moment in itertools.takewhile(lambda moment: moment <= end, oracle)]
    assert list(Rule.parse(text).days(first, last)) == expected


def test_plain_and_numbered_weekdays_are_a_union() -> None:
    days = list(Rule.parse("FREQ=MONTHLY;BYDAY=2MO,-1FR").days(FIRST, dt.date(2026, 10, 31)))
    assert days == [dt.date(2026, 9, 14), dt.date(2026, 9, 25), dt.date(2026, 10, 12), dt.date(2026, 10, 30)]
    both = list(Rule.parse("FREQ=MONTHLY;BYDAY=MO,1TU").days(FIRST, dt.date(2026, 9, 30)))
    assert [day.day for day in both] == [1, 7, 14, 21, 28]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=SECONDLY",
        "FREQ=YEARLY",
        "FREQ=DAILYX",
        "BYDAY=MO",
        "FREQ=DAILY;",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=3;UNTIL=20261001",
        "FREQ=DAILY;UNTIL=20261301",
        "FREQ=DAILY;UNTIL=20260931",
        "FREQ=DAILY;BYMONTHDAY=32",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=XX",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY\nDTSTART:19000101T000000",
        "FREQ=DAILY EXRULE:FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=1\nEXRULE:FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=１",
        "FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * MAX_LENGTH),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Rule.parse(text)


@given(st.text(max_size=80) | st.text("FREQ=DAILYWKMONTH;BY,0123456789-+", max_size=80).map("FREQ=DAILY;".__add__))
def test_any_text_is_a_rule_or_a_value_error(text: str) -> None:
    try:
        rule = Rule.parse(text)
    except ValueError:
        return
    assert len(list(rule.days(FIRST, FIRST + dt.timedelta(100)))) <= 101


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",  # from a Tuesday on
        "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=5MO",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
        "FREQ=DAILY;INTERVAL=9999;BYMONTHDAY=31;BYDAY=MO",
    ],
)
def test_a_rule_that_never_matches_ends_with_its_term(text: str) -> None:
    began = time.process_time()
    assert list(Rule.parse(text).days(FIRST, FIRST + dt.timedelta(400))) == []
    assert time.process_time() - began < 0.5
