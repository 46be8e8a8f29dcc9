"""A county in the middle of a lesson, with one of everything that can be named in a request."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import zlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from signalling import tokens
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.library import Comment, Line, Resource, Stage
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, Device
from signalling.db.records import Delivery, Notice, Webhook
from signalling.db.times import Term
from signalling.exchange import feeds
from tests.booking.county import TUESDAY, book, lessons_of, request, series, set_lesson, single
from tests.devices.conftest import World

Signed = dict[str, str]
"""Headers of a request."""

DAY = dt.timedelta(days=1)
DAYS = [(TUESDAY + n * DAY).isoformat() for n in range(14)]
KINDS = {
    **{name: "person" for name in ("person", "teacher", "assistant")},
    **{name: "class" for name in ("class", "pupil_class", "lead_class")},
    **{name: "lesson" for name in ("lesson", "room", "ignore_lesson")},
    **{name: "booking" for name in ("booking", "ignore_booking")},
    **{name: "region" for name in ("region", "parent")},
    **{name: name for name in ("resource", "line", "comment")},
    **{name: name for name in ("school", "classroom", "calendar", "device", "webhook", "delivery", "term", "import")},
    **{name: "day" for name in ("day", "first", "last", "from", "to", "starts_on", "week")},
    **{name: name for name in ("url", "scope", "form", "minutes", "period", "rule", "version", "rights")},
    **dict.fromkeys(("title", "subject", "grade", "textbook", "unit"), "words"),
    "token": "token",
}
"""Names of parameters and members → of what a known one may stand there."""

ID = re.compile(r"[0-9A-Za-z]{1,16}")
LINE = re.compile(r"[^\0]{0,500}")
FITS = {
    "day": re.compile(r"\d{4}-\d\d-\d\d"),
    "scope": re.compile(r"[0-9A-Za-z]{0,16}"),
    **dict.fromkeys(("url", "form", "rule", "rights", "words", "token"), LINE),
}


@dataclass
class Scene:
    """:ivar known: kind → values that exist. :ivar room: headers of somebody in the lesson's room."""

    world: World
    known: dict[str, list[Any]]
    lesson: str
    device: Signed
    room: Signed

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.world.server.port}"

    async def sign_in(self, person: str) -> Signed:
        """Also somebody whom a request has put out of use."""
        async with self.world.database.write() as session:
            await session.execute(update(Person).where(Person.id == person).values(active=True))
        page = await self.world.sign_in(person)
        [cookie] = page.http.cookie_jar
        await page.http.close()
        return {"Cookie": f"{cookie.key}={cookie.value}", "X-CSRF-Token": page._csrf}

    def likely(self, value: Any) -> Any:
        """A request's query or body, with most of what it names replaced by what there is, the same each time."""
        if isinstance(value, dict):
            if isinstance(value.get("period"), int) and isinstance(value.get("starts"), int):
                value = {**value, "starts": None}  # one of the two says when
            return {key: self._member(key, it) for key, it in value.items()}
        if isinstance(value, list):
            return [self.likely(it) for it in value]
        return value

    def _member(self, name: str, value: Any) -> Any:
        if isinstance(value, dict | list):
            return self.likely(value)
        kind = KINDS.get(name, "")
        known = self.known.get(kind, [])
        if not known or type(value) is not type(known[0]):
            return value
        if isinstance(value, str) and not FITS.get(kind, ID).fullmatch(value):
            return value  # what does not fit is to be refused
        chosen = zlib.crc32(repr((name, value)).encode("utf-8", "replace")) % (len(known) * 4 + 1)
        return known[chosen % len(known)] if chosen < len(known) * 4 else value


async def scene(world: World) -> Scene:
    database = world.database
    await _people(database)
    now = world.clock.now - 86400 * 3
    running = await book(database, request(plan=single()), now=now)
    later = await book(database, request(plan=series(first=TUESDAY + 14 * DAY)), now=now)
    waits = await book(database, request(plan=series(first=TUESDAY + 1 * DAY)), "t0", now)
    [lesson] = await lessons_of(database, running.booking)
    await set_lesson(database, lesson.id, state="live", live=lesson.starts, opened=lesson.starts - 600)
    display = await world.display("r1")
    world.clock.now = float(lesson.starts + 600)
    lessons = [lesson, *await lessons_of(database, later.booking)]
    webhook, delivery = await _webhook(database, int(world.clock.now))
    async with database.write() as session:
        for person in ("boss", "a1", "t0"):
            session.add(
                Notice(id=new_id(), person=person, kind="moved", lesson=lesson.id, facts={}, made=int(now), read=None)
            )
    async with database.read() as session:
        rooms = list(await session.scalars(select(Classroom.id)))
        terms = list(await session.scalars(select(Term.id)))
    boss = await world.sign_in("boss")
    begun = await boss.call("POST", "/imports/roster", data=b"x", headers={"Content-Type": "application/zip"})
    resource, comment = await _library(database, int(world.clock.now))
    tokens_of_feeds = await _feeds(database, world.server.signalling.devices.secret)
    known: dict[str, list[Any]] = {
        "person": ["t0", "t00", "a1", "a2", "p0", "p1", "somebody", "jia"],
        "class": ["c0", "c1", "c2"],
        "lesson": [it.id for it in lessons],
        "booking": [running.booking, later.booking, waits.booking],
        "region": ["city", "county"],
        "school": ["s0", "s1", "s2"],
        "classroom": rooms,
        "calendar": ["year", "other"],
        "device": ["box", "screen", display.id],
        "webhook": [webhook],
        "delivery": [delivery],
        "term": terms,
        "import": [(await begun.json())["id"]],
        "resource": [resource],
        "line": ["1"],
        "comment": [comment],
        "day": DAYS,
        "url": ["rtsp://127.0.0.1:1/stream", "https://receiver.invalid/hook"],
        "scope": ["", "county", "s0", "s1"],
        "form": ["delivered", "master"],
        "minutes": [40, 10],
        "period": [1, 2, 5],
        "rule": ["", "FREQ=WEEKLY;COUNT=3"],
        "version": [1, 2],
        "rights": ["county", "school"],
        "words": ["数学", "三年级"],
        "token": tokens_of_feeds,
    }
    claims = tokens.mint(
        world.server.signalling.devices.secret,
        room=lesson.id,
        participant=display.id,
        role="classroom",
        name="大屏",
        now=world.clock.now,
        hours=24.0,
    )
    return Scene(
        world,
        known,
        lesson.id,
        {"Authorization": f"Bearer {display.key}"},
        {"Authorization": f"Bearer {claims}"},
    )


async def _people(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Device).where(Device.id == "box").values(url="rtsp://127.0.0.1:1/stream"))
        await session.execute(
            insert(Person),
            [
                {"id": id, "name": f"人员{id}", "school": school}
                for id, school in (("boss", None), ("second", None), ("somebody", None), ("jia", "s0"))
            ],
        )
        await session.execute(
            insert(RoleGrant),
            [
                {"person": person, "role": role, "kind": kind, "scope": scope}
                for person, role, kind, scope in (
                    ("boss", "admin", "system", ""),
                    ("second", "admin", "system", ""),
                    ("a1", "teacher", "school", "s1"),
                )
            ],
        )


async def _feeds(database: Database, secret: bytes) -> list[str]:
    async with database.write() as session:
        mine = await feeds.renew_person(session, "t0", 0, "t0")
        return [mine, *[await feeds.place_token(session, secret, "school", id) for id in ("s0", "s1")]]


async def _library(database: Database, now: int) -> tuple[str, str]:
    """A resource that everybody may see, with a line and somebody's comment."""
    resource, comment = new_id(), new_id()
    async with database.write() as session:
        session.add(
            Resource(
                id=resource,
                **{"kind": "lesson", "state": "published", "title": "认识分数", "day": TUESDAY, "rights": "public"},
                **{"school": "s0", "region": "county", "teacher": "t0", "length_ms": 60_000},
                **{"made": now, "changed": now, "published": now},
            )
        )
        await session.flush()
        session.add(Stage(resource=resource, name="finalise", position=0, state="given_up", error="damaged"))
        session.add(Line(resource=resource, number=1, starts_ms=0, ends_ms=2000, text="同学们好"))
        session.add(Comment(id=comment, resource=resource, person="second", at_ms=0, text="讲得好", made=now))
    return resource, comment


async def _webhook(database: Database, now: int) -> tuple[str, str]:
    webhook, delivery = new_id(), new_id()
    async with database.write() as session:
        session.add(Webhook(id=webhook, url="https://receiver.invalid/", secret="x", events=["lesson.open"]))
        await session.flush()
        session.add(Delivery(id=delivery, webhook=webhook, event="ping", body={}, made=now, due=None, status="gone"))
    return webhook, delivery


def run_in(loop: asyncio.AbstractEventLoop, work: Any) -> Any:
    """From another thread."""
    return asyncio.run_coroutine_threadsafe(work, loop).result(30)
