"""One system administrator who can sign in is always left, whoever takes the others away."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.lessons import Held
from signalling.db.people import Person, RoleGrant

_ADMINS = "role:admin"
"""Row of `held` that everybody locks who adds or takes away a system administrator."""


async def lock(session: AsyncSession) -> None:
    """Two who would take the last two away at the same time stand in line here. Before other rows are locked."""
    insert = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[session.get_bind().dialect.name]
    await session.execute(insert(Held).values(resource=_ADMINS).on_conflict_do_nothing())
    await session.execute(select(Held.resource).where(Held.resource == _ADMINS).with_for_update())


async def able(session: AsyncSession) -> set[str]:
    """Ids of the system administrators who can sign in."""
    found = (
        select(RoleGrant.person)
        .join(Person, Person.id == RoleGrant.person)
        .where(
            RoleGrant.role == "admin",
            RoleGrant.kind == "system",
            Person.active,
            Person.password.is_not(None) | Person.subject.is_not(None),
        )
    )
    return set(await session.scalars(found))


async def require_another(session: AsyncSession, people: Collection[str]) -> None:
    """:param people: who shall be none any more. :raises UserError: 409 `last_admin`."""
    if not await able(session) - set(people):
        raise UserError(
            409, "last_admin", "This is the last system administrator; make another one before taking this one away."
        )
