"""What all tables share: names of constraints, kinds of columns, ids."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter is taken for a digit when an id is read aloud."""


def new_id(now: float | None = None, chance: Callable[[int], int] = secrets.randbits) -> str:
    """16 characters that sort by the second they were made in: 35 bits of time, 45 of chance.

    :param chance: gives so many random bits; another one makes ids that come again.

    They are room names and parts of URLs as they are, and rows made together lie together in an index.
    """
    value = int(time.time() if now is None else now) << 45 | chance(45)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(75, -5, -5))


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    """Constraints have names, so that a migration can drop them on both databases."""


Id = Annotated[str, mapped_column(String(16), primary_key=True, default=new_id)]
Ref = Annotated[str, mapped_column(String(16))]
Instant = Annotated[int, mapped_column(BigInteger)]
"""Seconds since 1970, UTC. Local times exist in calendars and pages, never in a row that is compared."""
Name = Annotated[str, mapped_column(String(120))]
Short = Annotated[str, mapped_column(String(40))]
Text = Annotated[str, mapped_column(String(2000))]
Json = Annotated[dict[str, Any], mapped_column(JSON)]
Strings = Annotated[list[str], mapped_column(JSON)]
