"""Accounts: who may change whom, what happens at once, and that an administrator is always left."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.people import Person, RoleGrant
from signalling.people import sessions
from signalling.people.accounts import COMMAND, Accounts, find_login
from signalling.people.passwords import Passwords
from signalling.people.roles import ROLES
from tests.people.conftest import NOW, PASSWORD, County, audit_rows, person
from tests.people.test_sessions import begin, hashes

NEW = "winter-laterne-zug"
ADMIN = ("admin", "system", "")


async def code(work: Awaitable[Any]) -> str:
    with pytest.raises(UserError) as caught:
        await work
    assert caught.value.detail.endswith(".")
    return caught.value.code


async def row(database: Database, id: str) -> Person:
    async with database.read() as session:
        found = await session.get(Person, id)
    assert found is not None
    return found


async def verified(hasher: Passwords, database: Database, id: str, password: str) -> bool:
    async with hasher.turn() as turn:
        return await turn.verify((await row(database, id)).password, password)


class TestCreate:
    async def test_one(self, database: Database, accounts: Accounts, hasher: Passwords, county: County) -> None:
        id = await accounts.create(
            NOW, COMMAND, name=" 教师\u3000甲 ", login=" Jia.1 ", password=PASSWORD, school=county.lead
        )
        made = await row(database, id)
        assert (made.name, made.login, made.school, made.active) == ("教师 甲", "jia.1", county.lead, True)
        assert await verified(hasher, database, id, PASSWORD)
        assert await find_login(database, "JIA.1") == id
        assert await audit_rows(database) == [(COMMAND, "person.created", id, {"login": "jia.1"})]

    async def test_without_login(self, database: Database, accounts: Accounts) -> None:
        first, second = [await accounts.create(NOW, COMMAND, name="学生") for _ in range(2)]
        assert (await row(database, first)).login is None and first != second
        assert await code(accounts.set_password(NOW, COMMAND, first, NEW)) == "no_login"

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"name": ""}, "bad_name"),
            ({"name": "甲" * 121}, "bad_name"),
            ({"name": "甲\0"}, "bad_name"),
            ({"name": "\ud800"}, "bad_name"),
            ({"login": ""}, "bad_login"),
            ({"login": "two words"}, "bad_login"),
            ({"login": "x" * 81}, "bad_login"),
            ({"login": "jia\0"}, "bad_login"),
            ({"password": PASSWORD}, "bad_login"),
            ({"login": "jia", "password": "kurz"}, "weak_password"),
            ({"issuer": "https://id.example"}, "bad_subject"),
            ({"issuer": "https://id.example", "subject": "x" * 201}, "bad_subject"),
            ({"school": "nothing"}, "not_found"),
        ],
    )
    async def test_what_cannot_be(
        self, database: Database, accounts: Accounts, fields: dict[str, Any], expected: str
    ) -> None:
        assert await code(accounts.create(NOW, COMMAND, **{"name": "教师甲", **fields})) == expected
        async with database.read() as session:
            assert await session.scalar(select(func.count()).select_from(Person)) == 0
        assert await audit_rows(database) == []

    async def test_one_login_one_person(self, database: Database, accounts: Accounts) -> None:
        both = await asyncio.gather(
            *(accounts.create(NOW, COMMAND, name="教师甲", login="jia") for _ in range(4)), return_exceptions=True
        )
        assert sorted(type(it) for it in both if isinstance(it, str)) == [str]
        assert {it.code for it in both if isinstance(it, UserError)} == {"login_taken"}
        other = await accounts.create(NOW, COMMAND, name="教师乙", login="yi")
        assert await code(accounts.change(NOW, COMMAND, other, login="JIA")) == "login_taken"
        assert (await row(database, other)).login == "yi"

    async def test_rename(self, database: Database, accounts: Accounts) -> None:
        id = await accounts.create(NOW, COMMAND, name="教师甲", login="jia")
        await accounts.change(NOW, COMMAND, id, name="教师乙")
        await accounts.change(NOW, COMMAND, id, name="教师乙")
        await accounts.change(NOW, COMMAND, id, login="yi")
        assert [action for _, action, _, _ in await audit_rows(database)] == [
            "person.created",
            "person.renamed",
            "person.renamed",
        ]
        assert ((await row(database, id)).name, (await row(database, id)).login) == ("教师乙", "yi")


class TestRights:
    @pytest.fixture
    async def cast(self, accounts: Accounts, county: County) -> dict[str, str]:
        return {
            "county": await person(accounts, "xian", ("admin", "region", county.county)),
            "school": await person(accounts, "xiao", ("admin", "school", county.lead), school=county.lead),
            "planner": await person(accounts, "jiaowu", ("planner", "school", county.lead), school=county.lead),
            "teacher": await person(accounts, "jia", ("teacher", "school", county.lead), school=county.lead),
            "foreign": await person(accounts, "wai", ("teacher", "school", county.foreign), school=county.foreign),
            "double": await person(
                accounts, "shuang", ("teacher", "school", county.lead), ("admin", "region", county.county),
                school=county.lead,
            ),
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("actor", "may"),
        [
            ("county", {"school", "planner", "teacher", "double"}),
            ("school", {"school", "planner", "teacher"}),
            ("planner", set()),
            ("teacher", set()),
            ("foreign", set()),
        ],
    )
    async def test_whose_account(
        self, database: Database, accounts: Accounts, cast: dict[str, str], actor: str, may: set[str]
    ) -> None:
        for name, id in cast.items():
            for work in (
                accounts.change(NOW, cast[actor], id, name="别名"),
                accounts.set_password(NOW, cast[actor], id, NEW) if name != actor else None,
                accounts.change(NOW, cast[actor], id, active=True),
            ):
                if work is None:
                    continue
                if name in may:
                    await work
                else:
                    assert await code(work) == "forbidden", name
            assert ((await row(database, id)).name == "别名") is (name in may)
            assert await verified(accounts.passwords, database, id, PASSWORD) is (name not in may - {actor})

    async def test_where_accounts_are_made(self, accounts: Accounts, cast: dict[str, str], county: County) -> None:
        for actor, school, may in (
            ("county", county.lead, True),
            ("county", county.foreign, False),
            ("county", None, False),
            ("school", county.lead, True),
            ("school", county.village, False),
            ("planner", county.lead, False),
        ):
            work = accounts.create(NOW, cast[actor], name="教师丙", school=school)
            if may:
                await work
            else:
                assert await code(work) == "forbidden", (actor, school)

    async def test_what_is_given_where(self, accounts: Accounts, cast: dict[str, str], county: County) -> None:
        target = cast["foreign"]
        places = {
            ("system", ""): set(),
            ("region", county.city): set(),
            ("region", county.county): {"county"},
            ("school", county.lead): {"county", "school", "planner"},
            ("classroom", county.lead_room): {"county", "school", "planner"},
            ("school", county.village): {"county"},
            ("school", county.foreign): set(),
        }
        for actor, role, (place, who) in itertools.product(
            ("county", "school", "planner", "teacher"), ROLES, places.items()
        ):
            may = actor in who and (actor != "planner" or role in ("teacher", "assistant", "staff"))
            for change in (accounts.grant, accounts.revoke):
                work = change(NOW, cast[actor], target, role, *place)
                if may:
                    assert await work is True, (actor, role, place)
                else:
                    assert await code(work) == "forbidden", (actor, role, place)

    @pytest.mark.parametrize(
        ("role", "kind", "scope"),
        [
            ("headmaster", "school", "s"),
            ("own", "school", "s"),
            ("admin", "person", "s"),
            ("admin", "system", "s"),
            ("admin", "school", ""),
        ],
    )
    async def test_no_role(self, accounts: Accounts, cast: dict[str, str], role: str, kind: str, scope: str) -> None:
        assert await code(accounts.grant(NOW, COMMAND, cast["teacher"], role, kind, scope)) == "bad_role"

    async def test_things_that_are_not_there(self, accounts: Accounts, cast: dict[str, str]) -> None:
        assert await code(accounts.grant(NOW, COMMAND, cast["teacher"], "admin", "school", "nothing")) == "not_found"
        assert await code(accounts.grant(NOW, COMMAND, "nobody", *ADMIN)) == "not_found"
        assert await code(accounts.change(NOW, COMMAND, "nobody", name="甲")) == "not_found"
        assert await code(accounts.set_password(NOW, COMMAND, "nobody", NEW)) == "not_found"

    async def test_somebody_put_out_of_use_does_nothing_more(
        self, accounts: Accounts, cast: dict[str, str], county: County
    ) -> None:
        await accounts.change(NOW, COMMAND, cast["school"], active=False)
        assert await code(accounts.change(NOW, cast["school"], cast["teacher"], name="别名")) == "forbidden"
        assert await accounts.change(NOW, COMMAND, cast["school"], active=True)
        await accounts.change(NOW, cast["school"], cast["teacher"], name="别名")


class TestOwnPassword:
    async def test_it_needs_the_old_one(self, database: Database, accounts: Accounts, hasher: Passwords) -> None:
        id = await person(accounts, "jia")
        for old in (None, "", "falsch-falsch-falsch"):
            assert await code(accounts.set_password(NOW, id, id, NEW, old=old)) == "wrong_password"
        assert await code(accounts.set_password(NOW, id, id, "jia", old=PASSWORD)) == "weak_password"
        assert await verified(hasher, database, id, PASSWORD)
        await accounts.set_password(NOW, id, id, NEW, old=PASSWORD)
        assert await verified(hasher, database, id, NEW)

    async def test_every_other_session_ends(self, database: Database, accounts: Accounts) -> None:
        id = await person(accounts, "jia")
        here, there = await begin(database, id), await begin(database, id)
        await accounts.set_password(NOW, id, id, NEW, old=PASSWORD, keep=sessions.hash_of(here.cookie))
        assert await hashes(database) == {sessions.hash_of(here.cookie)}
        assert (await audit_rows(database))[-1] == (id, "person.password", id, {"signed_out": 1})
        await begin(database, id)
        await accounts.set_password(NOW, COMMAND, id, PASSWORD)
        assert await hashes(database) == set()
        assert there.cookie

    async def test_two_at_once(self, database: Database, accounts: Accounts, hasher: Passwords) -> None:
        """Of two that know the old one, the second finds it gone."""
        id = await person(accounts, "jia")
        done = await asyncio.gather(
            *(accounts.set_password(NOW, id, id, f"{NEW}-{number}", old=PASSWORD) for number in range(2)),
            return_exceptions=True,
        )
        [late] = [number for number, it in enumerate(done) if it is not None]
        assert isinstance(error := done[late], UserError) and error.code in ("changed", "wrong_password")
        assert await verified(hasher, database, id, f"{NEW}-{1 - late}")


class TestAtOnce:
    async def test_one_grant_is_one_row(self, database_url: str, accounts: Accounts, hasher: Passwords) -> None:
        id = await person(accounts, "jia")
        async with Database(database_url) as first, Database(database_url) as second:
            done = await asyncio.gather(
                *(
                    Accounts(it, hasher).grant(NOW, COMMAND, id, "staff", "system")
                    for it in (first, second)
                    for _ in range(3)
                )
            )
            assert sorted(done) == [False] * 5 + [True]
            async with first.read() as session:
                assert await session.scalar(select(func.count()).select_from(RoleGrant)) == 1
            rows = [action for _, action, _, _ in await audit_rows(first)]
            assert rows == ["person.created", "role.granted"]

    @pytest.mark.parametrize("ways", list(itertools.product(("revoke", "deactivate"), repeat=2)), ids="-".join)
    async def test_the_last_administrator_stays(
        self, database_url: str, accounts: Accounts, hasher: Passwords, ways: tuple[str, str]
    ) -> None:
        ids = [await person(accounts, login, ADMIN) for login in ("jia", "yi")]
        async with Database(database_url) as first, Database(database_url) as second:

            def removal(way: str, database: Database, id: str) -> Callable[[], Awaitable[bool]]:
                service = Accounts(database, hasher)
                if way == "revoke":
                    return lambda: service.revoke(NOW, COMMAND, id, *ADMIN)
                return lambda: service.change(NOW, COMMAND, id, active=False)

            removals = [removal(*it) for it in zip(ways, (first, second), ids, strict=True)]
            done = await asyncio.gather(*(it() for it in removals), return_exceptions=True)
            [left] = [number for number, it in enumerate(done) if it is not True]
            assert isinstance(error := done[left], UserError) and error.code == "last_admin"
            assert await code(removals[left]()) == "last_admin"
            assert await audit.verify(first) is None
            person_left = await row(first, ids[left])
            assert person_left.active

    async def test_two_first_administrators(self, database_url: str, hasher: Passwords) -> None:
        async with Database(database_url) as first, Database(database_url) as second:
            done = await asyncio.gather(
                *(
                    Accounts(it, hasher).first_admin(NOW, login, PASSWORD, name="管理员")
                    for it, login in ((first, "jia"), (second, "yi"))
                ),
                return_exceptions=True,
            )
            assert sorted(type(it).__name__ for it in done) == ["UserError", "str"]
            [error] = [it for it in done if isinstance(it, UserError)]
            assert error.code == "admin_exists" and "--another" in error.detail


class TestAdministrators:
    async def test_one_who_cannot_sign_in_does_not_count(self, accounts: Accounts) -> None:
        last = await accounts.first_admin(NOW, "jia", PASSWORD, name="管理员")
        silent = await accounts.create(NOW, COMMAND, name="影子")
        await accounts.grant(NOW, COMMAND, silent, *ADMIN)
        assert await code(accounts.revoke(NOW, COMMAND, last, *ADMIN)) == "last_admin"
        assert await code(accounts.change(NOW, last, last, active=False)) == "last_admin"
        await accounts.create(NOW, last, name="管理员乙", issuer="https://id.example", subject="2")
        assert await code(accounts.revoke(NOW, last, last, *ADMIN)) == "last_admin"

    async def test_another(self, accounts: Accounts) -> None:
        first = await accounts.first_admin(NOW, "jia", PASSWORD, name="管理员")
        assert await code(accounts.first_admin(NOW, "yi", PASSWORD, name="管理员")) == "admin_exists"
        await accounts.first_admin(NOW, "yi", PASSWORD, name="管理员", another=True)
        assert await accounts.revoke(NOW, first, first, *ADMIN)
        assert await code(accounts.grant(NOW, first, first, *ADMIN)) == "forbidden"

    async def test_out_of_use_ends_all_sessions(self, database: Database, accounts: Accounts) -> None:
        id = await person(accounts, "jia")
        begun = [await begin(database, id) for _ in range(2)]
        assert await accounts.change(NOW, COMMAND, id, active=False)
        assert not await accounts.change(NOW, COMMAND, id, active=False)
        assert await hashes(database) == set()
        assert await sessions.find(database, NOW, begun[0].cookie) is None
        assert (await audit_rows(database))[-1] == (COMMAND, "person.deactivated", id, {"signed_out": 2})


async def test_no_password_is_in_the_database(
    database: Database, accounts: Accounts, county: County, hasher: Passwords
) -> None:
    id = await person(accounts, "jia", ("admin", "school", county.lead))
    await accounts.set_password(NOW, id, id, NEW, old=PASSWORD)
    rows = json.dumps(await audit_rows(database))
    stored = str((await row(database, id)).password)
    for secret in (PASSWORD, NEW, stored):
        assert secret not in rows
    assert PASSWORD not in stored and NEW not in stored
    assert await audit.verify(database) is None
