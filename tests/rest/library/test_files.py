"""Files of a resource over HTTP: pieces, tags, what a browser may make of them, and who gets them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import aiohttp
import pytest

from signalling.db.library import ResourceFile
from signalling.rest import library_files
from tests.rest.library.conftest import CAMERA, Person, Shelf, problem

TAG = f'"{hashlib.sha256(CAMERA).hexdigest()}"'


async def get(person: Person, path: str, method: str = "GET", **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
    answer = await person.http.request(method, f"/library/files/{path}", headers=headers)
    return answer, await answer.read()


async def test_all_of_it(shelf: Shelf) -> None:
    answer, body = await get(shelf.near, f"{shelf.lesson}/camera")
    assert (answer.status, body == CAMERA, answer.content_type) == (200, True, "video/mp4")
    headers = answer.headers
    assert (
        headers["ETag"] == TAG and headers["Accept-Ranges"] == "bytes" and headers["Content-Length"] == str(len(CAMERA))
    )
    assert headers["Content-Security-Policy"].endswith("sandbox; frame-ancestors 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "private, no-cache"
    assert headers["Content-Disposition"].startswith("inline;") and "UTF-8''%E8%AE%A4" in headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=1048570-1048580", 1048570, 1048581),
        ("bytes=3000000-", 3_000_000, len(CAMERA)),
        ("bytes=-5", len(CAMERA) - 5, len(CAMERA)),
        ("bytes=5-99999999999", 5, len(CAMERA)),
        ("Bytes=7-8", 7, 9),
    ],
)
async def test_a_piece(shelf: Shelf, said: str, start: int, end: int) -> None:
    answer, body = await get(shelf.near, f"{shelf.lesson}/camera", Range=said)
    assert (answer.status, body) == (206, CAMERA[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CAMERA)}"


@pytest.mark.parametrize(
    "said", ["bytes=5-3", "bytes=-", "bytes=a-b", "bytes=0-1,5-6", "lines=0-5", "bytes=--1", "x" * 500]
)
async def test_what_is_no_piece_is_all_of_it(shelf: Shelf, said: str) -> None:
    answer, body = await get(shelf.near, f"{shelf.lesson}/camera", Range=said)
    assert (answer.status, len(body)) == (200, len(CAMERA))


@pytest.mark.parametrize("said", [f"bytes={len(CAMERA)}-", "bytes=-0", "bytes=9999999999999999999-"])
async def test_beyond_the_end(shelf: Shelf, said: str) -> None:
    answer, _ = await get(shelf.near, f"{shelf.lesson}/camera", Range=said)
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(CAMERA)}")


async def test_tags(shelf: Shelf) -> None:
    path = f"{shelf.lesson}/camera"
    for said, status in (
        ({"If-None-Match": TAG}, 304),
        ({"If-None-Match": f'"other", W/{TAG}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"Range": "bytes=0-4", "If-Range": TAG}, 206),
        ({"Range": "bytes=0-4", "If-Range": '"old"'}, 200),
        ({"Range": "bytes=0-4", "If-Range": f"W/{TAG}"}, 200),
        ({"Range": "bytes=0-4", "If-Range": "Tue, 08 Sep 2026 00:00:00 GMT"}, 200),
    ):
        answer, body = await get(shelf.near, path, **said)
        assert answer.status == status, said
        assert len(body) == {304: 0, 200: len(CAMERA), 206: 5}[status]


async def test_head(shelf: Shelf) -> None:
    answer, body = await get(shelf.near, f"{shelf.lesson}/camera", "HEAD")
    assert (answer.status, body, answer.headers["Content-Length"]) == (200, b"", str(len(CAMERA)))
    answer, _ = await get(shelf.near, f"{shelf.lesson}/camera", "HEAD", Range="bytes=0-9")
    assert (answer.status, answer.headers["Content-Length"]) == (206, "10")


async def test_who_gets_it(shelf: Shelf) -> None:
    for person, status in ((shelf.staff, 200), (shelf.teacher, 200), (shelf.near, 200), (shelf.far, 404)):
        assert (await get(person, f"{shelf.lesson}/poster"))[0].status == status
    nobody = await shelf.world.browser()
    answer = await nobody.get(f"/library/files/{shelf.lesson}/poster")
    assert await problem(answer) == (401, "signed_out")
    assert (await get(await shelf.world.sign_in("a2"), f"{shelf.lesson}/poster"))[0].status == 403


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "camera%00",
        "camera.mp4",
        "CAMERA%20",
        "a" * 200,
        "%ff",
        "camera%2f",
        "~",
    ],
)
async def test_names_that_are_none(shelf: Shelf, name: str) -> None:
    answer = await shelf.near.http.get(
        f"http://127.0.0.1:{shelf.world.server.port}/library/files/{shelf.lesson}/{name}"
    )
    assert answer.status == 404, await answer.text()


async def test_what_a_browser_would_run_is_saved(shelf: Shelf) -> None:
    for name, media_type, given in (
        ("page", "text/html", "application/octet-stream"),
        ("drawing", "image/svg+xml", "application/octet-stream"),
        ("document", "application/pdf", "application/pdf"),
        ("odd", "video/mp4; x=\r\nSet-Cookie: a=b", "application/octet-stream"),
    ):
        await shelf.put(shelf.lesson, name, b"<script>alert(1)</script>", media_type.partition(";")[0])
        if media_type.startswith("video"):
            async with shelf.world.database.write() as session:
                (await session.get_one(ResourceFile, (shelf.lesson, name))).media_type = media_type
        answer, _ = await get(shelf.near, f"{shelf.lesson}/{name}")
        assert (answer.status, answer.content_type) == (200, given)
        assert (
            answer.headers["Content-Disposition"].startswith("attachment;")
            and "sandbox" in answer.headers["Content-Security-Policy"]
        )
        assert "Set-Cookie" not in answer.headers


async def test_a_file_that_is_not_in_the_store(shelf: Shelf) -> None:
    shelf.world.server.signalling.shelf.store.remove_file(f"{shelf.lesson}/camera.mp4")
    answer, _ = await get(shelf.near, f"{shelf.lesson}/camera")
    assert await problem(answer) == (404, "file_missing")


async def test_one_that_is_shorter_than_it_says_is_cut(shelf: Shelf) -> None:
    async with shelf.world.database.write() as session:
        (await session.get_one(ResourceFile, (shelf.lesson, "camera"))).bytes *= 2
    answer = await shelf.near.http.get(f"/library/files/{shelf.lesson}/camera")
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()


async def test_who_takes_nothing_is_let_go_of(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that stands still holds no more than what is on its way."""
    monkeypatch.setattr(library_files, "STALLED_S", 0.1)
    await shelf.put(shelf.lesson, "screen", bytes(64 << 20), "video/mp4")
    files = library_files.MAX_OF_PERSON
    monkeypatch.setattr(library_files, "MAX_OF_PERSON", 1)
    assert files > 1
    reader, writer = await asyncio.open_connection("127.0.0.1", shelf.world.server.port, limit=1024)
    cookie = next(iter(shelf.near.http.cookie_jar))
    request = (
        f"GET /library/files/{shelf.lesson}/screen HTTP/1.1\r\nHost: x\r\nCookie: {cookie.key}={cookie.value}\r\n\r\n"
    )
    writer.write(request.encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    statuses: list[int] = []
    while 200 not in statuses:  # as soon as it has been let go of
        answer, _ = await get(shelf.near, f"{shelf.lesson}/poster")
        statuses.append(answer.status)
    assert set(statuses) <= {429, 200}
    writer.close()


async def test_captions_of_the_lines_as_they_stand(shelf: Shelf) -> None:
    url = f"{shelf.lesson}/captions.vtt?language=zh"
    answer, body = await get(shelf.near, url)
    assert (answer.status, answer.content_type) == (200, "text/vtt")
    text = body.decode()
    assert text.startswith("WEBVTT\n") and "00:00:20.000 --> 00:00:24.000\n今天学习 &lt;分数&gt; &amp; 小数\n" in text
    more: dict[str, Any] = {"json": {"text": "同学们早上好 --> 坐下", "version": 1}}
    assert (await shelf.teacher.call("PATCH", f"/resources/{shelf.lesson}/transcript/1", **more)).status == 200
    assert "同学们早上好 --&gt; 坐下" in (await get(shelf.near, url))[1].decode()
    assert (await get(shelf.far, url))[0].status == 404
    assert (await get(shelf.near, f"{shelf.lesson}/captions.vtt?language=en"))[0].status == 404
    assert (await get(shelf.near, f"{shelf.lesson}/captions.vtt?language=%3Cx"))[0].status == 400
