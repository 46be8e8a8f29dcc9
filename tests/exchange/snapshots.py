"""Everything a database holds, to see what an import changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from signalling.db.base import Base
from signalling.db.engine import Database
from signalling.db.people import Enrolment, Person, RoleGrant
from signalling.db.places import PupilClass, Region, School
from signalling.db.schema import metadata
from signalling.db.times import Calendar, Term

ROSTER: tuple[type[Base], ...] = (Calendar, Region, School, Term, PupilClass, Person, RoleGrant, Enrolment)


async def counts(database: Database) -> dict[str, int]:
    """Rows by table, of tables that have any."""
    async with database.read() as session:
        found = {
            name: await session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }
    return {name: count for name, count in found.items() if count}


async def rows(database: Database, tables: Iterable[type[Base]] = ROSTER) -> dict[str, list[tuple[Any, ...]]]:
    async with database.read() as session:
        return {
            table.__tablename__: sorted(
                (tuple(row) for row in await session.execute(select(table.__table__))), key=repr
            )
            for table in tables
        }
