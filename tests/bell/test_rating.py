"""The form after the lesson, and what it shows beside what was measured."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, update

from mediaserver.api import UserError
from signalling.bell import figures, rating
from signalling.config import BellConfig, Question
from signalling.db.engine import Database
from signalling.db.lessons import Lesson, Participation, Rating
from tests.bell.county import EIGHT, County, add_lesson, audited

SETTINGS = BellConfig()
DAY = 86400


@pytest.fixture
async def room(database: Database, county: County) -> str:
    id = await add_lesson(database, county, state="ended")
    async with database.write() as session:
        await session.execute(update(Lesson).values(ended=EIGHT + 3000))
    return id


async def give(database: Database, room: str, person: str, answers: dict[str, Any], now: float = EIGHT + 4000) -> None:
    await rating.give(database, room, person, answers, SETTINGS, now)


async def test_both_ends_rate(database: Database, county: County, room: str) -> None:
    await give(database, room, county.teacher, {"sound": 5, "together": True, "remark": ""})
    await give(database, room, county.assistant, {"sound": 3, "picture": 2, "remark": "声音有点小"})
    it = await rating.of_lesson(database, room, SETTINGS)
    assert (it.lessons, it.forms) == (1, 2)
    lead, receiving = it.answers["lead"], it.answers["receiving"]
    assert (lead["sound"].mean, lead["together"].mean, lead["picture"].mean) == (5, 1, None)
    assert (receiving["sound"].mean, receiving["picture"].mean, receiving["remark"].texts) == (3, 2, ["声音有点小"])
    assert lead["remark"].answers == 0
    assert [(row.actor, row.detail) for row in await audited(database, "lesson.rated")] == [
        (county.teacher, {"side": "lead"}),
        (county.assistant, {"side": "receiving"}),
    ]


async def test_once_and_in_time(database: Database, county: County, room: str) -> None:
    await give(database, room, county.teacher, {"sound": 5})
    for person, now, code in (
        (county.teacher, EIGHT + 5000, "rating_given"),
        (county.assistant, EIGHT + 3000 + 7 * DAY, "rating_late"),
        (county.stranger, EIGHT + 5000, "not_in_lesson"),
    ):
        with pytest.raises(UserError) as caught:
            await give(database, room, person, {"sound": 1}, now)
        assert caught.value.code == code
    going_on = await add_lesson(database, county, state="live")
    for lesson, code in ((going_on, "lesson_not_over"), ("0123456789abcdef", "not_found")):
        with pytest.raises(UserError) as caught:
            await give(database, lesson, county.teacher, {"sound": 1})
        assert caught.value.code == code
    it = await rating.of_lesson(database, room, SETTINGS)
    assert it.forms == 1 and it.answers["lead"]["sound"].mean == 5
    await give(database, room, county.assistant, {"sound": 1}, EIGHT + 3000 + 7 * DAY - 1)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"remark": ""},
        {"sound": 0},
        {"sound": 6},
        {"sound": True},
        {"sound": 3.5},
        {"sound": "5"},
        {"together": 1},
        {"remark": "x" * 501},
        {"remark": "a\0b"},
        {"remark": 3},
        {"sound": 5, "price": 3},
        {"sound": None},
    ],
)
async def test_bad_answers(database: Database, county: County, room: str, answers: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        await give(database, room, county.teacher, answers)
    assert (caught.value.status, caught.value.code) == (422, "bad_answer")
    assert await audited(database) == []


async def test_a_school_beside_what_was_measured(database: Database, county: County, room: str) -> None:
    later = await add_lesson(database, county, EIGHT + 30 * DAY, state="ended")
    for lesson, stars in ((room, 5), (later, 2)):
        await give(database, lesson, county.teacher, {"sound": stars})
    delays = figures.fresh()
    for delay in (90, 210, 210):
        delays["delay"].add(delay)
    measured = figures.pack((2400, 2300, 2200, 0), 4, delays)
    async with database.write() as session:
        for participant, classroom in ((county.display, county.classroom), (county.box, county.studio)):
            values = {"lesson": room, "participant": participant, "role": "classroom", "classroom": classroom}
            of_figures = {**figures.seconds(measured), "quality": figures.quality(measured)}
            await session.execute(insert(Participation).values(joined=EIGHT, **values, **of_figures))
    month = EIGHT - DAY, EIGHT + 20 * DAY
    it = await rating.of_school(database, county.village, *month, SETTINGS)
    assert (it.lessons, it.forms, it.answers["lead"]["sound"].mean) == (1, 1, 5)
    assert it.measured.participants == 1, "the village's own classroom alone"
    assert (it.measured.quality["delay_p50"], it.measured.quality["freezes"]) == (250, 4)
    assert it.measured.seconds == {"present": 2400, "seen": 2300, "heard": 2200, "sent": 0}
    both = await rating.of_school(database, county.school, EIGHT - DAY, EIGHT + 40 * DAY, SETTINGS)
    assert (both.forms, both.answers["lead"]["sound"].mean) == (2, 3.5)
    nothing = await rating.of_school(database, county.stranger, *month, SETTINGS)
    assert (nothing.lessons, nothing.forms, nothing.measured.quality["delay_p95"]) == (0, 0, None)
    with pytest.raises(UserError, match="400 days"):
        await rating.of_school(database, county.school, 0, EIGHT, SETTINGS)


async def test_questions_of_ones_own(database: Database, county: County, room: str) -> None:
    """And answers from the time before they changed, which fit no more."""
    own = BellConfig(questions=(Question(id="sound", zh="满意吗？", en="Satisfied?", kind="yesno"),))
    async with database.write() as session:
        await session.execute(
            insert(Rating).values(
                lesson=room, person=county.assistant, side="receiving", answers={"sound": 5, "old": "x"}, given=EIGHT
            )
        )
    await rating.give(database, room, county.teacher, {"sound": False}, own, EIGHT + 4000)
    it = await rating.of_lesson(database, room, own)
    assert (it.forms, it.answers["lead"]["sound"].mean, it.answers["receiving"]["sound"].answers) == (2, 0, 0)


async def test_remarks_are_bounded(
    database: Database, county: County, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rating, "MAX_TEXTS", 1)
    for person in (county.teacher, county.assistant):
        await give(database, room, person, {"remark": "好"})
    async with database.write() as session:
        await session.execute(update(Rating).values(side="lead"))
    it = await rating.of_lesson(database, room, SETTINGS)
    assert (it.answers["lead"]["remark"].answers, it.answers["lead"]["remark"].texts) == (2, ["好"])
