"""The county that does not exist: whole, consistent, the same each time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from mediaserver.api import UserError
from signalling.booking.limits import Rules
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Claim, Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import School
from signalling.db.schema import metadata
from signalling.db.times import Term
from signalling.exchange import seed_county
from signalling.exchange.seed import seed
from signalling.timetable.slots import Claim as Held
from signalling.timetable.slots import Claims
from tests.booking.county import claims_are_right
from tests.exchange import snapshots

CHINA = ZoneInfo("Asia/Shanghai")


def at(*when: int) -> float:
    return dt.datetime(*when, tzinfo=CHINA).timestamp()  # type: ignore[misc]


WEDNESDAY = at(2026, 11, 18, 10, 20)


async def test_a_county(database: Database) -> None:
    seeded = await seed(database, WEDNESDAY, "command", rules=Rules(grace_s=120))
    async with database.read() as session:
        schools = (await session.scalars(select(School))).all()
        assert sorted(school.kind for school in schools) == ["lead", *["receiving"] * 12]
        assert {booking.form for booking in await session.scalars(select(Booking))} == {
            *("delivered", "master", "channel", "preparation", "mass")
        }
        lessons = (await session.scalars(select(Lesson))).all()
        assert len(lessons) == seeded.rows["lesson"] > 25
        assert {lesson.state for lesson in lessons} == {"ended", "scheduled"}
        assert all((lesson.closes <= WEDNESDAY) == (lesson.state == "ended") for lesson in lessons)
        assert all(lesson.closes == lesson.ends + 120 for lesson in lessons)
        assert set(await session.scalars(select(Person.password))) == {None}
    assert seeded.bell is None
    counts = await snapshots.counts(database)
    assert counts.pop("load") > 0
    assert counts == {
        **{name: count for name, count in seeded.rows.items() if count},
        **{"audit": 1, "audit_head": 1},
    }


async def test_claims_are_those_of_the_seats_and_do_not_overlap(database: Database) -> None:
    await seed(database, WEDNESDAY, "command", bell_in=60)
    async with database.read() as session:
        lessons = {lesson.id: lesson for lesson in await session.scalars(select(Lesson))}
        wanted: dict[str, set[str]] = {
            id: {f"person:{lesson.teacher}"} for id, lesson in lessons.items() if lesson.state == "scheduled"
        }
        for seat in await session.scalars(select(Seat)):
            if seat.lesson in wanted:
                wanted[seat.lesson].add(f"classroom:{seat.classroom}")
                wanted[seat.lesson] |= {f"person:{seat.assistant}"} if seat.assistant else set()
                wanted[seat.lesson] |= {f"pupils:{seat.pupil_class}"} if seat.pupil_class else set()
        claims = (await session.scalars(select(Claim))).all()
    found: dict[str, set[str]] = {}
    for claim in claims:
        found.setdefault(claim.lesson, set()).add(claim.resource)
        assert (claim.starts, claim.ends) == (lessons[claim.lesson].starts, lessons[claim.lesson].ends)
    assert found == wanted
    held = [Held(claim.resource, claim.starts, claim.ends, claim.lesson) for claim in claims]
    assert Claims(held).clashes(held) == []
    await claims_are_right(database)


@pytest.mark.parametrize("when", [WEDNESDAY, at(2026, 11, 22, 23, 59), at(2026, 10, 1, 9, 0)])
async def test_a_lesson_that_starts_soon(database: Database, when: float) -> None:
    seeded = await seed(database, when, "command", bell_in=60)
    async with database.read() as session:
        lesson = await session.get_one(Lesson, seeded.bell)
        assert (lesson.starts, lesson.state, lesson.moved) == (when + 60, "scheduled", True)
        booking = await session.get_one(Booking, lesson.booking)
        assert (booking.form, booking.minutes) == ("delivered", 40)
        seats = (await session.scalars(select(Seat).where(Seat.lesson == lesson.id))).all()
        assert sorted(seat.part for seat in seats) == ["lead", "receiving", "receiving"]


async def test_the_same_each_time(database: Database) -> None:
    tables = [mapper.class_ for mapper in School.registry.mappers]
    await seed(database, WEDNESDAY, "command", number=7, bell_in=60)
    first = await snapshots.rows(database, tables)
    async with database.write() as session:
        for table in reversed(metadata.sorted_tables):
            if table.name not in ("audit", "audit_head"):
                await session.execute(table.delete())
    await seed(database, WEDNESDAY, "command", number=7, bell_in=60)
    again = await snapshots.rows(database, tables)
    for name in ("audit", "audit_head"):
        del first[name], again[name]
    assert first == again


async def test_not_beside_others(database: Database) -> None:
    await seed(database, WEDNESDAY, "command")
    before = await snapshots.counts(database)
    with pytest.raises(UserError) as caught:
        await seed(database, WEDNESDAY, "command")
    assert caught.value.code == "database_not_empty"
    with pytest.raises(UserError) as caught:
        await seed(database, WEDNESDAY, "command", beside_others=True)
    assert caught.value.code == "seeded_already"
    assert await snapshots.counts(database) == before


def test_there_is_school_on_any_day_of_the_year() -> None:
    ids = iter(range(10**9))
    for number in range(0, 800, 3):
        day = dt.date(2026, 1, 1) + dt.timedelta(days=number)
        county = seed_county.build(day, lambda: str(next(ids)))
        terms = sorted(county.terms, key=lambda term: term.starts)
        assert any(day in term for term in terms)
        assert terms[0].starts < terms[0].ends < terms[1].starts < terms[1].ends
        assert len(county.rows[Term]) == 2
