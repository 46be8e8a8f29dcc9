"""Last contact: in memory between two batches, bounded, never lost while the database comes back."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from mediaserver.api import UserError
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.places import Device
from signalling.devices import contacts as module
from signalling.devices import keys, registry
from signalling.devices.contacts import BATCH, ONLINE_S, Contacts, Heard, latest
from signalling.devices.days import Days
from signalling.devices.door import Known
from signalling.devices.registry import Wanted
from signalling.metrics import Metrics
from signalling.people.roles import SYSTEM
from tests.booking.county import fill
from tests.devices.conftest import SEVEN, World

MANY = 2000


async def add(database: Database, many: int) -> list[str]:
    rows = [
        {
            "id": new_id(),
            "classroom": "r1",
            "kind": "display",
            "name": "大屏",
            "paired": 0,
            "key_hash": keys.hashed(str(n)),
        }
        for n in range(many)
    ]
    async with database.write() as session:
        await session.execute(insert(Device), rows)
    return [str(row["id"]) for row in rows]


@pytest.fixture
async def devices(database: Database) -> list[str]:
    await fill(database)
    return await add(database, 3)


def count(metrics: Metrics, name: str) -> float:
    return metrics.registry.get_sample_value(f"tongke_{name}") or 0.0


async def row(database: Database, id: str) -> Device:
    async with database.read() as session:
        return await session.get_one(Device, id)


async def test_two_thousand_displays(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes of their beats: memory stays, and writings are batches."""
    await fill(database)
    ids = await add(database, MANY)
    metrics = Metrics()
    contacts = Contacts(database, metrics)
    transactions = 0
    run = database.run

    async def counting(work: Callable[[Any], Awaitable[Any]]) -> Any:
        nonlocal transactions
        transactions += 1
        return await run(work)

    monkeypatch.setattr(database, "run", counting)
    sizes = []
    tracemalloc.start()
    try:
        for minute in range(10):
            now = SEVEN + minute * 60
            for beat in range(2):
                for id in ids:
                    contacts.heard(id, now + beat * 30, state={"version": "1.0", "beat": beat})
            assert len(contacts._waiting) == MANY
            assert await contacts.write(now + 45) == MANY
            assert not contacts._waiting
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert transactions == 10 * MANY / BATCH
    assert sizes[-1] - sizes[1] < 500_000
    async with database.read() as session:
        seen = list(await session.scalars(select(Device.seen).where(Device.id.in_(ids)).distinct()))
    assert seen == [SEVEN + 570]
    assert (await row(database, ids[7])).state == {"version": "1.0", "beat": 1}
    assert contacts.again(0, None) >= 34, "two thousand are told to come less often"
    assert count(metrics, "devices_online") == MANY
    assert count(metrics, "contacts_written_total") == 10 * MANY


async def test_days_of_two_thousand_are_small(database: Database) -> None:
    await fill(database)
    days = Days(database, 600)
    devices = [
        Known(f"d{n}", "display", "大屏", "r0", "主讲教室", "s0", "第一小学", "Asia/Shanghai") for n in range(300)
    ]
    await days.tell(devices[0], "", SEVEN)
    tracemalloc.start()
    try:
        etags = [(await days.tell(device, "", SEVEN)).etag for device in devices]
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(set(etags)) == 300
    assert size / 300 < 4000, "bytes of each display"


async def test_days_are_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(database)
    monkeypatch.setattr("signalling.devices.days.MAX_KEPT", 2)
    days = Days(database, 600)
    for n in range(4):
        await days.tell(Known(f"d{n}", "display", "", "r1", "", "s1", "", "Asia/Shanghai"), "", SEVEN)
    assert list(days._kept) == ["d2", "d3"]


async def test_more_than_are_kept_are_counted(
    database: Database, devices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    metrics = Metrics()
    contacts = Contacts(database, metrics)
    for id in devices:
        contacts.heard(id, SEVEN)
    contacts.heard(devices[0], SEVEN + 1)
    assert count(metrics, "contacts_dropped_total") == 1
    assert await contacts.write(SEVEN) == 2
    assert (await row(database, devices[0])).seen == SEVEN + 1


async def test_a_database_that_is_away(database: Database, devices: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = Contacts(database, Metrics())
    first, second, _ = devices
    contacts.heard(first, SEVEN, state={"a": 1}, preflight={"grade": "red"})
    contacts.heard(second, SEVEN, state={"a": 1})
    failing = asyncio.Event()
    run = database.run

    async def away(work: Callable[[Any], Awaitable[Any]]) -> Any:
        if not failing.is_set():
            failing.set()
            contacts.heard(first, SEVEN + 20, state={"a": 2})  # in the meantime
            raise UserError(503, "database_unavailable", "It is away.")
        return await run(work)

    monkeypatch.setattr(database, "run", away)
    with pytest.raises(UserError):
        await contacts.write(SEVEN)
    assert await contacts.write(SEVEN + 30) == 2
    kept = await row(database, first)
    assert (kept.seen, kept.state, kept.preflight) == (SEVEN + 20, {"a": 2}, {"grade": "red"})
    assert (await row(database, second)).state == {"a": 1}


async def test_what_no_database_takes_does_not_stay(database: Database, devices: list[str]) -> None:
    metrics = Metrics()
    contacts = Contacts(database, metrics)
    contacts.heard(devices[0], SEVEN, state={"a": object()})
    with pytest.raises(Exception, match="JSON"):
        await contacts.write(SEVEN)
    assert count(metrics, "contacts_dropped_total") == 1
    contacts.heard(devices[0], SEVEN + 1, state={"a": 1})
    assert await contacts.write(SEVEN) == 1


async def test_what_another_server_heard_later_stays(database: Database, devices: list[str]) -> None:
    contacts = Contacts(database, Metrics())
    contacts.heard(devices[0], SEVEN, state={"a": 1})
    async with database.write() as session:
        values = {"seen": SEVEN + 5, "state": {"a": 2}}
        await session.execute(update(Device).where(Device.id == devices[0]).values(**values))
    await contacts.write(SEVEN + 6)
    kept = await row(database, devices[0])
    assert (kept.seen, kept.state) == (SEVEN + 5, {"a": 2})


async def test_a_clock_that_was_eight_hours_ahead(database: Database, devices: list[str]) -> None:
    """Set right, it hears those that come, and takes nobody for there who does not."""
    metrics = Metrics()
    contacts = Contacts(database, metrics)
    there, gone, _ = devices
    for id in (there, gone):
        contacts.heard(id, SEVEN + 8 * 3600, state={"a": 1}, preflight={"grade": "green"})
    await contacts.write(SEVEN + 8 * 3600)
    assert count(metrics, "devices_online") == 2
    contacts.heard(there, SEVEN, state={"a": 2}, preflight={"grade": "red"})
    assert latest(contacts.waiting(there), SEVEN + 8 * 3600, SEVEN) == SEVEN, "before it is written"
    await contacts.write(SEVEN)
    kept = await row(database, there)
    assert (kept.seen, kept.state, kept.preflight) == (SEVEN, {"a": 2}, {"grade": "red"})
    assert count(metrics, "devices_online") == 1
    async with database.read() as session:
        shown = {it.id: it.online for it in await registry.listed(session, [SYSTEM], Wanted(), SEVEN, 10)}
        lost = {it.id for it in await registry.listed(session, [SYSTEM], Wanted(lost=True), SEVEN, 10)}
    assert (shown[there], shown[gone]) == (True, False)
    assert gone in lost and there not in lost


def test_when_a_device_was_heard_last() -> None:
    heard = Heard(SEVEN)
    assert latest(None, None, SEVEN) is None and latest(None, 5, SEVEN) == 5
    assert latest(heard, None, SEVEN) == latest(heard, SEVEN - 5, SEVEN) == SEVEN
    assert latest(heard, SEVEN + 5, SEVEN) == SEVEN + 5, "by another server"


async def test_two_servers_at_once(database: Database, devices: list[str]) -> None:
    servers = [Contacts(database, Metrics()) for _ in range(3)]
    for number, contacts in enumerate(servers):
        for id in devices if number % 2 else reversed(devices):
            contacts.heard(id, SEVEN + number, state={"server": number})
    await asyncio.gather(*(contacts.write(SEVEN) for contacts in servers))
    assert {(await row(database, id)).seen for id in devices} == {SEVEN + 2}
    assert {(await row(database, id)).state["server"] for id in devices} == {2}


async def test_a_device_that_was_removed_is_no_matter(database: Database, devices: list[str]) -> None:
    contacts = Contacts(database, Metrics())
    contacts.heard("nothing", SEVEN, state={})
    contacts.heard(devices[0], SEVEN)
    assert await contacts.write(SEVEN) == 2
    assert (await row(database, devices[0])).seen == SEVEN


async def test_a_server_that_stops_writes_what_it_heard(world: World) -> None:
    display = await world.display("r1")
    await display.beat(version="1.0")
    await display.beat(version="1.1")
    await world.server.stop()
    kept = await world.row(display.id)
    assert (kept.seen, kept.state) == (SEVEN, {"version": "1.1"})


async def test_who_was_not_heard_is_lost(world: World) -> None:
    admin, display = await world.somebody("admin"), await world.display("r1")
    await display.beat()
    await world.written()
    for later, online in ((ONLINE_S - 1, True), (ONLINE_S, False)):
        world.clock.now = SEVEN + later
        listed = (await admin.get("/devices?classroom=r1"))["items"]
        assert [(it["id"], it["online"], it["seen"]) for it in listed] == [(display.id, online, SEVEN)]
        lost = (await admin.get("/devices?lost=true"))["items"]
        assert (display.id in {it["id"] for it in lost}) is not online
    async with world.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Device)) == 3
