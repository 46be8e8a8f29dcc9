"""A server without media, as the tests of signalling have it."""

from __future__ import annotations

from tests.signalling.conftest import open_school, school

__all__ = ["open_school", "school"]
