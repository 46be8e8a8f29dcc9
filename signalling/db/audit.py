"""The audit log: rows that are only added, each sealed with the hash of the one before it.

Whoever changes a row breaks its hash, whoever removes one breaks the chain, and whoever cuts off the end misses the
head, which is kept apart. Whoever may write the whole database can mend all of that again; the anchor that
`tongke audit verify` prints, kept elsewhere and given to a later check, shows whether the past is still the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.engine import Database
from signalling.db.records import Audit, AuditHead

NOTHING = "0" * 64
"""The hash before the first row."""
_SEALED = ("number", "at", "actor", "action", "subject", "detail", "previous")
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Anchor:
    """A row and its hash. :ivar number: 0 before the first row."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """:raises ValueError: `text` is none."""
        number, _, hashed = text.partition(":")
        if not number.isdecimal() or len(hashed) != 64 or set(hashed) - set("0123456789abcdef"):
            raise ValueError("an anchor is a number, a colon and 64 hexadecimal digits")
        return cls(int(number), hashed)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that is not as it was written. :ivar why: completes "row N …"."""

    number: int
    why: str


def seal(
    *, number: int, at: int, actor: str, action: str, subject: str, detail: Mapping[str, Any], previous: str
) -> str:
    """SHA-256 of the row as JSON: keys in order, no spaces, ASCII, no NaN."""
    row = {
        "number": number,
        "at": at,
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": detail,
        "previous": previous,
    }
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written. :ivar subject: id of what it was done to. :ivar detail: anything that JSON can hold."""

    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)


async def append(
    session: AsyncSession, at: int, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None
) -> Anchor:
    """Add a row; it stands or falls with the transaction of `session`.

    Others who append wait from here to this transaction's end, so do it last.

    :param at: seconds since 1970. :param actor: id of a person, or a name such as `clock`.
    :param subject: id of what it was done to. :param detail: anything that JSON can hold.
    :raises ValueError: JSON cannot hold `detail`.
    """
    return await append_all(session, at, [Entry(actor, action, subject, detail or {})])


async def append_all(session: AsyncSession, at: int, entries: Sequence[Entry]) -> Anchor:
    """Add a row for each entry, in order, with as many statements as for one.

    :returns: the end of the log. :raises ValueError: JSON cannot hold a `detail`.
    """
    number, previous = (await session.execute(select(AuditHead.number, AuditHead.hash).with_for_update())).one()
    rows: list[dict[str, Any]] = []
    for entry in entries:
        number += 1
        row = {
            "number": number,
            "at": at,
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "detail": json.loads(json.dumps(entry.detail, allow_nan=False)),  # as it will be read: keys are strings
            "previous": previous,
        }
        previous = seal(**row)
        rows.append({**row, "hash": previous})
    if rows:
        await session.execute(insert(Audit), rows)
        await session.execute(update(AuditHead).values(number=number, hash=previous))
    return Anchor(number, previous)


async def head(session: AsyncSession) -> Anchor:
    """The end of the log, as its head says."""
    number, sealed = (await session.execute(select(AuditHead.number, AuditHead.hash))).one()
    return Anchor(number, sealed)


async def verify(database: Database, anchor: Anchor | None = None) -> Broken | None:
    """Read the whole log and return its first broken row; None when it is whole.

    :param anchor: of an earlier check: the row it names must still be the same.
    """
    async with database.read() as session:
        end = await head(session)
        last = Anchor(0, NOTHING)
        columns = [getattr(Audit, name) for name in (*_SEALED, "hash")]
        rows = await session.stream(select(*columns).order_by(Audit.number).execution_options(yield_per=_BATCH))
        try:
            async for *values, sealed in rows:
                row = dict(zip(_SEALED, values, strict=True))
                if row["number"] != last.number + 1:
                    return Broken(last.number + 1, "is missing")
                if row["previous"] != last.hash:
                    return Broken(row["number"], "does not follow from the row before it")
                if seal(**row) != sealed:
                    return Broken(row["number"], "was changed")
                last = Anchor(row["number"], sealed)
                if anchor is not None and anchor.number == last.number and anchor != last:
                    return Broken(last.number, "is not the row of the anchor")
        finally:
            await rows.close()
    if last.number < max(end.number, anchor.number if anchor else 0):
        return Broken(last.number + 1, "is missing: the end was cut off")
    if last != end:
        return Broken(last.number, "is not the one that the head of the log names")
    return None
