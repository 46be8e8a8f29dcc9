"""iCalendar feeds (RFC 5545) of a person's, a classroom's or a school's lessons.

Times are in UTC, so that no reader needs our rules of summer time; the zone is named for those that show it. A lesson
keeps its UID when it moves, and a cancelled one stays in the feed as cancelled, so that it disappears from calendars
that have it already.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from icalendar import Calendar, Event

CONTENT_TYPE = "text/calendar"
"""With `charset=utf-8`."""
PAST = dt.timedelta(days=60)
AHEAD = dt.timedelta(days=200)
"""A feed reaches over a term in both directions; calendars ask again, so the later part comes in time."""
MAX_LESSONS = 5000
"""The nearest ones; a school with more sees some weeks less far ahead."""
REFRESH = dt.timedelta(minutes=15)
_MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class FeedLesson:
    """A lesson as a calendar shows it. Instants are seconds since 1970.

    :ivar version: counts changes. :ivar changed: when it was changed last, or booked.
    :ivar state: of `timetable/lifecycle.py`. :ivar link: to its page, without secrets.
    """

    id: str
    version: int
    changed: int
    state: str
    starts: int
    ends: int
    title: str
    subject: str = ""
    teacher: str = ""
    lead: str = ""
    receiving: Sequence[str] = ()
    link: str = ""


def feed(name: str, zone: str, host: str, lessons: Iterable[FeedLesson], now: float) -> bytes:
    """One calendar file; the same lessons give the same bytes.

    :param name: shown as the calendar's name. :param zone: IANA name. :param host: makes UIDs unique in the world.
    :param now: lessons from `PAST` before it to `AHEAD` of it are in the feed, at most `MAX_LESSONS`.
    """
    first, last = now - PAST.total_seconds(), now + AHEAD.total_seconds()
    chosen = sorted(
        (lesson for lesson in lessons if lesson.ends > first and lesson.starts < last),
        key=lambda lesson: (lesson.starts, lesson.id),
    )
    calendar = Calendar()
    calendar.add("prodid", "-//Tongke//Lessons//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", _text(name))
    calendar.add("x-wr-timezone", zone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{REFRESH.seconds // 60}M")
    for lesson in chosen[:MAX_LESSONS]:
        calendar.add_component(_event(lesson, host))
    return calendar.to_ical()


def etag(body: bytes) -> str:
    """For `If-None-Match`: calendars ask often."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _event(lesson: FeedLesson, host: str) -> Event:
    event = Event()
    event.add("uid", f"{lesson.id}@{host}")
    # Without METHOD, DTSTAMP is when the lesson was changed last (RFC 5545 §3.8.7.2).
    event.add("dtstamp", _utc(lesson.changed))
    event.add("last-modified", _utc(lesson.changed))
    event.add("sequence", max(0, lesson.version - 1))
    event.add("dtstart", _utc(lesson.starts))
    event.add("dtend", _utc(lesson.ends))
    event.add("summary", _text(f"{lesson.subject}：{lesson.title}" if lesson.subject else lesson.title))
    event.add("status", "CANCELLED" if lesson.state == "cancelled" else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if lesson.state == "cancelled" else "OPAQUE")
    places = [place for place in (lesson.lead, *lesson.receiving) if place]
    if places:
        event.add("location", _text("、".join(places)))
    lines = [
        *([f"主讲教师：{lesson.teacher}"] if lesson.teacher else []),
        *([f"主讲教室：{lesson.lead}"] if lesson.lead else []),
        *([f"接收教室：{'、'.join(lesson.receiving)}"] if lesson.receiving else []),
        *([lesson.link] if lesson.link else []),
    ]
    if lines:
        event.add("description", "\n".join(map(_text, lines)))
    if lesson.link:
        event.add("url", lesson.link)
    return event


def _utc(instant: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant, dt.UTC)


def _text(text: str) -> str:
    """One bounded line: TEXT may not hold control characters (RFC 5545 §3.3.11)."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= _MAX_TEXT else line[: _MAX_TEXT - 1] + "…"
