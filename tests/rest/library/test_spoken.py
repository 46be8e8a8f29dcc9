"""Lines corrected, comments on the time line, clips by reference."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from signalling.library import clips, comments
from tests.people.conftest import audit_rows
from tests.rest.library.conftest import LENGTH_MS, Person, Shelf, done, refused


async def correct(shelf: Shelf, person: Person, text: str, version: int, line: int = 2) -> tuple[int, Any]:
    path = f"/resources/{shelf.lesson}/transcript/{line}"
    answer = await person.call("PATCH", path, json={"text": text, "version": version})
    return answer.status, await answer.json()


class TestLines:
    async def test_as_they_stand(self, shelf: Shelf) -> None:
        said = await shelf.near.get(f"/resources/{shelf.lesson}/transcript")
        assert [line["number"] for line in said["lines"]] == [1, 2, 3] and said["language"] == "zh-CN"
        assert said["lines"][0]["words"] == [[10_000, 10_500, "同学"]] and said["lines"][0]["speaker"] == "教师甲"

    async def test_corrected_again_and_again(self, shelf: Shelf) -> None:
        for number, (person, text) in enumerate(((shelf.staff, "今天学分数"), (shelf.teacher, "今天我们学分数")), 1):
            status, line = await correct(shelf, person, text, number)
            assert (status, line["text"], line["version"], line["words"]) == (200, text, number + 1, [])
        was = await shelf.near.get(f"/resources/{shelf.lesson}/transcript/2/versions")
        assert [(it["version"], it["text"], it["by"]) for it in was] == [
            (2, "今天学分数", "t0"),
            (1, "今天学习 <分数> & 小数", shelf.staff.id),
        ]
        row = await shelf.row(shelf.lesson)
        assert row.version == 3 and row.indexed == 0, "it is indexed again"
        assert [it[1] for it in await audit_rows(shelf.world.database)][-2:] == ["resource.corrected"] * 2

    async def test_two_at_once(self, shelf: Shelf) -> None:
        both = await asyncio.gather(correct(shelf, shelf.staff, "甲", 1), correct(shelf, shelf.teacher, "乙", 1))
        assert sorted(status for status, _ in both) == [200, 409]

    async def test_what_is_refused(self, shelf: Shelf) -> None:
        for person, text, version, line, status, code in (
            (shelf.near, "x", 1, 2, 403, "forbidden"),
            (shelf.far, "x", 1, 2, 404, "not_found"),
            (shelf.staff, " \t ", 1, 2, 422, "bad_text"),
            (shelf.staff, "x", 2, 2, 409, "changed_meanwhile"),
            (shelf.staff, "x", 1, 99, 404, "not_found"),
        ):
            answer, document = await correct(shelf, person, text, version, line)
            assert (answer, document["code"]) == (status, code)
        assert await refused(shelf.staff, "GET", f"/resources/{shelf.lesson}/transcript/x/versions") == (
            404,
            "not_found",
        )

    async def test_the_same_text_changes_nothing(self, shelf: Shelf) -> None:
        assert (await correct(shelf, shelf.staff, "同学们好", 1, 1))[1]["version"] == 1
        assert (await shelf.row(shelf.lesson)).version == 1


class TestComments:
    async def test_written_read_and_removed(self, shelf: Shelf) -> None:
        path = f"/resources/{shelf.lesson}/comments"
        late = await done(await shelf.near.call("POST", path, json={"at_ms": 50_000, "text": "  讲得\u0007 好 "}))
        early = await done(await shelf.staff.call("POST", path, json={"at_ms": 1000, "text": "<b>板书</b>"}))
        assert late["text"] == "讲得 好" and late["mine"] and late["may_remove"]
        page = await shelf.near.get(f"{path}?limit=1")
        assert [it["id"] for it in page["items"]] == [early["id"]] and not page["items"][0]["may_remove"]
        page = await shelf.near.get(f"{path}?limit=1&after={page['next']}")
        assert [it["id"] for it in page["items"]] == [late["id"]] and page["next"] is None
        assert await refused(shelf.near, "DELETE", f"{path}/{early['id']}") == (403, "forbidden")
        await done(await shelf.near.call("DELETE", f"{path}/{late['id']}"))
        await done(await shelf.teacher.call("DELETE", f"{path}/{early['id']}"))
        assert (await shelf.near.get(path))["items"] == []
        assert await refused(shelf.teacher, "DELETE", f"{path}/{early['id']}") == (404, "not_found")
        actor, action, subject, detail = (await audit_rows(shelf.world.database))[-1]
        assert (actor, action, subject, detail["person"]) == ("t0", "comment.removed", shelf.lesson, shelf.staff.id)
        assert "text" not in detail

    async def test_bounds(self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
        path = f"/resources/{shelf.lesson}/comments"
        for said, expected in (
            ({"at_ms": LENGTH_MS + 1, "text": "x"}, (422, "bad_span")),
            ({"at_ms": -1, "text": "x"}, (400, "bad_request")),
            ({"at_ms": 0, "text": " \n "}, (422, "bad_text")),
            ({"at_ms": 0, "text": "x" * 1001}, (400, "bad_request")),
            ({"at_ms": 0, "text": "\0"}, (400, "bad_request")),
        ):
            assert await refused(shelf.near, "POST", path, json=said) == expected
        assert await refused(shelf.far, "POST", path, json={"at_ms": 0, "text": "x"}) == (404, "not_found")
        monkeypatch.setattr(comments, "MAX_OF_PERSON", 1)
        await done(await shelf.near.call("POST", path, json={"at_ms": 0, "text": "x"}))
        assert await refused(shelf.near, "POST", path, json={"at_ms": 0, "text": "y"}) == (409, "too_many_comments")
        monkeypatch.setattr(comments, "MAX_OF_ONE", 1)
        assert await refused(shelf.staff, "POST", path, json={"at_ms": 0, "text": "y"}) == (409, "too_many_comments")

    async def test_not_of_another_resource(self, shelf: Shelf) -> None:
        made = await done(
            await shelf.near.call("POST", f"/resources/{shelf.lesson}/comments", json={"at_ms": 0, "text": "x"})
        )
        clip = await cut(shelf, shelf.near)
        assert await refused(shelf.near, "DELETE", f"/resources/{clip}/comments/{made['id']}") == (404, "not_found")


async def status_of(person: Person, url: str) -> int:
    async with person.http.get(url) as answer:
        await answer.read()
        return answer.status


async def cut(shelf: Shelf, person: Person, of: str = "", starts: int = 15_000, ends: int = 35_000) -> str:
    body = {"title": "认识四分之一", "starts_ms": starts, "ends_ms": ends}
    return str((await done(await person.call("POST", f"/resources/{of or shelf.lesson}/clips", json=body)))["id"])


class TestClips:
    async def test_one_shows_a_part_of_its_origin(self, shelf: Shelf) -> None:
        id = await cut(shelf, shelf.near)
        shown = await shelf.near.get(f"/resources/{id}")
        assert (shown["kind"], shown["of"], shown["starts_ms"], shown["ends_ms"]) == (
            "clip",
            shelf.lesson,
            15_000,
            35_000,
        )
        assert shown["length_ms"] == 20_000 and shown["school"] == "s0" and shown["teacher_name"] == "教师甲"
        assert [it["url"] for it in shown["tracks"]] == [f"/library/files/{shelf.lesson}/camera"]
        assert [it["at_ms"] for it in shown["slides"]] == [0, 25_000], "the slide that stands when it begins"
        assert shown["may"]["edit"] and not shown["may"]["correct"]
        said = await shelf.near.get(f"/resources/{id}/transcript")
        assert [line["number"] for line in said["lines"]] == [2, 3]
        assert await status_of(shelf.near, f"/library/files/{id}/camera") == 200
        captions = await (await shelf.near.http.get(f"/library/files/{id}/captions.vtt")).text()
        assert "把一个圆" in captions and "同学们好" not in captions
        assert [it["id"] for it in (await shelf.near.get(f"/resources/{shelf.lesson}"))["clips"]] == [id]

    async def test_of_a_clip(self, shelf: Shelf) -> None:
        inner = await cut(shelf, shelf.staff, await cut(shelf, shelf.near), 16_000, 20_000)
        assert (await shelf.row(inner)).of == shelf.lesson

    async def test_spans(self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
        path = f"/resources/{shelf.lesson}/clips"
        for starts, ends in ((0, 999), (5000, 4000), (0, LENGTH_MS + 1), (LENGTH_MS, LENGTH_MS + 5000)):
            body = {"title": "x", "starts_ms": starts, "ends_ms": ends}
            assert await refused(shelf.near, "POST", path, json=body) == (422, "bad_span")
        body = {"title": "x", "starts_ms": 0, "ends_ms": 5000}
        assert await refused(shelf.far, "POST", path, json=body) == (404, "not_found")
        monkeypatch.setattr(clips, "MAX_OF_ONE", 0)
        assert await refused(shelf.near, "POST", path, json=body) == (409, "too_many_clips")
        await shelf.set(shelf.lesson, length_ms=0)
        assert await refused(shelf.near, "POST", path, json=body) == (409, "nothing_to_cut")

    async def test_never_shared_with_more_than_its_origin(self, shelf: Shelf) -> None:
        id = await cut(shelf, shelf.near)
        wider = {"version": 1, "rights": "public"}
        assert await refused(shelf.near, "PATCH", f"/resources/{id}", json=wider) == (422, "wider_than_origin")
        foreign = {"version": 1, "subject": "语文"}
        assert await refused(shelf.near, "PATCH", f"/resources/{id}", json=foreign) == (422, "bad_metadata")
        await done(await shelf.near.call("PATCH", f"/resources/{id}", json={"version": 1, "title": "四分之一"}))
        narrow = {"version": 1, "rights": "school"}
        await done(await shelf.teacher.call("PATCH", f"/resources/{shelf.lesson}", json=narrow))
        assert (await shelf.row(id)).rights == "school" and (await shelf.row(id)).version == 3
        assert await refused(shelf.near, "GET", f"/resources/{id}") == (404, "not_found"), "even who has cut it"
        assert await status_of(shelf.near, f"/library/files/{id}/camera") == 404

    async def test_what_is_corrected_of_its_origin_is_corrected_of_it(self, shelf: Shelf) -> None:
        id, gone = await cut(shelf, shelf.near), await cut(shelf, shelf.near)
        await done(await shelf.near.call("DELETE", f"/resources/{gone}"))
        shelf.world.clock.now += 60
        whole = {"version": 1, "title": "分数", "points": ["分数"], "subject": "科学", "teacher": "t00"}
        await done(await shelf.staff.call("PATCH", f"/resources/{shelf.lesson}", json=whole))
        row = await shelf.row(id)
        assert (row.subject, row.teacher, row.teacher_name) == ("科学", "t00", "教师乙")
        assert (row.title, row.points, row.rights) == ("认识四分之一", [], "county"), "what is its own stays"
        assert (row.version, row.changed) == (2, int(shelf.world.clock.now)), "it is indexed and listed again"
        hers = {"version": 2, "title": "我的片段"}
        assert await refused(shelf.teacher, "PATCH", f"/resources/{id}", json=hers) == (403, "forbidden"), (
            "not any more"
        )
        assert (await shelf.row(gone)).subject == "数学"

    async def test_one_that_is_kept_for_herself_is_told_to_nobody(self, shelf: Shelf) -> None:
        id = await cut(shelf, shelf.near)
        hers = {"version": 1, "title": "给家长会看的片段", "rights": "own"}
        await done(await shelf.near.call("PATCH", f"/resources/{id}", json=hers))
        for person, sees in ((shelf.near, [id]), (shelf.teacher, [id]), (shelf.staff, [])):
            shown = await person.get(f"/resources/{shelf.lesson}")
            assert [it["id"] for it in shown["clips"]] == sees, person
        shared = {"version": 2, "rights": "school"}
        await done(await shelf.near.call("PATCH", f"/resources/{id}", json=shared))
        boss = await shelf.world.somebody("admin", "region", "city")
        for person in (shelf.near, shelf.staff, boss):
            assert [it["id"] for it in (await person.get(f"/resources/{shelf.lesson}"))["clips"]] == [id]

    async def test_one_taken_out_leaves_its_origin(self, shelf: Shelf) -> None:
        id = await cut(shelf, shelf.near)
        await done(await shelf.near.call("DELETE", f"/resources/{id}"))
        shown = await shelf.near.get(f"/resources/{shelf.lesson}")
        assert shown["clips"] == [] and await status_of(shelf.near, shown["tracks"][0]["url"]) == 200
