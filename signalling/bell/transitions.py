"""Lessons moved in the database by the table of `timetable.lifecycle`, many with few statements.

Every move is an UPDATE that names the state it starts from and counts what it changed, and stands on the audit log
with a row for each lesson: what a ledger shows is found there by the lesson's id, which an index answers. What would
be slow is a statement for each (2 s for 2,000); `audit.append_all` has three for all of them, and 2,000 rows take 40 ms
on SQLite and 60 ms on PostgreSQL, against 10 ms for a few rows with all ids in them, where nobody would find one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.booking import claims, outbox
from signalling.db import audit
from signalling.db.lessons import Lesson
from signalling.timetable.lifecycle import TRANSITIONS, Cue, State, due

CLOCK = "clock"
"""Who opens and closes by the time, on the audit log."""
BATCH = 500
"""Lessons of one transaction: on SQLite others wait while it lasts."""

TIME_OVER, NOBODY_CAME, MISSED, BY_HAND = "", "nobody_came", "missed", "by_hand"
"""`lesson.reason` of what has ended: as planned; nobody taught; the server was down all the while; somebody's word."""
_BY_CLOCK: dict[str, str] = {"live": TIME_OVER, "open": NOBODY_CAME, "scheduled": MISSED}
_STAMPS: dict[State, str] = {"open": "opened", "live": "live", "ended": "ended"}
_COLUMNS = (Lesson.id, Lesson.state, Lesson.starts, Lesson.closes)


@dataclass(frozen=True, slots=True)
class Order:
    """What happened in a room. :ivar actor: id of who did it."""

    lesson: str
    cue: Literal["arrives", "close"]
    actor: str


@dataclass(frozen=True, slots=True)
class Moved:
    """:ivar at: seconds since 1970. :ivar late: seconds after the bell; None where no bell called for it.
    :ivar starts: as planned. :ivar closes: when the room closes. :ivar reason: why it ended."""

    lesson: str
    before: State
    after: State
    at: int
    late: int | None
    starts: int
    closes: int
    reason: str


async def is_due(session: AsyncSession, now: float, open_before_s: int) -> bool:
    """Whether the clock says something to any lesson. Reads only."""
    query = select(Lesson.id).where(_due(now, open_before_s)).limit(1)
    return (await session.execute(query)).first() is not None


async def ring(
    session: AsyncSession, now: float, open_before_s: int, waiting: Collection[str] = frozenset()
) -> list[Moved]:
    """Open and close at most `BATCH` lessons whose time has come.

    One that somebody changes at this moment is passed over: its turn comes a second later.

    :param waiting: lessons that are left as they are: what happened in their rooms before is not written yet.
    """
    query = select(*_COLUMNS).where(_due(now, open_before_s)).order_by(Lesson.starts, Lesson.id).limit(BATCH)
    if waiting:
        query = query.where(Lesson.id.not_in(waiting))
    rows = (await session.execute(query.with_for_update(skip_locked=True))).all()
    called: list[tuple[Any, Cue, str]] = []
    for row in rows:
        cue = due(row.state, starts=row.starts, closes=row.closes, open_before_s=open_before_s, now=now)
        if cue is not None:
            called.append((row, cue, CLOCK))
    return await _move(session, called, now, open_before_s)


async def obey(session: AsyncSession, orders: Sequence[Order], now: float) -> tuple[list[Moved], set[str]]:
    """Carry out what happened in rooms, at most one thing in each. Also returns the lessons that were passed over,
    because somebody changes them at this moment or they are gone: who orders does so until the row shows it.

    What the table does not know for a lesson's state has no effect.
    """
    query = select(*_COLUMNS).where(Lesson.id.in_({order.lesson for order in orders})).order_by(Lesson.id)
    rows = {row.id: row for row in await session.execute(query.with_for_update(skip_locked=True))}
    found = [(rows[order.lesson], order.cue, order.actor) for order in orders if order.lesson in rows]
    return await _move(session, found, now, None), {order.lesson for order in orders} - rows.keys()


async def advance(
    session: AsyncSession, lessons: Collection[str], cue: Literal["process", "publish"], actor: str, now: float
) -> set[str]:
    """What the work after the bell says to lessons; returns those that it moved. For the others it has no effect."""
    query = select(*_COLUMNS).where(Lesson.id.in_(lessons)).order_by(Lesson.id).with_for_update()
    called: list[tuple[Any, Cue, str]] = [(row, cue, actor) for row in await session.execute(query)]
    return {one.lesson for one in await _move(session, called, now, None)}


async def census(session: AsyncSession, now: float) -> dict[str, int]:
    """Lessons that are open or live, and those that begin within the hour."""
    soon = and_(Lesson.state == "scheduled", Lesson.starts <= int(now) + 3600)
    query = (
        select(Lesson.state, func.count()).where(or_(soon, Lesson.state.in_(("open", "live")))).group_by(Lesson.state)
    )
    return {"scheduled": 0, "open": 0, "live": 0} | {state: count for state, count in await session.execute(query)}


def _due(now: float, open_before_s: int) -> ColumnElement[bool]:
    """The rows that `lifecycle.due` would say something about, in words that an index answers."""
    return or_(
        and_(Lesson.state == "scheduled", Lesson.starts <= int(now) + open_before_s),
        and_(Lesson.state.in_(("open", "live")), Lesson.closes <= int(now)),
    )


async def _move(
    session: AsyncSession, called: Iterable[tuple[Any, Cue, str]], now: float, open_before_s: int | None
) -> list[Moved]:
    """:param called: (row, cue, actor). :param open_before_s: None when it was not the clock that called."""
    at = int(now)
    groups: dict[tuple[State, State, str], list[tuple[Any, str]]] = {}
    for row, cue, actor in called:
        after = TRANSITIONS.get((row.state, cue))
        if after is not None:
            reason = "" if after != "ended" else _BY_CLOCK[row.state] if actor == CLOCK else BY_HAND
            groups.setdefault((row.state, after, reason), []).append((row, actor))
    moved: list[Moved] = []
    entries: list[audit.Entry] = []
    for (before, after, reason), members in groups.items():
        change = update(Lesson).where(Lesson.id.in_([row.id for row, _ in members]), Lesson.state == before)
        values: dict[str, Any] = {"state": after}
        if after in _STAMPS:
            values |= {_STAMPS[after]: at, "reason": reason}
        changed = set(
            await session.scalars(
                change.values(values).returning(Lesson.id), execution_options={"synchronize_session": False}
            )
        )
        for row, actor in members:
            if row.id not in changed:
                continue
            bell = None if open_before_s is None else row.closes if after == "ended" else row.starts - open_before_s
            late = None if bell is None else max(0, at - bell)
            moved.append(Moved(row.id, before, after, at, late, row.starts, row.closes, reason))
            detail = {"from": before, "to": after, "late_s": late, "reason": reason}
            entries.append(audit.Entry(actor, f"lesson.{after}", row.id, {k: v for k, v in detail.items() if v}))
    await claims.release(session, [one.lesson for one in moved if one.after == "ended"])
    for state in _STAMPS:
        told = {one.lesson: {"at": at, "late_s": one.late} for one in moved if one.after == state}
        await outbox.queue_lessons(session, f"lesson.{state}", told, at)
    await audit.append_all(session, at, entries)
    return moved
