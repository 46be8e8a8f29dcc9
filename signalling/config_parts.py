"""What every section of the configuration is made of."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict


def split(value: Any) -> Any:
    """`"a, b"` and `'["a", "b"]'` from the environment become a list; a lone string in TOML too."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
