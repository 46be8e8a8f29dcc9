"""Accounts: made, renamed, given roles, put out of use. Each change is on the audit log, and none is more than its
actor may do: what he may is read again in the transaction that changes something."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import admins, audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.logins import login_name
from signalling.db.people import Person, RoleGrant
from signalling.people import roles, scopes, sessions
from signalling.people.passwords import Passwords, check
from signalling.people.roles import KINDS, ROLES, SYSTEM, Grant
from signalling.places import coming

COMMAND = "command"
"""The actor of `tongke admin`: whoever may run it on the server may do everything."""
_ADMIN = Grant("admin", SYSTEM)
MAX_NAME = 120
MAX_SUBJECT = 200
LANGUAGES = ("zh-CN", "en")


def person_name(text: str) -> str:
    """:raises UserError: 400 `bad_name`."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise UserError(400, "bad_name", f"A name has 1 to {MAX_NAME} characters that can be seen; write another one.")
    return name


def link(issuer: str | None, subject: str | None) -> tuple[str, str] | None:
    """Who somebody is to a sign-in service; None: nobody. :raises UserError: 400 `bad_subject`."""
    if issuer is None and subject is None:
        return None
    for text in (issuer, subject):
        if text is None or not 1 <= len(text) <= MAX_SUBJECT or not (text.isascii() and text.isprintable()):
            raise UserError(
                400,
                "bad_subject",
                f"The issuer and the subject of the sign-in service go together, each of 1 to {MAX_SUBJECT} letters, "
                "digits and signs; write them as the service does.",
            )
    return str(issuer), str(subject)


class Accounts:
    """:ivar passwords: shared with those who sign in, so that all of them together use the memory of a few."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self.passwords = passwords

    async def create(
        self,
        now: float,
        actor: str,
        *,
        name: str,
        login: str | None = None,
        password: str | None = None,
        school: str | None = None,
        issuer: str | None = None,
        subject: str | None = None,
        language: str = LANGUAGES[0],
    ) -> str:
        """A new person; returns her id.

        :param issuer: and :param subject: who she is to the provider of `oidc.issuer`.
        :raises UserError: 400 `weak_password`, `bad_login` or `bad_name`, 403 `forbidden`, 404, 409 `login_taken`.
        """
        person = await self._new(now, name, login, password, school, issuer, subject, language)

        async def work(session: AsyncSession) -> str:
            await self._require(session, actor, "people.write", "school" if school else "system", school or "")
            await _insert(session, person())
            await audit.append(session, int(now), actor, "person.created", id, {"login": person().login})
            return id

        id = person().id
        return await self._database.run(work)

    async def first_admin(self, now: float, login: str, password: str, *, name: str, another: bool = False) -> str:
        """A system administrator, made by the command; returns the id.

        :param another: although there is one. :raises UserError: as `create`, and 409 `admin_exists`.
        """
        person = await self._new(now, name, login, password)

        async def work(session: AsyncSession) -> str:
            await admins.lock(session)
            if not another and await admins.able(session):
                raise UserError(
                    409,
                    "admin_exists",
                    "There is a system administrator already; give --another to make one more, "
                    "or set the password of one with tongke admin password LOGIN.",
                )
            await _insert(session, person())
            session.add(RoleGrant(person=id, role="admin", kind="system", scope=""))
            await session.flush()
            await audit.append(session, int(now), COMMAND, "person.created", id, {"login": person().login})
            await audit.append(session, int(now), COMMAND, "role.granted", id, _detail(_ADMIN))
            return id

        id = person().id
        return await self._database.run(work)

    async def _new(
        self,
        now: float,
        name: str,
        login: str | None,
        password: str | None,
        school: str | None = None,
        issuer: str | None = None,
        subject: str | None = None,
        language: str = LANGUAGES[0],
    ) -> Callable[[], Person]:
        """Makes the row, the same one for each try of a transaction."""
        name, login = person_name(name), login_name(login) if login is not None else None
        linked = link(issuer, subject) or (None, None)
        hashed = None
        if password is not None:
            if login is None:
                raise UserError(400, "bad_login", "A password needs a login name; give both or none.")
            check(password, login)
            hashed = await self.passwords.hash(password)
        id = new_id(now)
        return lambda: Person(
            id=id,
            school=school,
            name=name,
            login=login,
            password=hashed,
            issuer=linked[0],
            subject=linked[1],
            language=language,
        )

    async def change(
        self,
        now: float,
        actor: str,
        person: str,
        *,
        name: str | None = None,
        login: str | None = None,
        language: str | None = None,
        active: bool | None = None,
        issuer: str | None = None,
        subject: str | None = None,
    ) -> bool:
        """Rename a person, say who she is to the sign-in service, put the account out of use, which ends all of its
        sessions, or back: all of it or nothing. False when it was so before.

        :param language: of `LANGUAGES`. :param subject: who she is to the provider `issuer`; empty: nobody any more.
            Sessions end when she was somebody else to it.
        :raises UserError: as `create`; 409 `last_admin`, or `lessons_booked` while she has to teach or assist: nobody
            would come.
        """
        name = person_name(name) if name is not None else None
        login = login_name(login) if login is not None else None
        unlinks = subject == ""
        linked = None if unlinks else link(issuer, subject)

        async def work(session: AsyncSession) -> bool:
            if active is not None or unlinks:
                await admins.lock(session)
            if active is False:
                await coming.hold_people(session, [person])
            row = await _locked(session, person)
            await self._require_over(session, actor, person)
            # Before anything is set: what these ask would write it, and a login that is taken has its own sentence.
            switched = active is not None and active != row.active
            if switched and not active:
                await self._may_leave(session, now, person)
            elif unlinks and row.password is None:
                await self._require_another_admin(session, person)
            before, was = _named(row), _linked(row)
            row.name, row.login, row.language = name or row.name, login or row.login, language or row.language
            if linked is not None or unlinks:
                row.issuer, row.subject = linked or (None, None)
            if switched:
                row.active = bool(active)
            await _flush(session)
            after, now_linked = _named(row), _linked(row)
            relinked = now_linked != was
            ended = await sessions.end(session, person) if (switched and not active) or (relinked and was) else 0
            if after != before:
                await audit.append(
                    session, int(now), actor, "person.renamed", person, {"before": before, "after": after}
                )
            if relinked:
                detail = {"before": was, "after": now_linked, "signed_out": ended}
                await audit.append(session, int(now), actor, "person.linked", person, detail)
            if switched:
                action = "person.activated" if active else "person.deactivated"
                await audit.append(session, int(now), actor, action, person, {"signed_out": ended})
            return switched or relinked or after != before

        return await self._database.run(work)

    async def _may_leave(self, session: AsyncSession, now: float, person: str) -> None:
        await self._require_another_admin(session, person)
        await coming.require_none(
            session,
            now,
            "need this person; let somebody else take them over, or cancel them, before the account is closed",
            coming.of_people([person]),
        )

    async def _require_another_admin(self, session: AsyncSession, person: str) -> None:
        if _ADMIN in await sessions.grants(session, person):
            await admins.require_another(session, [person])

    async def set_language(self, now: float, person: str, language: str) -> None:
        """One's own. :param language: of `LANGUAGES`."""

        async def work(session: AsyncSession) -> None:
            row = await _locked(session, person)
            await self._require(session, person, "account.write", "person", person)
            if row.language != language:
                row.language = language
                await session.flush()
                await audit.append(session, int(now), person, "person.language", person, {"language": language})

        await self._database.run(work)

    async def set_password(
        self, now: float, actor: str, person: str, new: str, *, old: str | None = None, keep: str | None = None
    ) -> None:
        """Set a password; every session of the person ends, but for `keep`, the hash of the one that asks.

        :param old: needed by whoever changes her own.
        :raises UserError: 403 `wrong_password` or `forbidden`, 400 `weak_password`, 409 `no_login` or `changed`.
        """
        async with self._database.read() as session:
            row = await session.get(Person, person) if scopes.is_id(person) else None
            if row is None:
                raise _nobody()
            if actor != person:
                await self._require_over(session, actor, person)
        if row.login is None:
            raise UserError(409, "no_login", "This person has no login name; give one first.")
        check(new, row.login)
        async with self.passwords.turn() as turn:
            if actor == person and not await turn.verify(row.password, old or ""):
                raise UserError(403, "wrong_password", "The old password is not the right one; type it again.")
            hashed = await turn.hash(new)
        seen = row.password

        async def work(session: AsyncSession) -> None:
            row = await _locked(session, person)
            if actor == person:
                await self._require(session, actor, "account.write", "person", person)
                if row.password != seen:
                    raise UserError(409, "changed", "The password was changed elsewhere just now; sign in again.")
            else:
                await self._require_over(session, actor, person)
            row.password = hashed
            await session.flush()
            ended = await sessions.end(session, person, but=keep)
            await audit.append(session, int(now), actor, "person.password", person, {"signed_out": ended})

        await self._database.run(work)

    async def grant(self, now: float, actor: str, person: str, role: str, kind: str, scope: str = "") -> bool:
        """Give a role; False when it was given before.

        :param scope: id of a region, school or classroom; empty for `system`.
        :raises UserError: 400 `bad_role`, 403 `forbidden`, 404 `not_found`.
        """
        given = _grant(role, kind, scope)

        async def work(session: AsyncSession) -> bool:
            if given == _ADMIN:
                await admins.lock(session)
            await _locked(session, person)
            await self._require_grant(session, actor, given)
            if given in await sessions.grants(session, person):
                return False
            session.add(RoleGrant(person=person, role=role, kind=kind, scope=scope))
            await session.flush()
            await audit.append(session, int(now), actor, "role.granted", person, _detail(given))
            return True

        return await self._database.run(work)

    async def revoke(self, now: float, actor: str, person: str, role: str, kind: str, scope: str = "") -> bool:
        """Take a role away; False when there was none.

        :raises UserError: as `grant`, and 409 `last_admin`.
        """
        taken = _grant(role, kind, scope)

        async def work(session: AsyncSession) -> bool:
            if taken == _ADMIN:
                await admins.lock(session)
            await _locked(session, person)
            await self._require_grant(session, actor, taken)
            if taken not in await sessions.grants(session, person):
                return False
            if taken == _ADMIN:
                await admins.require_another(session, [person])
            which = (RoleGrant.person == person, RoleGrant.role == role, RoleGrant.kind == kind)
            await session.execute(delete(RoleGrant).where(*which, RoleGrant.scope == scope))
            await audit.append(session, int(now), actor, "role.revoked", person, _detail(taken))
            return True

        return await self._database.run(work)

    # ------------------------------------------------------------ who may

    async def _grants(self, session: AsyncSession, actor: str) -> list[Grant]:
        if actor == COMMAND:
            return [_ADMIN]
        active = await session.scalar(select(Person.active).where(Person.id == actor))
        return [*await sessions.grants(session, actor), roles.own(actor)] if active else []

    async def _require(self, session: AsyncSession, actor: str, action: str, kind: str, id: str) -> None:
        chain = (await scopes.find(session, kind, id)).chain(action)
        if not roles.allowed(await self._grants(session, actor), action, chain):
            raise forbidden(action)

    async def _require_grant(self, session: AsyncSession, actor: str, given: Grant) -> None:
        """Nobody gives what is beyond his own role or scope."""
        chain = (await scopes.find(session, given.scope.kind, given.scope.id)).chain("role.grant")
        if not roles.may_grant(await self._grants(session, actor), given.role, chain):
            raise forbidden("role.grant")

    async def _require_over(self, session: AsyncSession, actor: str, person: str) -> None:
        """Whoever could sign in as another after this must already be able to give all that the other has."""
        await self._require(session, actor, "people.write", "person", person)
        for held in await sessions.grants(session, person):
            await self._require_grant(session, actor, held)


def forbidden(action: str) -> UserError:
    return UserError(
        403, "forbidden", f"Your role does not allow {action} here; ask an administrator of it.", action=action
    )


def _nobody() -> UserError:
    return UserError(404, "not_found", "There is no such person; the account may have been removed just now.")


def _detail(grant: Grant) -> dict[str, str]:
    return {"role": grant.role, "kind": grant.scope.kind, "scope": grant.scope.id}


def _grant(role: str, kind: str, scope: str) -> Grant:
    if role not in ROLES:
        raise UserError(400, "bad_role", f"A role is one of {', '.join(ROLES)}; write one of them.")
    if kind not in KINDS or (kind == "system") != (scope == ""):
        raise UserError(
            400,
            "bad_role",
            "A role is given for the system, or for the id of a region, school or classroom; say which.",
        )
    return Grant(role, roles.Scope(kind, scope))


async def _locked(session: AsyncSession, person: str) -> Person:
    row = await session.get(Person, person, with_for_update=True) if scopes.is_id(person) else None
    if row is None:
        raise _nobody()
    return row


def _named(row: Person) -> dict[str, str | None]:
    return {"name": row.name, "login": row.login, "language": row.language}


def _linked(row: Person) -> dict[str, str]:
    """Who she is to the sign-in service; empty: nobody."""
    return {"by": row.issuer, "subject": row.subject} if row.issuer is not None and row.subject is not None else {}


async def _insert(session: AsyncSession, person: Person) -> None:
    session.add(person)
    await _flush(session)


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError:
        raise UserError(
            409,
            "login_taken",
            "Somebody has this login name, or is this person to the sign-in service; choose another, or take it from "
            "the other account first.",
        ) from None


async def find_login(database: Database, login: str) -> str:
    """Id of who has this login name. :raises UserError: 404 `not_found`."""
    async with database.read() as session:
        id = await session.scalar(select(Person.id).where(Person.login == login_name(login)))
    if id is None:
        raise UserError(404, "not_found", f"Nobody has the login name {login_name(login)}; check it for typing errors.")
    return id
