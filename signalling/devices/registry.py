"""Devices as rows: lists of them, recorder boxes, names, places, and keys that are taken away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Select, false, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.places import Classroom, Device, Region, School
from signalling.devices import keys
from signalling.devices.contacts import heard_lately, is_lately
from signalling.devices.pairing import require_room
from signalling.people.roles import SYSTEM, Scope

BOX_SCHEMES = {"rtsp": 554, "rtsps": 322}
"""And their ports, where an address names none."""


@dataclass(frozen=True, slots=True)
class Shown:
    """:ivar url: of a recorder box, without its password. :ivar password: whether there is one.
    :ivar seen: seconds since 1970, as of the last batch. :ivar state: what the display tells of itself."""

    id: str
    classroom: str
    classroom_name: str
    school: str
    school_name: str
    kind: str
    name: str
    url: str
    password: bool
    paired: int
    seen: int | None
    revoked: int | None
    online: bool
    state: dict[str, Any]
    preflight: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which devices to list. :ivar lost: those not heard lately. :ivar revoked: also those that are."""

    school: str | None = None
    classroom: str | None = None
    kind: str | None = None
    lost: bool = False
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """None: as it is. :ivar url: and :ivar password: of a recorder box; an empty password: it has none."""

    name: str | None = None
    classroom: str | None = None
    url: str | None = None
    password: str | None = field(default=None, repr=False)


async def listed(
    session: AsyncSession, scopes: Iterable[Scope], wanted: Wanted, now: float, limit: int, after: str = ""
) -> Sequence[Shown]:
    """In the order of ids, those behind `after`. :param scopes: what lies within one of them is shown."""
    query = _query().where(within(scopes), Device.id > after).order_by(Device.id).limit(limit)
    if wanted.school is not None:
        query = query.where(Classroom.school == wanted.school)
    if wanted.classroom is not None:
        query = query.where(Device.classroom == wanted.classroom)
    if wanted.kind is not None:
        query = query.where(Device.kind == wanted.kind)
    if wanted.lost:
        silent = or_(Device.seen.is_(None), not_(heard_lately(now)))
        query = query.where(silent, Device.revoked.is_(None), Device.kind == "display")
    if not wanted.revoked:
        query = query.where(Device.revoked.is_(None))
    return [_shown(row, now) for row in await session.execute(query)]


async def get(session: AsyncSession, id: str, now: float) -> Shown:
    """:raises UserError: 404 `not_found`."""
    row = (await session.execute(_query().where(Device.id == id))).one_or_none()
    if row is None:
        raise _missing()
    return _shown(row, now)


async def add_box(
    database: Database, secret: bytes, now: float, actor: str, classroom: str, name: str, url: str, password: str
) -> str:
    """A recorder box that is read over RTSP; returns the device's id.

    :raises UserError: 422 `bad_url`; 409 `device_exists`; as `pairing.require_room`.
    """
    require_box_url(url, bool(password))

    async def work(session: AsyncSession) -> str:
        await require_room(session, classroom)
        await _require_new(session, classroom, url)
        id = new_id(now)
        sealed = keys.seal(secret, id, password) if password else ""
        session.add(
            Device(
                id=id, classroom=classroom, kind="rtsp", name=name, url=url, secret=sealed, paired=int(now), state={}
            )
        )
        await session.flush()
        detail = {"classroom": classroom, "name": name, "url": url}
        await audit.append(session, int(now), actor, "device.added", id, detail)
        return id

    return await database.run(work)


async def change(database: Database, secret: bytes, now: float, actor: str, id: str, wanted: Change) -> None:
    """:raises UserError: 404 `not_found`; 409 `device_revoked`, `device_exists`; 422 `bad_url`, `not_a_box`,
    `password_again`; as `pairing.require_room`."""

    async def work(session: AsyncSession) -> None:
        row = await _locked(session, id)
        if row.revoked is not None:
            raise UserError(409, "device_revoked", "This device's key was taken away; pair it again.")
        if row.kind != "rtsp" and (wanted.url is not None or wanted.password is not None):
            raise UserError(422, "not_a_box", "Only a recorder box has an address and a password; leave them out.")
        changed: dict[str, Any] = {}
        before = row.url
        if wanted.classroom is not None and wanted.classroom != row.classroom:
            await require_room(session, wanted.classroom)
            changed["classroom"] = row.classroom = wanted.classroom
        if wanted.name is not None and wanted.name != row.name:
            changed["name"] = row.name = wanted.name
        if wanted.url is not None and wanted.url != row.url:
            changed["url"] = row.url = wanted.url
        if row.kind == "rtsp" and ("url" in changed or "classroom" in changed):
            await _require_new(session, row.classroom, row.url, but=id)
        if wanted.password is not None:
            row.secret = keys.seal(secret, id, wanted.password) if wanted.password else ""
            changed["password"] = bool(wanted.password)
        if "url" in changed or "password" in changed:
            require_box_url(row.url, bool(row.secret))
        if row.secret and wanted.password is None and _host(row.url) != _host(before):
            # Whoever moves a box need not know its password, and must not have it sent to where she listens.
            raise UserError(
                422, "password_again", "The box's password is not sent to another host; give it again with the address."
            )
        if changed:
            await session.flush()
            await audit.append(session, int(now), actor, "device.changed", id, changed)

    await database.run(work)


async def revoke(database: Database, now: float, actor: str, id: str) -> None:
    """Take its key away for good, and forget a box's password; a second time does nothing.

    :raises UserError: 404 `not_found`.
    """

    async def work(session: AsyncSession) -> None:
        row = await _locked(session, id)
        if row.revoked is None:
            row.revoked, row.secret = int(now), ""
            await session.flush()
            await audit.append(session, int(now), actor, "device.revoked", id, {"classroom": row.classroom})

    await database.run(work)


async def box_address(session: AsyncSession, secret: bytes, id: str) -> tuple[str, str]:
    """URL and password. :raises UserError: 404 `not_found`, 422 `not_a_box`, 409 `device_revoked`, `password_lost`."""
    row = await session.get(Device, id)
    if row is None:
        raise _missing()
    if row.kind != "rtsp":
        raise UserError(422, "not_a_box", "Only a recorder box can be opened from here.")
    if row.revoked is not None:
        raise UserError(409, "device_revoked", "This recorder box was taken out of use; add it again.")
    return row.url, keys.unseal(secret, id, row.secret) if row.secret else ""


def require_box_url(url: str, password: bool) -> None:
    """:param password: whether the box wants one. :raises UserError: 422 `bad_url`; the sentence does not repeat it."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # it is read when it is asked for
    except ValueError:
        parts = urlsplit("")
    if (
        parts.scheme not in BOX_SCHEMES
        or not parts.hostname
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise UserError(422, "bad_url", "The address of a recorder box looks like rtsp://user@host/path.")
    if parts.password is not None:
        raise UserError(422, "bad_url", "Give the box's password by itself, not within its address.")
    if password and not parts.username:
        raise UserError(422, "bad_url", "A box with a password has a user name; write rtsp://user@host/path.")


def _host(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of a box's URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or BOX_SCHEMES.get(parts.scheme)


def within(scopes: Iterable[Scope]) -> ColumnElement[bool]:
    """Of `Classroom` joined to `School` and `Region`: lies within one of these scopes."""
    allowed: list[ColumnElement[bool]] = []
    for scope in scopes:
        if scope == SYSTEM:
            return true()
        if scope.kind == "region":
            allowed.append(Region.path.contains(f"/{scope.id}/", autoescape=True))
        elif scope.kind == "school":
            allowed.append(School.id == scope.id)
        elif scope.kind == "classroom":
            allowed.append(Classroom.id == scope.id)
    return or_(false(), *allowed)


def _query() -> Select[Any]:
    return (
        select(Device, Classroom.name, School.id, School.name)
        .join(Classroom, Classroom.id == Device.classroom)
        .join(School, School.id == Classroom.school)
        .join(Region, Region.id == School.region)
    )


def _shown(row: Any, now: float) -> Shown:
    it, classroom_name, school, school_name = row
    return Shown(
        id=it.id,
        classroom=it.classroom,
        classroom_name=classroom_name,
        school=school,
        school_name=school_name,
        kind=it.kind,
        name=it.name,
        url=it.url,
        password=bool(it.secret),
        paired=it.paired,
        seen=it.seen,
        revoked=it.revoked,
        online=is_online(it.seen, it.revoked, now),
        state=it.state,
        preflight=it.preflight or None,
    )


def is_online(seen: int | None, revoked: int | None, now: float) -> bool:
    return revoked is None and is_lately(seen, now)


async def _locked(session: AsyncSession, id: str) -> Device:
    row = await session.scalar(select(Device).where(Device.id == id).with_for_update())
    if row is None:
        raise _missing()
    return row


async def _require_new(session: AsyncSession, classroom: str, url: str, but: str = "") -> None:
    same = select(Device.id).where(Device.classroom == classroom, Device.url == url, Device.revoked.is_(None))
    if (await session.scalar(same.where(Device.id != but).limit(1))) is not None:
        raise UserError(409, "device_exists", "This classroom has a recorder box at this address; change that one.")


def _missing() -> UserError:
    return UserError(404, "not_found", "There is no such device; it may have been removed just now.")
