"""A school's timetable becomes weekly series, through the same door as every booking."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter

import pytest
from sqlalchemy import select

from mediaserver.api import UserError
from signalling.booking.book import Booked
from signalling.booking.limits import Rules
from signalling.booking.request import Request
from signalling.db.engine import Database
from signalling.db.lessons import Booking
from signalling.db.people import RoleGrant
from signalling.db.places import PupilClass
from signalling.exchange import timetable_import
from signalling.exchange.report import Report
from signalling.exchange.timetable_import import FILE, Wishes, import_timetable
from tests.booking.conftest import county
from tests.booking.county import NOW, RULES, TUESDAY, at, book, consistent, lessons_of, request, series

__all__ = ["county"]

GRID = "班级,教室,周一第1节,周二第2节\n三年级1班,主讲教室,语文 教师甲,单周:数学 教师乙\n"
WISHES = Wishes("s0")


@pytest.fixture
async def school(county: Database) -> Database:
    async with county.write() as session:
        for id in ("t0", "t00"):
            session.add(RoleGrant(id=f"r{id}", person=id, role="teacher", kind="school", scope="s0"))
    return county


async def run(school: Database, text: str, wishes: Wishes = WISHES, **more: object) -> Report:
    return await import_timetable(
        school,
        lambda: io.BytesIO(text.encode()),
        wishes,
        NOW,
        "p0",
        **{"rules": RULES, **more},  # type: ignore[arg-type]
    )


async def test_each_line_is_a_series_to_the_end_of_the_term(school: Database) -> None:
    report = await run(school, GRID)
    assert report.written and report.of(FILE).created == 2 and not report.refused
    async with school.read() as session:
        rows = list(await session.scalars(select(Booking).order_by(Booking.first)))
    monday, tuesday = rows
    assert (monday.title, monday.form, monday.teacher, monday.minutes) == ("三年级1班 语文", "channel", "t0", 40)
    assert monday.first == dt.date(2026, 9, 7) and (tuesday.weeks, tuesday.period) == ("odd", 2)
    days = [lesson.day for lesson in await lessons_of(school, monday.id)]
    # Its Monday in the national holiday is left out.
    assert days[0] == dt.date(2026, 9, 7) and dt.date(2026, 10, 5) not in days and days[-1] == dt.date(2027, 1, 11)
    first = (await lessons_of(school, tuesday.id))[0]
    assert first.day == dt.date(2026, 9, 15)
    await consistent(school)
    again = await run(school, GRID)
    assert not again.written and again.of(FILE).unchanged == 2 and not again.refused


async def test_what_is_taken_refuses_the_whole(school: Database) -> None:
    taken = await book(school, request(plan=series(first=TUESDAY - dt.timedelta(days=1), rule="FREQ=WEEKLY")))
    report = await run(school, GRID)
    assert not report.written and report.refused == 1
    (line,) = report.refusals
    assert (
        line.code == "not_booked"
        and (line.facts["problem"], line.facts["starts"]) == ("classroom_busy", at(dt.date(2026, 9, 7), 8))
        and (line.row, line.column)
        == (
            2,
            "周一第1节",
        )
    )
    assert "is taken by the lesson" in line.sentence
    report = await run(school, GRID, skip_refused=True)
    assert report.written and report.of(FILE).created == 1 and report.refused == 1
    assert len(await lessons_of(school, taken.booking)) > 10
    await consistent(school)


async def test_lines_without_a_classroom(school: Database) -> None:
    text = "班级,周一第1节\n三年级1班,语文 教师甲\n"
    report = await run(school, text)
    assert [line.code for line in report.refusals] == ["no_classroom"] and not report.written
    report = await run(school, text, Wishes("s0", classroom="r00"))
    assert report.written and report.of(FILE).created == 1


async def test_delivered_to_village_schools(school: Database) -> None:
    wishes = Wishes("s0", "delivered", receivers=("r1", "r2"), first=dt.date(2026, 12, 1))
    report = await run(school, GRID, wishes)
    assert report.of(FILE).created == 2
    with pytest.raises(UserError) as caught:
        await book(school, request(teacher="t00", classroom="r00", plan=series(first=dt.date(2026, 12, 7))))
    assert caught.value.code == "conflict"
    alone = await run(school, GRID.replace("第1节", "第3节").replace("第2节", "第4节"), Wishes("s0", "delivered"))
    assert {line.facts["problem"] for line in alone.refusals} == {"bad_form"} and not alone.written


async def test_a_calendar_without_terms(school: Database) -> None:
    with pytest.raises(UserError) as caught:
        await run(school, GRID, Wishes("s0", first=dt.date(2028, 1, 1)))
    assert caught.value.code == "outside_term"
    with pytest.raises(UserError) as caught:
        await run(school, GRID, Wishes("nothing"))
    assert caught.value.code == "unknown_school"


async def bookings(school: Database) -> dict[str, int]:
    """State → how many."""
    async with school.read() as session:
        return Counter(await session.scalars(select(Booking.state)))


TWO = "班级,教室,周一第1节\n三年级1班,{},语文 教师甲\n三年级2班,{},数学 教师乙\n"


@pytest.fixture
async def second_class(school: Database) -> None:
    async with school.write() as session:
        session.add(PupilClass(id="c00", school="s0", name="三年级2班", grade="三年级", size=30))


@pytest.mark.usefixtures("second_class")
@pytest.mark.parametrize(
    ("text", "wishes", "what"),
    [
        (TWO.format("", ""), Wishes("s0", classroom="r00"), "第二主讲教室"),
        (TWO.format("主讲教室", "第二主讲教室"), Wishes("s0", "delivered", receivers=("r1",)), "接收教室"),
    ],
    ids=["classroom of lines that name none", "receiver of all"],
)
async def test_two_lines_that_want_the_same(school: Database, text: str, wishes: Wishes, what: str) -> None:
    report = await run(school, text, wishes)
    [line] = report.refusals
    assert (line.code, line.row, line.facts["value"], line.facts["other"]) == ("slot_taken", 3, what, 2)
    assert not report.written and await bookings(school) == {}
    report = await run(school, text, wishes, skip_refused=True)
    assert report.written and (report.of(FILE).created, report.refused) == (1, 1)
    assert await bookings(school) == {"booked": 1}
    await consistent(school)


@pytest.mark.usefixtures("second_class")
async def test_lines_in_other_weeks_do_not_meet(school: Database) -> None:
    text = TWO.format("", "").replace("语文", "单周:语文").replace("数学", "双周:数学")
    assert (await run(school, text, Wishes("s0", classroom="r00"))).of(FILE).created == 2
    await consistent(school)


@pytest.mark.usefixtures("second_class")
async def test_the_machines_are_counted_over_all_lines(school: Database) -> None:
    text = TWO.format("主讲教室", "第二主讲教室")
    report = await run(school, text, rules=Rules(capacity=1))
    [line] = report.refusals
    assert (line.code, line.row, line.facts["problem"], line.facts["classrooms"]) == ("not_booked", 3, "capacity", 2)
    assert not report.written and await bookings(school) == {}
    assert (await run(school, text, rules=Rules(capacity=2))).of(FILE).created == 2
    await consistent(school)


def taken_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between checking and booking: somebody else takes what the second line is to have."""
    book_really = timetable_import.book

    async def late(database: Database, wanted: Request, *args: object, **more: object) -> Booked:
        if wanted.teacher == "t00":
            await book(database, request(teacher="t00", plan=series(first=dt.date(2026, 9, 15), period=2)))
        return await book_really(database, wanted, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(timetable_import, "book", late)


async def test_somebody_took_it_meanwhile(school: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    stages: list[str] = []
    taken_meanwhile(monkeypatch)
    report = await run(school, GRID, progress=lambda stage, done, total: stages.append(stage))
    assert stages == ["read", "compare", "compare", "write", "write"]
    assert not report.written and (report.of(FILE).created, report.refused) == (0, 1)
    assert await bookings(school) == {"cancelled": 1, "booked": 1}  # that of the first line, and the other one's
    await consistent(school)
    monkeypatch.undo()
    again = await run(school, GRID, skip_refused=True)
    assert (again.of(FILE).created, again.of(FILE).unchanged) == (1, 0)


async def test_somebody_took_it_meanwhile_and_the_others_are_wanted(
    school: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_meanwhile(monkeypatch)
    report = await run(school, GRID, skip_refused=True)
    assert report.written and (report.of(FILE).created, report.refused) == (1, 1)
    assert await bookings(school) == {"booked": 2}
    await consistent(school)


async def test_a_database_that_goes_away_is_no_wrong_row(school: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    book_really = timetable_import.book

    async def away(database: Database, wanted: Request, *args: object, **more: object) -> Booked:
        if wanted.teacher == "t00":
            raise UserError(503, "database_unavailable", "The database does not answer; try again in a moment.")
        return await book_really(database, wanted, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(timetable_import, "book", away)
    with pytest.raises(UserError) as caught:
        await run(school, GRID)
    assert (caught.value.status, caught.value.code) == (503, "database_unavailable")
    assert "1 of 2 rows are booked; import the same file again" in caught.value.detail
    monkeypatch.undo()
    again = await run(school, GRID)
    assert (again.of(FILE).unchanged, again.of(FILE).created, again.refused) == (1, 1, 0)
    await consistent(school)
