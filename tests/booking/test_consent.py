"""A school that wants to be asked is asked for each time: no change of a booking is a way around its yes."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import update

from mediaserver.api import UserError
from signalling.booking import book as booking
from signalling.booking import change, series
from signalling.db.engine import Database
from signalling.db.places import School
from signalling.timetable.series import Plan
from tests.booking.county import NOW, RULES, TUESDAY, at, book, consistent, lessons_of, request, set_lesson, single
from tests.booking.county import series as weekly

DAY = dt.timedelta(days=1)
SHORTER = weekly(rule="FREQ=WEEKLY;COUNT=2")


async def asked(database: Database, plan: Plan) -> booking.Booked:
    """A booking to which the second village school, which wants to be asked, said yes."""
    async with database.write() as session:
        await session.execute(update(School).where(School.id == "s2").values(approves=True))
    made = await book(database, request(plan=plan))
    return await booking.approve(database, made.booking, "p2", NOW, rules=RULES, may_approve={"s2"})


async def refusal(attempt: object) -> UserError:
    with pytest.raises(UserError) as caught:
        await attempt  # type: ignore[misc]
    return caught.value


async def test_a_series_gets_no_other_and_no_more_times(county: Database) -> None:
    made = await asked(county, single())
    before = await lessons_of(county, made.booking)
    for plan in (weekly(), single(period=2), single(TUESDAY + DAY)):
        error = await refusal(series.move(county, made.booking, TUESDAY, plan, "p0", NOW, rules=RULES))
        assert (error.status, error.code, error.extra) == (409, "needs_yes", {"schools": ["第二村小"]})
        assert "these schools want to be asked: 第二村小. Cancel it and book it anew" in error.detail
    assert [lesson.starts for lesson in await lessons_of(county, made.booking)] == [it.starts for it in before]
    await consistent(county)
    more = await series.move(county, made.booking, TUESDAY, weekly(), "p0", NOW, rules=RULES, may_approve={"s0", "s2"})
    assert len(more.lessons) == 3
    await consistent(county)


async def test_what_takes_no_new_time_needs_no_yes(county: Database) -> None:
    made = await asked(county, weekly())
    cut = await series.move(county, made.booking, TUESDAY, SHORTER, "p0", NOW, rules=RULES)
    assert cut.lessons == made.lessons
    await change.move(county, made.lessons[0], single(), "p0", NOW, rules=RULES)
    await series.substitute(county, made.booking, None, "t00", "p0", NOW, rules=RULES)
    await set_lesson(county, made.lessons[0], state="live")
    await change.extend(county, made.lessons[0], 5, "t00", at(TUESDAY, 8, 30), rules=RULES)
    await series.leave_out(county, made.booking, TUESDAY + 7 * DAY, "p0", NOW)
    await consistent(county)


async def test_one_lesson_is_moved_or_made_up_for_by_whoever_may_say_yes_there(county: Database) -> None:
    made = await asked(county, weekly())
    first, second, _ = made.lessons
    later = single(TUESDAY, 3)
    for schools in (set(), {"s0", "s1"}):
        error = await refusal(change.move(county, first, later, "p0", NOW, rules=RULES, may_approve=schools))
        assert error.code == "needs_yes"
    await change.move(county, first, later, "p2", NOW, rules=RULES, may_approve={"s2"})
    await change.cancel(county, second, "p0", NOW)
    instead = single(TUESDAY, 4)
    assert (await refusal(change.make_up(county, second, instead, "p0", NOW, rules=RULES))).code == "needs_yes"
    same = single(TUESDAY + 7 * DAY)
    assert (await refusal(change.make_up(county, second, same, "p0", NOW, rules=RULES))).code == "needs_yes"
    await change.make_up(county, second, instead, "p2", NOW, rules=RULES, may_approve={"s2"})
    await consistent(county)


async def test_a_day_without_school_is_said_first(county: Database) -> None:
    made = await asked(county, single())
    error = await refusal(change.move(county, made.lessons[0], single(dt.date(2026, 10, 1)), "p0", NOW, rules=RULES))
    assert error.code == "conflict"


async def test_of_many_schools_the_first_are_named(county: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signalling.booking.consent.SHOWN", 1)
    made = await book(county, request(plan=single()))
    async with county.write() as session:
        await session.execute(update(School).values(approves=True))
    error = await refusal(change.move(county, made.lessons[0], single(period=2), "p0", NOW, rules=RULES))
    assert len(error.extra["schools"]) == 1
    assert "and 2 more schools" in error.detail
