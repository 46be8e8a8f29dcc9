"""Teaching hours, evidence and ratings over REST: who may see whose."""

from __future__ import annotations

import csv
import io
from typing import Any

import aiohttp
import pytest
from sqlalchemy import insert

from signalling.bell import ledger
from signalling.db import audit
from signalling.db.lessons import Participation
from tests.booking.county import NOW, TUESDAY, at, set_lesson
from tests.rest.office import Office, body, plan

YEAR = f"since={NOW - 86400}&until={NOW + 200 * 86400}"


@pytest.fixture
async def taught(office: Office) -> str:
    """A lesson that is over, with what was measured; one that nobody came to."""
    planner = await office.page("p0")
    lesson, _ = [(await planner.post("/bookings", body(plan=plan(period=n))))["lessons"][0] for n in (1, 2)]
    people: list[dict[str, Any]] = [
        {"participant": "t0", "person": "t0", "role": "lead", "classroom": "r0", "sent": 2400, "present": 2500},
        {"participant": "a1", "person": "a1", "role": "assistant", "classroom": "r1", "present": 1200, "count": 30},
        {"participant": "box", "role": "staff", "classroom": "r0", "present": 60},
    ]
    begins = at(TUESDAY, 8)
    async with office.database.write() as session:
        for person in people:
            row = {"person": None, "count": None, "sent": 0, "quality": {"freezes": 1}, **person}
            await session.execute(insert(Participation).values(lesson=lesson, joined=begins, **row))
        await audit.append(session, begins, "clock", "lesson.live", lesson)
        await audit.append(session, begins, "t0", "lesson.ended", lesson, {"reason": "by_hand"})
    await set_lesson(office.database, lesson, state="ended", ended=at(TUESDAY, 8, 40))
    office.clock.now = at(TUESDAY, 10)
    return str(lesson)


async def test_teaching_hours(office: Office, taught: str) -> None:
    planner = await office.page("p0")
    lines = await planner.get(f"/ledger?{YEAR}&school=s0")
    (line,) = lines["items"]
    assert line.items() >= {"teacher": "t0", "name": "教师甲", "part": "lead", "period": "2026-09"}.items()
    assert (line["lessons"], line["taught_lessons"], line["planned_s"], line["taught_s"]) == (2, 1, 4800, 2400)
    assert line["audit"][2] == 2
    by_term = await planner.get(f"/ledger?{YEAR}&school=s0&by=term")
    assert by_term["items"][0]["period"] == "秋季学期"
    boss = await office.page("boss")
    pages, after = [], ""
    for _ in range(3):
        page = await boss.get(f"/ledger?{YEAR}&limit=1{after}")
        pages += page["items"]
        after = f"&after={page['next']}"
    assert page["next"] is None
    assert [(it["teacher"], it["part"]) for it in pages] == [("t0", "lead"), ("a1", "assistant"), ("a2", "assistant")]
    pages, after = [], ""
    for _ in range(3):
        page = await boss.get(f"/ledger/items?{YEAR}&limit=2{after}")
        pages += page["items"]
        after = f"&after={page['next']}"
    assert page["next"] is None and len({(it["lesson"], it["teacher"]) for it in pages}) == 6
    assert {(it["teacher"], it["taught_s"]) for it in pages if it["lesson"] == taught} == {
        *(("t0", 2400), ("a1", 1200), ("a2", 0))
    }
    teacher = await office.page("t0")
    (own,) = (await teacher.get(f"/ledger?{YEAR}&teacher=t0"))["items"]
    assert own["taught_s"] == 2400


@pytest.mark.parametrize(
    ("person", "query", "allowed"),
    [
        ("t0", "teacher=t0", True),
        ("t0", "teacher=t0&school=s0", True),
        ("p0", "teacher=t0", True),
        ("inspector", "school=s2", True),
        ("boss", "", True),
        ("t0", "", False),
        ("t0", "school=s0", False),
        ("t0", "teacher=t00", False),
        ("p0", "", False),
        ("p0", "school=s1", False),
        ("inspector", "", False),
        ("janitor", "school=s3", False),
    ],
)
async def test_whose_hours_one_may_see(office: Office, person: str, query: str, allowed: bool) -> None:
    page = await office.page(person)
    for path in ("/ledger", "/ledger/items"):
        status, document = await page.call("GET", f"{path}?{YEAR}&{query}")
        assert (status, document.get("code")) == ((200, None) if allowed else (403, "forbidden"))
    exports = allowed and person in ("p0", "boss")
    for path in ("/ledger.csv", "/ledger/items.csv"):
        answer = await page.raw("GET", f"{path}?{YEAR}&{query}")
        assert answer.status == (200 if exports else 403)


async def test_files_for_excel(office: Office, taught: str) -> None:
    planner = await office.page("p0")
    answer = await planner.raw("GET", f"/ledger/items.csv?{YEAR}&school=s0")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="lessons.csv"'
    raw = await answer.read()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows[0][0] == "日期" and rows[1][2] == taught and len(rows) == 3
    hours = await planner.raw("GET", f"/ledger.csv?{YEAR}&school=s0")
    lines = list(csv.reader(io.StringIO((await hours.read()).decode("utf-8-sig"))))
    assert lines[1][:4] == ["教师甲", "t0", "主讲", "2026-09"] and len(lines) == 2
    bad = await planner.raw("GET", "/ledger.csv?since=5&until=1&school=s0")
    assert (bad.status, (await bad.json())["code"]) == (422, "bad_range")
    assert await planner.refused("GET", f"/ledger?since=1&until={10**30}&school=s0") == (400, "bad_request")


async def test_half_a_file_is_none(office: Office, taught: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planner = await office.page("boss")
    path = f"/ledger/items.csv?{YEAR}"
    assert (await planner.raw("HEAD", path)).status == 200
    monkeypatch.setattr(ledger, "MAX_PAGE", 1)
    monkeypatch.setattr(ledger, "MAX_EXPORT", 2)
    answer = await planner.raw("GET", path)
    assert answer.status == 200
    with pytest.raises(aiohttp.ClientError):
        await answer.read()
    monkeypatch.setattr(ledger, "MAX_EXPORT", 0)
    answer = await planner.raw("GET", path)
    assert (answer.status, (await answer.json())["code"]) == (422, "too_long")


async def test_evidence(office: Office, taught: str) -> None:
    for person in ("t0", "a1", "p1", "inspector"):
        shown = await (await office.page(person)).get(f"/lessons/{taught}/evidence")
    assert [(it["participant"], it["name"], it["classroom_name"]) for it in shown["participants"]] == [
        ("a1", "辅助教师1", "第一村小 · 接收教室"),
        ("box", "录播主机", "第一小学 · 主讲教室"),
        ("t0", "教师甲", "第一小学 · 主讲教室"),
    ]
    first = shown["participants"][0]
    assert (first["present_s"], first["sent_s"], first["count"], first["quality"]) == (1200, 0, 30, {"freezes": 1})
    assert [(it["action"], it["actor_name"]) for it in shown["audit"]] == [
        ("booking.booked", "教务0"),
        ("lesson.live", ""),
        ("lesson.ended", "教师甲"),
    ]
    assert shown["audit"][2]["detail"] == {"reason": "by_hand"}
    for person in ("t00", "janitor", "p3"):
        page = await office.page(person)
        assert await page.refused("GET", f"/lessons/{taught}/evidence") == (403, "forbidden")


async def test_rating(office: Office, taught: str) -> None:
    teacher, assistant = await office.page("t0"), await office.page("a1")
    path = f"/lessons/{taught}/rating"
    form = await teacher.get(path)
    assert (form["given"], form["may"], form["until"]) == (False, True, at(TUESDAY, 8, 40) + 7 * 86400)
    assert form["questions"][0].items() >= {"id": "sound", "kind": "stars"}.items()
    assert await teacher.refused("POST", path, {"answers": {"sound": 6}}) == (422, "bad_answer")
    assert await teacher.post(path, {"answers": {"sound": 5, "together": True, "remark": "很好"}}) is None
    assert await assistant.post(path, {"answers": {"sound": 3}}) is None
    assert await teacher.refused("POST", path, {"answers": {"sound": 5}}) == (409, "rating_given")
    form = await assistant.get(path)
    assert (form["given"], form["may"]) == (True, False)
    assert form["summary"]["answers"]["lead"]["sound"] == {"answers": 1, "mean": 5.0, "texts": []}
    assert form["summary"]["answers"]["receiving"]["sound"]["mean"] == 3.0
    assert form["summary"]["measured"]["seconds"]["present"] == 3760
    planner = await office.page("p1")
    assert (await planner.get(path))["may"] is False
    assert await planner.refused("POST", path, {"answers": {"sound": 1}}) == (403, "forbidden")
    for person in ("t00", "janitor", "p3"):
        page = await office.page(person)
        assert await page.refused("GET", path) == (403, "forbidden")
        assert await page.refused("POST", path, {"answers": {"sound": 1}}) == (403, "forbidden")
    inspector = await office.page("inspector")
    assert (await inspector.get(path))["may"] is True
    assert await inspector.post(path, {"answers": {"sound": 2}}) is None
    assert await inspector.refused("POST", path, {"answers": {"sound": 2}}) == (409, "rating_given")
    form = await inspector.get(path)
    assert (form["given"], form["may"], form["summary"]["forms"]) == (True, False, 3)
    assert {side: of["sound"]["mean"] for side, of in form["summary"]["answers"].items()} == {
        **{"lead": 5.0, "receiving": 3.0, "supervisor": 2.0}
    }
    coming = (await (await office.page("p0")).get("/week?view=teacher&id=t0&first=2026-09-08"))["lessons"][1]["lesson"]
    assert (await teacher.get(f"/lessons/{coming}/rating"))["until"] is None
    assert await teacher.refused("POST", f"/lessons/{coming}/rating", {"answers": {"sound": 5}}) == (
        *(409, "lesson_not_over"),
    )
    office.clock.now += 30 * 86400
    assert (await assistant.get(path))["may"] is False


async def test_quality_of_a_school(office: Office, taught: str) -> None:
    await (await office.page("a1")).post(f"/lessons/{taught}/rating", {"answers": {"sound": 4}})
    inspector = await office.page("inspector")
    quality = await inspector.get(f"/schools/s1/quality?{YEAR}")
    assert (quality["lessons"], quality["forms"], quality["measured"]["participants"]) == (1, 1, 1)
    assert quality["answers"]["receiving"]["sound"]["mean"] == 4.0
    assert [it["id"] for it in quality["questions"]] == ["sound", "picture", "together", "remark"]
    assert await inspector.refused("GET", "/schools/s1/quality?since=5&until=1") == (422, "bad_range")
    for person in ("t0", "a1", "p0", "janitor"):
        page = await office.page(person)
        assert await page.refused("GET", f"/schools/s1/quality?{YEAR}") == (403, "forbidden")


async def test_quality_week_by_week_and_lesson_by_lesson(office: Office, taught: str) -> None:
    await (await office.page("a1")).post(f"/lessons/{taught}/rating", {"answers": {"sound": 4, "picture": 2}})
    inspector = await office.page("inspector")
    (week,) = await inspector.get(f"/schools/s1/quality/weeks?{YEAR}")
    assert (week["first"], week["lessons"]) == ("2026-09-07", 1)
    known = {"forms": 1, "lead": None, "receiving": 3.0, "participants": 1, "freezes": 1, "delay_ms": None}
    assert week["quality"].items() >= known.items()
    lessons = await inspector.get(f"/schools/s1/quality/lessons?{YEAR}")
    (held,) = lessons["items"]  # the other one has not been held
    assert (held["lesson"], held["teacher_name"], held["state"]) == (taught, "教师甲", "ended")
    assert held["quality"] == week["quality"]
    (own,) = await (await office.page("p0")).get(f"/schools/s0/quality/weeks?{YEAR}")
    assert (own["quality"]["participants"], own["quality"]["receiving"]) == (2, 3.0)
    for path in ("weeks", "lessons"):
        assert await inspector.refused("GET", f"/schools/s1/quality/{path}?since=5&until=1") == (422, "bad_range")
        for person in ("t0", "a1", "p0", "janitor"):
            page = await office.page(person)
            assert await page.refused("GET", f"/schools/s1/quality/{path}?{YEAR}") == (403, "forbidden")


async def test_lessons_behind_one_line(office: Office, taught: str) -> None:
    planner = await office.page("p0")
    path = f"/ledger/items?{YEAR}&school=s0&teacher=t0"

    async def behind(query: str) -> list[str]:
        return [it["lesson"] for it in (await planner.get(f"{path}&{query}"))["items"]]

    both = await behind("")
    assert len(both) == 2 and both[0] == taught
    assert await behind("part=lead&by=month&period=2026-09") == both
    assert await behind("part=lead&by=term&period=秋季学期") == both
    assert await behind("part=lead&by=term") == await behind("part=assistant&by=month&period=2026-09") == []
    assert await behind("part=lead&by=month&period=2026-10") == []
    assert await planner.refused("GET", f"{path}&part=lead&period=today") == (422, "bad_period")
    page = await planner.get(f"{path}&part=lead&period=2026-09&limit=1")
    rest = await planner.get(f"{path}&part=lead&period=2026-09&limit=1&after={page['next']}")
    assert [it["lesson"] for it in (*page["items"], *rest["items"])] == both
