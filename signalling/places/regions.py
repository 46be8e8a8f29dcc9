"""Provinces, cities and counties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.people import RoleGrant
from signalling.db.places import Region
from signalling.db.records import Webhook
from signalling.places import naming

Kind = Literal["province", "city", "county"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The widest first; a county may lie in a province directly."""


@dataclass(frozen=True, slots=True)
class RegionShown:
    id: str
    parent: str | None
    kind: str
    name: str


def rows(parent: str | None = None, q: str = "") -> Select[Any]:
    """Columns of `RegionShown`. :param q: a part of the name."""
    found = select(Region.id, Region.parent, Region.kind, Region.name)
    if parent is not None:
        found = found.where(Region.parent == parent)
    return found.where(Region.name.icontains(q, autoescape=True)) if q else found


async def create(database: Database, now: float, actor: str, *, parent: str | None, kind: Kind, name: str) -> str:
    """Returns its id. :raises UserError: 404; 422 `bad_name`, `bad_region`."""
    name, id = naming.called(name), new_id(now)

    async def work(session: AsyncSession) -> None:
        above = await _locked(session, parent) if parent is not None else None
        if above is not None and KINDS.index(above.kind) >= KINDS.index(kind):  # type: ignore[arg-type]
            raise UserError(
                422, "bad_region", f"A {kind} cannot lie in a {above.kind}; choose a wider region, or another kind."
            )
        path = f"{above.path if above is not None else '/'}{id}/"
        session.add(Region(id=id, parent=parent, kind=kind, name=name, path=path))
        await session.flush()
        detail = {"parent": parent, "kind": kind, "name": name}
        await audit.append(session, int(now), actor, "region.created", id, detail)

    await database.run(work)
    return id


async def rename(database: Database, now: float, actor: str, region: str, name: str) -> None:
    """:raises UserError: 404; 422 `bad_name`."""
    name = naming.called(name)

    async def work(session: AsyncSession) -> None:
        row = await _locked(session, region)
        changed = naming.change(row, {"name": name})
        if changed:
            await session.flush()
            await audit.append(session, int(now), actor, "region.changed", region, changed)

    await database.run(work)


async def remove(database: Database, now: float, actor: str, region: str) -> None:
    """Only one that nothing lies in and nobody has a role for. :raises UserError: 404; 409 `region_in_use`."""

    async def work(session: AsyncSession) -> None:
        row = await _locked(session, region)
        granted = select(RoleGrant.id).where(RoleGrant.kind == "region", RoleGrant.scope == region).limit(1)
        hooked = select(Webhook.id).where(Webhook.scope == region).limit(1)
        if await session.scalar(granted) is not None or await session.scalar(hooked) is not None:
            raise _in_use("People have roles, or webhooks are sent, for this region; take them away first.")
        try:
            await session.delete(row)
            await session.flush()
        except IntegrityError:
            raise _in_use("Schools or regions lie in this region; only an empty one can be removed.") from None
        await audit.append(session, int(now), actor, "region.removed", region, {"name": row.name})

    await database.run(work)


def _in_use(sentence: str) -> UserError:
    return UserError(409, "region_in_use", sentence)


async def _locked(session: AsyncSession, id: str) -> Region:
    row = await session.get(Region, id, with_for_update=True)
    if row is None:
        raise UserError(404, "not_found", "There is no such region; it may have been removed just now.")
    return row
