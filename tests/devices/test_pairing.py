"""Codes on screens: typed once, by those who may, in time; keys that are handed out once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from signalling.db import audit
from signalling.db.places import Device, Pairing
from signalling.devices import keys, pairing
from signalling.devices.keys import hashed, plain
from tests.devices.conftest import Display, Person, World, audit_rows, problem


async def type_code(person: Person, code: str, classroom: str = "r1", **more: object) -> tuple[int, dict[str, object]]:
    answer = await person.call("POST", "/devices/pair", json={"code": code, "classroom": classroom, **more})
    return answer.status, await answer.json()


async def waiting(world: World) -> Display:
    screen = await world.screen()
    await screen.begin()
    return screen


async def count(world: World, table: type[Device] | type[Pairing]) -> int:
    async with world.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


class TestWay:
    async def test_from_the_screen_to_the_key(self, world: World) -> None:
        admin = await world.somebody("admin", "school", "s1")
        screen = await waiting(world)
        assert (await screen.progress()) == {"state": "waiting", "key": None, "device": None}
        status, device = await type_code(admin, screen.code, name="前屏")
        assert status == 201 and device["classroom_name"] == "接收教室" and device["school_name"] == "第一村小"
        assert (device["kind"], device["name"], device["online"], device["seen"]) == ("display", "前屏", False, None)
        progress = await screen.progress()
        assert progress["state"] == "paired" and progress["device"]["id"] == device["id"]
        assert progress["device"]["school_name"] == "第一村小"
        beat = await screen.beat()
        assert beat["day"]["classroom"] == {"id": "r1", "name": "接收教室"}
        row = await world.row(screen.id)
        assert row.key_hash == hashed(screen.key) and screen.key not in repr(row.__dict__)
        assert [it[:3] for it in await audit_rows(world.database)] == [
            (admin.id, "device.paired", screen.id),
            (screen.id, "device.key", screen.id),
        ]
        assert await audit.verify(world.database) is None

    async def test_neither_code_nor_claim_nor_key_is_in_the_database(self, world: World) -> None:
        screen = await waiting(world)
        await type_code(await world.somebody("admin"), screen.code)
        await screen.progress()
        async with world.database.read() as session:
            [row] = await session.scalars(select(Pairing))
        kept = [row.code_hash, row.claim_hash, str(await audit_rows(world.database))]
        for secret in (screen.code, plain(screen.code), screen.claim, screen.key):
            assert not any(secret in text for text in kept)

    @pytest.mark.parametrize("typed", ["k7p4qx", " K7P 4QX ", "k7p–4qx", "K7P-4QX"])
    def test_typed_as_people_type(self, typed: str) -> None:
        assert plain(typed) == "K7P4QX"
        assert plain("OIL-000") == "011000"

    async def test_the_key_comes_once(self, world: World) -> None:
        screen = await waiting(world)
        await type_code(await world.somebody("admin"), screen.code)
        thief = await world.screen()
        thief.claim = screen.claim
        assert (await screen.progress())["key"]
        for _ in range(2):
            again = await thief.progress()
            assert again["state"] == "paired" and again["key"] is None
        assert (await screen.beat())["day"]

    async def test_of_two_with_one_claim_one_gets_it(self, world: World) -> None:
        screen = await waiting(world)
        await type_code(await world.somebody("admin"), screen.code)
        found = await asyncio.gather(*(pairing.progress(world.database, world.clock(), screen.claim) for _ in range(6)))
        [key] = [it.key for it in found if it.key]
        assert {it.state for it in found} == {"paired"}
        screen.key = key
        assert (await screen.beat())["day"]

    async def test_a_network_that_is_away_between_typing_and_fetching(self, world: World) -> None:
        screen = await waiting(world)
        await type_code(await world.somebody("admin"), screen.code)
        world.clock.now += pairing.CODE_S - 1
        assert (await screen.progress())["key"]

    async def test_typed_in_the_last_second(self, world: World) -> None:
        admin = await world.somebody("admin")
        screen = await waiting(world)
        world.clock.now += pairing.CODE_S - 1
        assert (await type_code(admin, screen.code))[0] == 201
        world.clock.now += pairing.PICK_UP_S - 1
        assert (await screen.progress())["key"]


class TestBadCodes:
    async def test_expired(self, world: World) -> None:
        screen = await waiting(world)
        admin = await world.somebody("admin")
        world.clock.now += pairing.CODE_S
        assert (await screen.progress())["state"] == "expired"
        status, answer = await type_code(admin, screen.code)
        assert (status, answer["code"]) == (404, "unknown_code")
        assert await count(world, Device) == 2  # those of the county

    async def test_the_key_is_not_kept_for_ever(self, world: World) -> None:
        screen = await waiting(world)
        await type_code(await world.somebody("admin"), screen.code)
        world.clock.now += pairing.CODE_S
        assert await screen.progress() == {"state": "expired", "key": None, "device": None}

    async def test_used_twice(self, world: World) -> None:
        screen = await waiting(world)
        admin = await world.somebody("admin")
        assert (await type_code(admin, screen.code))[0] == 201
        status, answer = await type_code(admin, screen.code, "r2")
        assert (status, answer["code"]) == (404, "unknown_code")

    async def test_a_code_read_off_a_screen_is_no_claim(self, world: World) -> None:
        screen = await waiting(world)
        thief = await world.screen()
        for claim in (screen.code, plain(screen.code), hashed(screen.claim), "", "x" * 5000):
            thief.claim = claim
            assert (await thief.progress()) == {"state": "expired", "key": None, "device": None}
        await type_code(await world.somebody("admin"), screen.code)
        thief.claim = screen.code
        assert (await thief.progress())["key"] is None
        assert (await screen.progress())["key"]

    async def test_who_guesses_has_to_wait(self, world: World) -> None:
        screen = await waiting(world)
        admin, other = await world.somebody("admin"), await world.somebody("admin")
        for number in range(10):
            status, answer = await type_code(admin, f"ZZZ-ZZ{number}")
            assert (status, answer["code"]) == (404, "unknown_code")
        status, answer = await type_code(admin, screen.code)
        assert (status, answer["code"]) == (429, "too_many_attempts")
        assert (await type_code(other, screen.code))[0] == 201

    async def test_two_at_once(self, world: World) -> None:
        people = [await world.somebody("admin", "school", f"s{n}") for n in (1, 2)]
        for _ in range(3):
            screen = await waiting(world)
            answers = await asyncio.gather(
                type_code(people[0], screen.code, "r1"), type_code(people[1], screen.code, "r2")
            )
            assert sorted(status for status, _ in answers) == [201, 404]
            [won] = [answer for status, answer in answers if status == 201]
            assert (await screen.progress())["device"]["classroom"] == won["classroom"]
        assert await count(world, Device) == 2 + 3

    async def test_the_same_request_again(self, world: World) -> None:
        screen, admin = await waiting(world), await world.somebody("admin")
        body = {"code": screen.code, "classroom": "r1"}
        answers = [
            await admin.call("POST", "/devices/pair", json=body, headers={"Idempotency-Key": "one"}) for _ in range(2)
        ]
        first, second = [await answer.json() for answer in answers]
        assert first == second and [answer.status for answer in answers] == [201, 201]

    async def test_revoked_before_it_was_fetched(self, world: World) -> None:
        screen, admin = await waiting(world), await world.somebody("admin")
        _, device = await type_code(admin, screen.code)
        assert (await admin.call("DELETE", f"/devices/{device['id']}")).status == 204
        assert await screen.progress() == {"state": "expired", "key": None, "device": None}


class TestBounds:
    async def test_of_one_address(self, world: World) -> None:
        screen = await world.screen()
        for _ in range(60):
            await screen.begin()
        answer = await screen.http.post("/api/v1/pairings")
        assert answer.headers["Retry-After"] and await problem(answer) == (429, "too_many_attempts")

    async def test_of_all(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pairing, "MAX_OPEN", 3)
        screen = await world.screen()
        for _ in range(3):
            await screen.begin()
        assert await problem(await screen.http.post("/api/v1/pairings")) == (503, "too_many_pairings")
        world.clock.now += pairing.CODE_S
        await screen.begin()

    async def test_a_code_that_is_taken_is_not_shown_again(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        codes = iter(("AAA-AAA", "AAA-AAA", "BBB-BBB"))
        monkeypatch.setattr(keys, "new_code", lambda: next(codes))
        assert [(await waiting(world)).code for _ in range(2)] == ["AAA-AAA", "BBB-BBB"]

    async def test_old_ones_go(self, world: World) -> None:
        screen = await world.screen()
        for _ in range(5):
            await screen.begin()
        late = world.clock() + pairing.CODE_S + pairing.KEPT_S
        assert await pairing.sweep(world.database, late - 1) == 0
        assert [await pairing.sweep(world.database, late, limit=3) for _ in range(3)] == [3, 2, 0]
        assert await count(world, Pairing) == 0

    async def test_devices_of_a_classroom(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pairing, "MAX_IN_CLASSROOM", 1)
        admin = await world.somebody("admin")
        screen, second = await waiting(world), await waiting(world)
        assert (await type_code(admin, screen.code))[0] == 201
        status, answer = await type_code(admin, second.code)
        assert (status, answer["code"]) == (409, "too_many_devices")
        assert (await type_code(admin, second.code, "r2"))[0] == 201, "the code is still good"


class TestRights:
    @pytest.mark.parametrize(
        ("role", "kind", "scope"),
        [
            ("planner", "school", "s1"),
            ("teacher", "classroom", "r1"),
            ("assistant", "school", "s1"),
            ("supervisor", "system", ""),
            ("staff", "system", ""),
            ("admin", "school", "s2"),
        ],
    )
    async def test_only_who_administers_the_classroom(self, world: World, role: str, kind: str, scope: str) -> None:
        screen = await waiting(world)
        person = await world.somebody(role, kind, scope)  # type: ignore[arg-type]
        status, answer = await type_code(person, screen.code)
        assert (status, answer["code"]) == (403, "forbidden")
        assert (await screen.progress())["state"] == "waiting"
        assert [row[:3] for row in await audit_rows(world.database)] == [(person.id, "access.refused", person.id)]

    async def test_a_classroom_that_is_none(self, world: World) -> None:
        screen, admin = await waiting(world), await world.somebody("admin")
        assert (await type_code(admin, screen.code, "nothing"))[0] == 404
        assert (await type_code(admin, screen.code, "../x"))[0] == 400
