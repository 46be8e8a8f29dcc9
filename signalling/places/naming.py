"""What a place may be called, and what became of its columns when it was changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.base import Base

MAX_NAME = 120


def called(text: str, most: int = MAX_NAME) -> str:
    """:raises UserError: 422 `bad_name`."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= most or not name.isprintable():
        raise UserError(422, "bad_name", f"A name has 1 to {most} characters that can be seen; write another one.")
    return name


def change(row: Base, wanted: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Set what is not None and another value than before; what that was, for the audit log; empty: nothing."""
    new = {name: value for name, value in wanted.items() if value is not None and value != getattr(row, name)}
    before = {name: getattr(row, name) for name in new}
    for name, value in new.items():
        setattr(row, name, value)
    return {"before": before, "after": new} if new else {}


def verb(changed: Mapping[str, Mapping[str, Any]]) -> str:
    """What the audit log calls a change."""
    active = changed["after"].get("active")
    return "changed" if active is None else "opened" if active else "closed"


async def flush_named(session: AsyncSession, what: str) -> None:
    """:raises UserError: 409 `name_taken`."""
    try:
        await session.flush()
    except IntegrityError:
        raise UserError(
            409,
            "name_taken",
            f"The school has a {what} of this name already, perhaps a closed one; choose another name.",
        ) from None
