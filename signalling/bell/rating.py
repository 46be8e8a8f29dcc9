"""The short form after a lesson: who may fill it in, what it asks, and what came of it beside what was measured.

Questions are a setting and change in time; an answer counts where it still fits the question of its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.bell import figures
from signalling.bell.figures import Figures
from signalling.config import BellConfig, Question
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson, Participation, Rating, Seat
from signalling.db.places import Classroom
from signalling.db.upsert import insert

MAX_TEXT = 500
MAX_TEXTS = 50
"""Remarks of one summary, the newest."""
MAX_DAYS = 400
_OVER = ("ended", "processing", "published")
_PAGE = 500

SIDES = ("lead", "receiving", "supervisor")
"""From where a lesson is rated: either end of it, and whoever supervises it."""
OWN = (
    Question(id="sound", zh="声音清楚吗？", en="Was the sound clear?", kind="stars"),
    Question(id="picture", zh="画面清楚流畅吗？", en="Was the picture clear and smooth?", kind="stars"),
    Question(id="together", zh="两端的学生有互动吗？", en="Did pupils at both ends take part?", kind="yesno"),
    Question(id="remark", zh="还有什么要说的？", en="Anything else?", kind="text"),
)
"""The form that Tongke brings along."""

Answer = int | bool | str


def questions(settings: BellConfig) -> tuple[Question, ...]:
    return settings.questions or OWN


@dataclass(slots=True)
class Tally:
    """What was answered to one question from one side. :ivar points: stars (1–5), or yes counted as 1."""

    answers: int = 0
    points: int = 0
    texts: list[str] = field(default_factory=list)

    def add(self, answer: Answer) -> None:
        self.answers += 1
        if isinstance(answer, str):
            if len(self.texts) < MAX_TEXTS:
                self.texts.append(answer)
        else:
            self.points += int(answer)

    @property
    def mean(self) -> float | None:
        return self.points / self.answers if self.answers else None


@dataclass(frozen=True, slots=True)
class Measured:
    """:ivar participants: those who were there. :ivar quality: of them all, as in `participation.quality`."""

    participants: int
    seconds: Mapping[str, int]
    quality: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """:ivar lessons: that were rated or measured. :ivar answers: side → question → tally."""

    lessons: int
    forms: int
    answers: Mapping[str, Mapping[str, Tally]]
    measured: Measured


async def give(
    database: Database,
    lesson: str,
    person: str,
    answers: Mapping[str, object],
    settings: BellConfig,
    now: float,
    *,
    supervises: bool = False,
) -> None:
    """Keep what a teacher or a supervisor of the lesson says of it.

    :param supervises: she may rate it although she does not teach in it.
    :raises UserError: 404 `not_found`, 403 `not_in_lesson`, 409 `lesson_not_over`, `rating_late`, `rating_given`, 422
        `bad_answer`.
    """
    kept = _checked(answers, questions(settings))

    async def work(session: AsyncSession) -> None:
        row = await _lesson(session, lesson)
        side = await _side(session, row, person, supervises)
        if side is None:
            raise UserError(
                403,
                "not_in_lesson",
                "A lesson is rated by its teachers and supervisors; ask its planner to add you to it.",
            )
        if row.state not in _OVER:
            raise UserError(409, "lesson_not_over", "A lesson is rated when it is over; come back after the bell.")
        if now >= _until(row, settings):
            raise UserError(
                409, "rating_late", f"A lesson is rated within {settings.rating_days} days; this one is too long ago."
            )
        values = {"lesson": lesson, "person": person, "side": side, "answers": kept, "given": int(now)}
        adding = insert(session, Rating.__table__).values(values).on_conflict_do_nothing()
        if (await session.execute(adding.returning(Rating.__table__.c.lesson))).first() is None:
            raise UserError(409, "rating_given", "You have rated this lesson already; one form counts.")
        await audit.append(session, int(now), person, "lesson.rated", lesson, {"side": side})

    await database.run(work)


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one person and one lesson. :ivar may: whether she can fill in the form now. :ivar until: the last moment, in
    seconds since 1970; None while the lesson is not over."""

    given: bool
    may: bool
    until: int | None


async def standing(
    session: AsyncSession, lesson: str, person: str, settings: BellConfig, now: float, *, supervises: bool = False
) -> Standing:
    """:param supervises: as for `give`. :raises UserError: 404 `not_found`."""
    row = await _lesson(session, lesson)
    given = await session.get(Rating, (lesson, person)) is not None
    until = _until(row, settings) if row.state in _OVER else None
    hers = await _side(session, row, person, supervises) is not None
    return Standing(given, hers and not given and until is not None and now < until, until)


async def of_lesson(database: Database, lesson: str, settings: BellConfig) -> Summary:
    """:raises UserError: 503 `database_unavailable`."""
    async with database.read() as session:
        return await _summary(session, Rating.lesson == lesson, Participation.lesson == lesson, questions(settings))


async def of_school(database: Database, school: str, since: int, until: int, settings: BellConfig) -> Summary:
    """Of the lessons that began in [since, until) with a classroom of the school: all forms about them, and what was
    measured in the school's own classrooms.

    :raises UserError: 422 `bad_range`, 503 `database_unavailable`.
    """
    lessons = lessons_of(school, since, until)
    async with database.read() as session:
        measured = Participation.lesson.in_(lessons) & Participation.classroom.in_(rooms_of(school))
        return await _summary(session, Rating.lesson.in_(lessons), measured, questions(settings))


def lessons_of(school: str, since: int, until: int) -> Select[tuple[str]]:
    """Ids of those that began in [since, until) with a classroom of the school.

    :raises UserError: 422 `bad_range`.
    """
    if not since < until <= since + MAX_DAYS * 86400:
        raise UserError(422, "bad_range", f"Choose a time of at most {MAX_DAYS} days that ends after it begins.")
    return select(Lesson.id).where(
        Lesson.starts >= since,
        Lesson.starts < until,
        or_(
            Lesson.booking.in_(select(Booking.id).where(Booking.school == school)),
            Lesson.id.in_(select(Seat.lesson).where(Seat.classroom.in_(rooms_of(school)))),
        ),
    )


def rooms_of(school: str) -> Select[tuple[str]]:
    return select(Classroom.id).where(Classroom.school == school)


async def _lesson(session: AsyncSession, lesson: str) -> Lesson:
    row = await session.get(Lesson, lesson)
    if row is None:
        raise UserError(404, "not_found", "There is no such lesson; it may have been removed from the timetable.")
    return row


def _until(row: Lesson, settings: BellConfig) -> int:
    return (row.ended or row.closes) + settings.rating_days * 86400


async def _side(session: AsyncSession, row: Lesson, person: str, supervises: bool) -> str | None:
    """Of `SIDES`; None: she has no part in it. Whoever teaches in it does not supervise it."""
    if person == row.teacher:
        return "lead"
    seats = select(Seat.part).where(Seat.lesson == row.id, Seat.assistant == person).order_by(Seat.part.desc())
    return await session.scalar(seats.limit(1)) or ("supervisor" if supervises else None)


async def _summary(
    session: AsyncSession, rated: ColumnElement[bool], measured: ColumnElement[bool], asked: Sequence[Question]
) -> Summary:
    """Row by row: neither the forms nor the participants of a year have to fit into memory."""
    answers = {side: {question.id: Tally() for question in asked} for side in SIDES}
    lessons: set[str] = set()
    forms = 0
    query = select(Rating.lesson, Rating.side, Rating.answers).where(rated).order_by(Rating.given.desc(), Rating.lesson)
    async for lesson, side, given in await session.stream(query.execution_options(yield_per=_PAGE)):
        lessons.add(lesson)
        forms += 1
        for question in asked:
            if _fits(given.get(question.id), question):
                answers[side][question.id].add(given[question.id])
    total: Figures = figures.NOTHING
    participants = 0
    columns = [getattr(Participation, name) for name in ("lesson", *figures.SECONDS, "quality")]
    people = select(*columns).where(measured).execution_options(yield_per=_PAGE)
    async for row in await session.stream(people):
        lessons.add(row.lesson)
        participants += 1
        total = figures.add(total, figures.unpack(row._mapping, row.quality))
    of_all = Measured(participants, figures.seconds(total), figures.quality(total))
    return Summary(len(lessons), forms, answers, of_all)


def _checked(answers: Mapping[str, object], asked: Iterable[Question]) -> dict[str, Answer]:
    """:raises UserError: 422 `bad_answer`."""
    form = {question.id: question for question in asked}
    kept: dict[str, Answer] = {}
    for id, answer in answers.items():
        question = form.get(id)
        if question is None:
            raise UserError(422, "bad_answer", "The form has no such question; open it again and answer what it asks.")
        if not _fits(answer, question):
            wanted = {"stars": "1 to 5 stars", "yesno": "yes or no", "text": f"at most {MAX_TEXT} characters"}
            raise UserError(422, "bad_answer", f"The question {id!r} is answered with {wanted[question.kind]}.")
        if answer != "":
            kept[id] = answer  # type: ignore[assignment]
    if not kept:
        raise UserError(422, "bad_answer", "The form is empty; answer at least one question.")
    return kept


def _fits(answer: object, question: Question) -> bool:
    if question.kind == "stars":
        return isinstance(answer, int) and not isinstance(answer, bool) and 1 <= answer <= 5
    if question.kind == "yesno":
        return isinstance(answer, bool)
    return isinstance(answer, str) and len(answer) <= MAX_TEXT and "\0" not in answer
