"""Lists of devices, recorder boxes, changes and revocation: for whom, and what of it is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mediaserver.api import UserError
from signalling.db import audit
from signalling.devices import keys, registry
from tests.client.media import make_file
from tests.client.rtsp_server import RtspServer
from tests.client.test_source import pictures_of
from tests.devices.conftest import SEVEN, Person, World, audit_rows, problem

SECRET = b"s" * 32
BOX = {"classroom": "r1", "name": "录播主机", "url": "rtsp://admin@192.0.2.7:554/main"}


async def add_box(person: Person, **changes: Any) -> dict[str, Any]:
    answer = await person.call("POST", "/devices/rtsp", json={**BOX, **changes})
    assert answer.status == 201, await answer.text()
    return await answer.json()


async def refused(person: Person, method: str, path: str, **more: Any) -> tuple[int, str]:
    return await problem(await person.call(method, path, **more))


class TestKeys:
    def test_a_sealed_password_opens_for_its_box_and_secret_alone(self) -> None:
        sealed = keys.seal(SECRET, "box", "geheim")
        assert keys.unseal(SECRET, "box", sealed) == "geheim"
        assert "geheim" not in sealed and sealed != keys.seal(SECRET, "box", "geheim")
        broken = sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB")
        for secret, box, text in ((b"t" * 32, "box", sealed), (SECRET, "other", sealed), (SECRET, "box", broken)):
            with pytest.raises(UserError) as caught:
                keys.unseal(secret, box, text)
            assert caught.value.code == "password_lost" and "geheim" not in str(caught.value)
        for text in ("", "x", "ключ"):
            with pytest.raises(UserError):
                keys.unseal(SECRET, "box", text)

    def test_the_longest_password_fits_its_column(self) -> None:
        assert len(keys.seal(SECRET, "0" * 16, "口" * keys.MAX_PASSWORD)) <= 500

    def test_codes(self) -> None:
        codes = {keys.new_code() for _ in range(300)}
        assert len(codes) >= 299 and all(len(keys.plain(code)) == keys.CODE for code in codes)
        assert {letter for code in codes for letter in code} == {*keys.LETTERS, "-"}


class TestLists:
    async def test_what_lies_within_ones_scopes(self, world: World) -> None:
        shown = {name: (await world.display(name)).id for name in ("r0", "r1", "r2")}
        county = {"screen", "box"}
        for role, kind, scope, wanted in (
            ("admin", "system", "", {*shown.values(), *county}),
            ("supervisor", "region", "city", {*shown.values(), *county}),
            ("planner", "region", "county", {*shown.values(), *county}),
            ("teacher", "school", "s0", {shown["r0"], *county}),
            ("assistant", "classroom", "r2", {shown["r2"]}),
            ("planner", "region", "ount", set()),
        ):
            person = await world.somebody(role, kind, scope)  # type: ignore[arg-type]
            assert {it["id"] for it in (await person.get("/devices"))["items"]} == wanted, (role, kind)
            for name, id in shown.items():
                status = (await person.call("GET", f"/devices/{id}")).status
                assert status == (200 if id in wanted else 403), (role, kind, name)

    async def test_narrowed_and_in_pages(self, world: World) -> None:
        admin = await world.somebody("admin")
        ids = [(await world.display("r1")).id for _ in range(3)]
        for query, wanted in (
            ("school=s0", {"screen", "box"}),
            ("classroom=r1", set(ids)),
            ("kind=rtsp", {"box"}),
            ("school=s1&kind=rtsp", set()),
            ("lost=true", {"screen", *ids}),
        ):
            assert {it["id"] for it in (await admin.get(f"/devices?{query}"))["items"]} == wanted, query
        found, after = [], ""
        while after is not None:
            page = await admin.get("/devices", params={"limit": "2", "classroom": "r1", "after": after})
            found += [it["id"] for it in page["items"]]
            after = page["next"]
        assert found == sorted(ids)
        assert await refused(admin, "GET", "/devices?after=x") == (422, "bad_cursor")

    async def test_revoked_ones_when_asked_for(self, world: World) -> None:
        admin, display = await world.somebody("admin"), await world.display("r1")
        await world.revoke(display.id)
        assert (await admin.get("/devices?classroom=r1"))["items"] == []
        [it] = (await admin.get("/devices?classroom=r1&revoked=true"))["items"]
        assert it["revoked"] == SEVEN and not it["online"]


class TestChanges:
    async def test_another_name_and_place(self, world: World) -> None:
        admin, display = await world.somebody("admin", "school", "s1"), await world.display("r1")
        answer = await admin.call("PATCH", f"/devices/{display.id}", json={"name": "后屏"})
        assert (await answer.json())["name"] == "后屏"
        assert await refused(admin, "PATCH", f"/devices/{display.id}", json={"classroom": "r2"}) == (403, "forbidden")
        system = await world.somebody("admin")
        answer = await system.call("PATCH", f"/devices/{display.id}", json={"classroom": "r2", "name": "后屏"})
        assert (await answer.json())["school_name"] == "第二村小"
        rows = [row for row in await audit_rows(world.database) if row[1] == "device.changed"]
        assert [(row[0], row[3]) for row in rows] == [(admin.id, {"name": "后屏"}), (system.id, {"classroom": "r2"})]
        assert await audit.verify(world.database) is None

    async def test_what_is_not_there(self, world: World) -> None:
        admin = await world.somebody("admin")
        for method, path in (("PATCH", ""), ("DELETE", ""), ("GET", ""), ("POST", "/test")):
            assert await refused(admin, method, f"/devices/nothing{path}") == (404, "not_found")

    async def test_of_one_that_is_revoked(self, world: World) -> None:
        admin, display = await world.somebody("admin"), await world.display("r1")
        await world.revoke(display.id)
        found = await refused(admin, "PATCH", f"/devices/{display.id}", json={"name": "x"})
        assert found == (409, "device_revoked")

    async def test_a_display_has_no_address(self, world: World) -> None:
        admin, display = await world.somebody("admin"), await world.display("r1")
        for body in ({"url": BOX["url"]}, {"password": "x"}):
            assert await refused(admin, "PATCH", f"/devices/{display.id}", json=body) == (422, "not_a_box")
        assert await refused(admin, "POST", f"/devices/{display.id}/test") == (422, "not_a_box")


class TestBoxes:
    async def test_its_password_is_sealed_and_never_shown(self, world: World) -> None:
        admin = await world.somebody("admin")
        box = await add_box(admin, password="geheim-77")
        assert (box["url"], box["password"], box["kind"]) == (BOX["url"], True, "rtsp")
        row = await world.row(box["id"])
        assert keys.unseal(world.server._secret, box["id"], row.secret) == "geheim-77"
        shown = str([box, await admin.get("/devices"), await audit_rows(world.database), row.__dict__])
        assert "geheim" not in shown

    async def test_another_password_or_none(self, world: World) -> None:
        admin = await world.somebody("admin")
        box = await add_box(admin, password="geheim-77")
        path = f"/devices/{box['id']}"
        await admin.call("PATCH", path, json={"password": "anders-88", "url": "rtsps://admin@192.0.2.7/sub"})
        async with world.database.read() as session:
            found = await registry.box_address(session, world.server._secret, box["id"])
        assert found == ("rtsps://admin@192.0.2.7/sub", "anders-88")
        await admin.call("PATCH", path, json={"password": ""})
        assert (await world.row(box["id"])).secret == "" and not (await admin.get(path))["password"]
        details = [row[3] for row in await audit_rows(world.database) if row[1] == "device.changed"]
        assert details == [{"url": "rtsps://admin@192.0.2.7/sub", "password": True}, {"password": False}]

    async def test_its_password_does_not_go_elsewhere(self, world: World) -> None:
        """Whoever moves a box to a host of his own would be sent it there."""
        admin = await world.somebody("admin")
        box = await add_box(admin, password="geheim-77")
        path = f"/devices/{box['id']}"
        for url in (
            "rtsp://admin@198.51.100.9/main",
            "rtsp://admin@192.0.2.7:5554/main",
            "rtsps://admin@192.0.2.7/main",
        ):
            assert await refused(admin, "PATCH", path, json={"url": url}) == (422, "password_again")
        same = {"url": "rtsp://admin@192.0.2.7/another"}
        assert (await admin.call("PATCH", path, json=same)).status == 200
        moved = {"url": "rtsp://admin@198.51.100.9/main", "password": "anders-88"}
        assert (await admin.call("PATCH", path, json=moved)).status == 200

    async def test_revoked_it_is_forgotten(self, world: World) -> None:
        admin = await world.somebody("admin")
        box = await add_box(admin, password="geheim-77")
        assert (await admin.call("DELETE", f"/devices/{box['id']}")).status == 204
        assert (await world.row(box["id"])).secret == ""
        assert await refused(admin, "POST", f"/devices/{box['id']}/test") == (409, "device_revoked")
        await add_box(admin)

    async def test_the_same_one_twice(self, world: World) -> None:
        admin = await world.somebody("admin")
        box = await add_box(admin)
        assert await refused(admin, "POST", "/devices/rtsp", json=BOX) == (409, "device_exists")
        other = await add_box(admin, url="rtsp://192.0.2.8/")
        found = await refused(admin, "PATCH", f"/devices/{other['id']}", json={"url": BOX["url"]})
        assert found == (409, "device_exists")
        assert (await admin.call("PATCH", f"/devices/{box['id']}", json={"url": BOX["url"]})).status == 200

    @pytest.mark.parametrize(
        ("url", "password"),
        [
            ("http://192.0.2.7/", ""),
            ("file:///etc/passwd", ""),
            ("rtsp://", ""),
            ("rtsp:///path", ""),
            ("rtsp://admin:geheim@192.0.2.7/", ""),
            ("rtsp://192.0.2.7:99999/", ""),
            ("rtsp://[x/", ""),
            ("rtsp://192.0.2.7/\n", ""),
            ("rtsp://192.0.2.7/ключ", ""),
            ("rtsp://192.0.2.7/", "geheim"),
        ],
    )
    async def test_addresses_that_are_none(self, world: World, url: str, password: str) -> None:
        admin = await world.somebody("admin")
        answer = await admin.call("POST", "/devices/rtsp", json={**BOX, "url": url, "password": password})
        assert "geheim" not in await answer.text()
        assert await problem(answer) == (422, "bad_url")


class TestOpening:
    async def test_what_it_sends(self, world: World, tmp_path: Path) -> None:
        admin = await world.somebody("admin")
        pictures = pictures_of(make_file(tmp_path / "a.mp4", frames=25))
        async with RtspServer(pictures, credentials="admin:geheim@77") as server:
            url = f"rtsp://admin@127.0.0.1:{server.port}/stream"
            box = await add_box(admin, url=url, password="geheim@77")
            answer = await admin.call("POST", f"/devices/{box['id']}/test")
            assert answer.status == 200, await answer.text()
            sends = await answer.json()
            assert (sends["video"], sends["width"], sends["height"], sends["audio"]) == ("H264", 320, 240, None)
            assert 15 < sends["fps"] < 40 and sends["kbps"] > 1
            await admin.call("PATCH", f"/devices/{box['id']}", json={"password": "falsch"})
            wrong = await admin.call("POST", f"/devices/{box['id']}/test")
            assert "falsch" not in await wrong.text()
            assert await problem(wrong) == (422, "source_refused")

    async def test_nobody_there(self, world: World) -> None:
        admin = await world.somebody("admin")
        box = await add_box(admin, url="rtsp://127.0.0.1:9/stream")
        assert await refused(admin, "POST", f"/devices/{box['id']}/test") == (502, "source_unreadable")

    async def test_one_that_hangs_is_given_up(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("signalling.devices.boxes.PATIENCE_S", 0.3)
        admin = await world.somebody("admin")

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            box = await add_box(admin, url=f"rtsp://127.0.0.1:{port}/stream")
            assert await refused(admin, "POST", f"/devices/{box['id']}/test") == (504, "source_silent")
            monkeypatch.setattr("signalling.devices.boxes.PATIENCE_S", 20.0)
            monkeypatch.setattr(world.server.signalling.devices.boxes, "_line", asyncio.Semaphore(0))
            assert await refused(admin, "POST", f"/devices/{box['id']}/test") == (503, "busy")
