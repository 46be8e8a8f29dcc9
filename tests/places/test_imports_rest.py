"""Files in, reports out: imports over HTTP, one at a time, whatever is sent."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import itertools
import tempfile
import threading
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signalling.bell import holder
from signalling.db.people import RoleGrant
from signalling.db.times import BellTable, Period, Term
from signalling.exchange.oneroster import Progress
from signalling.exchange.report import Report
from signalling.rest import exports, imports, jobs, scratch
from tests.exchange import rosters
from tests.people.conftest import audit_rows, person
from tests.places.conftest import ADMIN, Desk

DAYS = "日期,补课日期,名称\n2100-10-01,,国庆节\n2100-10-09,2100-10-05,补课\n"
ZIP = {"Content-Type": "application/zip"}
CSV = {"Content-Type": "text/csv"}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where uploads are kept meanwhile."""
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def roster(tmp_path: Path, files: rosters.Files) -> bytes:
    folder = rosters.write(files, tmp_path / "roster")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    return packed.getvalue()


def left(files: Path) -> int:
    return len(list(files.iterdir()))


async def finished(desk: Desk, id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (shown := await desk.ask("GET", f"/imports/{id}"))["state"] == "running":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return dict(shown)


async def send(desk: Desk, path: str, data: Any, headers: dict[str, str] = CSV) -> dict[str, Any]:
    begun = await desk.ask("POST", path, data=data, headers=headers)
    return await finished(desk, begun["id"])


async def calendar_of(desk: Desk) -> str:
    return str((await desk.ask("GET", f"/schools/{desk.county.lead}"))["calendar"])


async def test_a_roster(desk: Desk, tmp_path: Path, files: Path) -> None:
    packed = roster(tmp_path, rosters.county())
    done = await send(desk, "/imports/roster", packed, ZIP)
    assert done["state"] == "done" and done["report"]["written"] and done["report"]["refusals"] == []
    assert [it["name"] for it in (await desk.ask("GET", "/schools?q=东沟"))["items"]] == ["东沟村小学"]
    again = await send(desk, "/imports/roster", packed, ZIP)
    assert again["state"] == "done" and not again["report"]["written"]
    rows = [row for row in await audit_rows(desk.office.database) if row[1] == "roster_imported"]
    assert len(rows) == 1 and rows[0][0] == (await desk.ask("GET", "/me"))["person"]["id"]
    assert left(files) == 0


async def test_a_form_is_a_file_too(desk: Desk, tmp_path: Path) -> None:
    form = aiohttp.FormData()
    form.add_field("file", roster(tmp_path, rosters.large(3000)), filename="r.zip", content_type="application/zip")
    done = await send(desk, "/imports/roster", form, {})
    assert done["state"] == "done" and done["report"]["counts"]["users.csv"]["created"] == 3000


async def test_refused_rows(desk: Desk) -> None:
    calendar = await calendar_of(desk)
    wrong = DAYS + "=1+1,,坏\n"
    shown = await send(desk, f"/imports/days?calendar={calendar}", wrong.encode())
    assert shown["state"] == "refused" and shown["report"]["refusals"][0]["code"] == "bad_date"
    assert (await desk.ask("GET", f"/calendars/{calendar}"))["days"] == []
    answer = await desk.office.http.get(f"/api/v1/imports/{shown['id']}/report.csv")
    assert answer.content_type == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    text = await answer.text()
    assert text.startswith("\ufefffile,row,column") and "bad_date" in text and "\n=1" not in text
    shown = await send(desk, f"/imports/days?calendar={calendar}&skip_refused=true", wrong.encode())
    assert shown["state"] == "done" and shown["report"]["counts"]["days.csv"]["created"] == 2
    assert [it["runs"] for it in (await desk.ask("GET", f"/calendars/{calendar}"))["days"]] == [None, "2100-10-05"]


async def test_a_timetable(desk: Desk) -> None:
    county = desk.county
    calendar = await calendar_of(desk)
    teacher = await person(desk.office.accounts, "jiaoshi", school=county.lead)
    async with desk.office.database.write() as session:
        session.add(RoleGrant(person=teacher, role="teacher", kind="school", scope=county.lead))
        session.add(Term(calendar=calendar, name="秋", starts=dt.date(2100, 9, 1), ends=dt.date(2100, 12, 31)))
        bell = BellTable(school=county.lead, name="作息", starts=dt.date(2100, 9, 1))
        session.add(bell)
        await session.flush()
        session.add(Period(bell_table=bell.id, number=1, name="第1节", starts=480, ends=520))
    text = "教室,周一第1节,周二第1节\n录播教室,语文 教师jiaoshi,数学 教师jiaoshi\n"
    path = f"/imports/timetable?school={county.lead}&first=2100-09-06"
    shown = await send(desk, f"{path}&form=delivered&receiver={county.village_room}", text.encode("gb18030"))
    assert shown["state"] == "done" and shown["report"]["counts"]["timetable.csv"]["created"] == 2
    assert (await send(desk, path, text.encode()))["state"] == "refused"
    answer = await desk.office.http.get(f"/api/v1/exports/timetable?school={county.lead}&day=2100-09-08")
    assert answer.content_type == "text/csv"
    assert "录播教室,语文 教师jiaoshi,数学 教师jiaoshi" in await answer.text()
    nothing = await desk.refused("GET", f"/exports/timetable?school={county.village}&day=2100-09-08")
    assert nothing == (404, "no_lessons")


@pytest.mark.parametrize(
    "data",
    [b"no archive", b"PK\x03\x04" + bytes(1000), b"PK\x05\x06" + b"\xff" * 18],
    ids=["text", "cut short", "an end that lies"],
)
async def test_what_is_no_archive(desk: Desk, data: bytes, files: Path) -> None:
    shown = await send(desk, "/imports/roster", data, ZIP)
    assert shown["state"] == "failed" and shown["problem"]["code"] == "bad_archive" and shown["report"] is None
    assert await desk.refused("GET", f"/imports/{shown['id']}/report.csv") == (409, "no_report")
    assert left(files) == 0


async def test_a_bomb(desk: Desk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.csv", bytes(30 << 20))
        archive.writestr("../../evil.csv", b"x")
    shown = await send(desk, "/imports/roster", packed.getvalue(), ZIP)
    assert shown["state"] == "failed" and shown["problem"]["code"] == "bad_archive"


async def test_what_is_not_taken(desk: Desk, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MAX_ROSTER", 1 << 20)
    large = io.BytesIO(bytes((1 << 20) + 1))
    assert await desk.refused("POST", "/imports/roster", data=large, headers=ZIP) == (413, "too_large")
    assert await desk.refused("POST", "/imports/roster", data=b"", headers=ZIP) == (400, "bad_upload")
    assert await desk.refused("POST", "/imports/roster", data=b"x", headers=CSV) == (415, "not_a_file")
    assert await desk.refused("POST", "/imports/roster", {"a": 1}) == (415, "not_a_file")
    for type in ("multipart/form-data", "multipart/form-data; boundary=x"):
        form = {"Content-Type": type}
        assert await desk.refused("POST", "/imports/roster", data=b"x", headers=form) == (400, "bad_upload")
    assert left(files) == 0


async def test_whoever_hangs_up_leaves_nothing(desk: Desk, files: Path) -> None:
    there = asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield b"PK\3\4"
        async with asyncio.timeout(10):
            while not left(files):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        there.set()
        raise ConnectionResetError

    with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
        await desk.ask("POST", "/imports/roster", data=half(), headers=ZIP)
    assert there.is_set()
    async with asyncio.timeout(10):
        while left(files):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    for _ in range(jobs.MAX_PENDING):  # and no place in the line
        assert (await send(desk, "/imports/roster", b"x", ZIP))["state"] == "failed"


async def test_a_file_that_takes_for_ever(desk: Desk, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RECEIVE_S", 0.05)
    refused = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"PK\3\4"
        await refused.wait()

    async def post() -> tuple[int, str]:
        answer = await desk.refused("POST", "/imports/roster", data=slow(), headers=ZIP)
        refused.set()
        return answer

    assert await post() == (408, "too_slow")
    assert left(files) == 0


async def test_one_at_a_time_and_not_too_many(desk: Desk, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = [0]
    go = asyncio.Event()

    async def slow(*_: Any, progress: Any, **__: Any) -> Report:
        running.append(running[-1] + 1)
        progress("compare", 3, 10)
        await go.wait()
        running.append(running[-1] - 1)
        return Report()

    monkeypatch.setattr(imports, "import_roster", slow)
    begun = [(await desk.ask("POST", "/imports/roster", data=b"x", headers=ZIP))["id"] for _ in range(jobs.MAX_PENDING)]
    assert await desk.refused("POST", "/imports/roster", data=b"x", headers=ZIP) == (503, "too_many_imports")
    first = await desk.ask("GET", f"/imports/{begun[0]}")
    assert (first["state"], first["stage"], first["done"], first["total"]) == ("running", "compare", 3, 10)
    assert (await desk.ask("GET", f"/imports/{begun[1]}"))["stage"] == "waiting"
    assert left(files) == jobs.MAX_PENDING
    go.set()
    assert {(await finished(desk, id))["state"] for id in begun} == {"done"}
    assert max(running) == 1 and left(files) == 0


async def test_finished_ones_are_forgotten_at_last(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MAX_FINISHED", 2)
    ids = [(await send(desk, "/imports/roster", b"x", ZIP))["id"] for _ in range(3)]
    await finished(desk, ids[2])
    assert await desk.refused("GET", f"/imports/{ids[0]}") == (404, "not_found")
    assert (await desk.ask("GET", f"/imports/{ids[1]}"))["state"] == "failed"


async def test_a_stop_ends_imports(desk: Desk, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def endless(*_: Any, **__: Any) -> Report:
        begun.set()
        await asyncio.Event().wait()
        return Report()

    monkeypatch.setattr(imports, "import_roster", endless)
    for _ in range(2):
        await desk.ask("POST", "/imports/roster", data=b"x", headers=ZIP)
    await begun.wait()
    await desk.office.server.stop()
    assert left(files) == 0


async def test_a_stop_ends_the_thread_that_reads(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process would wait for it, longer than a stop may take."""
    begun, ended = threading.Event(), threading.Event()

    def read(progress: Progress) -> None:
        try:
            for row in itertools.count():
                progress("read", row, None)
                begun.set()
        finally:
            ended.set()

    async def long(*_: Any, progress: Progress, **__: Any) -> Report:
        await asyncio.to_thread(read, progress)
        return Report()

    monkeypatch.setattr(imports, "import_roster", long)
    await desk.ask("POST", "/imports/roster", data=b"x", headers=ZIP)
    assert await asyncio.to_thread(begun.wait, 10)
    await desk.office.server.stop()
    assert await asyncio.to_thread(ended.wait, 10)


def test_what_a_killed_server_left_is_removed(files: Path) -> None:
    mine = Path(tempfile.mkdtemp(prefix=scratch.new_prefix()))
    place, pid, began, chance = holder.new_name().split("-")
    dead = f"tongke-files-{place}-{pid}-{int(began) + 1}-{chance}"
    (files / f"{dead}-abc").write_bytes(b"PK")
    (files / f"{dead}-def").mkdir()
    (files / f"{dead}-def" / "users.csv").write_text("x")
    (files / "somebody-elses").write_text("x")
    assert scratch.sweep() == 2
    assert {path.name for path in files.iterdir()} == {mine.name, "somebody-elses"}
    assert scratch.sweep() == 0


async def test_a_mistake_of_ours_has_an_id(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> Report:
        raise RuntimeError("secret of the database")

    monkeypatch.setattr(imports, "import_roster", broken)
    shown = await send(desk, "/imports/roster", b"x", ZIP)
    assert shown["problem"]["code"] == "internal" and shown["id"] in shown["problem"]["detail"]
    assert "secret" not in str(shown)


async def test_others_do_not_see_it(desk: Desk) -> None:
    shown = await send(desk, "/imports/roster", b"x", ZIP)
    await desk.sign_in("west", ("admin", "region", desk.county.other_county))
    for path in (f"/imports/{shown['id']}", f"/imports/{shown['id']}/report.csv"):
        assert await desk.refused("GET", path) == (403, "forbidden")
    await desk.sign_in("zweite", ADMIN)
    assert (await desk.ask("GET", f"/imports/{shown['id']}"))["state"] == "failed"


async def test_a_roster_is_for_the_whole_system(empty_desk: Desk) -> None:
    desk, county = empty_desk, empty_desk.county
    await desk.sign_in("ost", ("admin", "region", county.city))
    assert await desk.refused("POST", "/imports/roster", data=b"x", headers=ZIP) == (403, "forbidden")
    assert await desk.refused("GET", "/exports/roster") == (403, "forbidden")
    # The calendar's schools all lie within her city.
    calendar = await calendar_of(desk)
    assert (await send(desk, f"/imports/days?calendar={calendar}", DAYS.encode()))["state"] == "done"
    await desk.sign_in("west", ("admin", "region", county.other_county))
    for path in (f"/imports/days?calendar={calendar}", f"/imports/timetable?school={county.lead}"):
        assert await desk.refused("POST", path, data=b"x", headers=CSV) == (403, "forbidden")


async def test_the_roster_goes_out_and_in(desk: Desk, files: Path) -> None:
    head = await desk.office.http.head("/api/v1/exports/roster")
    assert head.status == 200
    answer = await desk.office.http.get("/api/v1/exports/roster")
    assert answer.status == 200 and answer.content_type == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="roster.zip"'
    packed = await answer.read()
    assert "orgs.csv" in zipfile.ZipFile(io.BytesIO(packed)).namelist()
    again = await send(desk, "/imports/roster", packed, ZIP)
    assert again["state"] == "done" and not again["report"]["written"]
    assert left(files) == 0


async def stalled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> asyncio.StreamWriter:
    """Somebody who asks for a large archive, and takes no more than its beginning."""
    pack = exports._pack

    def large(folder: Path, archive: Path) -> int:
        monkeypatch.setattr(exports, "_pack", pack)
        archive.write_bytes(bytes(64 << 20))
        return 64 << 20

    monkeypatch.setattr(exports, "_pack", large)
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.office.server.port, limit=1024)
    cookie = next(iter(desk.office.http.cookie_jar))
    writer.write(
        f"GET /api/v1/exports/roster HTTP/1.1\r\nHost: x\r\nCookie: {cookie.key}={cookie.value}\r\n\r\n".encode()
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    return writer


async def gone(files: Path) -> None:
    async with asyncio.timeout(20):
        while left(files):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_who_takes_nothing_keeps_nobody_waiting(desk: Desk, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = await stalled(desk, monkeypatch)
    answer = await desk.office.http.get("/api/v1/exports/roster")
    assert answer.status == 200 and "orgs.csv" in zipfile.ZipFile(io.BytesIO(await answer.read())).namelist()
    monkeypatch.setattr(exports, "MAX_SENDING", 1)
    assert await desk.refused("GET", "/exports/roster") == (503, "busy")
    writer.close()
    await gone(files)


async def test_who_takes_nothing_is_cut_off(desk: Desk, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "STALLED_S", 0.1)
    writer = await stalled(desk, monkeypatch)
    await gone(files)
    async with desk.office.http.get("/api/v1/exports/roster") as answer:
        assert answer.status == 200 and await answer.read()
    writer.close()
