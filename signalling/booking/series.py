"""A series is moved, called off or taught by somebody else from a day on; what lies behind stays as it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from mediaserver.api import UserError
from signalling.booking import claims, notices, outbox, rows, schooltime
from signalling.booking.alternatives import NEAR, alternatives
from signalling.booking.book import short
from signalling.booking.change import receiving, sit, take_over
from signalling.booking.check import bounded
from signalling.booking.claims import Holding, Place, resources
from signalling.booking.consent import require_yes
from signalling.booking.forms import form_named
from signalling.booking.limits import Rules
from signalling.booking.problems import conflict
from signalling.booking.request import known, plan_of
from signalling.booking.survey import survey
from signalling.db.engine import Database
from signalling.db.lessons import Booking, BookingSeat, Lesson
from signalling.timetable.series import Occurrence, Plan, Skipped
from signalling.timetable.standing import Standing, planned_days

ByHand = Literal["ask", "keep", "move"]


@dataclass(frozen=True, slots=True)
class Series:
    """A booking after a change. :ivar lessons: ids of those that changed, were added or called off."""

    booking: str
    version: int
    state: str
    lessons: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


async def move(
    database: Database,
    booking: str,
    since: dt.date,
    plan: Plan,
    actor: str,
    now: float,
    *,
    rules: Rules,
    may_approve: Collection[str] = (),
    by_hand: ByHand = "ask",
    version: int | None = None,
) -> Series:
    """The lessons from a day on take place by another plan; each keeps its id, its people and its classrooms.

    The first of them becomes the first of the plan, and so on, in the order of the days they were planned for. One that
    was cancelled, has begun or is kept uses up its place in the plan, but not when its day is a holiday or an exception
    now. Too many are cancelled, missing ones are added. The booking has the new plan from then on.

    :param plan: begins on `since` or later, and names all days that it leaves out.
    :param may_approve: schools in whose name the actor may say yes.
    :param by_hand: lessons that were moved or changed one by one: `keep` them as they are, `move` them like the
        others, or refuse with 409 `moved_by_hand`, whose extra field `lessons` names them, so that somebody is asked.
    :raises UserError: 409 `conflict`, `needs_yes`, `moved_by_hand`, `nothing_left`, `changed_meanwhile`; 422 when the
        plan is wrong.
    """
    if plan.first < since:
        raise UserError(422, "bad_start", f"The new plan begins on {plan.first}; let it begin on {since} or later.")

    known(plan)

    async def work(session: AsyncSession) -> Series:
        row = await _booked(session, booking, version)
        lessons = await _lessons(session, row, [Lesson.makes_up.is_(None)])
        coming = [it for it in lessons if it.day >= since and it.state == "scheduled" and it.starts > now]
        if not coming:
            raise _nothing_left()
        places = await rows.booking_places(session, row.id)
        seats = await rows.lesson_places(session, [lesson.id for lesson in coming])
        holdings = {lesson.id: rows.holding(row, lesson, seats[lesson.id]) for lesson in coming}
        usual = resources(form_named(row.form), row.teacher, row.device, places)
        everything = tuple(sorted({*usual, *(name for held in holdings.values() for name in held.resources)}))
        await claims.lock(session, everything, rules)
        party = await rows.party(session, row, places)
        time = await schooltime.load(session, row.school, party.schools, plan.first)
        new, skipped = time.expand(plan)
        bounded(len(new), usual)
        planned = _planned(lessons, coming, plan_of(row), time)
        tail = [it for it in lessons if it.day >= since and planned.get(it.id, since) >= since]
        coming = [lesson for lesson in coming if lesson in tail]
        if not coming:
            raise _nothing_left()
        _ask([lesson for lesson in coming if lesson.moved], by_hand)
        own = {it.id: holdings[it.id] for it in coming if by_hand == "move" or not it.moved}
        change = _change(tail, planned, own, new, skipped)
        wanted = [Holding(it.id, when.starts, when.ends, own[it.id].resources) for it, when in change.moved]
        wanted += [Holding("", when.starts, when.ends, usual) for when in change.added]
        if not wanted:
            raise UserError(422, "no_lessons", "No lesson comes of this plan; let it go on longer, or cancel the rest.")
        before = [(held.starts, held.ends) for held in own.values()]
        await require_yes(session, party, may_approve, [(it.starts, it.ends) for it in wanted], before)
        span = int(new[0].starts - NEAR), int(new[-1].ends + NEAR)
        teachers = {row.teacher, *(lesson.teacher for lesson in coming)}
        around = await survey(session, time, rules, now, everything, span, own=list(own.values()), teachers=teachers)
        found, more = await around.problems(session, wanted)
        if found:
            others = await alternatives(session, around, plan, everything, since=since)
            raise conflict(found, more, [other.as_json() for other in others])
        held = await _rearrange(session, row, plan, places, seats, change, now, rules)
        first = min(held, key=lambda holding: holding.starts)
        facts = {"starts": first.starts, "ends": first.ends, "lessons": len(held), "cancelled": len(change.dropped)}
        also = _people([*(lesson for lesson, _ in change.moved), *change.dropped], seats)
        await notices.record(session, "moved", row, places, actor, now, facts=facts, lesson=first.lesson, also=also)
        changed = (*(holding.lesson for holding in held), *(lesson.id for lesson in change.dropped))
        return Series(row.id, row.version, row.state, changed, tuple(skipped))

    return await database.run(work)


@dataclass(frozen=True, slots=True)
class _Change:
    """:ivar moved: lessons with their new time. :ivar added: times of new ones. :ivar dropped: those without one."""

    moved: Sequence[tuple[Lesson, Occurrence]]
    added: Sequence[Occurrence]
    dropped: Sequence[Lesson]


def _planned(
    lessons: Sequence[Lesson], coming: Sequence[Lesson], plan: Plan, time: schooltime.SchoolTime
) -> dict[str, dt.date]:
    """:param plan: that they came of. :returns: lesson → the planned day that it is there for."""
    ids = {lesson.id for lesson in coming}
    standing = [Standing(it.id, it.day, it.starts, it.id in ids, it.moved) for it in lessons]
    return planned_days(standing, plan, time.calendar_of(plan))


def _change(
    tail: Sequence[Lesson],
    planned: Mapping[str, dt.date],
    own: Collection[str],
    new: Sequence[Occurrence],
    skipped: Sequence[Skipped],
) -> _Change:
    """:param own: ids of the lessons that move."""
    out = {it.planned for it in skipped}
    placed = [it for it in tail if it.id in planned and planned[it.id] not in out]
    placed.sort(key=lambda it: (planned[it.id], it.starts))
    # What the plan has no day for takes what is left, so that it is called off rather than a lesson that has one.
    placed += [it for it in tail if it.id in own and it not in placed]
    new = sorted(new, key=lambda it: (it.planned, it.starts))
    return _Change(
        [(lesson, when) for lesson, when in zip(placed, new, strict=False) if lesson.id in own],
        new[len(placed) :],
        [lesson for lesson in placed[len(new) :] if lesson.id in own],
    )


def _ask(touched: Sequence[Lesson], by_hand: ByHand) -> None:
    """:raises UserError: 409 `moved_by_hand`."""
    if touched and by_hand == "ask":
        raise UserError(
            409,
            "moved_by_hand",
            f"{len(touched)} of these lessons were moved or changed one by one; say whether they are kept.",
            lessons=[{"lesson": lesson.id, "starts": lesson.starts} for lesson in touched],
        )


async def _rearrange(
    session: AsyncSession,
    row: Booking,
    plan: Plan,
    places: Sequence[Place],
    seats: dict[str, list[Place]],
    change: _Change,
    now: float,
    rules: Rules,
) -> list[Holding]:
    """:returns: what the moved and the added lessons hold."""
    for name, value in rows.plan_columns(plan).items():
        setattr(row, name, value)
    row.version += 1
    for lesson, when in change.moved:
        rows.place_lesson(lesson, when, plan.period, rules)
        lesson.moved = False
    for lesson in change.dropped:
        _call_off(lesson, "")
    await session.flush()
    held = [rows.holding(row, lesson, seats[lesson.id]) for lesson, _ in change.moved]
    held += await rows.add_lessons(session, row, row.teacher, places, change.added, plan.period, now, rules)
    changed = [*(lesson.id for lesson, _ in change.moved), *(lesson.id for lesson in change.dropped)]
    await claims.replace(session, changed, held)
    await outbox.queue_cancelled(session, [lesson.id for lesson in change.dropped], now)
    return held


async def cancel(
    database: Database,
    booking: str,
    actor: str,
    now: float,
    *,
    since: dt.date | None = None,
    reason: str = "",
    version: int | None = None,
) -> Series:
    """Call off all lessons that have not begun, or those from a day on.

    :raises UserError: 409 `not_booked`, `nothing_left`, `changed_meanwhile`.
    """
    short(reason)

    async def work(session: AsyncSession) -> Series:
        row = await _booked(session, booking, version)
        places = await rows.booking_places(session, row.id)
        lessons = await _coming(session, row, since, now, make_ups=True)
        if not lessons:
            raise _nothing_left()
        facts = _first(lessons) | {"reason": reason}  # before they are called off
        also = _people(lessons, await rows.lesson_places(session, [lesson.id for lesson in lessons]))
        await _call_off_all(session, row, lessons, reason, now)
        left = await session.scalar(select(func.count()).where(Lesson.booking == row.id, Lesson.state != "cancelled"))
        if not left:
            row.state = "cancelled"
        await notices.record(session, "cancelled", row, places, actor, now, facts=facts, also=also)
        return Series(row.id, row.version, row.state, tuple(lesson.id for lesson in lessons))

    return await database.run(work)


async def leave_out(
    database: Database,
    booking: str,
    day: dt.date,
    actor: str,
    now: float,
    *,
    reason: str = "",
    version: int | None = None,
) -> Series:
    """An exception: the series has no lesson on this day.

    :raises UserError: 409 `nothing_left`, `changed_meanwhile`.
    """
    short(reason)

    async def work(session: AsyncSession) -> Series:
        row = await _booked(session, booking, version)
        lessons = [it for it in await _coming(session, row, day, now) if it.day == day]
        if not lessons:
            raise _nothing_left()
        places = await rows.booking_places(session, row.id)
        also = _people(lessons, await rows.lesson_places(session, [lesson.id for lesson in lessons]))
        row.without = sorted({*row.without, day.isoformat()})
        await _call_off_all(session, row, lessons, reason, now)
        facts = _first(lessons) | {"day": day.isoformat(), "reason": reason}
        await notices.record(
            session, "cancelled", row, places, actor, now, facts=facts, lesson=lessons[0].id, also=also
        )
        return Series(row.id, row.version, row.state, tuple(lesson.id for lesson in lessons))

    return await database.run(work)


async def substitute(
    database: Database,
    booking: str,
    since: dt.date | None,
    teacher: str,
    actor: str,
    now: float,
    *,
    rules: Rules,
    reason: str = "",
    version: int | None = None,
) -> Series:
    """Another teacher takes all lessons that have not begun, or those from a day on. What was given to somebody already
    stays with her.

    :raises UserError: 409 `conflict`, `nothing_left`, `changed_meanwhile`; 422 when she does not teach there.
    """
    short(reason)

    async def work(session: AsyncSession) -> Series:
        row = await _booked(session, booking, version)
        before = row.teacher
        coming = await _coming(session, row, since, now, make_ups=True)
        lessons = [lesson for lesson in coming if lesson.teacher == before]
        if not lessons:
            raise _nothing_left()
        seats = await rows.lesson_places(session, [lesson.id for lesson in lessons])
        facts = await take_over(session, row, [(it, seats[it.id]) for it in lessons], teacher, now, rules)
        row.teacher = teacher
        row.version += 1
        await session.flush()
        held = [rows.holding(row, lesson, seats[lesson.id]) for lesson in lessons]
        await claims.replace(session, [lesson.id for lesson in lessons], held)
        places = await rows.booking_places(session, row.id)
        told = {**facts, **_first(lessons), "reason": reason}
        also = {before, *_people(lessons, seats)}
        await notices.record(
            session, "substituted", row, places, actor, now, facts=told, lesson=lessons[0].id, also=also
        )
        return Series(row.id, row.version, row.state, tuple(lesson.id for lesson in lessons))

    return await database.run(work)


async def substitute_assistant(
    database: Database,
    booking: str,
    since: dt.date | None,
    classroom: str,
    assistant: str | None,
    actor: str,
    now: float,
    *,
    rules: Rules,
    reason: str = "",
    version: int | None = None,
) -> Series:
    """Another teacher, or with None nobody, is beside the pupils of one receiving classroom in all lessons that have
    not begun, or those from a day on. Where somebody else was put there already, she stays.

    :raises UserError: 409 `conflict`, `nothing_left`, `changed_meanwhile`; 422 as for one lesson.
    """
    short(reason)

    async def work(session: AsyncSession) -> Series:
        row = await _booked(session, booking, version)
        places = await rows.booking_places(session, row.id)
        before = receiving(places, classroom).assistant
        coming = await _coming(session, row, since, now, make_ups=True)
        seats = await rows.lesson_places(session, [lesson.id for lesson in coming])
        lessons = [it for it in coming if receiving(seats[it.id], classroom).assistant == before]
        if not lessons:
            raise _nothing_left()
        sitting = [(lesson, seats[lesson.id]) for lesson in lessons]
        names, held = await sit(session, row, sitting, classroom, assistant, now, rules)
        seat = update(BookingSeat).where(BookingSeat.booking == row.id, BookingSeat.classroom == classroom)
        await session.execute(seat.values(assistant=assistant))
        row.version += 1
        await session.flush()
        await claims.replace(session, [lesson.id for lesson in lessons], held)
        facts = {**names, **_first(lessons), "reason": reason}
        also = {*_people(lessons, seats), *([assistant] if assistant else [])}
        await notices.record(
            session, "substituted", row, places, actor, now, facts=facts, lesson=lessons[0].id, also=also
        )
        return Series(row.id, row.version, row.state, tuple(lesson.id for lesson in lessons))

    return await database.run(work)


async def _booked(session: AsyncSession, booking: str, version: int | None) -> Booking:
    row = await rows.booking_locked(session, booking, version)
    if row.state != "booked":
        raise UserError(409, "not_booked", f"This booking has no lessons to change: it is {row.state}.")
    return row


async def _coming(
    session: AsyncSession, booking: Booking, since: dt.date | None, now: float, *, make_ups: bool = False
) -> list[Lesson]:
    """Lessons that have not begun, though their room may be open already."""
    which = [Lesson.state.in_(("scheduled", "open")), Lesson.starts > now]
    if since is not None:
        which.append(Lesson.day >= since)
    if not make_ups:
        which.append(Lesson.makes_up.is_(None))
    return await _lessons(session, booking, which)


async def _lessons(session: AsyncSession, booking: Booking, which: Sequence[ColumnElement[bool]]) -> list[Lesson]:
    """Locked, in the order of their time."""
    lessons = await rows.lessons_locked(session, Lesson.booking == booking.id, *which)
    return sorted(lessons, key=lambda lesson: (lesson.starts, lesson.id))


async def _call_off_all(
    session: AsyncSession, row: Booking, lessons: Sequence[Lesson], reason: str, now: float
) -> None:
    row.version += 1
    for lesson in lessons:
        _call_off(lesson, reason)
    await session.flush()
    await claims.release(session, [lesson.id for lesson in lessons])
    await outbox.queue_cancelled(session, [lesson.id for lesson in lessons], now)


def _call_off(lesson: Lesson, reason: str) -> None:
    lesson.state, lesson.reason = "cancelled", reason
    lesson.version += 1


def _people(lessons: Sequence[Lesson], seats: Mapping[str, Sequence[Place]]) -> set[str]:
    """Who teaches these lessons and who is beside the pupils, where that is somebody else than in the series too."""
    beside = {place.assistant for lesson in lessons for place in seats[lesson.id]}
    return {lesson.teacher for lesson in lessons} | {id for id in beside if id}


def _first(lessons: Sequence[Lesson]) -> dict[str, object]:
    return {"starts": lessons[0].starts, "ends": lessons[0].ends, "lessons": len(lessons)}


def _nothing_left() -> UserError:
    return UserError(409, "nothing_left", "No lesson of this series is left to change; choose an earlier day.")
