"""Long lists in pages: a page names where the next one begins, so nothing is listed twice when rows come and go."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, tuple_

from mediaserver.api import UserError
from signalling.bodies import Query

T = TypeVar("T")
Mark = str | int


class Paged(Query):
    limit: int = Field(50, ge=1, le=200, description="how many at most")
    after: str = Field("", max_length=400, description="`next` of the page before")


class Page(BaseModel, Generic[T]):
    model_config = ConfigDict(frozen=True)

    items: Sequence[T]
    next: str | None = Field(description="give it as `after`; null: this is the last page")


def page(rows: Sequence[T], limit: int, mark: Callable[[T], Sequence[Mark]]) -> Page[T]:
    """:param rows: one more than `limit` where there is another page.
    :param mark: the columns that rows are sorted by."""
    items = rows[:limit]
    return Page(items=items, next=_encode(mark(items[-1])) if len(rows) > limit else None)


def after(query: Paged, *types: type[Mark]) -> tuple[Mark, ...] | None:
    """The mark of the last row before this page. :raises UserError: 422 `bad_cursor`."""
    if not query.after:
        return None
    try:
        marks = json.loads(base64.urlsafe_b64decode(query.after + "=" * (-len(query.after) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        marks = None
    if not isinstance(marks, list) or [type(mark) for mark in marks] != list(types) or not all(map(_plain, marks)):
        raise UserError(422, "bad_cursor", "The parameter after is not one of this list; begin with the first page.")
    return tuple(marks)


def select_page(rows: Select[Any], query: Paged, mark: Sequence[Mark] | None, *columns: Any) -> Select[Any]:
    """What `page` needs: the rows behind `mark`, one more than the limit, in the order of `columns`."""
    if mark is not None:
        rows = rows.where(tuple_(*columns) > tuple_(*mark))
    return rows.order_by(*columns).limit(query.limit + 1)


def _plain(mark: Mark) -> bool:
    if isinstance(mark, int):
        return abs(mark) < 2**53
    return "\0" not in mark and not any("\ud800" <= character <= "\udfff" for character in mark)


def _encode(marks: Sequence[Mark]) -> str:
    text = json.dumps(list(marks), ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
