"""What things lie within, read from both databases."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.lessons import Booking, BookingSeat, Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Device
from signalling.people import scopes
from signalling.people.roles import SYSTEM, Chain, Scope
from signalling.people.scopes import Scopes
from tests.people.conftest import County


async def here(database: Database, kind: str, id: str) -> Chain:
    async with database.read() as session:
        return (await scopes.find(session, kind, id)).here


async def test_places(database: Database, county: County) -> None:
    assert await here(database, "system", "") == (SYSTEM,)
    assert await here(database, "region", county.county) == county.lead_chain[:-1]
    assert await here(database, "school", county.lead) == county.lead_chain
    assert await here(database, "classroom", county.lead_room) == county.lead_room_chain


@pytest.mark.parametrize("kind", ["system", "region", "school", "classroom", "person", "device", "booking", "lesson"])
async def test_what_is_not_there(database: Database, kind: str) -> None:
    with pytest.raises(UserError) as caught:
        await here(database, kind, "nothing")
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    for odd in ("\0", "\ud800", "x" * 17, "教室", "'; --"):
        with pytest.raises(UserError):
            await here(database, kind, odd)


async def test_people_and_devices(database: Database, county: County) -> None:
    async with database.write() as session:
        session.add(Person(id="teacher", name="教师甲", school=county.lead))
        session.add(Person(id="officer", name="教研员甲"))
        session.add(Device(id="display", classroom=county.lead_room, kind="display", name="大屏", paired=0))
    assert await here(database, "person", "teacher") == (*county.lead_chain, Scope("person", "teacher"))
    assert await here(database, "person", "officer") == (SYSTEM, Scope("person", "officer"))
    assert await here(database, "device", "display") == county.lead_room_chain


async def lesson(session: AsyncSession, county: County) -> None:
    """Booked by a planner: a lead classroom, a receiving one with an assistant, one in another county."""
    for id in ("teacher", "planner", "assistant", "substitute"):
        session.add(Person(id=id, name="教师"))
    await session.flush()
    session.add(
        Booking(
            id="booking", state="booked", form="delivered", title="数学", school=county.lead, teacher="teacher",
            classroom=county.lead_room, first=dt.date(2027, 3, 1), minutes=40, requested_by="planner", requested=0,
        )
    )  # fmt: skip
    await session.flush()
    session.add(BookingSeat(booking="booking", classroom=county.lead_room, part="lead"))
    session.add(BookingSeat(booking="booking", classroom=county.village_room, part="receiving", assistant="assistant"))
    session.add(
        Lesson(
            id="lesson", booking="booking", state="scheduled", day=dt.date(2027, 3, 1), starts=0, ends=1, closes=2,
            title="数学", teacher="substitute",
        )
    )  # fmt: skip
    await session.flush()
    session.add(Seat(lesson="lesson", classroom=county.lead_room, part="lead"))
    session.add(Seat(lesson="lesson", classroom=county.foreign_room, part="receiving", assistant="assistant"))


async def test_a_lesson_has_two_ends(database: Database, county: County) -> None:
    async with database.write() as session:
        await lesson(session, county)
    async with database.read() as session:
        booking = await scopes.find(session, "booking", "booking")
        taught = await scopes.find(session, "lesson", "lesson")
    assert booking.here == (*county.lead_room_chain, Scope("person", "teacher"), Scope("person", "planner"))
    village = {Scope("school", county.village), Scope("classroom", county.village_room), Scope("person", "assistant")}
    assert set(booking.either) - set(booking.here) == village
    assert taught.here == (*county.lead_room_chain, Scope("person", "substitute"))
    assert set(taught.either) - set(taught.here) == {
        Scope("region", county.other_county),
        Scope("school", county.foreign),
        Scope("classroom", county.foreign_room),
        Scope("person", "assistant"),
    }
    assert taught.chain("booking.change") == taught.here
    assert taught.chain("booking.read") == taught.either


async def test_one_request_asks_once(database: Database, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    find = scopes.find

    async def counting(session: AsyncSession, kind: str, id: str) -> scopes.Ends:
        asked.append(id)
        return await find(session, kind, id)

    monkeypatch.setattr(scopes, "find", counting)
    request, next_request = Scopes(database), Scopes(database)
    for action in ("places.write", "booking.read", "places.write"):
        assert await request.chain(action, "school", county.lead) == county.lead_chain
    assert asked == [county.lead]
    await request.chain("places.write", "school", county.village)
    await next_request.chain("places.write", "school", county.lead)
    assert asked == [county.lead, county.village, county.lead]
