"""Pairing: a display shows a code, an administrator types it, the display fetches its key. Each of it works once.

The code is nothing without an administrator; the claim, which only the display has, is nothing without the code having
been typed. Whoever reads the code off a screen or a photograph therefore gains nothing, and neither is in the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.places import Classroom, Device, Pairing, School
from signalling.db.upsert import insert
from signalling.devices import keys

CODE_S = 600
PICK_UP_S = 60
"""After a code was typed in its last second the display still has so long to fetch its key."""
KEPT_S = 600
"""A pairing that is over is remembered so long, so that its display hears so and not of an unknown claim."""
MAX_OPEN = 5000
MAX_IN_CLASSROOM = 20
"""Devices in use."""
NAMELESS = "大屏"

State = Literal["waiting", "paired", "expired"]


@dataclass(frozen=True, slots=True)
class Begun:
    """:ivar code: to be shown. :ivar claim: the display's own secret. :ivar expires: seconds since 1970."""

    code: str
    claim: str = field(repr=False)
    expires: int


@dataclass(frozen=True, slots=True)
class Paired:
    """:ivar name: of the classroom's display."""

    id: str
    name: str
    classroom: str
    classroom_name: str
    school: str
    school_name: str


@dataclass(frozen=True, slots=True)
class Progress:
    """:ivar key: of the device; in one answer and never again."""

    state: State
    key: str | None = field(default=None, repr=False)
    device: Paired | None = None


async def begin(database: Database, now: float) -> Begun:
    """:raises UserError: 503 `too_many_pairings`."""
    expires = int(now) + CODE_S

    async def work(session: AsyncSession) -> Begun:
        waiting = select(func.count()).select_from(Pairing).where(Pairing.expires > now)
        if (await session.scalar(waiting) or 0) >= MAX_OPEN:
            raise UserError(
                503,
                "too_many_pairings",
                "Too many displays wait to be paired; try again in some minutes.",
                retry_after=60,
            )
        while True:
            begun = Begun(keys.new_code(), keys.new_key(), expires)
            values = {
                "code_hash": keys.hashed(keys.plain(begun.code)),
                "claim_hash": keys.hashed(begun.claim),
                "expires": expires,
            }
            adding = insert(session, Pairing.__table__).values(values).on_conflict_do_nothing()
            if (await session.execute(adding.returning(Pairing.__table__.c.code_hash))).first() is not None:
                return begun

    return await database.run(work)


async def pair(database: Database, now: float, actor: str, code: str, classroom: str, name: str) -> str:
    """Make the display that shows this code one of a classroom, and return the device's id.

    Of two who type the same code at once one does it.

    :param name: empty: `NAMELESS`.
    :raises UserError: 404 `unknown_code`, also where it has expired or was used; 404 `not_found`,
        409 `classroom_closed`, `too_many_devices`.
    """

    async def work(session: AsyncSession) -> str:
        wanted = select(Pairing).where(Pairing.code_hash == keys.hashed(keys.plain(code))).with_for_update()
        waiting = await session.scalar(wanted)
        if waiting is None or waiting.expires <= now or waiting.device is not None:
            raise UserError(
                404,
                "unknown_code",
                "No display shows this code now; type the one on the screen, it changes every ten minutes.",
            )
        await require_room(session, classroom)
        device = Device(
            id=new_id(now), classroom=classroom, kind="display", name=name or NAMELESS, paired=int(now), state={}
        )
        session.add(device)
        await session.flush()
        waiting.device = device.id
        waiting.expires = max(waiting.expires, int(now) + PICK_UP_S)
        await session.flush()
        await audit.append(
            session, int(now), actor, "device.paired", device.id, {"classroom": classroom, "name": device.name}
        )
        return device.id

    return await database.run(work)


async def require_room(session: AsyncSession, classroom: str) -> None:
    """Whether one more device has its place there. :raises UserError: as `pair`."""
    row = (
        await session.execute(
            select(Classroom.active, School.active)
            .join(School, School.id == Classroom.school)
            .where(Classroom.id == classroom)
            .with_for_update(of=Classroom, key_share=True)
        )
    ).one_or_none()
    if row is None:
        raise UserError(404, "not_found", "There is no such classroom; it may have been removed just now.")
    if not all(row):
        raise UserError(409, "classroom_closed", "This classroom is out of use; choose another one.")
    here = select(func.count()).select_from(Device).where(Device.classroom == classroom, Device.revoked.is_(None))
    if (await session.scalar(here) or 0) >= MAX_IN_CLASSROOM:
        raise UserError(
            409, "too_many_devices", f"A classroom has at most {MAX_IN_CLASSROOM} devices; revoke one that is gone."
        )


async def progress(database: Database, now: float, claim: str) -> Progress:
    """What became of a pairing, for the display that began it; with the key, the first time there is one."""
    if not claim or len(claim) > keys.MAX_KEY:
        return Progress("expired")
    claim_hash = keys.hashed(claim)
    query = (
        select(Pairing.expires, Device.id, Device.name, Device.key_hash, Device.revoked)
        .add_columns(Classroom.id, Classroom.name, School.id, School.name)
        .outerjoin(Device, Device.id == Pairing.device)
        .outerjoin(Classroom, Classroom.id == Device.classroom)
        .outerjoin(School, School.id == Classroom.school)
        .where(Pairing.claim_hash == claim_hash)
    )
    async with database.read() as session:
        row = (await session.execute(query)).one_or_none()
    if row is None:
        return Progress("expired")
    expires, id, name, key_hash, revoked, *place = row
    if expires <= now or revoked is not None:
        return Progress("expired")
    if id is None:
        return Progress("waiting")
    key = await _hand_out(database, now, id) if key_hash is None else None
    return Progress("paired", key, Paired(id, name, *place))


async def _hand_out(database: Database, now: float, device: str) -> str | None:
    """None: somebody with the same claim was faster."""
    key = keys.new_key()

    async def work(session: AsyncSession) -> bool:
        mine = (Device.id == device) & Device.key_hash.is_(None) & Device.revoked.is_(None)
        giving = update(Device).where(mine).values(key_hash=keys.hashed(key)).returning(Device.id)
        if (await session.scalar(giving)) is None:
            return False
        await audit.append(session, int(now), device, "device.key", device)
        return True

    return key if await database.run(work) else None


async def sweep(database: Database, now: float, limit: int = 1000) -> int:
    """Remove pairings that are over for some time, at most `limit` of them, and say how many."""

    async def work(session: AsyncSession) -> int:
        over = select(Pairing.code_hash).where(Pairing.expires <= now - KEPT_S).limit(limit)
        codes = (await session.scalars(over)).all()
        if codes:
            await session.execute(delete(Pairing).where(Pairing.code_hash.in_(codes)))
        return len(codes)

    return await database.run(work)
