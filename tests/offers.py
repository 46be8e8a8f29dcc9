"""The recorded and written offers under `tests/data/offers`."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent / "data" / "offers"
NAMES = tuple(sorted(path.stem for path in DIRECTORY.glob("*.sdp")))
PUBLISHERS = tuple(name for name in NAMES if "subscribe" not in name)
SUBSCRIBERS = tuple(name for name in NAMES if "subscribe" in name or "sendrecv" in name)


def load(name: str) -> str:
    return (DIRECTORY / f"{name}.sdp").read_bytes().decode()
