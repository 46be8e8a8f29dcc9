"""A document from its upload to the search: through real worker processes of a real server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.recorder.documents import pdf_of
from tests.rest.library.conftest import Shelf, done


async def state_of(shelf: Shelf, id: str) -> str:
    return str((await shelf.staff.get(f"/resources/{id}"))["state"])


async def found_by(shelf: Shelf, words: str) -> list[str]:
    return [str(item["id"]) for item in (await shelf.near.get(f"/library/search?q={words}"))["items"]]


async def test_a_document_is_read_published_and_found(shelf: Shelf, spool: Path) -> None:
    data = pdf_of("认识分数", "把一个圆平均分成四份")
    params = {"name": "第一课.pdf", "school": "s0"}
    made = await done(await shelf.staff.call("POST", "/resources/upload", params=params, data=data))
    async with asyncio.timeout(60):
        while await state_of(shelf, made["id"]) != "published":  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.1)
    row = await shelf.row(made["id"])
    assert row.text == "认识分数\n把一个圆平均分成四份" and row.note == ""
    shown = await shelf.near.get(f"/resources/{made['id']}")
    assert shown["download"] == f"/library/files/{made['id']}/document" and shown["tracks"] == []
    pages = [{"at_ms": 0, "image": "", "text": text} for text in ("认识分数", "把一个圆平均分成四份")]
    assert shown["slides"] == pages
    answer = await shelf.near.http.get(shown["download"])
    assert (answer.content_type, await answer.read()) == ("application/pdf", data)
    assert answer.headers["Content-Disposition"].endswith(".pdf")
    async with asyncio.timeout(60):
        while made["id"] not in await found_by(shelf, "平均分成四份"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    [item] = (await shelf.near.get("/library/search?q=平均分成四份&kind=document"))["items"]
    assert item["slides"] == [], "a page is no moment of a film"
    assert (await shelf.near.get("/library/search?kind=document&has=slides"))["items"] == []


async def test_one_that_cannot_be_read_fails_with_a_sentence(shelf: Shelf, spool: Path) -> None:
    params = {"name": "坏的.pdf", "school": "s0"}
    made = await done(await shelf.staff.call("POST", "/resources/upload", params=params, data=b"%PDF-1.7 and nothing"))
    async with asyncio.timeout(60):
        while await state_of(shelf, made["id"]) != "failed":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert (await shelf.near.call("GET", f"/resources/{made['id']}")).status == 404
