from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.database.fixtures import (
    database,
    database_url,
    empty_url,
    postgresql,
    postgresql_template,
    sqlite_template,
)
from tests.leaks import forget_servers

__all__ = ["database", "database_url", "empty_url", "postgresql", "postgresql_template", "sqlite_template"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays: a collection of what tests leave behind costs little then, and comes early."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_server_outlives_its_test() -> Iterator[None]:
    yield
    forget_servers()
