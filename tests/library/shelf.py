"""A county with resources to search: rows as the stages write them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.engine import Database
from signalling.db.library import Line, Resource, ResourceFile, Slide
from tests.people.conftest import NOW, County

DAY = dt.date(2026, 9, 8)


async def shelve(database: Database, county: County | None, id: str, title: str, *lines: str, **more: Any) -> None:
    """A published resource with a line of speech every ten seconds, and a slide and a poster where they are named."""
    slides = more.pop("slides", ())
    given: dict[str, Any] = {"kind": "lesson", "state": "published", "rights": "public", "day": DAY, **more}
    if county is not None:
        given = {"school": county.lead, "region": county.county, **given}
    async with database.write() as session:
        session.add(Resource(id=id, title=title, made=int(NOW), changed=int(NOW), **given))
        await session.flush()
        speak(session, id, *lines)
        for number, text in enumerate(slides):
            name = f"slide-{number}"
            session.add(Slide(resource=id, number=number, at_ms=60_000 * number, image=name, text=text))
        if slides:
            file = {"key": f"{id}/poster", "media_type": "image/webp", "bytes": 1, "sha256": "0" * 64}
            session.add(ResourceFile(resource=id, name="poster", **file))


def speak(session: AsyncSession, id: str, *lines: str, first: int = 0) -> None:
    for number, text in enumerate(lines, first):
        at = 10_000 * number
        session.add(Line(resource=id, number=number, starts_ms=at, ends_ms=at + 9000, text=text))


async def change(database: Database, id: str, **values: Any) -> None:
    """As whoever changes something that is searched."""
    async with database.write() as session:
        await session.execute(update(Resource).where(Resource.id == id).values(version=Resource.version + 1, **values))


async def correct(database: Database, id: str, number: int, text: str) -> None:
    async with database.write() as session:
        await session.execute(update(Line).where(Line.resource == id, Line.number == number).values(text=text))
    await change(database, id)


async def stale(database: Database) -> list[str]:
    async with database.read() as session:
        asked = select(Resource.id).where(Resource.indexed < Resource.version).order_by(Resource.id)
        return list(await session.scalars(asked))
