"""A creating request that is sent twice is done once (IETF draft-ietf-httpapi-idempotency-key-header).

The key is taken before the work begins and keeps its answer afterwards. Where the process dies between the two nobody
knows whether it was done: the repetition is told so, and nothing is doubled. A file that is uploaded arrives before the
work begins: its key is looked for before that, and taken after it.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling import bodies
from signalling.db import engine
from signalling.db.engine import Database
from signalling.db.records import Answered
from signalling.db.upsert import insert

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_S = 24 * 3600
MAX_KEY = 128
MAX_KEYS = 5000
"""Of one person, within `KEPT_S`."""
RUNNING_S = 60
"""A request takes no longer; one that has not ended by then was interrupted."""
_RUNNING = 0
_NO_STORE = {"Cache-Control": "no-store"}
REPEATED = {**_NO_STORE, REPLAYED: "1"}
"""Headers of an answer that was given before."""
_CHARACTERS = frozenset(string.ascii_letters + string.digits + string.punctuation)


@dataclass(frozen=True, slots=True)
class Key:
    """:ivar what: digest of the request that it is for."""

    database: Database
    person: str
    key: str
    what: str
    now: float

    async def answered(self) -> Answered | None:
        """What the request was answered before. :raises UserError: as `idempotency.once` before its work."""
        async with self.database.read() as session:
            before = await session.get(Answered, (self.person, self.key))
        return None if before is None else self._checked(before)

    async def once(self, work: Callable[[], Awaitable[tuple[int, Any]]]) -> tuple[int, Any, bool]:
        """Do the work, or give what it gave before. :returns: status, document, and whether it was done before.

        :raises UserError: as `idempotency.once`.
        """
        before = await self._take()
        if before is not None:
            return before.status, before.body, True
        mine = (Answered.person == self.person) & (Answered.key == self.key)
        with engine.commits() as commits:
            try:
                status, document = await work()
            except UserError as error:
                # What was refused was not done. Where the database went away, something may have been before it did.
                unknown = error.status >= 500 and commits.tried
                late = update(Answered).where(mine).values(at=int(self.now) - RUNNING_S)
                free = late if unknown else delete(Answered).where(mine)
                await self.database.run(lambda session: session.execute(free))
                raise
        done = update(Answered).where(mine).values(status=status, body=document)
        await self.database.run(lambda session: session.execute(done))
        return status, document, False

    async def _take(self) -> Answered | None:
        """None: the key is ours now."""

        async def work(session: AsyncSession) -> Answered | None:
            recent = select(Answered.key).where(Answered.person == self.person).limit(MAX_KEYS + 1)
            values: dict[str, Any] = {"person": self.person, "key": self.key, "request": self.what, "at": int(self.now)}
            values |= {"status": _RUNNING, "body": {}}
            adding = insert(session, Answered.__table__).values(values).on_conflict_do_nothing()
            if (await session.execute(adding.returning(Answered.__table__.c.key))).first() is None:
                return await session.get(Answered, (self.person, self.key))
            if len((await session.scalars(recent)).all()) > MAX_KEYS:  # this one is among them
                raise UserError(
                    429, "too_many_keys", f"You have used {MAX_KEYS} keys today; send the request without one."
                )
            return None

        before = await self.database.run(work)
        return None if before is None else self._checked(before)

    def _checked(self, before: Answered) -> Answered:
        if before.request != self.what:
            raise UserError(422, "key_reused", f"This {HEADER} was used for another request; use a new one.")
        if before.status == _RUNNING:
            if self.now - before.at < RUNNING_S:
                raise UserError(
                    409, "in_progress", "The same request is being worked on; wait a moment and look again."
                )
            raise UserError(
                409,
                "outcome_unknown",
                "The first request with this key was interrupted; look whether it was done, "
                "then send it with a new key.",
            )
        return before


def of_request(database: Database, person: str, key: str, request: web.Request, body: bytes, now: float) -> Key:
    """:param body: or what is known of it. :raises UserError: 422 `bad_key`."""
    if not 1 <= len(key) <= MAX_KEY or not _CHARACTERS.issuperset(key):
        raise UserError(422, "bad_key", f"An {HEADER} has 1 to {MAX_KEY} visible ASCII characters; use a new UUID.")
    what = hashlib.sha256(f"{request.method} {request.rel_url}\n".encode() + body).hexdigest()
    return Key(database, person, key, what, now)


async def once(
    database: Database,
    person: str,
    key: str,
    request: web.Request,
    now: float,
    work: Callable[[], Awaitable[tuple[int, Any]]],
) -> web.Response:
    """Do the work, or answer what it was answered before.

    :param work: returns the status and the JSON document.
    :raises UserError: 422 `bad_key`, `key_reused`; 409 `in_progress`, `outcome_unknown`; 429 `too_many_keys`; what
        `work` raises, after which the key is free again, unless something was written before the database went away.
    """
    body = await bodies.receive(request)
    status, document, before = await of_request(database, person, key, request, body, now).once(work)
    return web.json_response(document, status=status, headers=REPEATED if before else _NO_STORE)


async def sweep(database: Database, now: float) -> None:
    async with database.write() as session:
        await session.execute(delete(Answered).where(Answered.at < now - KEPT_S))
