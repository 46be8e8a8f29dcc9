"""What people write on the time line of a resource."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.library import Comment
from signalling.db.people import Person
from signalling.library.seen import EDIT, READ, Found, Viewer, find

MAX_TEXT = 1000
MAX_OF_ONE = 5000
"""Comments on one resource, removed ones among them."""
MAX_OF_PERSON = 300
"""Of one person on one resource."""


@dataclass(frozen=True, slots=True)
class CommentShown:
    """:ivar mine: the reader wrote it. :ivar may_remove: she did, or looks after the resource."""

    id: str
    at_ms: int
    text: str
    person: str
    name: str
    made: int
    mine: bool
    may_remove: bool


async def list(
    session: AsyncSession, found: Found, limit: int, after: tuple[int, str] | None = None
) -> Sequence[CommentShown]:
    """In the order of the time line. :param after: time and id of the last one that is known."""
    asked = (
        select(Comment, Person.name)
        .join(Person, Person.id == Comment.person)
        .where(Comment.resource == found.row.id, Comment.removed.is_(None))
        .order_by(Comment.at_ms, Comment.id)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(tuple_(Comment.at_ms, Comment.id) > tuple_(*after))
    return [_shown(row, name, found) for row, name in await session.execute(asked)]


async def add(database: Database, now: float, viewer: Viewer, id: str, at_ms: int, text: str) -> CommentShown:
    """:raises UserError: 403, 404, 410 as `seen.find`; 409 `too_many_comments`, `not_published`; 422 `bad_text`,
    `bad_span`."""
    text = "\n".join(" ".join(_seen(line).split()) for line in text.splitlines()).strip()
    if not 1 <= len(text) <= MAX_TEXT:
        raise UserError(422, "bad_text", f"A comment has 1 to {MAX_TEXT} characters; write it anew.")

    async def work(session: AsyncSession) -> CommentShown:
        found = await find(session, viewer, id, lock=True)
        row = found.row
        if row.state != "published":
            raise UserError(409, "not_published", "This is not published yet; write when it can be seen.")
        last = row.ends_ms if found.origin is not None else row.length_ms
        if not (row.starts_ms if found.origin is not None else 0) <= at_ms <= last:
            raise UserError(422, "bad_span", f"The time line ends after {last} ms; choose a moment on it.")
        count = select(func.count()).select_from(Comment).where(Comment.resource == id)
        if (await session.scalar(count) or 0) >= MAX_OF_ONE:
            raise UserError(409, "too_many_comments", f"There are {MAX_OF_ONE} comments on this; that is all it takes.")
        if (await session.scalar(count.where(Comment.person == viewer.person)) or 0) >= MAX_OF_PERSON:
            raise UserError(
                409, "too_many_comments", f"You wrote {MAX_OF_PERSON} comments on this; that is all it takes."
            )
        comment = Comment(id=new_id(now), resource=id, person=viewer.person, at_ms=at_ms, text=text, made=int(now))
        session.add(comment)
        await session.flush()
        name = await session.scalar(select(Person.name).where(Person.id == viewer.person))
        return _shown(comment, name or "", found)

    return await database.run(work)


async def remove(database: Database, now: float, viewer: Viewer, id: str, comment: str) -> None:
    """:raises UserError: 403 `forbidden`; 404, 410 as `seen.find`."""

    async def work(session: AsyncSession) -> None:
        row = await session.get(Comment, comment, with_for_update=True)
        hers = row is not None and row.person == viewer.person
        await find(session, viewer, id, READ if hers else EDIT)
        if row is None or row.resource != id or row.removed is not None:
            raise UserError(404, "not_found", "There is no such comment; it may have been removed just now.")
        row.removed = int(now)
        await session.flush()
        detail = {"comment": comment, "person": row.person, "at_ms": row.at_ms}
        await audit.append(session, int(now), viewer.person, "comment.removed", id, detail)

    await database.run(work)


def _shown(row: Comment, name: str, found: Found) -> CommentShown:
    mine = row.person == found.viewer.person
    return CommentShown(row.id, row.at_ms, row.text, row.person, name, row.made, mine, mine or found.may(EDIT))


def _seen(line: str) -> str:
    return "".join(char if char.isprintable() else " " for char in line)
