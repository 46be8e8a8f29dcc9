"""Couriers on a database, with clocks that tests turn."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import select

from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.records import Delivery
from signalling.hooks.courier import Courier
from signalling.hooks.sender import Sender
from signalling.hooks.webhooks import Made, Webhooks, key_of
from signalling.metrics import Metrics
from tests.bell.county import Clock
from tests.hooks.receiver import Receiver

SECRET = b"s" * 32
LOCAL = ("127.0.0.0/8",)
EVENTS = ["booking.booked", "lesson.open"]
MakeCourier = Callable[..., Courier]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
def webhooks(database: Database) -> Webhooks:
    return Webhooks(database, SECRET, LOCAL)


@pytest.fixture
async def make_courier(database: Database, clock: Clock) -> AsyncIterator[MakeCourier]:
    async with contextlib.AsyncExitStack() as stack:

        def make(*, on: Database = database, timeout_s: float = 5.0, allow: Any = LOCAL, at: Clock = clock) -> Courier:
            metrics = Metrics()
            courier = Courier(
                on, Sender(allow, timeout_s=timeout_s), key_of(SECRET), metrics, at, monotonic=at.monotonic
            )
            courier.metrics = metrics  # type: ignore[attr-defined]
            stack.push_async_callback(courier.stop)
            return courier

        yield make


@pytest.fixture
def courier(make_courier: MakeCourier) -> Courier:
    return make_courier()


async def hook(webhooks: Webhooks, url: str, clock: Clock, scope: str = "", events: list[str] = EVENTS) -> Made:
    return await webhooks.create(url, events, scope, "tester", clock())


async def put(database: Database, webhook: str, made: int, count: int = 1, **more: Any) -> list[str]:
    """Deliveries that are due."""
    rows = [
        Delivery(
            id=new_id(made), webhook=webhook, event="booking.booked", body={"title": "认识分数", "n": n}, made=made,
            **{"due": made, **more},
        )
        for n in range(count)
    ]  # fmt: skip
    ids = sorted(row.id for row in rows)
    for row, id in zip(rows, ids, strict=True):
        row.id = id
    async with database.write() as session:
        session.add_all(rows)
    return ids


async def delivery(database: Database, id: str) -> Delivery:
    async with database.read() as session:
        found = await session.get(Delivery, id)
    assert found is not None
    return found


async def deliveries(database: Database, event: str | None = None) -> list[Delivery]:
    async with database.read() as session:
        query = select(Delivery).order_by(Delivery.made, Delivery.id)
        return list(await session.scalars(query if event is None else query.where(Delivery.event == event)))


async def beat(courier: Courier) -> None:
    """One look, and everything that it sends."""
    await courier.look()
    await courier.idle()


def tries(courier: Courier, result: str) -> float:
    registry = courier.metrics.registry  # type: ignore[attr-defined]
    return registry.get_sample_value("tongke_webhook_tries_total", {"result": result}) or 0.0
