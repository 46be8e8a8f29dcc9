"""Who may read a calendar feed: whoever has its URL, until it is revoked.

A calendar program cannot sign in, so the URL is the key. A person's is 32 random bytes of which only the hash is kept;
a school's or classroom's is signed with the server's secret, over a number that counts its revocations, so that it
can be printed again at any time and is nowhere stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.people import Person
from signalling.db.places import Classroom, School

Place = Literal["school", "classroom"]
_TABLES: dict[Place, type[School] | type[Classroom]] = {"school": School, "classroom": Classroom}
_PURPOSE = b"tongke calendar feed"
_MAX_TOKEN = 64


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def renew_person(session: AsyncSession, person: str, now: float, actor: str) -> str:
    """A new secret for a person's feed; the one before stops working. It is shown this once.

    :raises UserError: 404 `no_such_person`.
    """
    token = secrets.token_urlsafe(32)
    await _set_person(session, person, hashed(token))
    await audit.append(session, int(now), actor, "feed_renewed", person)
    return token


async def revoke_person(session: AsyncSession, person: str, now: float, actor: str) -> None:
    """:raises UserError: 404 `no_such_person`."""
    await _set_person(session, person, None)
    await audit.append(session, int(now), actor, "feed_revoked", person)


async def person_of(session: AsyncSession, token: str) -> str | None:
    """The active person whose feed this secret opens."""
    if len(token) > _MAX_TOKEN:
        return None
    # By the hash of what was sent: how long the index takes to find it says nothing about the secret itself.
    wanted = hashed(token)
    row = (await session.execute(select(Person.id, Person.feed).where(Person.feed == wanted, Person.active))).first()
    return row.id if row is not None and hmac.compare_digest(row.feed, wanted) else None


async def place_token(session: AsyncSession, secret: bytes, place: Place, id: str) -> str:
    """What opens the feed of a school or classroom. :raises UserError: 404 `no_such_place`."""
    return _sign(secret, place, id, await _revocations(session, place, id))


async def opens_place(session: AsyncSession, secret: bytes, place: Place, id: str, token: str) -> bool:
    try:
        wanted = _sign(secret, place, id, await _revocations(session, place, id))
    except UserError:
        return False
    return hmac.compare_digest(wanted.encode(), token[:_MAX_TOKEN].encode(errors="replace"))


async def revoke_place(session: AsyncSession, place: Place, id: str, now: float, actor: str) -> None:
    """Every URL printed so far stops working. :raises UserError: 404 `no_such_place`."""
    table = _TABLES[place]
    await _revocations(session, place, id)
    await session.execute(update(table).where(table.id == id).values(feed=table.feed + 1))
    await audit.append(session, int(now), actor, "feed_revoked", id)


def _sign(secret: bytes, place: Place, id: str, revocations: int) -> str:
    # A key of its own: what is signed here can never be taken for another thing signed with the same secret.
    key = hmac.digest(secret, _PURPOSE, "sha256")
    signed = hmac.digest(key, f"{place}\0{id}\0{revocations}".encode(), "sha256")
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


async def _revocations(session: AsyncSession, place: Place, id: str) -> int:
    table = _TABLES[place]
    found = await session.scalar(select(table.feed).where(table.id == id, table.active))
    if found is None:
        raise UserError(404, "no_such_place", "There is no such school or classroom.")
    return found


async def _set_person(session: AsyncSession, person: str, feed: str | None) -> None:
    done = await session.execute(update(Person).where(Person.id == person).values(feed=feed))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise UserError(404, "no_such_person", "There is no such person.")
