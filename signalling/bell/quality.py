"""A school's quality over time: week by week and lesson by lesson, what was said of it beside what was measured."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.bell import figures, rating
from signalling.bell.figures import Figures
from signalling.config import BellConfig
from signalling.db.engine import Database
from signalling.db.lessons import Lesson, Participation, Rating
from signalling.db.people import Person

_HELD = ("open", "live", "ended", "processing", "published")
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Quality:
    """:ivar lead: mean of the stars (1–5) that this end gave; None: none. :ivar receiving: the same of the other end.
    :ivar participants: in the school's classrooms, :ivar seen_s: seconds for which they saw pictures, all together.
    :ivar delay_ms: 95 of 100 measurements were below it; :ivar loss: the same of what was lost on the way, in the
    worse direction."""

    forms: int
    lead: float | None
    receiving: float | None
    participants: int
    seen_s: int
    freezes: int
    delay_ms: float | None
    loss: float | None


@dataclass(frozen=True, slots=True)
class Week:
    """:ivar first: its Monday. :ivar lessons: that were rated or measured."""

    first: dt.date
    lessons: int
    quality: Quality


@dataclass(frozen=True, slots=True)
class Held:
    """A lesson that took place or was to."""

    lesson: str
    title: str
    day: dt.date
    starts: int
    state: str
    teacher: str
    teacher_name: str
    quality: Quality


@dataclass(slots=True)
class _Sum:
    lessons: set[str] = field(default_factory=set)
    forms: int = 0
    stars: dict[str, rating.Tally] = field(default_factory=dict)
    participants: int = 0
    total: Figures = figures.NOTHING

    def quality(self) -> Quality:
        measured, seconds = figures.quality(self.total), figures.seconds(self.total)
        lost = measured["loss_up_p95"], measured["loss_down_p95"]
        lead, receiving = (self.stars[side].mean if side in self.stars else None for side in ("lead", "receiving"))
        return Quality(
            self.forms,
            lead,
            receiving,
            self.participants,
            seconds["seen"],
            measured["freezes"],
            measured["delay_p95"],
            max((it for it in lost if it is not None), default=None),
        )


async def weeks(database: Database, school: str, since: int, until: int, settings: BellConfig) -> list[Week]:
    """Of the lessons that began in [since, until), as `rating.of_school`; weeks of which nothing is known are left out.

    :raises UserError: 422 `bad_range`, 503 `database_unavailable`.
    """
    sums: dict[Any, _Sum] = {}
    within = Lesson.id.in_(rating.lessons_of(school, since, until))
    async with database.read() as session:
        await _add(session, sums, within, school, settings, lambda _, day: day - dt.timedelta(days=day.weekday()))
    return [Week(monday, len(it.lessons), it.quality()) for monday, it in sorted(sums.items())]


async def lessons(
    database: Database,
    school: str,
    since: int,
    until: int,
    settings: BellConfig,
    *,
    limit: int,
    after: tuple[int, str] | None = None,
) -> list[Held]:
    """The newest first. :param after: (starts, lesson) of the last one of the page before.

    :raises UserError: 422 `bad_range`, 503 `database_unavailable`.
    """
    query = (
        select(Lesson, Person.name)
        .join(Person, Person.id == Lesson.teacher)
        .where(Lesson.id.in_(rating.lessons_of(school, since, until)), Lesson.state.in_(_HELD))
        .order_by(Lesson.starts.desc(), Lesson.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Lesson.starts, Lesson.id) < tuple_(*after))
    sums: dict[Any, _Sum] = {}
    async with database.read() as session:
        rows = (await session.execute(query)).all()
        within = Lesson.id.in_([it.id for it, _ in rows])
        await _add(session, sums, within, school, settings, lambda lesson, _: lesson)
    return [
        Held(it.id, it.title, it.day, it.starts, it.state, it.teacher, name, sums.get(it.id, _Sum()).quality())
        for it, name in rows
    ]


async def _add(
    session: AsyncSession,
    sums: dict[Any, _Sum],
    within: ColumnElement[bool],
    school: str,
    settings: BellConfig,
    key: Any,
) -> None:
    """Forms and measurements of these lessons, each to the sum that `key(lesson, day)` names."""
    asked = [it for it in rating.questions(settings) if it.kind == "stars"]
    forms = select(Rating.lesson, Lesson.day, Rating.side, Rating.answers).join(Lesson, Lesson.id == Rating.lesson)
    async for lesson, day, side, answers in await session.stream(
        forms.where(within).execution_options(yield_per=_PAGE)
    ):
        it = sums.setdefault(key(lesson, day), _Sum())
        it.lessons.add(lesson)
        it.forms += 1
        _stars(it.stars.setdefault(side, rating.Tally()), (answers.get(question.id) for question in asked))
    columns = [getattr(Participation, name) for name in (*figures.SECONDS, "quality")]
    people = (
        select(Lesson.id, Lesson.day, *columns)
        .join(Lesson, Lesson.id == Participation.lesson)
        .where(within, Participation.classroom.in_(rating.rooms_of(school)))
        .execution_options(yield_per=_PAGE)
    )
    async for row in await session.stream(people):
        it = sums.setdefault(key(row.id, row.day), _Sum())
        it.lessons.add(row.id)
        it.participants += 1
        it.total = figures.add(it.total, figures.unpack(row._mapping, row.quality))


def _stars(tally: rating.Tally, answers: Iterable[object]) -> None:
    """An answer to another question of the same name, asked before the form was changed, counts for nothing."""
    for answer in answers:
        if isinstance(answer, int) and not isinstance(answer, bool) and 1 <= answer <= 5:
            tally.add(answer)
