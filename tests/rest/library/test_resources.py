"""A resource seen, corrected and taken out."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from signalling.db.library import Line, Resource, ResourceFile, Slide
from signalling.library import removing
from tests.people.conftest import audit_rows
from tests.rest.library.conftest import LENGTH_MS, Shelf, add, done, refused


async def test_the_whole_document(shelf: Shelf) -> None:
    await shelf.set(shelf.lesson, gaps={"gaps": [{"starts_ms": 5000, "ends_ms": 7000, "why": "network"}]})
    shown = await shelf.near.get(f"/resources/{shelf.lesson}")
    root = f"/library/files/{shelf.lesson}"
    assert (shown["title"], shown["school_name"], shown["teacher_name"]) == ("认识分数", "第一小学", "教师甲")
    assert [track["url"] for track in shown["tracks"]] == [f"{root}/camera"]
    assert shown["tracks"][0]["width"] == 640 and shown["poster"] == f"{root}/poster"
    assert shown["captions"] == [{"language": "zh", "url": f"{root}/captions.vtt?language=zh", "label": "中文"}]
    assert [slide["at_ms"] for slide in shown["slides"]] == [0, 25_000] and shown["chapters"][0]["title"] == "导入"
    assert shown["gaps"] == [{"starts_ms": 5000, "ends_ms": 7000, "why": "network"}]
    assert shown["strip"] is None and shown["place_ms"] is None and shown["clips"] == []
    assert shown["may"] == {"edit": False, "remove": False, "clip": True, "comment": True, "correct": False}
    may = (await shelf.teacher.get(f"/resources/{shelf.lesson}"))["may"]
    assert may == dict.fromkeys(("edit", "remove", "clip", "comment", "correct"), True)


async def test_who_sees_it(shelf: Shelf) -> None:
    path = f"/resources/{shelf.lesson}"
    seen = {
        "own": (True, False, False, False),
        "school": (True, True, False, False),
        "county": (True, True, True, False),
        "province": (True, True, True, True),
        "public": (True, True, True, True),
    }
    people = (shelf.teacher, shelf.staff, shelf.near, shelf.far)
    for rights, expected in seen.items():
        await shelf.set(shelf.lesson, rights=rights)
        found = [(await person.call("GET", path)).status for person in people]
        assert found == [200 if sees else 404 for sees in expected], rights
    await shelf.set(shelf.lesson, state="processing")
    assert [(await person.call("GET", path)).status for person in people] == [200, 200, 404, 404]


async def test_nobody_without_a_role(shelf: Shelf) -> None:
    await shelf.set(shelf.lesson, rights="public")
    nobody = await shelf.world.sign_in("a2")
    assert await refused(nobody, "GET", f"/resources/{shelf.lesson}") == (403, "forbidden")


class TestChange:
    async def test_metadata(self, shelf: Shelf) -> None:
        path = f"/resources/{shelf.lesson}"
        body = {"version": 1, "title": " 认识\u3000分数 ", "points": ["分数", "分数", " 小数"], "rights": "province"}
        assert await done(await shelf.staff.call("PATCH", path, json=body)) == {"version": 2}
        row = await shelf.row(shelf.lesson)
        assert (row.title, row.points, row.rights, row.version) == ("认识 分数", ["分数", "小数"], "province", 2)
        assert row.changed == int(shelf.world.clock.now)
        actor, action, subject, detail = (await audit_rows(shelf.world.database))[-1]
        assert (actor, action, subject) == (shelf.staff.id, "resource.changed", shelf.lesson)
        assert detail["rights"] == {"before": "county", "after": "province"}

    async def test_of_an_old_version(self, shelf: Shelf) -> None:
        path = f"/resources/{shelf.lesson}"
        await done(await shelf.staff.call("PATCH", path, json={"version": 1, "unit": "第一单元"}))
        assert await refused(shelf.teacher, "PATCH", path, json={"version": 1, "unit": "第二单元"}) == (
            409,
            "changed_meanwhile",
        )

    async def test_by_whom(self, shelf: Shelf) -> None:
        path, body = f"/resources/{shelf.lesson}", {"version": 1, "unit": "x"}
        assert await refused(shelf.near, "PATCH", path, json=body) == (403, "forbidden")
        assert await refused(shelf.far, "PATCH", path, json=body) == (404, "not_found")

    async def test_what_cannot_be_said(self, shelf: Shelf) -> None:
        path = f"/resources/{shelf.lesson}"
        for said in (
            {"title": "   "},
            {"title": "x" * 121},
            {"form": "circus"},
            {"language": "chinese please"},
            {"teacher": "nobody"},
            {"url": "https://example.org/"},
        ):
            assert await refused(shelf.staff, "PATCH", path, json={"version": 1, **said}) == (422, "bad_metadata"), said
        assert await refused(shelf.staff, "PATCH", path, json={"version": 1, "rights": "world"}) == (400, "bad_request")
        assert (await shelf.row(shelf.lesson)).version == 1

    async def test_another_teacher(self, shelf: Shelf) -> None:
        path = f"/resources/{shelf.lesson}"
        await done(await shelf.staff.call("PATCH", path, json={"version": 1, "teacher": "t00"}))
        row = await shelf.row(shelf.lesson)
        assert (row.teacher, row.teacher_name) == ("t00", "教师乙")


class TestLinks:
    async def test_one_is_added_and_found(self, shelf: Shelf) -> None:
        body = {"kind": "link", "title": "分数的故事", "url": "https://example.org/a?b=c", "school": "s0"}
        made = await done(await shelf.staff.call("POST", "/resources", json=body, headers={"Idempotency-Key": "1"}))
        again = await done(await shelf.staff.call("POST", "/resources", json=body, headers={"Idempotency-Key": "1"}))
        assert made == again
        shown = await shelf.near.get(f"/resources/{made['id']}")
        assert (shown["url"], shown["kind"], shown["state"]) == (body["url"], "link", "published")
        assert shown["rights"] == "county" and shown["download"] == "" and shown["tracks"] == []

    async def test_addresses_that_are_refused(self, shelf: Shelf) -> None:
        for url in (
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://user:secret@example.org/",
            "https://",
            "http://a b/",
            "//example.org/",
            "https://example.org:99999/",
            'https://example.org/"><script>',
        ):
            body = {"title": "x", "url": url, "school": "s0"}
            assert await refused(shelf.staff, "POST", "/resources", json=body) == (422, "bad_metadata"), url

    async def test_where_one_may(self, shelf: Shelf) -> None:
        body = {"title": "x", "url": "https://example.org/", "school": "s0"}
        assert await refused(shelf.near, "POST", "/resources", json=body) == (403, "forbidden")
        assert await refused(shelf.staff, "POST", "/resources", json={**body, "school": "s9"}) == (404, "not_found")
        boss = await shelf.world.somebody("admin")
        without = {"title": "x", "url": "https://example.org/", "rights": "county"}
        assert await refused(boss, "POST", "/resources", json=without) == (422, "bad_metadata")
        assert await done(await boss.call("POST", "/resources", json={**without, "rights": "public"}))


class TestRemoved:
    async def test_nothing_but_a_tombstone_is_left(self, shelf: Shelf) -> None:
        world = shelf.world
        clip = await done(
            await shelf.near.call(
                "POST", f"/resources/{shelf.lesson}/clips", json={"title": "片段", "starts_ms": 0, "ends_ms": 5000}
            )
        )
        (world.server.signalling.shelf.spool / shelf.lesson).mkdir(parents=True)
        assert await refused(shelf.staff, "DELETE", f"/resources/{shelf.lesson}") == (403, "forbidden")
        await done(await shelf.teacher.call("DELETE", f"/resources/{shelf.lesson}"))
        for id in (shelf.lesson, clip["id"]):
            assert await refused(shelf.teacher, "GET", f"/resources/{id}") == (410, "resource_removed")
            row = await shelf.row(id)
            assert (row.state, row.title != "", row.description, row.text) == ("removed", True, "", "")
        async with world.database.read() as session:
            for table in (ResourceFile, Slide, Line):
                assert await session.scalar(select(func.count()).select_from(table)) == 0
        answer = await shelf.teacher.http.get(f"/library/files/{shelf.lesson}/camera")
        assert answer.status == 410
        assert (await audit_rows(world.database))[-1][1:3] == ("resource.removed", shelf.lesson)
        remover = world.server.signalling.shelf
        now = world.clock()
        await removing.clear(world.database, now, remover.remove)
        assert list(remover.store.list(shelf.lesson)) == [] and not (remover.spool / shelf.lesson).exists()
        # A worker that was publishing it at that moment puts one more there before it sees that it is gone.
        remover.store.put(f"{shelf.lesson}/screen.mp4", Path(__file__))
        await removing.clear(world.database, now + removing.LINGER_S, remover.remove)
        assert list(remover.store.list(shelf.lesson)) == []
        assert (await shelf.row(shelf.lesson)).note == ""

    async def test_files_that_cannot_go_now_go_later(self, shelf: Shelf) -> None:
        world = shelf.world

        async def fails(*_: object) -> None:
            raise OSError

        async with world.database.write() as session:
            await removing.bury(session, await session.get_one(Resource, shelf.lesson), 5, "test")
        assert await removing.clear(world.database, 1000, fails) == 0
        assert (await shelf.row(shelf.lesson)).note == removing.FILES_LEFT
        assert await removing.clear(world.database, 1000, world.server.signalling.shelf.remove) == 1
        assert list(world.server.signalling.shelf.store.list(shelf.lesson)) == []

    async def test_one_that_never_was(self, shelf: Shelf) -> None:
        for id in ("0123456789abcdef", "x" * 17, "..", "a%00b"):
            assert (await shelf.teacher.call("DELETE", f"/resources/{id}")).status in (404, 405), id


async def test_what_is_mine(shelf: Shelf) -> None:
    link = {"title": "链接", "url": "https://example.org/", "school": "s0"}
    made = await done(await shelf.staff.call("POST", "/resources", json=link))
    mine = await shelf.staff.get("/library/mine")
    assert [card["id"] for card in mine["added"]] == [made["id"]] and mine["taught"] == mine["stopped"] == []
    await done(await shelf.near.call("PUT", f"/resources/{shelf.lesson}/place", json={"at_ms": 12_000}))
    await done(await shelf.near.call("PUT", f"/resources/{shelf.lesson}/place", json={"at_ms": 13_000}))
    [card] = (await shelf.near.get("/library/mine"))["stopped"]
    assert (card["id"], card["place_ms"], card["school"]) == (shelf.lesson, 13_000, "第一小学")
    assert card["poster"].endswith("/poster")
    assert (await shelf.near.get(f"/resources/{shelf.lesson}"))["place_ms"] == 13_000
    assert [card["id"] for card in (await shelf.teacher.get("/library/mine"))["taught"]] == [shelf.lesson]
    await shelf.set(shelf.lesson, rights="own")
    assert (await shelf.near.get("/library/mine"))["stopped"] == []
    too_far = {"at_ms": LENGTH_MS + 1}
    assert await refused(shelf.teacher, "PUT", f"/resources/{shelf.lesson}/place", json=too_far) == (422, "bad_span")


async def test_places_are_bounded(shelf: Shelf, monkeypatch: object) -> None:
    from signalling.library import mine

    monkeypatch.setattr(mine, "MAX_PLACES", 2)  # type: ignore[attr-defined]
    ids = [await add(shelf.world, title=f"第{n}课") for n in range(4)]
    for id in ids:
        shelf.world.clock.now += 1
        await done(await shelf.near.call("PUT", f"/resources/{id}/place", json={"at_ms": 1}))
    assert [card["id"] for card in (await shelf.near.get("/library/mine"))["stopped"]] == [ids[3], ids[2]]


async def test_kept_by_somebody(shelf: Shelf) -> None:
    path = f"/resources/{shelf.lesson}"
    wish = {"version": 1, "kept": True}
    assert await refused(shelf.near, "PATCH", path, json=wish) == (403, "forbidden")
    await done(await shelf.staff.call("PATCH", path, json=wish))
    assert (await shelf.near.get(path))["kept"] is True
    await done(await shelf.staff.call("PATCH", path, json={"version": 2, "kept": False}))
    assert (await shelf.row(shelf.lesson)).kept is False


async def test_what_one_keeps_for_herself_is_taken_out_unseen(shelf: Shelf) -> None:
    """Who keeps order in a school neither reads nor changes it."""
    await shelf.set(shelf.lesson, rights="own")
    boss = await shelf.world.somebody("admin", "school", "s0")
    path = f"/resources/{shelf.lesson}"
    assert await refused(boss, "GET", path) == (404, "not_found")
    assert await refused(boss, "PATCH", path, json={"version": 1, "unit": "x"}) == (404, "not_found")
    assert (await boss.http.get(f"/library/files/{shelf.lesson}/camera")).status == 404
    await done(await boss.call("DELETE", path))
    assert (await shelf.row(shelf.lesson)).state == "removed"
