"""Signing in and out over HTTP: rules of routes, the audit log, and what is not in any log."""

from __future__ import annotations

import asyncio
import io
import json
import re

import aiohttp
import pytest
from aiohttp import web

from mediaserver.api import UserError
from signalling import access
from signalling.access import RULES, Rule
from signalling.db.engine import READERS, Database
from signalling.db.people import Login, Person
from signalling.people import passwords, sessions, signin
from signalling.people import web as people_web
from signalling.people.accounts import COMMAND
from signalling.people.door import CALLER
from signalling.people.passwords import Turn
from signalling.people.roles import TABLE
from signalling.people.sessions import SignedIn
from tests.people.conftest import (
    NOW,
    PASSWORD,
    Office,
    OpenOffice,
    audit_rows,
    morsel,
    person,
    problem,
    seed_county,
)
from tests.signalling.test_app import captured

ADMIN = ("admin", "system", "")


class TestSigningIn:
    async def test_in_and_out(self, office: Office) -> None:
        id = await person(office.accounts, "jia", ADMIN)
        assert await office.me() == 401
        answer = await office.sign_in(" JIＡ ")
        assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
        me = await (await office.http.get("/api/v1/me")).json()
        assert me["person"] == {
            "id": id, "name": "教师jia", "login": "jia", "language": "zh-CN", "school": None,
        }  # fmt: skip
        assert me["csrf"] == office.csrf
        assert me["grants"] == [{"role": "admin", "kind": "system", "scope": ""}]
        assert set(me["may"]) == set(TABLE)
        assert me["may"]["audit.read"] == [{"kind": "system", "scope": ""}]
        assert me["may"]["account.write"] == [{"kind": "person", "scope": id}]
        assert (await office.http.post("/api/v1/logout", headers=office.header())).status == 204
        assert await office.me() == 401
        actions = [(actor, action) for actor, action, *_ in await audit_rows(office.database)]
        assert actions[2:] == [
            ("stranger", "access.refused"),
            (id, "login.begun"),
            (id, "login.ended"),
            ("stranger", "access.refused"),
        ]

    async def test_ways(self, office: Office) -> None:
        assert await (await office.http.get("/api/v1/login")).json() == {"password": True, "oidc": False}

    async def test_a_service_that_is_away_leads_back_to_the_password(self, open_office: OpenOffice) -> None:
        office = await open_office(oidc={"issuer": "http://127.0.0.1:9", "client_id": "tongke"})
        for path, code in (("start", "oidc_unavailable"), ("callback?code=x", "oidc_state")):
            answer = await office.http.get(f"/oidc/{path}", allow_redirects=False)
            assert (answer.status, answer.headers["Location"]) == (303, f"/login?problem={code}")
            assert answer.headers["Cache-Control"] == "no-store"

    async def test_nobody_learns_which_logins_exist(self, office: Office) -> None:
        await person(office.accounts, "jia")
        closed = await person(office.accounts, "yi")
        await office.accounts.change(NOW, COMMAND, closed, active=False)
        await office.accounts.create(NOW, COMMAND, name="教师丙", login="bing")
        answers = []
        for login, password in (
            ("jia", "falsch"),
            ("nobody", "falsch"),
            ("yi", PASSWORD),
            ("bing", PASSWORD),
            ("\0", PASSWORD),
            ("", ""),
        ):
            answer = await office.sign_in(login, password)
            headers = {name: value for name, value in answer.headers.items() if name != "Date"}
            answers.append((answer.status, headers, await answer.text()))
        assert answers == [answers[0]] * 6
        assert answers[0][0] == 401 and "wrong_login" in answers[0][2]

    async def test_an_unknown_login_costs_the_same_hash(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        await person(office.accounts, "jia")
        checked: list[str] = []
        verify = Turn._verify

        def recording(self: Turn, hashed: str, password: str) -> bool:
            checked.append(hashed)
            return verify(self, hashed, password)

        monkeypatch.setattr(Turn, "_verify", recording)
        for login in ("jia", "nobody"):
            assert (await office.sign_in(login, "falsch")).status == 401
        known, unknown = (hashed.rsplit("$", 2)[0] for hashed in checked)
        assert known == unknown == "$argon2id$v=19$m=8,t=1,p=1"

    async def test_failures_are_on_the_log_without_what_was_typed(self, office: Office) -> None:
        id = await person(office.accounts, "jia")
        await office.sign_in("jia", "falsch-falsch")
        await office.sign_in("mein-geheimes-wort", "falsch-falsch")
        rows = [row for row in await audit_rows(office.database) if row[1] == "login.failed"]
        assert rows == [
            ("stranger", "login.failed", id, {"from": "127.0.0.1"}),
            ("stranger", "login.failed", "unknown", {"from": "127.0.0.1"}),
        ]

    async def test_guessing_has_to_wait(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        for login in ("jia", "yi"):
            await person(office.accounts, login)
        for _ in range(10):
            assert (await office.sign_in("jia", "falsch")).status == 401
        answer = await office.sign_in("jia")
        assert await problem(answer) == (429, "too_many_attempts")
        assert 590 <= int(answer.headers["Retry-After"]) <= 600
        assert "Set-Cookie" not in answer.headers
        assert (await office.sign_in("yi")).status == 200

    async def test_typing_errors_are_forgiven(self, office: Office) -> None:
        await person(office.accounts, "jia")
        for _ in range(3):
            for _ in range(9):
                assert (await office.sign_in("jia", "falsch")).status == 401
            assert (await office.sign_in("jia")).status == 200

    async def test_a_school_behind_one_address(self, open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(signin.LIMITS, "address", "1 per hour")
        office = await open_office()
        await person(office.accounts, "jia")
        for _ in range(5):
            assert (await office.sign_in("jia")).status == 200

    async def test_a_county_at_eight(self, office: Office) -> None:
        """Everybody at once; a request that is not let in would be answered 429 or 503."""
        logins = [f"jia{number}" for number in range(40)]
        for login in logins:
            await person(office.accounts, login)
        async with aiohttp.ClientSession(
            office.http._base_url, cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0)
        ) as everybody:

            async def sign_in(login: str) -> int:
                body = {"login": login, "password": PASSWORD}
                async with everybody.post("/api/v1/login", json=body) as answer:
                    return answer.status

            assert set(await asyncio.gather(*(sign_in(login) for login in logins * 5))) == {200}

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b"", (400, "bad_request")),
            (b"{", (400, "bad_request")),
            (b"[]", (400, "bad_request")),
            (b'{"login": "jia"}', (400, "bad_request")),
            (b'{"login": 1, "password": "geheim"}', (400, "bad_request")),
            (b'{"login": "jia", "password": "geheim", "x": 1}', (400, "bad_request")),
            (b'{"login": "\\ud800", "password": "geheim"}', (400, "bad_request")),
            (b'{"login": "jia", "password": "' + b"x" * 1001 + b'"}', (400, "bad_request")),
            (b"x" * 100_000, (413, "too_large")),
        ],
    )
    async def test_bodies(self, office: Office, body: bytes, expected: tuple[int, str]) -> None:
        answer = await office.http.post("/api/v1/login", data=body, headers={"Content-Type": "application/json"})
        assert await problem(answer) == expected
        assert "geheim" not in await answer.text()

    async def test_other_sites_do_not_sign_anybody_in(self, office: Office) -> None:
        await person(office.accounts, "jia")
        form = await office.http.post("/api/v1/login", data={"login": "jia", "password": PASSWORD})
        assert await problem(form) == (415, "not_json")
        body = {"login": "jia", "password": PASSWORD}
        elsewhere = await office.http.post("/api/v1/login", json=body, headers={"Sec-Fetch-Site": "cross-site"})
        assert await problem(elsewhere) == (403, "other_site")
        here = await office.http.post("/api/v1/login", json=body, headers={"Sec-Fetch-Site": "same-origin"})
        assert here.status == 200

    async def test_old_parameters_are_renewed(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        id = await person(office.accounts, "jia")
        people = office.server.signalling.people
        people._passwords._argon2 = passwords.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
        assert (await office.sign_in("jia")).status == 200
        async with office.database.read() as session:
            row = await session.get(Person, id)
        assert row is not None and str(row.password).startswith("$argon2id$v=19$m=16,t=2")
        assert (await office.sign_in("jia")).status == 200


class TestPassword:
    async def put(self, office: Office, old: str, new: str) -> aiohttp.ClientResponse:
        body = {"old": old, "new": new}
        return await office.http.put("/api/v1/me/password", json=body, headers=office.header())

    async def test_change(self, office: Office) -> None:
        await person(office.accounts, "jia")
        await office.sign_in("jia")
        assert await problem(await self.put(office, "falsch", "winter-laterne-zug")) == (403, "wrong_password")
        assert await problem(await self.put(office, PASSWORD, "kurz")) == (400, "weak_password")
        assert (await self.put(office, PASSWORD, "winter-laterne-zug")).status == 204
        assert await office.me() == 200
        assert (await office.sign_in("jia")).status == 401
        assert (await office.sign_in("jia", "winter-laterne-zug")).status == 200

    async def test_whoever_finds_a_browser_open_does_not_guess_on(self, office: Office) -> None:
        await person(office.accounts, "jia")
        await office.sign_in("jia")
        for _ in range(10):
            assert (await self.put(office, "falsch", "winter-laterne-zug")).status == 403
        assert await problem(await self.put(office, PASSWORD, "winter-laterne-zug")) == (429, "too_many_attempts")


class TestRoutes:
    async def test_every_route_for_people_refuses_strangers(self, office: Office) -> None:
        rules = office.server.signalling.app[RULES]
        routes = [route for route, rule in rules.items() if rule is Rule.PERSON]
        assert len(routes) >= 4
        for route in routes:
            path = re.sub("{.*?}", "x", route.resource.canonical)  # type: ignore[union-attr]
            answer = await office.http.request(route.method, path)
            assert answer.status == 401, route

    async def test_strangers_have_these_alone(self, office: Office) -> None:
        rules = office.server.signalling.app[RULES]
        assert {(route.method, route.resource.canonical) for route, rule in rules.items() if rule is Rule.STRANGER} == {  # type: ignore[union-attr]
            ("POST", "/api/v1/login"),
            ("POST", "/api/v1/pairings"),
            ("POST", "/api/v1/phone"),
            *((verb, f"/api/v1/{path}") for verb in ("GET", "HEAD") for path in ("login", "pairing")),
            *((verb, f"/oidc/{path}") for verb in ("GET", "HEAD") for path in ("start", "callback")),
        }

    async def test_a_handler_asks_and_the_refusal_is_written_down(
        self, open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What other parts of the server do with the door."""
        from signalling.people.web import People

        async def handler(request: web.Request) -> web.Response:
            assert request.app[access.DATABASE]
            await request[CALLER].require("booking.request", "school", request.match_info["id"])
            return web.json_response({"by": request[CALLER].person})

        add_routes = People.add_routes

        def more(self: People, app: web.Application) -> None:
            add_routes(self, app)
            access.add(app, Rule.PERSON, "POST", "/api/v1/schools/{id}/bookings", handler)

        monkeypatch.setattr(People, "add_routes", more)
        office = await open_office()
        county = await seed_county(office.database)
        id = await person(office.accounts, "jia", ("teacher", "school", county.lead))
        await office.sign_in("jia")

        async def post(school: str) -> aiohttp.ClientResponse:
            return await office.http.post(f"/api/v1/schools/{school}/bookings", headers=office.header())

        assert (await (await post(county.lead)).json()) == {"by": id}
        assert await problem(await post(county.village)) == (403, "forbidden")
        assert await problem(await post("nothing")) == (404, "not_found")
        detail = {
            "route": "POST /api/v1/schools/{id}/bookings",
            "of": county.village,
            "code": "forbidden",
            "action": "booking.request",
            "from": "127.0.0.1",
        }
        assert (await audit_rows(office.database))[-1] == (id, "access.refused", id, detail)
        await office.accounts.revoke(NOW, COMMAND, id, "teacher", "school", county.lead)
        assert await problem(await post(county.lead)) == (403, "forbidden")

    async def test_a_stranger_cannot_fill_the_log(self, office: Office) -> None:
        for _ in range(60):
            assert await office.me() == 401
        assert len(await audit_rows(office.database)) == 20
        await office.server.stop()
        assert (await audit_rows(office.database))[20:] == [
            ("clock", "access.refused.more", "127.0.0.1", {"count": 40})
        ]

    async def test_a_school_opens_its_pages(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        """They wait at the door, where nobody is sent away, and not for the database's connections."""
        await person(office.accounts, "jia")
        await office.sign_in("jia")
        within: list[int] = [0]
        full, go = asyncio.Event(), asyncio.Event()
        find = sessions.find

        async def counting(database: Database, now: float, cookie: str) -> SignedIn | None:
            within.append(within[-1] + 1)
            if within[-1] == READERS // 2:
                full.set()
            await go.wait()
            within.append(within[-1] - 1)
            return await find(database, now, cookie)

        monkeypatch.setattr(sessions, "find", counting)
        requests = [asyncio.create_task(office.me()) for _ in range(50)]
        await asyncio.wait_for(full.wait(), 10)
        for _ in range(10):
            assert (await office.http.get("/healthz")).status == 200
        go.set()
        assert set(await asyncio.gather(*requests)) == {200}
        assert max(within) == READERS // 2

    async def test_without_a_database(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        await person(office.accounts, "jia")
        await office.sign_in("jia")

        async def away(*_: object) -> None:
            raise UserError(503, "database_unavailable", "The database cannot be used.")

        monkeypatch.setattr(sessions, "find", away)
        assert await problem(await office.http.get("/api/v1/me")) == (503, "database_unavailable")


class TestAddresses:
    @pytest.mark.parametrize(
        ("proxies", "forwarded", "counted"),
        [
            ([], "192.0.2.1", "127.0.0.1"),
            (["127.0.0.0/8"], "192.0.2.1", "192.0.2.1"),
            (["127.0.0.0/8"], "forged, 192.0.2.1", "192.0.2.1"),
            (["127.0.0.0/8", "10.0.0.0/8"], "192.0.2.9, 192.0.2.1, 10.1.1.1", "192.0.2.1"),
            (["127.0.0.0/8"], None, "127.0.0.1"),
            (["127.0.0.0/8"], "", "127.0.0.1"),
            (["127.0.0.0/8"], "nonsense", "unknown"),
            (["10.0.0.0/8"], "192.0.2.1", "127.0.0.1"),
        ],
    )
    async def test_proxies(
        self, open_office: OpenOffice, proxies: list[str], forwarded: str | None, counted: str
    ) -> None:
        office = await open_office(http={"proxies": proxies})
        headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
        assert (await office.http.get("/api/v1/me", headers=headers)).status == 401
        assert (await audit_rows(office.database))[-1][3]["from"] == counted


class TestReadiness:
    async def test_without_its_database_a_server_is_not_ready(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert (await office.http.get("/readyz")).status == 200

        def away() -> None:
            raise UserError(503, "database_unavailable", "The database cannot be used.")

        monkeypatch.setattr(office.server.signalling._database, "read", away)
        assert await problem(await office.http.get("/readyz")) == (503, "database_unavailable")
        assert (await office.http.get("/healthz")).status == 200


async def test_no_log_has_a_password_or_a_cookie(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await person(office.accounts, "jia")
    written = io.StringIO()
    with captured(written):
        await office.sign_in("jia", "falsch-falsch-falsch")
        cookie = morsel(await office.sign_in("jia")).value
        csrf = office.csrf
        await TestPassword().put(office, PASSWORD, "winter-laterne-zug")

        async def broken(*_: object) -> None:
            raise RuntimeError("a mistake of ours")

        monkeypatch.setattr(sessions, "find", broken)
        assert (await office.http.get("/api/v1/me")).status == 500
        monkeypatch.undo()
        monkeypatch.setattr(sessions, "begin", broken)
        assert (await office.sign_in("jia", "winter-laterne-zug")).status == 500
    text = written.getvalue()
    assert "a mistake of ours" in text
    rows = json.dumps(await audit_rows(office.database))
    for secret in (PASSWORD, "falsch-falsch-falsch", "winter-laterne-zug", cookie, csrf, sessions.hash_of(cookie)):
        assert secret not in text and secret not in rows


async def test_the_sweep_goes_on_after_a_failure(open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_web, "SWEEP_S", 0.001)
    failures: list[Exception] = [UserError(503, "database_unavailable", "Away."), RuntimeError("a mistake of ours")]
    swept = asyncio.Event()
    sweep = sessions.sweep

    async def failing(database: Database, now: float) -> int:
        if failures:
            raise failures.pop()
        count = await sweep(database, now)
        if count:
            swept.set()
        return count

    monkeypatch.setattr(sessions, "sweep", failing)
    written = io.StringIO()
    with captured(written):
        office = await open_office()
        id = await person(office.accounts, "jia")
        async with office.database.write() as session:
            session.add(Login(hash="0" * 64, person=id, csrf="", created=0, expires=1, seen=0))
        await asyncio.wait_for(swept.wait(), 10)
    assert "a mistake of ours" in written.getvalue() and "database_unavailable" in written.getvalue()
    async with office.database.read() as session:
        assert await session.get(Login, "0" * 64) is None


async def test_use_of_a_session_is_written(office: Office) -> None:
    await person(office.accounts, "jia")
    cookie = morsel(await office.sign_in("jia")).value
    async with office.database.write() as session:
        row = await session.get(Login, sessions.hash_of(cookie))
        assert row is not None
        row.seen -= 3600
        before = row.seen
    assert await office.me() == 200
    async with office.database.read() as session:
        row = await session.get(Login, sessions.hash_of(cookie))
        assert row is not None and row.seen > before
