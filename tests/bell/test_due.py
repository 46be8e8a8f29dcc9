"""The rows that the bell's statement finds are those of which the table of lessons' lives says something."""

from __future__ import annotations

import datetime as dt
from typing import get_args

from sqlalchemy import insert, select

from signalling.bell.transitions import _due
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.lessons import Lesson
from signalling.timetable.lifecycle import State, due
from tests.bell.county import EIGHT, MINUTE, County

BEFORE = 10 * MINUTE


async def test_the_statement_and_the_table_agree(database: Database, county: County) -> None:
    """Around every edge, with fractions of a second, also for lessons that close before or after others begin."""
    starts = (EIGHT, EIGHT + BEFORE, EIGHT + 45 * MINUTE)
    rows = [
        {
            "id": new_id(),
            "booking": county.booking,
            "state": state,
            "day": dt.date(2026, 3, 2),
            "starts": start,
            "ends": start + length,
            "closes": start + length + grace,
            "title": "认识分数",
            "teacher": county.teacher,
        }
        for state in get_args(State)
        for start in starts
        for length in (5 * MINUTE, 40 * MINUTE)
        for grace in (0, BEFORE)
    ]
    async with database.write() as session:
        await session.execute(insert(Lesson), rows)
    edges = {row["starts"] - BEFORE for row in rows} | {row[name] for row in rows for name in ("starts", "closes")}
    moments = sorted({edge + shift for edge in edges for shift in (-1, -0.5, 0, 0.5, 1)})
    async with database.read() as session:
        for now in moments:
            found = set(await session.scalars(select(Lesson.id).where(_due(now, BEFORE))))
            said = {
                row["id"]
                for row in rows
                if due(row["state"], starts=row["starts"], closes=row["closes"], open_before_s=BEFORE, now=now)
            }
            assert found == said, now
