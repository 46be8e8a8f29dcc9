"""Which Tongke this is."""

from __future__ import annotations

import importlib.metadata

PROGRAM = importlib.metadata.version("tongke")
