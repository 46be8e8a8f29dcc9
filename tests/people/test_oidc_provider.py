"""Signing in at a real OpenID provider, the certified `oidc-provider`, with a browser's cookies and redirects."""

from __future__ import annotations

import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from sqlalchemy import func, select
from yarl import URL

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.people import Person
from signalling.people.accounts import COMMAND
from tests.interop.conftest import Peer, spawn
from tests.people.conftest import NOW, Office, OpenOffice, audit_rows, person, seed_county

JS = Path(__file__).parent.parent / "js"
SECRET = "s e:cret/+%&="  # signs that have to be encoded (RFC 6749 §2.3.1)


@pytest.fixture
async def provider(unused_port: int) -> AsyncIterator[str]:
    """Its issuer. It knows one client, at the address where the office will be."""
    redirect = f"http://127.0.0.1:{unused_port}/oidc/callback"
    node = shutil.which("node") or "node"
    async with spawn(node, str(JS / "provider.mjs"), "tongke", SECRET, redirect, ca=None) as peer:
        await listening(peer)
        yield peer.seen["issuer"]


async def listening(peer: Peer) -> None:
    await peer.until(lambda seen: "issuer" in seen, "the provider listens")


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def office_of(open_office: OpenOffice, provider: str, unused_port: int) -> Any:
    async def start(**settings: Any) -> Office:
        oidc = {"issuer": provider, "client_id": "tongke", "client_secret": SECRET, **settings}
        return await open_office(http={"port": unused_port}, oidc=oidc)

    return start


async def at_the_provider(office: Office, login: str | None) -> URL:
    """From our button to the address that the provider sends the browser back to; None refuses there."""
    begun = await office.http.get("/oidc/start", allow_redirects=False)
    assert begun.status == 303, await begun.text()
    page = await office.http.get(begun.headers["Location"])
    assert page.status == 200 and "<form" in await page.text()
    form = {"login": login} if login is not None else {"refuse": "on"}
    answer = await office.http.post(page.url, data=form, allow_redirects=False)
    while "/oidc/callback" not in answer.headers["Location"]:
        answer = await office.http.get(answer.url.join(URL(answer.headers["Location"])), allow_redirects=False)
    return URL(answer.headers["Location"], encoded=True)


async def back(office: Office, address: URL) -> aiohttp.ClientResponse:
    return await office.http.get(address, allow_redirects=False)


def told(answer: aiohttp.ClientResponse) -> str:
    """The code that the page of signing in is to say; nobody is signed in."""
    address = URL(answer.headers["Location"])
    assert (answer.status, address.path) == (303, "/login") and "tongke" not in answer.cookies
    return address.query["problem"]


async def test_somebody_known_signs_in(office_of: Any, provider: str) -> None:
    office = await office_of()
    assert await (await office.http.get("/api/v1/login")).json() == {"password": True, "oidc": True}
    id = await office.accounts.create(NOW, COMMAND, name="教师甲", issuer=provider, subject="jia")
    answer = await back(office, await at_the_provider(office, "jia"))
    assert (answer.status, answer.headers["Location"]) == (303, "/login?arrived=1")
    cookie = answer.cookies["tongke"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert answer.cookies["tongke-oidc"].value == ""
    me = await (await office.http.get("/api/v1/me")).json()
    assert me["person"]["id"] == id and me["grants"] == []
    assert (await audit_rows(office.database))[-1] == (
        id, "login.begun", id, {"from": "127.0.0.1", "by": provider},
    )  # fmt: skip


async def test_somebody_unknown_does_not(office_of: Any, provider: str) -> None:
    office = await office_of()
    await office.accounts.create(NOW, COMMAND, name="教师甲", issuer="https://other.example", subject="jia")
    assert told(await back(office, await at_the_provider(office, "jia"))) == "oidc_unknown"
    assert await office.me() == 401
    assert (await audit_rows(office.database))[1][:3] == ("stranger", "login.failed", "unknown")


async def test_an_administrator_links_an_account_that_was_there(office_of: Any) -> None:
    office = await office_of()
    await person(office.accounts, "boss", ("admin", "system", ""))
    id = await office.accounts.create(NOW, COMMAND, name="教师甲")  # as a roster makes them
    assert (await office.sign_in("boss")).status == 200
    linked = await office.http.patch(f"/api/v1/people/{id}", json={"subject": "jia"}, headers=office.header())
    assert linked.status == 200, await linked.text()
    office.http.cookie_jar.clear()
    await back(office, await at_the_provider(office, "jia"))
    assert (await (await office.http.get("/api/v1/me")).json())["person"]["id"] == id


async def test_somebody_unknown_gets_an_account_where_that_is_wanted(
    office_of: Any, provider: str, database: Database
) -> None:
    county = await seed_county(database)
    office = await office_of(create=True, school=county.lead)
    for _ in range(2):
        answer = await back(office, await at_the_provider(office, "yi"))
        assert answer.headers["Location"] == "/login?arrived=1"
        office.http.cookie_jar.clear()
    async with database.read() as session:
        [made] = (await session.scalars(select(Person))).all()
    assert (made.name, made.school, made.issuer, made.subject) == ("教师 yi", county.lead, provider, "yi")
    rows = await audit_rows(database)
    assert [row[1] for row in rows] == ["person.created", "login.begun", "login.begun"]


async def test_a_closed_account_stays_closed(office_of: Any, provider: str) -> None:
    office = await office_of(create=True)
    id = await office.accounts.create(NOW, COMMAND, name="教师甲", issuer=provider, subject="jia")
    await office.accounts.change(NOW, COMMAND, id, active=False)
    assert told(await back(office, await at_the_provider(office, "jia"))) == "account_inactive"
    assert await office.me() == 401


async def test_whoever_says_no_at_the_provider(office_of: Any) -> None:
    office = await office_of(create=True)
    answer = await back(office, await at_the_provider(office, None))
    assert told(answer) == "oidc_refused"
    assert "the user said no" not in await answer.text()


async def test_an_answer_works_once_and_in_its_browser_alone(office_of: Any, database: Database) -> None:
    office = await office_of(create=True)
    address = await at_the_provider(office, "jia")
    async with aiohttp.ClientSession(office.http._base_url) as stranger:
        stolen = await stranger.get(address, allow_redirects=False)
        assert told(stolen) == "oidc_state"
    flow = office.http.cookie_jar.filter_cookies(office.http._base_url)["tongke-oidc"].value
    changed = address.update_query(state=address.query["state"][:-1] + "x")
    assert told(await back(office, changed)) == "oidc_state"
    other = address.update_query(iss="https://other.example")
    assert told(await back(office, other)) == "oidc_refused"
    assert (await back(office, address)).headers["Location"] == "/login?arrived=1"
    office.http.cookie_jar.clear()
    async with aiohttp.ClientSession(office.http._base_url, cookies={"tongke-oidc": flow}) as replaying:
        again = await replaying.get(address, allow_redirects=False)
        assert told(again) == "oidc_refused"
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Person)) == 1


async def test_a_stolen_code_is_worth_nothing_without_the_verifier(office_of: Any) -> None:
    office = await office_of(create=True)
    address = await at_the_provider(office, "jia")
    client = office.server.signalling.people._oidc.provider
    redirect = str(address.with_query(None))
    with pytest.raises(UserError) as caught:
        await client.redeem(NOW, address.query["code"], "x" * 43, redirect)
    assert caught.value.code == "oidc_refused"


async def test_what_the_provider_is_asked(office_of: Any, provider: str, unused_port: int) -> None:
    office = await office_of()
    asked = []
    for _ in range(2):
        begun = await office.http.get("/oidc/start", allow_redirects=False)
        query = parse_qs(urlsplit(begun.headers["Location"]).query)
        assert begun.headers["Location"].startswith(f"{provider}/")
        assert query["response_type"] == ["code"] and query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"] == [f"http://127.0.0.1:{unused_port}/oidc/callback"]
        assert query["scope"] == ["openid profile"] and query["client_id"] == ["tongke"]
        asked.append(query)
    for name in ("state", "nonce", "code_challenge"):
        values = {query[name][0] for query in asked}
        assert len(values) == 2 and all(len(value) == 43 for value in values)
