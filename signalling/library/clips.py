"""A part of a resource, as a resource of its own that refers to it: no file is cut or copied.

What it shows is the origin's, so it is shared with nobody whom the origin is not shared with, and goes with it. A part
of a clip is a part of the clip's origin.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.library import vocabulary, work
from signalling.library.editing import OF_ORIGIN, created
from signalling.library.seen import ADD, Viewer, find, forbidden

LEAST_MS = 1000
MAX_OF_ONE = 200
"""Clips of one resource."""


async def cut(
    database: Database, now: float, viewer: Viewer, id: str, title: str, starts_ms: int, ends_ms: int
) -> Resource:
    """:raises UserError: 403, 404, 410 as `seen.find`; 409 `nothing_to_cut`, `too_many_clips`; 422 `bad_span`,
    `bad_metadata`."""
    kept = vocabulary.required({"title": title})

    async def cutting(session: AsyncSession) -> Resource:
        found = await find(session, viewer, id)
        if not viewer.has(ADD):
            raise forbidden(ADD)
        if found.origin is not None:  # the one that is locked below, and that the part is of
            found = await find(session, viewer, found.origin.id)
        # Locked against its removal; read again, since it was asked for before the lock.
        asked = select(Resource).where(Resource.id == found.row.id).with_for_update()
        origin = await session.scalar(asked.execution_options(populate_existing=True))
        assert origin is not None
        _fits(origin, starts_ms, ends_ms)
        count = select(func.count()).select_from(Resource).where(Resource.of == origin.id, Resource.state != "removed")
        if (await session.scalar(count) or 0) >= MAX_OF_ONE:
            raise UserError(
                409, "too_many_clips", f"There are {MAX_OF_ONE} clips of this already; remove some that nobody needs."
            )
        row = Resource(
            **{name: getattr(origin, name) for name in OF_ORIGIN},
            **{"id": new_id(now), "kind": "clip", "state": "published", "title": kept["title"], "of": origin.id},
            **{"starts_ms": starts_ms, "ends_ms": ends_ms, "length_ms": ends_ms - starts_ms, "rights": origin.rights},
            **{"made_by": viewer.person, "made": int(now), "changed": int(now), "published": int(now)},
        )
        session.add(row)
        await session.flush()
        await work.begin(session, row.id, row.kind, now)
        detail = {**created(row), "of": origin.id, "starts_ms": starts_ms, "ends_ms": ends_ms}
        await audit.append(session, int(now), viewer.person, "resource.created", row.id, detail)
        return row

    return await database.run(cutting)


def _fits(origin: Resource, starts_ms: int, ends_ms: int) -> None:
    if origin.state != "published" or not origin.length_ms:
        raise UserError(409, "nothing_to_cut", "Only what is published and plays can be cut; wait until it is ready.")
    if not (0 <= starts_ms and starts_ms + LEAST_MS <= ends_ms <= origin.length_ms):
        raise UserError(
            422,
            "bad_span",
            f"A clip has at least {LEAST_MS // 1000} s and lies within the {origin.length_ms} ms there are.",
        )
