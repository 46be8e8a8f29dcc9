"""What a roster does to accounts, schools and classes, as the audit log tells it of somebody who does it by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.audit import Entry
from signalling.db.base import Base
from signalling.db.people import Login, Person, RoleGrant
from signalling.db.places import PupilClass, School
from signalling.exchange.roster_changes import Changes, chunks

_BY = {"by": "roster"}


async def entries(session: AsyncSession, changes: Changes, actor: str) -> list[Entry]:
    """Call it before the changes are applied. Whoever is put out of use is signed out here.

    Pupils have no rows of their own: they do not sign in and may do nothing.
    """
    found: list[Entry] = []
    closing: tuple[tuple[type[Base], str], ...] = ((School, "school.closed"), (PupilClass, "class.closed"))
    for table, action in closing:
        for id, values in changes.updates[table].items():
            if values.get("active") is False:
                found.append(Entry(actor, action, id, _detail(changes.before[table][id], values)))
    for row in changes.inserts[Person]:
        if row["login"]:
            found.append(Entry(actor, "person.created", row["id"], {"login": row["login"], **_BY}))
    for ids in chunks(list(changes.updates[Person])):
        found += await _changed(session, changes, actor, ids)
    found += (Entry(actor, "role.granted", row["person"], _grant(row)) for row in changes.inserts[RoleGrant])
    columns = (RoleGrant.person, RoleGrant.role, RoleGrant.kind, RoleGrant.scope)
    for ids in chunks(changes.deletes[RoleGrant]):
        taken = await session.execute(select(*columns).where(RoleGrant.id.in_(ids)).order_by(RoleGrant.id))
        found += (Entry(actor, "role.revoked", row["person"], _grant(row)) for row in taken.mappings())
    return found


async def _changed(session: AsyncSession, changes: Changes, actor: str, ids: Sequence[str]) -> list[Entry]:
    """Of accounts that are renamed, and of those put out of use, whose sessions end."""
    accounts = Person.login.is_not(None) | Person.subject.is_not(None) | Person.id.in_(select(RoleGrant.person))
    grown = set(await session.scalars(select(Person.id).where(Person.id.in_(ids), accounts)))
    closed = sorted(id for id in ids if changes.updates[Person][id].get("active") is False)
    # Whoever signs in at this moment stands in line here, and then finds the account closed.
    await session.execute(select(Person.id).where(Person.id.in_(closed)).order_by(Person.id).with_for_update())
    signed_in = {
        person: count
        for person, count in await session.execute(
            select(Login.person, func.count()).where(Login.person.in_(closed)).group_by(Login.person)
        )
    }
    await session.execute(delete(Login).where(Login.person.in_(closed)))
    found = []
    for id in ids:
        values = changes.updates[Person][id]
        named = {name: values[name] for name in ("name", "login") if name in values}
        if named and (id in grown or "login" in named):
            before = changes.before[Person][id]
            found.append(Entry(actor, "person.renamed", id, _detail({name: before[name] for name in named}, named)))
        if id in grown and values.get("active") is False:
            found.append(Entry(actor, "person.deactivated", id, {"signed_out": signed_in.get(id, 0), **_BY}))
    return found


def _detail(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {"before": dict(before), "after": dict(after), **_BY}


def _grant(row: Mapping[Any, Any]) -> dict[str, str]:
    return {name: row[name] for name in ("role", "kind", "scope")} | _BY
