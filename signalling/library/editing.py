"""What is said of a resource: corrected, and said of a new one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.db.people import Person
from signalling.db.places import School
from signalling.db.times import ZONE, Calendar
from signalling.library import vocabulary, work
from signalling.library.seen import ADD, EDIT, Found, Viewer, find, forbidden
from signalling.people import scopes
from signalling.people.roles import SYSTEM, allowed

OF_CLIPS = frozenset(("title", "description", "points", "rights"))
"""The rest is its origin's."""
OF_ORIGIN = (
    *("subject", "grade", "term", "textbook", "unit", "form", "teacher", "teacher_name", "school", "region", "day"),
    *("language", "licence"),
)
"""What a clip takes from its origin, and goes on taking."""
_ASKED = 500
"""Teachers that are asked for in one query."""
_LOGGED = 200
"""Characters of a value on the audit log."""


async def change(
    database: Database, now: float, viewer: Viewer, id: str, version: int, wanted: Mapping[str, Any]
) -> Resource:
    """:param version: that was seen. :param wanted: names of columns → new values.

    :raises UserError: 403, 404, 410 as `seen.find`; 409 `changed_meanwhile`; 422 `bad_metadata`, `wider_than_origin`.
    """
    kept = vocabulary.required(wanted)

    async def changing(session: AsyncSession) -> Resource:
        found = await find(session, viewer, id, EDIT, lock=True)
        row = found.row
        if row.version != version:
            raise changed_meanwhile()
        await _fits(session, found, kept)
        new = {name: value for name, value in kept.items() if value != getattr(row, name)}
        if not new:
            return row
        before = {name: getattr(row, name) for name in new}
        for name, value in new.items():
            setattr(row, name, value)
        row.version, row.changed = row.version + 1, int(now)
        if "rights" in new and row.published is not None:
            row.withdrawn = row.rights != "public" and (row.withdrawn or before["rights"] == "public")
        await session.flush()
        if row.of is None:
            await _carry_to_clips(session, row, new, now)
        detail = {name: {"before": _short(before[name]), "after": _short(new[name])} for name in new}
        await audit.append(session, int(now), viewer.person, "resource.changed", id, detail)
        return row

    return await database.run(changing)


def changed_meanwhile() -> UserError:
    return UserError(409, "changed_meanwhile", "Somebody else changed this just now; look at it again, then change it.")


async def _fits(session: AsyncSession, found: Found, kept: dict[str, Any]) -> None:
    """What only the database knows. Adds the name of a teacher who has an account."""
    if found.origin is not None:
        foreign = sorted(set(kept) - OF_CLIPS)
        if foreign:
            raise _bad(foreign[0], "is that of the whole; change it there")
        if "rights" in kept and vocabulary.narrower(kept["rights"], found.origin.rights) != kept["rights"]:
            raise wider()
    if "rights" in kept:
        _has_place(kept["rights"], found.row.school)
    if "url" in kept and found.row.kind != "link":
        raise _bad("url", "is for links alone; leave it out")
    await name_teacher(session, kept)


async def name_teacher(session: AsyncSession, kept: dict[str, Any]) -> None:
    """:raises UserError: 422 `bad_metadata`: there is no such person."""
    _name_teacher(kept, await _names(session, [kept]))


async def _names(session: AsyncSession, wanted: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Of the teachers who have an account, by their ids."""
    teachers = sorted({kept["teacher"] for kept in wanted if kept.get("teacher")})
    found: dict[str, str] = {}
    for first in range(0, len(teachers), _ASKED):
        asked = select(Person.id, Person.name).where(Person.id.in_(teachers[first : first + _ASKED]))
        found.update({id: name for id, name in await session.execute(asked)})
    return found


def _name_teacher(kept: dict[str, Any], names: Mapping[str, str]) -> None:
    if kept.get("teacher"):
        if kept["teacher"] not in names:
            raise _bad("teacher", "is nobody who has an account; write teacher_name instead")
        kept["teacher_name"] = kept.get("teacher_name") or names[kept["teacher"]]


def wider() -> UserError:
    return UserError(
        422, "wider_than_origin", "A clip is shared with nobody that the whole is not shared with; choose fewer."
    )


def _has_place(rights: str, school: str | None) -> None:
    if school is None and rights not in ("own", "public"):
        raise _bad("rights", "must be own or public, because this is of no school")


async def _carry_to_clips(session: AsyncSession, row: Resource, new: Mapping[str, Any], now: float) -> None:
    """:param new: what was changed of their origin."""
    changed = {"version": Resource.version + 1, "changed": int(now)}
    clips = update(Resource).where(Resource.of == row.id, Resource.state != "removed")
    taken = {name: value for name, value in new.items() if name in OF_ORIGIN}
    if taken:
        await session.execute(clips.values(**taken, **changed))
    if "rights" in new:
        wider = vocabulary.RIGHTS[vocabulary.RIGHTS.index(row.rights) + 1 :]
        withdrawn = or_(Resource.withdrawn, Resource.rights == "public")
        narrowed = clips.where(Resource.rights.in_(wider))
        await session.execute(narrowed.values(**{"rights": row.rights, "withdrawn": withdrawn}, **changed))


# ---------------------------------------------------------------- new ones


@dataclass(frozen=True, slots=True)
class New:
    """:ivar kept: as `vocabulary.required` gives it. :ivar spool: as of `Resource`."""

    id: str
    kind: str
    state: str
    kept: Mapping[str, Any]
    spool: str = ""


async def home(session: AsyncSession, viewer: Viewer, school: str | None, action: str = ADD) -> str | None:
    """The school that a new resource is of: the one that is named, or her own; None: of the whole system.

    :raises UserError: 403 `forbidden`; 404 `not_found`.
    """
    if school is None:
        school = await session.scalar(select(Person.school).where(Person.id == viewer.person))
    chain = (await scopes.find(session, "school", school)).here if school is not None else (SYSTEM,)
    if not allowed(viewer.grants, action, chain):
        raise forbidden(action)
    return school


async def make(
    session: AsyncSession,
    now: float,
    person: str,
    school: str | None,
    kept: Mapping[str, Any],
    *,
    kind: str,
    state: str,
    id: str | None = None,
) -> Resource:
    """A new row and its stages, without its audit. :param kept: as `vocabulary.required` gives it.

    :raises UserError: 422 `bad_metadata`.
    """
    [row] = await make_all(session, now, person, school, [New(id or new_id(now), kind, state, kept)])
    return row


async def make_all(
    session: AsyncSession, now: float, person: str, school: str | None, wanted: Sequence[New]
) -> list[Resource]:
    """As `make`, with a few statements for all: whoever writes keeps others waiting on SQLite."""
    names = await _names(session, (one.kept for one in wanted))
    of = select(School.region, Calendar.zone).join(Calendar, Calendar.id == School.calendar).where(School.id == school)
    region, zone = (await session.execute(of)).one() if school else (None, ZONE)
    today = dt.datetime.fromtimestamp(int(now), ZoneInfo(zone)).date()
    when = {"made": int(now), "changed": int(now)}
    rows = []
    for one in wanted:
        values = {"rights": "county" if school else "own", "day": today, **one.kept}
        _has_place(values["rights"], school)
        _name_teacher(values, names)
        home = {"school": school, "region": region, "made_by": person, "spool": one.spool}
        published = int(now) if one.state == "published" else None
        row = Resource(**values, **home, **when, id=one.id, kind=one.kind, state=one.state, published=published)
        rows.append(row)
    # Those that say the same things stand together, as only they go with one statement.
    session.add_all(sorted(rows, key=lambda row: sorted(vars(row))))
    await session.flush()
    await work.begin_all(session, {row.id: row.kind for row in rows}, now)
    return rows


async def add_link(
    database: Database, now: float, viewer: Viewer, school: str | None, wanted: Mapping[str, Any]
) -> Resource:
    """:param wanted: with `url` and `title`. :raises UserError: 403; 404; 422 `bad_metadata`."""
    kept = vocabulary.required(wanted)

    async def adding(session: AsyncSession) -> Resource:
        of = await home(session, viewer, school)
        row = await make(session, now, viewer.person, of, kept, kind="link", state="published")
        await audit.append(session, int(now), viewer.person, "resource.created", row.id, created(row))
        return row

    return await database.run(adding)


def created(row: Resource) -> dict[str, Any]:
    """Of a new resource, for the audit log."""
    return {"kind": row.kind, "title": row.title, "school": row.school, "rights": row.rights}


def _bad(name: str, why: str) -> UserError:
    return UserError(422, "bad_metadata", f"What {name} says {why}.", field=name)


def _short(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str):
        return value if len(value) <= _LOGGED else value[: _LOGGED - 1] + "…"
    return value
