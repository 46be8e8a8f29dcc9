"""Evidence in the database: added up over restarts and broken connections, never doubled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver import api
from mediaserver.api import UserError
from signalling import messages
from signalling.bell import ledger, proof
from signalling.bell.evidence import Evidence, count_pupils
from signalling.bell.ledger import Scope
from signalling.bell.passes import phone_of
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Participation
from signalling.lessons import Lesson
from tests.bell.county import EIGHT, Clock, County, add_lesson, add_lessons, audited

TRACK = (api.TrackState("camera", "video", "VP8", active=True),)
REPORT = messages.Stats(picture=True, sound=True, delay_ms=180.0, freezes=1)


class Classroom:
    """A room as `Rooms` shows it to its witness."""

    def __init__(self, evidence: Evidence, room: str) -> None:
        self.evidence = evidence
        self.room = room
        self.lesson = Lesson(0)

    def enter(self, id: str, role: api.Role = "classroom", *, sends: bool = False) -> None:
        self._tell(self.lesson.connect(id, id, role, 0))
        if sends:
            self._tell(self.lesson.set_tracks(id, TRACK, 0))

    def leave(self, id: str) -> None:
        self._tell(self.lesson.set_tracks(id, (), 0))
        self._tell(self.lesson.disconnect(id, 0))

    def end(self) -> None:
        self._tell(self.lesson.end(0))

    def report(self, id: str) -> None:
        self.evidence.reported(self.room, id, REPORT)

    def _tell(self, change: Any) -> None:
        if change:
            self.evidence.changed(self.room, self.lesson, change.people)


MakeEvidence = Callable[..., Evidence]


@pytest.fixture
def opened() -> dict[str, int]:
    """Rooms whose lessons go on, and when those begin."""
    return {}


@pytest.fixture
def make(database: Database, clock: Clock, opened: dict[str, int]) -> MakeEvidence:
    clock.wall = EIGHT

    def make(on: Database = database) -> Evidence:
        return Evidence(on, opened.get, clock, 30, monotonic=clock.monotonic)

    return make


@pytest.fixture
async def room(database: Database, county: County, opened: dict[str, int]) -> str:
    id = await add_lesson(database, county, state="live")
    opened[id] = EIGHT
    return id


async def rows(database: Database, lesson: str) -> dict[str, Participation]:
    async with database.read() as session:
        found = await session.scalars(select(Participation).where(Participation.lesson == lesson))
        return {row.participant: row for row in found}


def figures_of(row: Participation) -> tuple[int, int, int, int]:
    return row.present, row.seen, row.heard, row.sent


async def test_a_lesson_from_beginning_to_end(
    database: Database, county: County, clock: Clock, make: MakeEvidence, room: str, opened: dict[str, int]
) -> None:
    evidence = make()
    it = Classroom(evidence, room)
    it.enter(county.teacher, "lead", sends=True)
    clock.pass_(10)
    it.enter(county.display)
    it.enter("by-hand", "staff")
    for _ in range(5):
        clock.pass_(2)
        it.report(county.display)
        loss = (
            api.SessionStats(room, "s1", county.teacher, "publish", 20.0, 0.004, 1_000_000),
            api.SessionStats(room, "s2", county.display, "subscribe", 20.0, 0.03, 1_000_000),
        )
        evidence.measured(room, loss)
    await evidence.beat()
    assert await rows(database, room) == {}, "not yet time"
    clock.pass_(20)
    await evidence.beat()
    got = await rows(database, room)
    assert figures_of(got[county.teacher]) == (40, 0, 0, 40)
    assert figures_of(got[county.display]) == (30, 10, 10, 0)
    it.leave("by-hand")
    clock.pass_(5)
    it.end()
    del opened[room]
    clock.pass_(60)
    it.leave(county.display)
    await evidence.beat()
    got = await rows(database, room)
    assert {id: (row.person, row.classroom, row.role) for id, row in got.items()} == {
        county.teacher: (county.teacher, county.studio, "lead"),
        county.display: (None, county.classroom, "classroom"),
        "by-hand": (None, None, "staff"),
    }
    assert {id: (row.joined - EIGHT, (row.left or 0) - EIGHT) for id, row in got.items()} == {
        county.teacher: (0, 45),
        county.display: (10, 45),
        "by-hand": (10, 40),
    }
    assert figures_of(got[county.display]) == (35, 10, 10, 0)
    quality = got[county.display].quality
    assert (quality["delay_p50"], quality["loss_down_p95"], quality["freezes"]) == (200, 0.05, 5)
    assert quality["loss_up_p95"] is None and got[county.teacher].quality["loss_up_p95"] == 0.005
    [entry] = await audited(database, "lesson.evidence")
    assert entry.subject == room and len(entry.detail["participants"]) == 3
    assert entry.detail["participants"][county.teacher] == {"present": 45, "seen": 0, "heard": 0, "sent": 45}
    assert await audit.verify(database) is None
    assert evidence._lessons == {}
    await evidence.beat()
    assert len(await audited(database)) == 1


@pytest.mark.parametrize("sign", ["nothing happens", "a page reports", "somebody comes"])
async def test_a_camera_that_is_warmed_up_teaches_nobody(
    sign: str, database: Database, county: County, clock: Clock, make: MakeEvidence, room: str
) -> None:
    """Whatever tells first that the lesson has begun."""
    evidence = make()
    clock.wall = EIGHT - 600
    it = Classroom(evidence, room)
    it.enter(county.teacher, "lead", sends=True)
    it.enter(county.display)
    clock.pass_(480)
    await evidence.beat()
    assert {figures_of(row) for row in (await rows(database, room)).values()} == {(0, 0, 0, 0)}
    clock.pass_(120)
    if sign == "a page reports":
        it.report(county.display)
    elif sign == "somebody comes":
        it.enter("by-hand", "staff")
    else:
        await evidence.beat()
    clock.pass_(20)
    await evidence.flush()
    row = (await rows(database, room))[county.teacher]
    assert (figures_of(row), row.joined) == ((20, 0, 0, 20), EIGHT - 600)


async def test_the_phone_beside_a_display_is_in_its_classroom(
    database: Database, county: County, clock: Clock, make: MakeEvidence, room: str
) -> None:
    evidence = make()
    phone = phone_of(county.display)
    Classroom(evidence, room).enter(phone, "assistant")
    clock.pass_(1300)
    await evidence.flush()
    row = (await rows(database, room))[phone]
    assert (row.person, row.classroom, row.present) == (None, county.classroom, 1300)
    hours = await ledger.items(database, Scope(EIGHT, EIGHT + 1, teacher=county.assistant))
    assert [(it.part, it.taught_s) for it in hours] == [("assistant", 1300)]
    async with database.read() as session:
        (shown,) = (await proof.of_lesson(session, room)).participants
    assert (shown.name, shown.classroom_name) == ("大屏", "村小 · 三年级教室")


async def test_a_restart_in_mid_lesson_adds_up(
    database: Database, county: County, clock: Clock, make: MakeEvidence, room: str
) -> None:
    first = make()
    it = Classroom(first, room)
    it.enter(county.display)
    clock.pass_(2)
    it.report(county.display)
    clock.pass_(98)
    await first.flush()
    await first.flush()
    clock.pass_(29)  # lost with the crash
    second = make()
    it = Classroom(second, room)
    it.enter(county.display)
    for _ in range(3):
        clock.pass_(10)
        await second.flush()
    row = (await rows(database, room))[county.display]
    assert figures_of(row) == (130, 2, 2, 0)
    assert (row.joined, row.left, row.quality["freezes"], sum(row.quality["delay"])) == (EIGHT, None, 1, 1)


async def test_two_servers_for_one_participant(
    database: Database, database_url: str, county: County, clock: Clock, make: MakeEvidence, room: str
) -> None:
    """A display that was sent from one server to another, before either has written."""
    async with Database(database_url) as other:
        servers = [Classroom(make(), room), Classroom(make(on=other), room)]
        for server in servers:
            server.enter(county.display)
            clock.pass_(20)
            server.leave(county.display)
        for _ in range(2):
            for server in servers:
                await server.evidence.flush()
    assert figures_of((await rows(database, room))[county.display]) == (40, 0, 0, 0)


class Breaking(Database):
    """Its connection breaks after the commit, or before it."""

    breaks: str = ""

    async def run(self, work: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        async def broken(session: AsyncSession) -> Any:
            result = await work(session)
            if self.breaks == "before":
                raise UserError(503, "database_unavailable", "away")
            return result

        result = await super().run(broken)
        if self.breaks == "after":
            raise UserError(503, "database_unavailable", "away")
        return result


@pytest.mark.parametrize("faults", [["after"], ["before"], ["after", "before"], ["before", "after"], ["after"] * 3])
async def test_nobody_knows_whether_the_commit_arrived(
    faults: list[str],
    database_url: str,
    database: Database,
    county: County,
    clock: Clock,
    make: MakeEvidence,
    room: str,
) -> None:
    async with Breaking(database_url) as breaking:
        evidence = make(on=breaking)
        it = Classroom(evidence, room)
        it.enter(county.display)
        clock.pass_(10)
        await evidence.flush()
        for fault in faults:
            breaking.breaks = fault
            clock.pass_(10)
            with pytest.raises(UserError, match="away"):
                await evidence.flush()
        breaking.breaks = ""
        clock.pass_(10)
        await evidence.flush()
        await evidence.flush()
    assert (await rows(database, room))[county.display].present == 20 + 10 * len(faults)


async def test_rooms_that_are_no_lessons_leave_no_evidence(
    database: Database, clock: Clock, make: MakeEvidence
) -> None:
    evidence = make()
    Classroom(evidence, "demo").enter("c")
    evidence.reported("demo", "c", REPORT)
    evidence.measured("demo", ())
    clock.pass_(60)
    await evidence.beat()
    assert evidence._lessons == {} and await audited(database) == []


async def test_a_lesson_whose_room_was_forgotten_is_closed(
    database: Database, county: County, clock: Clock, make: MakeEvidence, room: str, opened: dict[str, int]
) -> None:
    evidence = make()
    Classroom(evidence, room).enter(county.display)
    clock.pass_(10)
    opened.clear()
    await evidence.beat()
    assert (await rows(database, room))[county.display].left == EIGHT + 10
    assert evidence._lessons == {}


async def test_many_lessons_in_one_writing(
    database: Database, county: County, clock: Clock, make: MakeEvidence, opened: dict[str, int]
) -> None:
    evidence = make()
    ids = await add_lessons(database, county, [EIGHT] * 120, state="live", seats=False)
    opened.update(dict.fromkeys(ids, EIGHT))
    for id in ids:
        Classroom(evidence, id).enter(county.teacher, "lead", sends=True)
    clock.pass_(31)
    await evidence.beat()
    async with database.read() as session:
        assert set(await session.scalars(select(Participation.sent))) == {31}
        assert set(await session.scalars(select(Participation.lesson))) == set(ids)


class TestCount:
    async def test_the_assistant_counts(
        self, database: Database, county: County, clock: Clock, make: MakeEvidence, room: str
    ) -> None:
        """Before she is in the room, and with her figures untouched when she is."""
        await count_pupils(database, room, county.assistant, 31, EIGHT)
        evidence = make()
        Classroom(evidence, room).enter(county.assistant, "assistant")
        clock.pass_(60)
        await evidence.flush()
        await count_pupils(database, room, county.assistant, 32, clock.wall)
        clock.pass_(60)
        await evidence.flush()
        row = (await rows(database, room))[county.assistant]
        assert (row.count, row.present, row.joined, row.classroom) == (32, 120, EIGHT, county.classroom)
        assert [(it.actor, it.detail["pupils"]) for it in await audited(database, "lesson.count")] == [
            (county.assistant, 31),
            (county.assistant, 32),
        ]

    @pytest.mark.parametrize(
        ("who", "pupils", "state", "code"),
        [
            ("assistant", -1, "live", "bad_count"),
            ("assistant", 501, "live", "bad_count"),
            ("assistant", 30, "scheduled", "lesson_not_open"),
            ("teacher", 30, "live", "not_in_lesson"),
        ],
    )
    async def test_refused(
        self, who: str, pupils: int, state: str, code: str, database: Database, county: County
    ) -> None:
        room = await add_lesson(database, county, state=state)
        with pytest.raises(UserError) as caught:
            await count_pupils(database, room, getattr(county, who), pupils, EIGHT)
        assert caught.value.code == code
        assert await rows(database, room) == {} and await audited(database) == []
        with pytest.raises(UserError) as caught:
            await count_pupils(database, "0123456789abcdef", county.assistant, 3, EIGHT)
        assert caught.value.code == "not_found"
