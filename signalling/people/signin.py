"""Signing in with a password: slowly for those who guess, and the same for an unknown login as for a wrong password."""

from __future__ import annotations

from collections.abc import Callable

from limits.aio.storage import Storage
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.logins import as_compared
from signalling.db.people import Person
from signalling.people import sessions
from signalling.people.passwords import Passwords
from signalling.people.refusals import Refusals
from signalling.people.sessions import Begun
from signalling.people.throttle import Throttle, network

LIMITS = {"address": "100 per 10 minute", "login": "100 per hour", "both": "10 per 10 minute"}
"""Failures. `both`: of one login from one address, so that a stranger's guesses do not soon lock its owner out."""


class SignIn:
    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        refusals: Refusals,
        clock: Callable[[], float],
        storage: Storage,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._refusals = refusals
        self._throttle = Throttle("sign-in", clock, LIMITS, storage)

    async def with_password(
        self, now: float, login: str, password: str, *, address: str, agent: str, before: str | None
    ) -> Begun:
        """:param login: as it was typed. :param address: of the client. :param before: see `sessions.begin`.

        :raises UserError: 401 `wrong_login`, 429 `too_many_attempts`, 503 `busy`.
        """
        source, login = network(address), as_compared(login)
        keys = {"address": source, "login": login, "both": f"{source} {login}"}
        await self._throttle.check(**keys)
        async with self._passwords.turn() as turn:
            await self._throttle.check(**keys)  # others of the line may have failed meanwhile
            person = await self._find(login)  # here: a thousand in line do not ask the database at once
            right = await turn.verify(person.password if person is not None else None, password)
            if not right or person is None:
                await self._throttle.failed(**keys)
                # Not the login of nobody: it may be a password in the wrong field.
                subject = person.id if person is not None else "unknown"
                await self._refusals.note(now, "login.failed", subject, {}, address=source)
                raise _wrong()
            renewed = await turn.hash(password) if self._passwords.outdated(person.password or "") else None
        begun = await self._begin(now, person, renewed, source, agent, before)
        await self._throttle.forget(login=login, both=keys["both"])
        return begun

    async def _find(self, login: str) -> Person | None:
        if not login or len(login) > 80 or not login.isprintable():
            return None
        async with self._database.read() as session:
            return await session.scalar(select(Person).where(Person.login == login, Person.active))

    async def _begin(
        self, now: float, person: Person, renewed: str | None, source: str, agent: str, before: str | None
    ) -> Begun:
        async def work(session: AsyncSession) -> Begun:
            row = await session.get(Person, person.id, with_for_update=True)
            if row is None or not row.active or row.password != person.password:
                raise _wrong()  # put out of use, or given another password, while this one was checked
            if renewed is not None:
                row.password = renewed
            begun = await sessions.begin(session, now, person.id, agent, before)
            await audit.append(session, int(now), person.id, "login.begun", person.id, {"from": source})
            return begun

        return await self._database.run(work)


def _wrong() -> UserError:
    return UserError(401, "wrong_login", "The login name or the password is wrong; check both and try again.")
