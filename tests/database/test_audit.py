"""The audit log: one chain whoever writes, and no change to it that goes unseen."""

from __future__ import annotations

import asyncio
import math

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db import audit
from signalling.db.audit import NOTHING, Anchor, Broken
from signalling.db.engine import Database
from signalling.db.records import Audit, AuditHead

NOW = 1_800_000_000


async def append(database: Database, count: int, detail: dict[str, object] | None = None) -> Anchor:
    """`count` rows in one transaction."""

    async def work(session: AsyncSession) -> Anchor:
        for number in range(count):
            last = await audit.append(session, NOW + number, "王老师", "lesson.moved", "lesson", detail)
        return last

    return await database.run(work)


async def test_an_empty_log_is_whole(database: Database) -> None:
    assert await audit.verify(database) is None


async def test_details_read_as_they_were_written(database: Database) -> None:
    detail = {"b": [1, 0.1, None, True], "a": {"时间": "10:00", 1: "\u0001\U0001f600"}, "large": 2**53 + 1, "f": 1e300}
    await append(database, 3, detail)
    assert await audit.verify(database) is None
    async with database.read() as session:
        stored = (await session.scalars(select(Audit.detail))).all()
    assert stored[0]["a"] == {"时间": "10:00", "1": "\u0001\U0001f600"}


async def test_what_json_cannot_hold_is_refused(database: Database) -> None:
    with pytest.raises(ValueError):
        await append(database, 1, {"a": math.nan})
    assert await audit.verify(database) is None


async def test_a_rolled_back_change_leaves_no_row(database: Database) -> None:
    await append(database, 1)
    with pytest.raises(ArithmeticError):
        async with database.write() as session:
            await audit.append(session, NOW, "a", "b", "c")
            raise ArithmeticError
    end = await append(database, 1)
    assert end.number == 2
    assert await audit.verify(database) is None


async def test_many_writers_make_one_chain(database_url: str) -> None:
    async with Database(database_url) as first, Database(database_url) as second:
        await asyncio.gather(*(append(database, 2) for database in (first, second) for _ in range(15)))
        assert await audit.verify(first) is None
        async with second.read() as session:
            assert (await audit.head(session)).number == 60


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (update(Audit).where(Audit.number == 3).values(actor="李老师"), Broken(3, "was changed")),
        (update(Audit).where(Audit.number == 3).values(at=NOW), Broken(3, "was changed")),
        (update(Audit).where(Audit.number == 3).values(detail={"a": 1}), Broken(3, "was changed")),
        (update(Audit).where(Audit.number == 3).values(hash=NOTHING), Broken(3, "was changed")),
        (delete(Audit).where(Audit.number == 1), Broken(1, "is missing")),
        (delete(Audit).where(Audit.number == 3), Broken(3, "is missing")),
        (delete(Audit).where(Audit.number == 5), Broken(5, "is missing: the end was cut off")),
        (delete(Audit), Broken(1, "is missing: the end was cut off")),
        (update(Audit).where(Audit.number == 5).values(number=6), Broken(5, "is missing")),
        (update(AuditHead).values(hash=NOTHING), Broken(5, "is not the one that the head of the log names")),
    ],
)
async def test_tampering(database: Database, change: object, broken: Broken) -> None:
    await append(database, 5)
    async with database.write() as session:
        await session.execute(change)  # type: ignore[call-overload]
    assert await audit.verify(database) == broken


async def test_a_changed_row_with_a_hash_made_for_it_breaks_the_next(database: Database) -> None:
    await append(database, 5)
    async with database.write() as session:
        row = (await session.scalars(select(Audit).where(Audit.number == 3))).one()
        row.actor = "李老师"
        row.hash = audit.seal(
            number=3,
            at=row.at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            detail=row.detail,
            previous=row.previous,
        )
    assert await audit.verify(database) == Broken(4, "does not follow from the row before it")


async def test_a_log_written_anew_misses_the_anchor(database: Database) -> None:
    await append(database, 5)
    anchor = await append(database, 1)
    await append(database, 2)
    assert await audit.verify(database, anchor) is None
    async with database.write() as session:
        await session.execute(delete(Audit))
        await session.execute(update(AuditHead).values(number=0, hash=NOTHING))
    await append(database, 4, {"quite": "different"})
    assert await audit.verify(database) is None
    assert await audit.verify(database, anchor) == Broken(5, "is missing: the end was cut off")
    await append(database, 4, {"quite": "different"})
    assert await audit.verify(database, anchor) == Broken(6, "is not the row of the anchor")


async def test_ten_thousand_rows(database: Database) -> None:
    rows, last = [], Anchor(0, NOTHING)
    for number in range(1, 10_001):
        row = dict(number=number, at=NOW, actor="a", action="b", subject="c", detail={"n": number}, previous=last.hash)
        last = Anchor(number, audit.seal(**row))  # type: ignore[arg-type]
        rows.append({**row, "hash": last.hash})
    async with database.write() as session:
        await session.execute(insert(Audit), rows)
        await session.execute(update(AuditHead).values(number=last.number, hash=last.hash))
    assert await audit.verify(database) is None
    await append(database, 1)
    async with database.write() as session:
        assert await session.scalar(select(func.count()).select_from(Audit)) == 10_001
        await session.execute(update(Audit).where(Audit.number == 9_999).values(subject="d"))
    assert await audit.verify(database) == Broken(9_999, "was changed")


@pytest.mark.parametrize("text", ["", "1", "1:", ":" + NOTHING, "x:" + NOTHING, "1:" + NOTHING[1:] + "g"])
def test_anchors_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        Anchor.parse(text)
    assert Anchor.parse(f"7:{NOTHING}") == Anchor(7, NOTHING)
