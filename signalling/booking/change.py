"""One lesson is moved, called off, taught by somebody else, made up for, or goes on longer."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import claims, notices, outbox, rows, schooltime
from signalling.booking.book import short
from signalling.booking.check import check
from signalling.booking.claims import HOLDING, Holding, Place
from signalling.booking.consent import require_yes
from signalling.booking.forms import DUAL_EN
from signalling.booking.limits import MAX_EXTENSION_MINUTES, Rules
from signalling.booking.problems import conflict
from signalling.booking.request import request_of, teach, validate
from signalling.booking.survey import survey
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom
from signalling.timetable.lifecycle import TRANSITIONS
from signalling.timetable.series import Plan


@dataclass(frozen=True, slots=True)
class Changed:
    """A lesson as it is now. :ivar ends: until when it holds its people and rooms. Instants: seconds since 1970."""

    lesson: str
    version: int
    state: str
    starts: int
    ends: int


async def move(
    database: Database,
    lesson: str,
    when: Plan,
    actor: str,
    now: float,
    *,
    rules: Rules,
    may_approve: Collection[str] = (),
    version: int | None = None,
) -> Changed:
    """To another time of the same or another day; it is then left alone when its series moves.

    :param when: without a rule. :param may_approve: schools in whose name the actor may say yes.
    :raises UserError: 409 `conflict`, `needs_yes`, `already_begun`, `changed_meanwhile`; 422 when the time cannot be.
    """

    async def work(session: AsyncSession) -> Changed:
        booking, row = await rows.lesson_locked(session, lesson, version)
        not_begun(row, now)
        places = (await rows.lesson_places(session, [row.id]))[row.id]
        before = {"from_starts": row.starts, "from_ends": row.ends}
        held = rows.holding(booking, row, places)
        await claims.lock(session, held.resources, rules)
        request = dataclasses.replace(request_of(booking, places), plan=_single(when), teacher=row.teacher)
        party = await rows.party(session, booking, places)
        checked = await check(session, request, now, rules=rules, ignore_lesson=row.id, party=party)
        await require_yes(session, party, may_approve, checked.times(), [(row.starts, row.ends)])
        checked.require()
        rows.place_lesson(row, checked.lessons[0], when.period, rules)
        row.moved = True
        await session.flush()
        held = rows.holding(booking, row, places)
        await claims.replace(session, [row.id], [held])
        facts = {**before, "starts": row.starts, "ends": row.ends}
        await _record(session, "moved", booking, row, places, actor, now, facts)
        return changed(row)

    return await database.run(work)


async def cancel(
    database: Database, lesson: str, actor: str, now: float, *, reason: str = "", version: int | None = None
) -> Changed:
    """:raises UserError: 409 `already_begun`, `changed_meanwhile`."""
    short(reason)

    async def work(session: AsyncSession) -> Changed:
        booking, row = await rows.lesson_locked(session, lesson, version)
        if ("cancel" not in _cues(row)) or row.ends <= now:
            raise _begun(row, "it cannot be cancelled")
        places = (await rows.lesson_places(session, [row.id]))[row.id]
        row.state, row.reason = "cancelled", reason
        row.version += 1
        await session.flush()
        await claims.release(session, [row.id])
        await outbox.queue_cancelled(session, [row.id], now)
        facts = {"starts": row.starts, "ends": row.ends, "reason": reason}
        await _record(session, "cancelled", booking, row, places, actor, now, facts)
        return changed(row)

    return await database.run(work)


async def substitute(
    database: Database,
    lesson: str,
    teacher: str,
    actor: str,
    now: float,
    *,
    rules: Rules,
    reason: str = "",
    version: int | None = None,
) -> Changed:
    """Another teacher takes this lesson, also when it has begun.

    :raises UserError: 409 `conflict`, `lesson_over`, `changed_meanwhile`; 422 when she does not teach there.
    """
    short(reason)

    async def work(session: AsyncSession) -> Changed:
        booking, row = await rows.lesson_locked(session, lesson, version)
        _still_on(row, now, "nobody can take it over")
        places = (await rows.lesson_places(session, [row.id]))[row.id]
        before = row.teacher
        facts = await take_over(session, booking, [(row, places)], teacher, now, rules)
        row.moved = True
        await session.flush()
        await claims.replace(session, [row.id], [rows.holding(booking, row, places)])
        facts |= {"starts": row.starts, "ends": row.ends, "reason": reason}
        also = [before, teacher]
        await _record(session, "substituted", booking, row, places, actor, now, facts, also)
        return changed(row)

    return await database.run(work)


async def take_over(
    session: AsyncSession,
    booking: Booking,
    lessons: Sequence[tuple[Lesson, Sequence[Place]]],
    teacher: str,
    now: float,
    rules: Rules,
) -> dict[str, object]:
    """Give lessons to another teacher when she is free in all of them; what they hold is not yet changed.

    :returns: facts: who from whom. :raises UserError: as `substitute`.
    """
    if any(place.assistant == teacher for _, places in lessons for place in places):
        raise UserError(
            422, "person_twice", "She is the assistant teacher of this lesson; put somebody else there first."
        )
    before = lessons[0][0].teacher
    if before == teacher:
        raise UserError(422, "same_teacher", "She teaches this already; choose somebody else.")
    await teach(session, {teacher: booking.school})
    resource = f"person:{teacher}"
    await claims.lock(session, [resource], rules)
    own = [rows.holding(booking, row, places) for row, places in lessons]
    wanted = [dataclasses.replace(holding, resources=(resource,)) for holding in own]
    await _require_free(session, booking, wanted, own, [teacher], now, rules)
    for row, _ in lessons:
        row.teacher = teacher
        row.version += 1
    return await _names(session, before, teacher)


async def substitute_assistant(
    database: Database,
    lesson: str,
    classroom: str,
    assistant: str | None,
    actor: str,
    now: float,
    *,
    rules: Rules,
    reason: str = "",
    version: int | None = None,
) -> Changed:
    """Another teacher, or with None nobody, is beside the pupils of one receiving classroom in this lesson.

    :raises UserError: 409 `conflict`, `lesson_over`, `changed_meanwhile`; 422 when she does not teach there, is in the
        lesson already, or is missing in a dual-teacher lesson.
    """
    short(reason)

    async def work(session: AsyncSession) -> Changed:
        booking, row = await rows.lesson_locked(session, lesson, version)
        _still_on(row, now, "nobody can take it over")
        places = (await rows.lesson_places(session, [row.id]))[row.id]
        before = receiving(places, classroom).assistant
        names, held = await sit(session, booking, [(row, places)], classroom, assistant, now, rules)
        row.moved = True
        await session.flush()
        await claims.replace(session, [row.id], held)
        facts = {"starts": row.starts, "ends": row.ends, **names, "reason": reason}
        also = [id for id in (before, assistant) if id]
        await _record(session, "substituted", booking, row, places, actor, now, facts, also)
        return changed(row)

    return await database.run(work)


def receiving(places: Sequence[Place], classroom: str) -> Place:
    """:raises UserError: 422 `unknown_classroom`."""
    seat = next((place for place in places if place.classroom == classroom and place.part == "receiving"), None)
    if seat is None:
        raise UserError(422, "unknown_classroom", "This is no receiving classroom of the lesson; choose one of them.")
    return seat


async def sit(
    session: AsyncSession,
    booking: Booking,
    lessons: Sequence[tuple[Lesson, Sequence[Place]]],
    classroom: str,
    assistant: str | None,
    now: float,
    rules: Rules,
) -> tuple[dict[str, object], list[Holding]]:
    """Put an assistant, or with None nobody, into the seats of one classroom that all have the same one now.

    :returns: facts: who from whom; what the lessons hold from now on. :raises UserError: as `substitute_assistant`.
    """
    before = receiving(lessons[0][1], classroom).assistant
    if before is None and assistant is None:
        raise UserError(422, "same_teacher", "Nobody is beside these pupils already; choose somebody.")
    own = [rows.holding(booking, row, places) for row, places in lessons]
    if assistant is None:
        if booking.dual:
            raise UserError(422, "bad_form", f"A {DUAL_EN} has an assistant teacher in each receiving classroom.")
    else:
        resource = f"person:{assistant}"
        if any(resource in holding.resources for holding in own):
            raise UserError(422, "person_twice", "She is in this lesson already; choose somebody else.")
        school = await session.scalar(select(Classroom.school).where(Classroom.id == classroom))
        await teach(session, {assistant: str(school)})
        await claims.lock(session, [resource], rules)
        wanted = [dataclasses.replace(holding, resources=(resource,)) for holding in own]
        await _require_free(session, booking, wanted, own, [], now, rules)
    ids = [row.id for row, _ in lessons]
    seats = update(Seat).where(Seat.lesson.in_(ids), Seat.classroom == classroom).values(assistant=assistant)
    await session.execute(seats)
    held = []
    for row, places in lessons:
        row.version += 1
        seat = receiving(places, classroom)
        after = [dataclasses.replace(it, assistant=assistant) if it is seat else it for it in places]
        held.append(rows.holding(booking, row, after))
    return {"classroom": classroom, **await _names(session, before, assistant)}, held


async def _names(session: AsyncSession, before: str | None, after: str | None) -> dict[str, object]:
    """Facts: who from whom; None: nobody."""
    ids = [id for id in (before, after) if id]
    names = {id: name for id, name in await session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))}
    return {"from_teacher": names.get(before or ""), "to_teacher": names.get(after or "")}


async def make_up(
    database: Database,
    lesson: str,
    when: Plan,
    actor: str,
    now: float,
    *,
    rules: Rules,
    may_approve: Collection[str] = (),
) -> Changed:
    """Another lesson in place of one that was cancelled or is over.

    :param when: without a rule. :param may_approve: schools in whose name the actor may say yes.
    :raises UserError: 409 `conflict`, `needs_yes`, `not_missed`, `made_up`; 422 when the time cannot be.
    """

    async def work(session: AsyncSession) -> Changed:
        booking, missed = await rows.lesson_locked(session, lesson)
        if missed.state in HOLDING:
            raise UserError(409, "not_missed", "This lesson still takes place; move it, or cancel it first.")
        instead = await session.scalar(
            select(Lesson.id).where(Lesson.makes_up == missed.id, Lesson.state != "cancelled").limit(1)
        )
        if instead is not None:
            raise UserError(
                409, "made_up", "There is a make-up lesson for this one already; move that one.", lesson=instead
            )
        places = (await rows.lesson_places(session, [missed.id]))[missed.id]
        request = dataclasses.replace(request_of(booking, places), plan=_single(when), teacher=missed.teacher)
        await claims.lock(session, request.resources, rules)
        party = await validate(session, request)
        checked = await check(session, request, now, rules=rules, party=party)
        await require_yes(session, party, may_approve, checked.times())
        checked.require()
        held = await rows.add_lessons(
            session, booking, missed.teacher, places, checked.lessons, when.period, now, rules, missed.id
        )
        await claims.replace(session, (), held)
        row = await session.get_one(Lesson, held[0].lesson)
        facts = {"starts": row.starts, "ends": row.ends, "makes_up": missed.id, "missed_starts": missed.starts}
        await _record(session, "made_up", booking, row, places, actor, now, facts)
        return changed(row)

    return await database.run(work)


async def extend(
    database: Database,
    lesson: str,
    minutes: int,
    actor: str,
    now: float,
    *,
    rules: Rules,
    version: int | None = None,
) -> Changed:
    """A lesson that is on goes on longer, if the next lesson of everybody and every room in it allows.

    :raises UserError: 409 `conflict`, `not_on`, `changed_meanwhile`; 422 `bad_length`.
    """

    async def work(session: AsyncSession) -> Changed:
        booking, row = await rows.lesson_locked(session, lesson, version)
        if row.state not in ("open", "live") or now >= row.closes:
            raise UserError(409, "not_on", "Only a lesson that is on can be made longer.")
        places = (await rows.lesson_places(session, [row.id]))[row.id]
        held = rows.holding(booking, row, places)
        longer = dataclasses.replace(held, ends=held.ends + minutes * 60)
        if minutes < 1 or longer.ends > row.ends + MAX_EXTENSION_MINUTES * 60:
            raise UserError(
                422, "bad_length", f"A lesson can be made longer by 1 to {MAX_EXTENSION_MINUTES} minutes in all."
            )
        await claims.lock(session, held.resources, rules)
        await _require_free(session, booking, [longer], [held], [row.teacher], now, rules)
        row.extended = longer.ends
        row.closes += minutes * 60
        row.version += 1
        await session.flush()
        await claims.replace(session, [row.id], [longer])
        facts = {"starts": row.starts, "ends": longer.ends, "minutes": minutes}
        await _record(session, "extended", booking, row, places, actor, now, facts)
        return changed(row)

    return await database.run(work)


async def _require_free(
    session: AsyncSession,
    booking: Booking,
    wanted: Sequence[Holding],
    own: Sequence[Holding],
    teachers: Sequence[str],
    now: float,
    rules: Rules,
) -> None:
    """:param own: the same lessons as they are. :raises UserError: 409 `conflict`."""
    time = await schooltime.load(session, booking.school, (), booking.first)
    resources = {resource for holding in wanted for resource in holding.resources}
    span = min(holding.starts for holding in wanted), max(holding.ends for holding in wanted)
    around = await survey(session, time, rules, now, resources, span, own=own, teachers=teachers)
    found, more = await around.problems(session, wanted, days=False)
    if found:
        raise conflict(found, more, ())


def not_begun(row: Lesson, now: float) -> None:
    """:raises UserError: 409 `already_begun`."""
    if row.state != "scheduled" or row.starts <= now:
        raise _begun(row, "it cannot be moved; book a make-up lesson instead")


def _begun(row: Lesson, so: str) -> UserError:
    what = "was cancelled" if row.state == "cancelled" else "has begun or is over"
    return UserError(409, "already_begun", f"This lesson {what}: {so}.", state=row.state)


def _still_on(row: Lesson, now: float, so: str) -> None:
    if row.state not in HOLDING or row.closes <= now:
        raise UserError(409, "lesson_over", f"This lesson is over or was cancelled: {so}.", state=row.state)


def _cues(row: Lesson) -> set[str]:
    return {cue for state, cue in TRANSITIONS if state == row.state}


def _single(when: Plan) -> Plan:
    if when.rule or when.without or when.weeks != "all":
        raise UserError(422, "not_single", "One lesson takes place once; name its day and time without a rule.")
    return when


def changed(row: Lesson) -> Changed:
    return Changed(row.id, row.version, row.state, row.starts, max(row.ends, row.extended or 0))


async def _record(
    session: AsyncSession,
    kind: notices.Kind,
    booking: Booking,
    row: Lesson,
    places: Sequence[Place],
    actor: str,
    now: float,
    facts: Mapping[str, object],
    also: Sequence[str] = (),
) -> None:
    await notices.record(
        session, kind, booking, places, actor, now, facts=facts, lesson=row.id, also=[row.teacher, *also]
    )
