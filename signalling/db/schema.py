"""Every table, so that `metadata` is complete whoever asks for it."""

from __future__ import annotations

from signalling.db import lessons, library, people, places, records, times
from signalling.db.base import Base

metadata = Base.metadata

__all__ = ["lessons", "library", "metadata", "people", "places", "records", "times"]
