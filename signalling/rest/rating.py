"""After a lesson: the short form, what came of it, the evidence, and a school's quality over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from signalling.bell import proof, quality, rating
from signalling.bell.proof import Proof
from signalling.bell.quality import Held, Week
from signalling.bell.rating import Measured, Summary, Tally
from signalling.bodies import Body, Query
from signalling.config import BellConfig, Question
from signalling.people import roles
from signalling.people.accounts import forbidden
from signalling.rest import paging
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to one question from one side. :ivar mean: of stars (1–5), or the part that said yes."""

    answers: int
    mean: float | None
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Result:
    """:ivar lessons: that were rated or measured. :ivar answers: side → question → answers."""

    lessons: int
    forms: int
    answers: Mapping[str, Mapping[str, Answers]]
    measured: Measured


@dataclass(frozen=True, slots=True)
class Form:
    """:ivar given: by the reader. :ivar may: she can fill it in now, :ivar until: this instant (null: not over yet).
    :ivar summary: null for whoever may not read it."""

    questions: Sequence[Question]
    given: bool
    may: bool
    until: int | None
    summary: Result | None


@dataclass(frozen=True, slots=True)
class OfSchool(Result):
    """:ivar questions: of the form as it is now, in its order."""

    questions: Sequence[Question]


class GiveBody(Body):
    answers: dict[str, int | bool | str] = Field(max_length=20)


class QualityQuery(Query):
    """Of the lessons that begin in [since, until), seconds since 1970; at most 400 days."""

    since: int = Field(ge=-(2**40), le=2**40)
    until: int = Field(ge=-(2**40), le=2**40)


class HeldQuery(QualityQuery, Paged):
    pass


class RatingResource:
    def __init__(self, settings: BellConfig) -> None:
        self._settings = settings

    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/lessons/{lesson}/evidence", self.evidence, "ledger.read", "lesson")
        yield Operation("GET", "/lessons/{lesson}/rating", self.form)
        yield Operation("POST", "/lessons/{lesson}/rating", self.give, "rating.give", "lesson")
        for path, handler in (("", self.quality), ("/weeks", self.weeks), ("/lessons", self.lessons)):
            yield Operation("GET", f"/schools/{{school}}/quality{path}", handler, "rating.read", "school")

    async def evidence(self, call: Call[Nothing, Nothing]) -> Proof:
        """Who was there, by measurement, and the lesson's rows on the audit log"""
        async with call.database.read() as session:
            return await proof.of_lesson(session, call.path("lesson"))

    async def form(self, call: Call[Nothing, Nothing]) -> Form:
        """The form after a lesson, and what came of it"""
        lesson, caller = call.path("lesson"), call.caller
        reads = await caller.allows("rating.read", "lesson", lesson)
        if not reads and not await caller.allows("rating.give", "lesson", lesson):
            raise forbidden("rating.read")
        async with call.database.read() as session:
            standing = await rating.standing(
                session, lesson, call.person, self._settings, call.now, supervises=await _supervises(call)
            )
        summary = _result(await rating.of_lesson(call.database, lesson, self._settings)) if reads else None
        asked = rating.questions(self._settings)
        return Form(asked, standing.given, standing.may, standing.until, summary)

    async def give(self, call: Call[GiveBody, Nothing]) -> None:
        """Fill in the form; one counts"""
        answers: dict[str, Any] = call.body.answers
        lesson, supervises = call.path("lesson"), await _supervises(call)
        await rating.give(call.database, lesson, call.person, answers, self._settings, call.now, supervises=supervises)

    async def quality(self, call: Call[Nothing, QualityQuery]) -> OfSchool:
        """What was said and measured of a school's lessons"""
        query, settings = call.query, self._settings
        summary = await rating.of_school(call.database, call.path("school"), query.since, query.until, settings)
        it = _result(summary)
        return OfSchool(it.lessons, it.forms, it.answers, it.measured, rating.questions(settings))

    async def weeks(self, call: Call[Nothing, QualityQuery]) -> list[Week]:
        """The same week by week, the oldest first"""
        query = call.query
        return await quality.weeks(call.database, call.path("school"), query.since, query.until, self._settings)

    async def lessons(self, call: Call[Nothing, HeldQuery]) -> Page[Held]:
        """The same lesson by lesson, the newest first"""
        query = call.query
        found = await quality.lessons(
            call.database,
            call.path("school"),
            query.since,
            query.until,
            self._settings,
            limit=query.limit + 1,
            after=paging.after(query, int, str),  # type: ignore[arg-type]
        )
        return paging.page(found, query.limit, lambda it: (it.starts, it.lesson))


async def _supervises(call: Call[Any, Any]) -> bool:
    """By a role, not because it is her own lesson."""
    chain = await call.caller.scopes.chain("rating.give", "lesson", call.path("lesson"))
    return roles.allowed((grant for grant in call.caller.grants if grant.role != roles.OWN), "rating.give", chain)


def _result(summary: Summary) -> Result:
    answers = {
        side: {question: _answers(tally) for question, tally in of_side.items()}
        for side, of_side in summary.answers.items()
    }
    return Result(summary.lessons, summary.forms, answers, summary.measured)


def _answers(tally: Tally) -> Answers:
    return Answers(tally.answers, tally.mean, tally.texts)
