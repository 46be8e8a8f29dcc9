"""Many people at once, on two servers: nobody ends in two lessons, and nobody is turned away for the crowd."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest

from mediaserver.api import UserError
from signalling.booking import change
from signalling.booking import series as change_series
from signalling.booking.limits import Rules
from signalling.booking.request import Receiver
from signalling.db.engine import Database
from tests.booking.county import NOW, TUESDAY, book, consistent, request, series, single

REFUSALS = {
    "conflict",
    "changed_meanwhile",
    "already_begun",
    "not_missed",
    "made_up",
    "moved_by_hand",
    "nothing_left",
    "not_booked",
    "same_teacher",
    "lesson_over",
    "person_twice",
}


def wish(dice: random.Random) -> Any:
    numbers = dice.sample((1, 2, 3), dice.randint(1, 2))
    return request(
        teacher=dice.choice(("t0", "t00", "p0")),
        classroom=dice.choice(("r0", "r00")),
        lead_class=None,
        receivers=tuple(Receiver(f"r{number}", f"a{number}") for number in numbers),
        plan=series(period=dice.randint(1, 6)),
    )


def step(dice: random.Random, database: Database, made: list[tuple[str, tuple[str, ...]]], rules: Rules) -> Coroutine:
    booking, lessons = dice.choice(made)
    lesson, period = dice.choice(lessons), dice.randint(1, 6)
    return dice.choice(
        (
            lambda: book(database, wish(dice), rules=rules),
            lambda: change.move(database, lesson, single(TUESDAY, period), "p0", NOW, rules=rules),
            lambda: change.cancel(database, lesson, "p0", NOW),
            lambda: change.substitute(database, lesson, dice.choice(("t0", "t00", "p0")), "p0", NOW, rules=rules),
            lambda: change.make_up(database, lesson, single(TUESDAY, period), "p0", NOW, rules=rules),
            lambda: change_series.move(
                database, booking, TUESDAY, series(period=period), "p0", NOW, rules=rules, by_hand="move"
            ),
            lambda: change_series.substitute(database, booking, TUESDAY, "t00", "p0", NOW, rules=rules),
            lambda: change_series.cancel(database, booking, "p0", NOW),
        )
    )()


@pytest.mark.parametrize("capacity", [0, 5])
async def test_all_kinds_of_changes_together(county: Database, database_url: str, capacity: int) -> None:
    rules = Rules(capacity=capacity)
    dice = random.Random(capacity)
    made = []
    for period in (1, 2, 3, 4, 5):
        booked = await book(county, request(plan=series(period=period)), rules=rules)
        made.append((booked.booking, booked.lessons))
    done = 0
    async with Database(database_url) as other:
        for _ in range(3):
            steps = [step(dice, database, made, rules) for _ in range(8) for database in (county, other)]
            for result in await asyncio.gather(*steps, return_exceptions=True):
                if isinstance(result, BaseException):
                    assert isinstance(result, UserError) and result.code in REFUSALS, repr(result)
                else:
                    done += 1
            await consistent(county)
    assert done > 10
