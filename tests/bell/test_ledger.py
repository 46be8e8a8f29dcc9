"""Teaching hours: both teachers, months and terms, the audit log behind each figure, CSV for Excel."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import insert, update

from mediaserver.api import UserError
from signalling.bell import ledger
from signalling.bell.ledger import Scope
from signalling.bell.passes import phone_of
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Participation, Seat
from signalling.db.people import Person
from tests.bell.county import EIGHT, County, add_lesson, add_lessons

DAY = 86400
YEAR = Scope(EIGHT - 30 * DAY, EIGHT + 300 * DAY)


async def attended(
    database: Database,
    lesson: str,
    participant: str,
    role: str,
    person: str | None,
    *,
    sent: int = 0,
    present: int = 0,
    classroom: str | None = None,
) -> None:
    async with database.write() as session:
        values: dict[str, Any] = {"lesson": lesson, "participant": participant, "role": role, "person": person}
        values["classroom"] = classroom
        await session.execute(
            insert(Participation).values(joined=EIGHT, sent=sent, present=present, quality={}, **values)
        )
        await audit.append(session, EIGHT, "clock", "lesson.evidence", lesson)


@pytest.fixture
async def taught(database: Database, county: County) -> list[str]:
    """Two lessons in March, of which one was taught in full; one in April, taught by the box; one cancelled."""
    full, missed, april = await add_lessons(database, county, [EIGHT, EIGHT + DAY, EIGHT + 40 * DAY], state="ended")
    await add_lesson(database, county, EIGHT + 2 * DAY, state="cancelled")
    await attended(database, full, county.teacher, "lead", county.teacher, sent=3000)
    await attended(database, full, county.assistant, "assistant", county.assistant, present=1200)
    await attended(database, april, county.box, "lead", None, sent=1800)
    async with database.write() as session:
        await audit.append(session, EIGHT, county.teacher, "booking.moved", full)
    return [full, missed, april]


async def test_hours_by_month(database: Database, county: County, taught: list[str]) -> None:
    lines = await ledger.hours(database, YEAR, "month")
    got = [
        (it.name, it.part, it.period, it.lessons, it.taught_lessons, it.planned_s, it.taught_s, it.audit)
        for it in lines
    ]
    assert got == [
        ("教师乙", "assistant", "2026-03", 2, 1, 4800, 1200, (1, 2, 2)),
        ("教师乙", "assistant", "2026-04", 1, 0, 2400, 0, (3, 3, 1)),
        ("教师甲", "lead", "2026-03", 2, 1, 4800, 2400, (1, 2, 2)),  # overtime does not count
        ("教师甲", "lead", "2026-04", 1, 1, 2400, 1800, (3, 3, 1)),
    ]
    assert await ledger.hours(database, YEAR, "month", limit=1, offset=1) == lines[1:2]


async def test_hours_by_term(database: Database, county: County, taught: list[str]) -> None:
    await add_lesson(database, county, EIGHT - 20 * DAY, state="ended")
    got = [(it.part, it.period, it.lessons, it.taught_s) for it in await ledger.hours(database, YEAR, "term")]
    term = "2025—2026 第二学期"
    assert sorted(got) == [
        ("assistant", "", 1, 0),
        ("assistant", term, 3, 1200),
        ("lead", "", 1, 0),
        ("lead", term, 3, 4200),
    ]


async def test_scopes(database: Database, county: County, taught: list[str]) -> None:
    async def parts(**more: Any) -> list[tuple[str, int]]:
        scope = Scope(YEAR.since, YEAR.until, **more)
        return [(it.part, it.lessons) for it in await ledger.hours(database, scope, "term")]

    assert await parts(teacher=county.teacher) == [("lead", 3)]
    assert await parts(teacher=county.assistant) == [("assistant", 3)]
    assert await parts(school=county.school) == [("lead", 3)]
    assert await parts(school=county.village) == [("assistant", 3)]
    assert await parts(teacher=county.stranger) == []
    for since, until in ((0, 0), (5, 4), (0, 401 * DAY)):
        with pytest.raises(UserError, match="400 days"):
            Scope(since, until)


async def test_items_and_their_audit_rows(database: Database, county: County, taught: list[str]) -> None:
    items = await ledger.items(database, YEAR)
    assert [(it.day, it.part, it.taught_s, it.audit) for it in items if it.part == "lead"] == [
        ("2026-03-02", "lead", 2400, (1, 2)),
        ("2026-03-03", "lead", 0, ()),
        ("2026-04-11", "lead", 1800, (3,)),
    ]
    assert len(items) == 6
    paged: list[ledger.Item] = []
    while page := await ledger.items(
        database,
        YEAR,
        limit=2,
        after=(paged[-1].starts, paged[-1].lesson, paged[-1].teacher, paged[-1].part) if paged else None,
    ):
        paged += page
    assert paged == items


async def taught_by(database: Database, **scope: Any) -> dict[tuple[str, str], tuple[int, int]]:
    """(teacher, part) → seconds planned and taught."""
    items = await ledger.items(database, Scope(YEAR.since, YEAR.until, **scope))
    got = {(it.teacher, it.part): (it.planned_s, it.taught_s) for it in items}
    assert len(got) == len(items)
    return got


async def test_the_box_and_her_own_page_take_turns(database: Database, county: County) -> None:
    lesson = await add_lesson(database, county, state="ended")
    await attended(database, lesson, county.box, "lead", None, sent=1200)
    await attended(database, lesson, county.teacher, "lead", county.teacher, sent=600)
    assert (await taught_by(database))[county.teacher, "lead"] == (2400, 1800)


async def test_who_gave_the_lesson_away_keeps_what_she_taught(database: Database, county: County) -> None:
    """The lead and an assistant are replaced in mid-lesson; the box's minutes are the teacher's of now."""
    lesson = await add_lesson(database, county, state="ended", teacher=county.stranger)
    await attended(database, lesson, county.teacher, "lead", county.teacher, sent=1800, present=1800)
    await attended(database, lesson, county.box, "lead", None, sent=100)
    await attended(database, lesson, county.stranger, "lead", county.stranger, sent=500)
    await attended(
        database, lesson, county.assistant, "assistant", county.assistant, present=700, classroom=county.classroom
    )
    async with database.write() as session:
        session.add(Person(id="later", school=county.village, name="教师丁"))
        await session.flush()
        await session.execute(update(Seat).where(Seat.assistant == county.assistant).values(assistant="later"))
    lead = {(county.stranger, "lead"): (2400, 600), (county.teacher, "lead"): (0, 1800)}
    assert await taught_by(database, school=county.school) == lead
    await attended(database, lesson, "later", "assistant", "later", present=900, classroom=county.classroom)
    both = {("later", "assistant"): (2400, 900), (county.assistant, "assistant"): (0, 700)}
    assert await taught_by(database) == lead | both
    assert await taught_by(database, teacher=county.teacher) == {(county.teacher, "lead"): (0, 1800)}
    assert await taught_by(database, teacher=county.assistant) == {(county.assistant, "assistant"): (0, 700)}
    lines = await ledger.hours(database, YEAR, "month")
    got = {(it.teacher, it.part): (it.lessons, it.taught_lessons, it.planned_s, it.taught_s) for it in lines}
    assert got[county.teacher, "lead"] == (0, 1, 0, 1800) and got[county.stranger, "lead"] == (1, 1, 2400, 600)


async def test_hours_by_the_phone_beside_the_display(database: Database, county: County) -> None:
    """Of her classroom alone, and with her own page she is there once."""
    lesson = await add_lesson(database, county, state="ended")
    phone = phone_of(county.display)
    await attended(database, lesson, phone, "assistant", None, present=1500, classroom=county.classroom)
    await attended(database, lesson, "elsewhere", "assistant", None, present=2000, classroom=county.studio)
    assert (await taught_by(database))[county.assistant, "assistant"] == (2400, 1500)
    await attended(
        database, lesson, county.assistant, "assistant", county.assistant, present=600, classroom=county.classroom
    )
    assert (await taught_by(database))[county.assistant, "assistant"] == (2400, 1500)


async def read(chunks: Any) -> list[list[str]]:
    data = b"".join([chunk async for chunk in chunks])
    assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\xef\xbb\xbf") == 1
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


async def test_csv(database: Database, county: County, taught: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MAX_PAGE", 2)
    monkeypatch.setattr(ledger, "HOURS_PAGE", 2)
    async with database.write() as session:
        await session.execute(update(Person).where(Person.id == county.teacher).values(name="=cmd|'calc'!A1"))
    lines = await read(ledger.hours_csv(database, YEAR, "month"))
    assert lines[0][:4] == ["教师", "教师编号", "角色", "时段"] and len(lines) == 5
    assert lines[1] == ["'=cmd|'calc'!A1", county.teacher, "主讲", "2026-03", "2", "1", "1.33", "0.67", "1", "2", "2"]
    items = await read(ledger.items_csv(database, YEAR, "en"))
    assert items[0][0] == "day" and len(items) == 7
    first = next(row for row in items[1:] if row[6] == "lead")
    assert (first[0], first[1], first[2], first[-1]) == ("2026-03-02", "认识分数", taught[0], "1 2")
    assert all(len(row) == len(items[0]) for row in items) and all(len(row) == len(lines[0]) for row in lines)


async def test_a_file_that_grows_too_long(
    database: Database, county: County, taught: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MAX_EXPORT", 5)
    with pytest.raises(UserError, match="shorter time"):
        await read(ledger.items_csv(database, YEAR))
