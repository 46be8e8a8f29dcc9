"""Files that somebody adds: whole, cut off, too large, too slow, of another kind than they say."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import docx
import pytest
from pptx import Presentation

from mediaserver.api import UserError
from recorder import manifest
from signalling.bell import holder
from signalling.db.engine import Database
from signalling.library import uploads
from signalling.library.uploads import Uploads
from tests.people.conftest import audit_rows
from tests.recorder.documents import pdf_of
from tests.rest.library.conftest import Person, Shelf, add, done, left, problem, until


def pptx_of(*texts: str) -> bytes:
    made, out = Presentation(), io.BytesIO()
    for text in texts:
        slide = made.slides.add_slide(made.slide_layouts[5])
        slide.shapes.title.text = text
    made.save(out)
    return out.getvalue()


def docx_of(*texts: str) -> bytes:
    made, out = docx.Document(), io.BytesIO()
    for text in texts:
        made.add_paragraph(text)
    made.save(out)
    return out.getvalue()


async def upload(person: Person, data: Any, name: str = "第一课.pdf", **more: str) -> Any:
    params = {"name": name, "school": "s0", **more}
    return await person.call(
        "POST", "/resources/upload", params=params, data=data, headers={"Content-Type": "video/mp4"}
    )


@pytest.mark.parametrize(
    ("data", "kind", "suffix"),
    [
        (pdf_of("认识分数"), "document", "pdf"),
        (pptx_of("认识分数"), "document", "pptx"),
        (docx_of("认识分数"), "document", "docx"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(100), "video", "mp4"),
        (b"\x1a\x45\xdf\xa3\x01webm" + bytes(100), "video", "webm"),
        (b"OggS" + bytes(100), "audio", "ogg"),
    ],
)
async def test_by_its_content(shelf: Shelf, spool: Path, data: bytes, kind: str, suffix: str) -> None:
    id = (await done(await upload(shelf.staff, data, subject="数学", point="分数")))["id"]
    row = await shelf.row(id)
    assert (row.kind, row.state, row.title, row.subject, row.points) == (kind, "waiting", "第一课", "数学", ["分数"])
    assert (row.made_by, row.school, row.region, row.rights) == (shelf.staff.id, "s0", "county", "county")
    made = manifest.load(spool / id)
    [output] = made.outputs
    assert (made.room, output.name, output.file) == (id, "upload", f"upload/original.{suffix}")
    assert (spool / id / output.file).read_bytes() == data
    assert (output.bytes, output.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert set(left(spool)) == {id, f"{id}/manifest.json", f"{id}/upload", f"{id}/{output.file}"}
    assert (await audit_rows(shelf.world.database))[-1][1:3] == ("resource.created", id)


BROKEN_ZIP = b"PK\3\4" + bytes(200)


def _zip(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "bad_upload"),
        (b"hello", 415, "unknown_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", 415, "unknown_type"),
        (b"<!doctype html><script>alert(1)</script>", 415, "unknown_type"),
        (b"\x7fELF" + bytes(500), 415, "unknown_type"),
        (b"MZ" + bytes(500), 415, "unknown_type"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(100), 415, "unknown_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), 415, "unknown_type"),
        (BROKEN_ZIP, 422, "bad_document"),
        (_zip(a=b"x"), 415, "unknown_type"),
        (_zip(word__document_xml=b"<x/>"), 415, "unknown_type"),
        (
            _zip(**{"[Content_Types]_xml": b"", "word__document_xml": b"", "ppt__presentation_xml": b""}),
            415,
            "unknown_type",
        ),
        (
            _zip(**{"[Content_Types]_xml": b"", "word__document_xml": b"", "word/vbaProject.bin": b""}),
            415,
            "unknown_type",
        ),
    ],
)
async def test_what_is_not_taken_leaves_nothing(shelf: Shelf, spool: Path, data: bytes, status: int, code: str) -> None:
    assert await problem(await upload(shelf.staff, data)) == (status, code)
    assert left(spool) == []
    assert (await shelf.staff.get("/library/mine"))["added"] == []


async def test_what_is_said_of_it_is_looked_at_before(shelf: Shelf, spool: Path) -> None:
    assert await problem(await upload(shelf.near, pdf_of("x"))) == (403, "forbidden")
    assert await problem(await upload(shelf.staff, pdf_of("x"), form="circus")) == (422, "bad_metadata")
    assert await problem(await upload(shelf.staff, pdf_of("x"), rights="world")) == (400, "bad_request")
    assert await problem(await upload(shelf.staff, pdf_of("x"), name="..\\../ \u0007.pdf")) == (422, "bad_metadata")
    form = await shelf.staff.call("POST", "/resources/upload?school=s0", data={"file": io.BytesIO(b"x")})
    assert await problem(form) == (415, "not_a_file")
    assert left(spool) == []


async def _chunks(*chunks: bytes, wait: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if wait is not None:
        await wait.wait()


async def test_too_large(shelf: Shelf, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_uploads(shelf), "_most", 1 << 20)
    assert await problem(await upload(shelf.staff, io.BytesIO(bytes(2 << 20)))) == (413, "too_large")
    assert await problem(await upload(shelf.staff, _chunks(bytes(1 << 20), b"x"))) == (413, "too_large")
    assert left(spool) == []


async def test_a_full_disk(shelf: Shelf, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = _uploads(shelf)
    monkeypatch.setattr(taken, "_reserve", 1 << 60)
    assert await problem(await upload(shelf.staff, pdf_of("x"))) == (503, "disk_full")
    monkeypatch.setattr(taken, "_reserve", 0)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("_write", "_settle"):
        with monkeypatch.context() as patched:
            patched.setattr(uploads, name, full)
            assert await problem(await upload(shelf.staff, pdf_of("x"))) == (503, "disk_full")
        assert left(spool) == []
    assert (await upload(shelf.staff, pdf_of("x"))).status == 201


async def test_one_that_stands_still(shelf: Shelf, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "STALLED_S", 0.05)
    answer = await upload(shelf.staff, _chunks(b"%PDF-1.7", wait=asyncio.Event()))
    assert await problem(answer) == (408, "too_slow")
    assert left(spool) == []


async def test_one_at_a_time(shelf: Shelf, spool: Path) -> None:
    wait = asyncio.Event()
    first = asyncio.create_task(upload(shelf.staff, _chunks(pdf_of("x"), wait=wait)))
    await until(lambda: any(name.endswith("original") for name in left(spool)))
    assert await problem(await upload(shelf.staff, pdf_of("y"))) == (429, "upload_running")
    assert (await upload(shelf.teacher, pdf_of("z"))).status == 201
    wait.set()
    assert (await first).status == 201


async def test_one_that_is_sent_again_is_made_once(shelf: Shelf, spool: Path) -> None:
    """Its answer was lost; the file does not have to arrive once more."""

    async def send(data: Any, key: str, **params: str) -> Any:
        return await shelf.staff.call(
            *("POST", "/resources/upload"),
            params={"name": "第一课.pdf", "school": "s0", **params},
            data=data,
            headers={"Idempotency-Key": key, "Content-Type": "application/pdf"},
        )

    data = pdf_of("认识分数")
    assert await problem(await send(b"hello", "k1")) == (415, "unknown_type"), "the key is free"
    made = await send(data, "k1")
    id, before = (await done(made))["id"], left(spool)
    assert "Idempotency-Replayed" not in made.headers
    again = await send(data, "k1")
    assert (again.status, await again.json()) == (201, {"id": id}) and again.headers["Idempotency-Replayed"] == "1"
    assert left(spool) == before and len((await shelf.staff.get("/library/mine"))["added"]) == 1
    assert await problem(await send(data + b" ", "k1")) == (422, "key_reused")
    assert await problem(await send(data, "k1", title="第二课")) == (422, "key_reused")
    assert await problem(await send(data, "has space")) == (422, "bad_key")
    assert (await done(await send(data, "k2")))["id"] != id


async def test_the_answer_is_known_before_the_body_is(shelf: Shelf, spool: Path) -> None:
    data = pdf_of("认识分数")
    [cookie] = shelf.staff.http.cookie_jar
    head = (
        "POST /api/v1/resources/upload?school=s0&name=a.pdf HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\n"
        f"Content-Length: {len(data)}\r\nCookie: {cookie.key}={cookie.value}\r\n"
        f"X-CSRF-Token: {shelf.staff._csrf}\r\n\r\n"
    ).encode()
    answers = []
    for body in (data, b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", shelf.world.server.port)
        writer.write(head + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        answers.append(await reader.readexactly(int(answer.lower().partition(b"content-length: ")[2].split()[0])))
        writer.transport.abort()
    assert json.loads(answers[0]) == json.loads(answers[1]) and "id" in json.loads(answers[0])
    assert len(_originals(spool)) == 1


async def test_who_goes_away_leaves_nothing(shelf: Shelf, spool: Path) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", shelf.world.server.port)
    [cookie] = shelf.staff.http.cookie_jar
    head = (
        "POST /api/v1/resources/upload?school=s0&name=a.pdf HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n"
        f"Cookie: {cookie.key}={cookie.value}\r\nX-CSRF-Token: {shelf.staff._csrf}\r\n\r\n"
    )
    writer.write(head.encode() + b"%PDF-1.7")
    await until(lambda: any(name.endswith("original") for name in left(spool)))
    writer.transport.abort()
    await until(lambda: not left(spool))
    assert (await upload(shelf.staff, pdf_of("x"))).status == 201


async def test_what_a_killed_server_left(shelf: Shelf, spool: Path) -> None:
    id = (await done(await upload(shelf.staff, pdf_of("x"))))["id"]
    me, dead = holder.new_name(), "-".join((holder.new_name().partition("-")[0], "4194305", "1", "abcd"))
    for folder in (f".uploads/{me}-x/upload", f".uploads/{dead}-y/upload", "0123456789abcdef/upload", "lesson/parts"):
        (spool / folder).mkdir(parents=True)
    assert uploads.sweep_incoming(spool) == 1
    later = shelf.world.clock.now + 10**9
    assert await uploads.sweep_unknown(shelf.world.database, spool, 0) == 0
    assert await uploads.sweep_unknown(shelf.world.database, spool, later) == 1
    assert sorted(os.listdir(spool)) == sorted((".spool", ".uploads", id, "lesson"))
    assert os.listdir(spool / ".uploads") == [f"{me}-x"]


def _uploads(shelf: Shelf) -> Uploads:
    operations = shelf.world.server.signalling.api.operations
    found = next(it for it in operations if it.path == "/resources/upload")
    taken: Uploads = found.handler.__self__._uploads  # type: ignore[attr-defined]
    return taken


@pytest.mark.parametrize("written", [True, False])
async def test_when_nobody_knows_whether_it_was_written(
    shelf: Shelf, spool: Path, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    """The connection to the database broke at the commit: a row must not stay without its file."""
    run = Database.run

    async def breaks(database: Database, work: Any) -> Any:
        if "keep" not in work.__qualname__:
            return await run(database, work)
        if written:
            await run(database, work)
        raise UserError(503, "database_unavailable", "Try again.")

    monkeypatch.setattr(Database, "run", breaks)
    assert (await upload(shelf.staff, pdf_of("认识分数"))).status == 503
    assert len(_originals(spool)) == written


async def test_what_nobody_knows_is_found_among_many(
    shelf: Shelf, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_ASKED", 2)
    known = [await add(shelf.world, kind="document", state="waiting") for _ in range(5)]
    for name in (*known, "zzzzzzzzzzzzzzzz"):
        (spool / name / "upload").mkdir(parents=True)
    assert await uploads.sweep_unknown(shelf.world.database, spool, 2**40) == 1
    assert sorted(os.listdir(spool)) == sorted(known)


def _originals(spool: Path) -> list[Path]:
    return list(spool.rglob("original.pdf"))
