"""Recorded lessons in a county, on each database."""

from __future__ import annotations

from pathlib import Path

import pytest

from signalling.db.engine import Database
from tests.bell.county import EIGHT, MINUTE, Clock, make_county
from tests.library.hall import Hall


@pytest.fixture
async def hall(database: Database, tmp_path: Path) -> Hall:
    folder = tmp_path / "recording"
    folder.mkdir()
    county = await make_county(database)
    return Hall(database, county, Clock(EIGHT + 60 * MINUTE), folder, f"file://{tmp_path / 'library'}")
