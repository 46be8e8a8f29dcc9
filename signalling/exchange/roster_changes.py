"""What an import writes, and how it is written: in bulk, in an order in which references and unique names hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.base import Base
from signalling.db.people import Enrolment, Person, RoleGrant
from signalling.db.places import PupilClass, Region, School
from signalling.db.times import Calendar, Term

CHUNK = 1000
_ORDER: Sequence[type[Base]] = (Calendar, Region, School, Term, PupilClass, Person, RoleGrant, Enrolment)


@dataclass
class Changes:
    """Rows to insert, columns to update by id, ids to delete; in an order in which references hold.

    :ivar before: what the updated columns hold until then, for the audit log."""

    inserts: dict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    updates: dict[type[Base], dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    before: dict[type[Base], dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    deletes: dict[type[Base], list[str]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, str] = field(default_factory=dict)
    """Of classes that are updated: id → name in the end."""

    def __len__(self) -> int:
        return sum(len(rows) for part in (self.inserts, self.updates, self.deletes) for rows in part.values())

    def update(self, table: type[Base], row: Any, **wanted: Any) -> bool:
        """Note what differs from `row`. :returns: whether anything does."""
        different = {name: value for name, value in wanted.items() if getattr(row, name) != value}
        if different:
            self.updates[table].setdefault(row.id, {}).update(different)
            self.before[table].setdefault(row.id, {}).update({name: getattr(row, name) for name in different})
        return bool(different)


async def apply(session: AsyncSession, changes: Changes, wrote: Callable[[int], None]) -> None:
    """Write everything. :param wrote: is told how many more rows were written.

    Statements are about tables, not classes: the ORM would begin a new statement wherever a value is None, and its
    bulk update takes no WHERE of ours.
    """
    for table, ids in changes.deletes.items():
        for chunk in chunks(ids):
            await session.execute(delete(table).where(table.id.in_(chunk)))  # type: ignore[attr-defined]
            wrote(len(chunk))
    await _set_aside(session, changes)
    for table in _ORDER:
        for rows in chunks(changes.inserts.get(table, ())):
            await session.execute(insert(table.__table__), rows)  # type: ignore[arg-type]
            wrote(len(rows))
        by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for id, values in changes.updates.get(table, {}).items():
            by_columns[tuple(sorted(values))].append({"row": id, **{f"new_{name}": values[name] for name in values}})
        for columns, updates in by_columns.items():
            await _update(session, table, columns, updates, wrote)


async def _set_aside(session: AsyncSession, changes: Changes) -> None:
    """Free the logins and class names that change: a year on, each class takes the name of the one above it."""
    logins = [{"row": id, "new_login": None} for id, values in changes.updates[Person].items() if "login" in values]
    await _update(session, Person, ("login",), logins)
    renamed = [id for id, values in changes.updates[PupilClass].items() if values.keys() & {"name", "school"}]
    await _update(session, PupilClass, ("name",), [{"row": id, "new_name": id} for id in renamed])
    for id in renamed:  # one that only changes school needs its name back
        changes.updates[PupilClass][id].setdefault("name", changes.names[id])


async def _update(
    session: AsyncSession,
    table: type[Base],
    columns: Sequence[str],
    rows: Sequence[dict[str, Any]],
    wrote: Callable[[int], None] = lambda _: None,
) -> None:
    core = table.__table__
    statement = (
        update(core)  # type: ignore[arg-type]
        .where(core.c.id == bindparam("row"))
        .values({name: bindparam(f"new_{name}") for name in columns})
    )
    connection = await session.connection()
    for chunk in chunks(rows):
        await connection.execute(statement, chunk)
        wrote(len(chunk))


def chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
