"""Bells on a database with a county in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from signalling.bell.ringing import Bell
from signalling.config import BellConfig
from signalling.db.engine import Database
from signalling.metrics import Metrics
from tests.bell.county import Clock, County, make_county

MakeBell = Callable[..., Bell]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def county(database: Database) -> County:
    return await make_county(database)


@pytest.fixture
def make_bell(database: Database, clock: Clock) -> MakeBell:
    def make(*listeners: Callable[[Any], None], on: Database = database, at: Clock = clock, **settings: Any) -> Bell:
        return Bell(on, at, BellConfig(**settings), listeners, metrics=Metrics(), monotonic=at.monotonic)

    return make
