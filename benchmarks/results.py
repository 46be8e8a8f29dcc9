"""Results on disk: one JSON file per benchmark."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT

FIGURES = ROOT / "benchmarks" / "figures"
"""The results the report was written from."""


def store(directory: Path, name: str, result: dict[str, Any]) -> Path:
    """Written aside and moved into place: an interrupted run leaves the last result whole."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.json"
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    os.replace(aside, path)
    return path


def read(directory: Path, name: str) -> dict[str, Any] | None:
    path = directory / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None
