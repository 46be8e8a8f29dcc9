"""Which resources somebody may see, and what she may do with one.

To read takes two things: a role that may read the library, and a resource that is shared with her. A clip shows a part
of another resource, so that one must be shared with her as well. What she may not see is not there for her: 404. Those
who look after a resource see it before it is published; what somebody keeps for herself (`own`) is seen by her alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.library import Resource
from signalling.library import access
from signalling.library.access import Terms
from signalling.people import scopes
from signalling.people.roles import TABLE, Chain, Grant, allowed

READ, EDIT, REMOVE, ADD = "library.read", "library.edit", "library.remove", "library.add"


@dataclass(frozen=True, slots=True)
class Viewer:
    """:ivar grants: `own` included."""

    person: str
    grants: tuple[Grant, ...]

    def has(self, action: str) -> bool:
        """In some scope."""
        return any(grant.role in TABLE[action].roles for grant in self.grants if grant.scope.kind != "person")


@dataclass(frozen=True, slots=True)
class Found:
    """:ivar origin: of a clip: the resource that it shows a part of."""

    row: Resource
    origin: Resource | None
    chain: Chain
    viewer: Viewer

    def may(self, action: str) -> bool:
        return allowed(self.viewer.grants, action, self.chain)

    @property
    def source(self) -> Resource:
        """Whose files, lines and slides it shows."""
        return self.origin or self.row


async def find(session: AsyncSession, viewer: Viewer, id: str, action: str = READ, *, lock: bool = False) -> Found:
    """:param lock: it, and what it is a clip of, until the transaction ends, on PostgreSQL.

    :raises UserError: 403 `forbidden`; 404 `not_found`; 410 `resource_removed`.
    """
    if action == READ and not viewer.has(READ):
        raise forbidden(READ)
    if not scopes.is_id(id):
        raise missing()
    row = await (_locked(session, id) if lock else session.get(Resource, id))
    if row is None:
        raise missing()
    origin = await session.get(Resource, row.of) if row.of else None
    found = Found(row, origin, (await scopes.find(session, "resource", id)).here, viewer)
    reads = await _reads(session, found)
    if action != READ and not found.may(action):
        raise forbidden(action) if reads or not viewer.has(READ) else missing()
    if not reads and action != REMOVE:  # who keeps order need not look at what is taken out
        raise missing()
    if row.state == "removed":
        raise UserError(410, "resource_removed", "This was taken out of the library; search for another one.")
    return found


async def _locked(session: AsyncSession, id: str) -> Resource | None:
    """What it is a clip of first, as everybody does: that must not be narrowed while a clip is fitted to it."""
    of = await session.scalar(select(Resource.of).where(Resource.id == id))
    if of is not None:
        await session.get(Resource, of, with_for_update=True, populate_existing=True)
    return await session.get(Resource, id, with_for_update=True, populate_existing=True)


async def _reads(session: AsyncSession, found: Found) -> bool:
    rows = [found.row, *([found.origin] if found.origin is not None else [])]
    others = []
    for row in rows:
        chain = found.chain if row is found.row else (await scopes.find(session, "resource", row.id)).here
        hers = found.viewer.person in (row.teacher, row.made_by)
        if not (allowed(found.viewer.grants, EDIT, chain) and (hers or row.rights != "own")):
            others.append(row)
    if not others:
        return True
    if not found.viewer.has(READ) or any(row.state not in ("published", "removed") for row in others):
        return False
    mine = await access.of_person(session, found.viewer.person, found.viewer.grants)
    return len(await readable(session, mine, others)) == len(others)


async def readable(session: AsyncSession, mine: Terms, rows: Sequence[Resource]) -> frozenset[str]:
    """Ids of those that are shared with somebody. :param mine: `access.of_person`."""
    homes = await access.homes(session, rows)
    return frozenset(
        row.id
        for row in rows
        if access.finds(mine, access.terms(row.rights, homes[row.id], (row.made_by, row.teacher)))
    )


async def visible(session: AsyncSession, viewer: Viewer, rows: Sequence[Resource]) -> list[Resource]:
    """Those that she may see, in their order, whatever they are a part of."""
    mine = await access.of_person(session, viewer.person, viewer.grants)
    shared = await readable(session, mine, rows)
    found = []
    for row in rows:
        if row.id in shared or (row.rights != "own" and await _looks_after(session, viewer, row)):
            found.append(row)
    return found


async def _looks_after(session: AsyncSession, viewer: Viewer, row: Resource) -> bool:
    return allowed(viewer.grants, EDIT, (await scopes.find(session, "resource", row.id)).here)


async def still(session: AsyncSession, mine: Terms, ids: Sequence[str]) -> frozenset[str]:
    """Which of those that an index found are shared with somebody now: what was taken out or narrowed just now, or
    while no worker runs, is in it nevertheless. :param mine: `access.of_person`."""
    rows = (await session.scalars(select(Resource).where(Resource.id.in_(ids)))).all()
    above = {row.of for row in rows if row.of}
    if above:
        rows = [*rows, *await session.scalars(select(Resource).where(Resource.id.in_(above)))]
    there = [row for row in {row.id: row for row in rows}.values() if row.state == "published"]
    shared = await readable(session, mine, there)
    return frozenset(row.id for row in there if {row.id, row.of or row.id} <= shared)


def missing() -> UserError:
    return UserError(404, "not_found", "There is no such resource, or it is not shared with you; search for it again.")


def forbidden(action: str) -> UserError:
    return UserError(
        403, "forbidden", f"Your role does not allow {action} here; ask an administrator of it.", action=action
    )
