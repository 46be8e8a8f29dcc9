"""Servers that are asked a great deal in a moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from signalling.devices import door, service
from signalling.people import signin, web
from tests.devices.conftest import clock, open_world, world

__all__ = ["clock", "open_world", "world"]


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is refused for coming too often hides what is behind it; the limits have tests of their own."""
    for module, name in ((service, "LIMITS"), (door, "LIMITS"), (signin, "LIMITS"), (web, "PASSWORD_LIMITS")):
        monkeypatch.setattr(module, name, dict.fromkeys(getattr(module, name), "1000000 per 1 second"))
    yield
