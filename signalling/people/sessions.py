"""Who is signed in. The cookie holds 32 random bytes; the database holds their SHA-256, so that nobody who reads a
backup can be somebody else."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.people import Login, Person, RoleGrant
from signalling.people.roles import Grant, Scope, own

IDLE_S = 12 * 3600
"""A school day: whoever was seen in the morning is still signed in in the evening."""
ABSOLUTE_S = 14 * 86400
TOUCH_S = 300
"""A session in use is written to so seldom."""
MAX_SESSIONS = 20
"""Of one person; one more ends the one that was used longest ago."""
MAX_COOKIE = 100

_COLUMNS = (Login.csrf, Login.seen, Person.id, Person.name, Person.login, Person.language, Person.school)
_GRANT = (RoleGrant.role, RoleGrant.kind, RoleGrant.scope)


@dataclass(frozen=True, slots=True)
class Begun:
    """:ivar cookie: for the browser alone. :ivar csrf: what its scripts have to repeat."""

    person: str
    cookie: str
    csrf: str

    def __repr__(self) -> str:
        return f"Begun(person={self.person!r})"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """:ivar hash: names the session. :ivar due: whether it should be written that it was used."""

    hash: str
    csrf: str
    person: str
    name: str
    login: str | None
    language: str
    school: str | None
    grants: tuple[Grant, ...]
    due: bool

    def __repr__(self) -> str:
        return f"SignedIn(person={self.person!r})"


def hash_of(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


async def begin(session: AsyncSession, now: float, person: str, agent: str, before: str | None = None) -> Begun:
    """Sign a person in; the caller has locked her row.

    :param agent: the browser's name, to tell sessions apart. :param before: this browser's cookie until now, if any:
        its session ends, whoever's it was, and its value is not used again.
    """
    if before:
        await session.execute(delete(Login).where(Login.hash == hash_of(before)))
    order = (Login.seen.desc(), Login.created.desc(), Login.hash)
    mine = (await session.scalars(select(Login.hash).where(Login.person == person).order_by(*order))).all()
    if len(mine) >= MAX_SESSIONS:
        await session.execute(delete(Login).where(Login.hash.in_(mine[MAX_SESSIONS - 1 :])))
    begun = Begun(person, secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    session.add(
        Login(
            hash=hash_of(begun.cookie),
            person=person,
            csrf=begun.csrf,
            created=int(now),
            expires=int(now) + IDLE_S,
            seen=int(now),
            agent=agent.encode("ascii", "replace").decode()[:200],
        )
    )
    await session.flush()
    return begun


async def find(database: Database, now: float, cookie: str) -> SignedIn | None:
    """Whose cookie it is, with her grants; None when it is nobody's (any more)."""
    if not cookie or len(cookie) > MAX_COOKIE:
        return None
    hashed = hash_of(cookie)
    async with database.read() as session:
        # One statement: every page asks this with every request, and a whole school opens its pages at one bell.
        rows = (
            await session.execute(
                select(*_COLUMNS, *_GRANT)
                .join(Person, Person.id == Login.person)
                .join(RoleGrant, RoleGrant.person == Person.id, isouter=True)
                .where(Login.hash == hashed, Login.expires > now, Person.active)
                .order_by(*_GRANT)
            )
        ).all()
    if not rows:
        return None
    csrf, seen, person, name, login, language, school, *_ = rows[0]
    given = [Grant(role, Scope(kind, scope)) for *_, role, kind, scope in rows if role is not None]
    due = now - seen >= TOUCH_S
    return SignedIn(hashed, csrf, person, name, login, language, school, (*given, own(person)), due)


async def grants(session: AsyncSession, person: str) -> list[Grant]:
    """What was given to a person, without what is `own`."""
    rows = await session.execute(select(*_GRANT).where(RoleGrant.person == person).order_by(*_GRANT))
    return [Grant(role, Scope(kind, scope)) for role, kind, scope in rows]


async def touch(database: Database, now: float, hashed: str) -> None:
    """It is in use: it ends `IDLE_S` from now, and `ABSOLUTE_S` after its beginning in any case."""
    at = int(now)

    async def work(session: AsyncSession) -> None:
        created = await session.scalar(select(Login.created).where(Login.hash == hashed, Login.expires > at))
        if created is not None:
            until = min(at + IDLE_S, created + ABSOLUTE_S)
            await session.execute(update(Login).where(Login.hash == hashed).values(seen=at, expires=until))

    await database.run(work)


async def end(session: AsyncSession, person: str, *, only: str | None = None, but: str | None = None) -> int:
    """Sign a person out, and say of how many sessions.

    :param only: hash of the one to end. :param but: hash of one to leave.
    """
    which = delete(Login).where(Login.person == person)
    if only is not None:
        which = which.where(Login.hash == only)
    if but is not None:
        which = which.where(Login.hash != but)
    return (await session.execute(which)).rowcount


async def sign_out(database: Database, now: float, person: str, only: str | None) -> None:
    """End one session of a person, or all of them. :param only: its hash."""

    async def work(session: AsyncSession) -> None:
        ended = await end(session, person, only=only)
        if ended:
            await audit.append(session, int(now), person, "login.ended", person, {"sessions": ended})

    await database.run(work)


async def sweep(database: Database, now: float, limit: int = 500) -> int:
    """Remove sessions that are over, at most `limit` of them, and say how many."""

    async def work(session: AsyncSession) -> int:
        over = (await session.scalars(select(Login.hash).where(Login.expires <= now).limit(limit))).all()
        if over:
            await session.execute(delete(Login).where(Login.hash.in_(over), Login.expires <= now))
        return len(over)

    return await database.run(work)
