"""Calendar feeds: what is in them, and who may read them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import select, update

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.people import Person
from signalling.db.places import Classroom, School
from signalling.exchange import feeds, ical
from signalling.exchange.ical import FeedLesson
from signalling.exchange.seed import seed

NOW = dt.datetime(2026, 11, 18, 2, tzinfo=dt.UTC).timestamp()
SECRET = b"s" * 32
LESSON = FeedLesson(
    id="0abc",
    version=3,
    changed=int(NOW) - 100,
    state="scheduled",
    starts=int(dt.datetime(2026, 11, 19, 0, tzinfo=dt.UTC).timestamp()),
    ends=int(dt.datetime(2026, 11, 19, 0, 40, tzinfo=dt.UTC).timestamp()),
    title="水的三态变化；第1课时, 实验",
    subject="科学",
    teacher="教师甲",
    lead="第一小学 录播教室1",
    receiving=("东沟村小学 同步教室", "西沟村小学 同步教室"),
    link="https://lessons.school.example/lesson/0abc",
)


def feed(*lessons: FeedLesson) -> bytes:
    return ical.feed("教师甲的课", "Asia/Shanghai", "lessons.school.example", lessons, NOW)


def test_a_lesson_in_a_feed() -> None:
    body = feed(LESSON)
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"DTSTART:20261119T000000Z" in body and b"\nBEGIN:VTIMEZONE" not in body
    calendar = Calendar.from_ical(body)
    assert calendar["X-WR-CALNAME"] == "教师甲的课" and calendar["VERSION"] == "2.0"
    (event,) = calendar.walk("VEVENT")
    assert event["UID"] == "0abc@lessons.school.example"
    assert (event["SEQUENCE"], event["STATUS"]) == (2, "CONFIRMED")
    assert event["SUMMARY"] == "科学：水的三态变化；第1课时, 实验"
    assert event["LOCATION"] == "第一小学 录播教室1、东沟村小学 同步教室、西沟村小学 同步教室"
    assert event["DESCRIPTION"].splitlines()[0] == "主讲教师：教师甲"
    assert event["DESCRIPTION"].splitlines()[-1] == event["URL"] == LESSON.link
    assert event.start.astimezone(dt.UTC) == dt.datetime(2026, 11, 19, 0, tzinfo=dt.UTC)
    assert event["LAST-MODIFIED"].dt.timestamp() == event["DTSTAMP"].dt.timestamp() == NOW - 100


def test_a_cancelled_lesson_stays_as_cancelled() -> None:
    (event,) = Calendar.from_ical(feed(_with(state="cancelled", version=4))).walk("VEVENT")
    assert (event["UID"], event["STATUS"], event["SEQUENCE"]) == ("0abc@lessons.school.example", "CANCELLED", 3)


def test_the_same_lessons_give_the_same_bytes() -> None:
    other = _with(id="1", starts=LESSON.starts - 1)
    assert feed(LESSON, other) == feed(other, LESSON)
    assert ical.etag(feed(LESSON)) == ical.etag(feed(LESSON)) != ical.etag(feed(other))


def test_the_span_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    far = int(NOW + ical.AHEAD.total_seconds())
    past = int(NOW - ical.PAST.total_seconds())
    lessons = [_with(id=str(at), starts=at, ends=at + 1) for at in (past - 1, past, far - 1, far)]
    assert feed(*lessons).count(b"BEGIN:VEVENT") == 2
    monkeypatch.setattr(ical, "MAX_LESSONS", 1)
    assert feed(*lessons).count(b"BEGIN:VEVENT") == 1


def _with(**changes: object) -> FeedLesson:
    values = {name: getattr(LESSON, name) for name in FeedLesson.__slots__}
    return FeedLesson(**{**values, **changes})  # type: ignore[arg-type]


@given(st.text(max_size=600), st.text(max_size=100))
def test_any_title_makes_a_calendar(title: str, place: str) -> None:
    body = feed(_with(title=title, lead=place))
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    (event,) = Calendar.from_ical(body).walk("VEVENT")
    assert event["UID"] == "0abc@lessons.school.example"


async def test_a_persons_feed(database: Database) -> None:
    await seed(database, NOW, "command")
    async with database.write() as session:
        person = await session.scalar(select(Person.id).where(Person.login == "teacher01")) or ""
        token = await feeds.renew_person(session, person, NOW, person)
        assert len(token) == 43
        assert await session.scalar(select(Person.feed).where(Person.id == person)) == feeds.hashed(token) != token
    async with database.read() as session:
        assert await feeds.person_of(session, token) == person
        assert await feeds.person_of(session, token[:-1]) is None
        assert await feeds.person_of(session, "x" * 100_000) is None
    async with database.write() as session:
        again = await feeds.renew_person(session, person, NOW, person)
        assert await feeds.person_of(session, token) is None
        assert await feeds.person_of(session, again) == person
        await session.execute(update(Person).where(Person.id == person).values(active=False))
        assert await feeds.person_of(session, again) is None
        await session.execute(update(Person).where(Person.id == person).values(active=True))
        await feeds.revoke_person(session, person, NOW, person)
        assert await feeds.person_of(session, again) is None
        with pytest.raises(UserError):
            await feeds.renew_person(session, "nobody", NOW, person)


async def test_the_feed_of_a_school_or_classroom(database: Database) -> None:
    await seed(database, NOW, "command")
    async with database.write() as session:
        school = (await session.scalars(select(School.id).order_by(School.id))).first() or ""
        room = (await session.scalars(select(Classroom.id).order_by(Classroom.id))).first() or ""
        token = await feeds.place_token(session, SECRET, "school", school)
        rooms = await feeds.place_token(session, SECRET, "classroom", room)
        assert await feeds.opens_place(session, SECRET, "school", school, token)
        assert await feeds.opens_place(session, SECRET, "classroom", room, rooms)
        assert not await feeds.opens_place(session, SECRET, "school", school, rooms)
        assert not await feeds.opens_place(session, b"other", "school", school, token)
        assert not await feeds.opens_place(session, SECRET, "school", "nowhere", token)
        assert not await feeds.opens_place(session, SECRET, "school", school, "\ud800")
        await feeds.revoke_place(session, "school", school, NOW, "command")
        assert not await feeds.opens_place(session, SECRET, "school", school, token)
        assert await feeds.opens_place(session, SECRET, "classroom", room, rooms)
        with pytest.raises(UserError):
            await feeds.place_token(session, SECRET, "classroom", school)
