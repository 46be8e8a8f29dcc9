"""Pages of long lists, and cursors that somebody has changed."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.times import Calendar
from signalling.rest.paging import Mark, Paged, after, page, select_page

NAMES = ["同名", "同名", "同名", "一小", "zeta", "", "二小"]


def coded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def refused(text: str, *types: type[Mark]) -> None:
    with pytest.raises(UserError) as caught:
        after(Paged(after=text), *types)
    assert (caught.value.status, caught.value.code) == (422, "bad_cursor")


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_every_row_once(database: Database, limit: int) -> None:
    async with database.write() as session:
        session.add_all([Calendar(id=f"c{number}", name=name) for number, name in enumerate(NAMES)])
    seen: list[tuple[str, str]] = []
    cursor = ""
    while True:
        query = Paged(limit=limit, after=cursor)
        rows = select_page(
            select(Calendar.name, Calendar.id), query, after(query, str, str), Calendar.name, Calendar.id
        )
        async with database.read() as session:
            found = [tuple(row) for row in await session.execute(rows)]
        shown = page(found, limit, lambda row: (row[0], row[1]))
        assert len(shown.items) <= limit
        seen += shown.items
        if shown.next is None:
            break
        cursor = shown.next
    assert len(seen) == len(NAMES) and len(set(seen)) == len(NAMES)


def test_the_last_page_says_so() -> None:
    assert page([1, 2], 2, lambda row: (row,)).next is None
    following = page([1, 2, 3], 2, lambda row: (row,)).next
    assert following is not None and after(Paged(after=following), int) == (2,)
    assert after(Paged(), int) is None and page([], 5, lambda row: (row,)).items == []


@pytest.mark.parametrize(
    "value",
    [None, {}, [], ["a"], [1, "a"], ["a", "b", "c"], ["a", None], ["a", True], ["a", 1.5], ["a", ["b"]], "ab"],
)
def test_marks_of_another_list(value: object) -> None:
    refused(coded(value), str, str)


@pytest.mark.parametrize("value", [[2**53], [-(2**60)], [True], ["1"]])
def test_numbers_that_no_database_has(value: object) -> None:
    refused(coded(value), int)


@pytest.mark.parametrize("text", ["x", "!!!!", "é", "AA", "W1tbW1tb", "[" * 300])
def test_what_is_no_cursor(text: str) -> None:
    refused(text, str, str)


def test_text_that_no_database_takes() -> None:
    refused(coded(["a\0", "b"]), str, str)
    refused(coded(["\ud800", "b"]), str, str)


@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    try:
        marks = after(Paged(after=text), str, int)
    except UserError as error:
        assert error.code == "bad_cursor"
    else:
        assert marks is None or (isinstance(marks[0], str) and isinstance(marks[1], int))
