from __future__ import annotations

import pytest

from signalling.db.engine import Database
from tests.booking.county import fill


@pytest.fixture
async def county(database: Database) -> Database:
    """Both databases, with the schools of `county.py`."""
    await fill(database)
    return database
