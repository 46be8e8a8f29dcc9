"""What the process that hears says, a line each: docs/architecture.md, "Captions". Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Text = Annotated[str, Field(max_length=4096)]


class Said(BaseModel):
    """:ivar ready: the model's name, when packets are worth sending. :ivar settled: (start in µs, end in µs, word).
    :ivar tentative: None: nothing was heard anew. :ivar lost_s: sound that was left out.
    :ivar heard_us: up to there everything was heard. :ivar failed: a code; it ends."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    ready: Text = ""
    settled: Annotated[tuple[tuple[int, int, Text], ...], Field(max_length=1000)] = ()
    tentative: Text | None = None
    pause: bool = False
    lost_s: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] = 0.0
    heard_us: int = 0
    failed: Text = ""
    detail: Text = ""

    @property
    def words(self) -> str:
        return "".join(word for _, _, word in self.settled)


def read(line: bytes) -> Said:
    """:raises ValueError: nothing that it says."""
    try:
        return Said.model_validate_json(line)
    except ValidationError as error:
        raise ValueError(f"{error.error_count()} fields are not as they should be") from None
