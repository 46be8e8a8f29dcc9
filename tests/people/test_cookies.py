"""The session's cookie, and what other sites can do with it: nothing."""

from __future__ import annotations

import ssl

import aiohttp
import pytest

from signalling.people import sessions
from tests.people.conftest import PASSWORD, Office, OpenOffice, morsel, person, problem


class TestCookies:
    async def test_flags(self, office: Office) -> None:
        await person(office.accounts, "jia")
        cookie = morsel(await office.sign_in("jia"))
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
        assert not cookie["secure"] and int(cookie["max-age"]) == sessions.ABSOLUTE_S

    async def test_flags_with_https(self, open_office: OpenOffice) -> None:
        office = await open_office(http={"tls": "auto"})
        await person(office.accounts, "jia")
        context = ssl.create_default_context(cafile=office.server.ca_file)
        body = {"login": "jia", "password": PASSWORD}
        answer = await office.http.post("/api/v1/login", json=body, ssl=context)
        cookie = morsel(answer, "__Host-tongke")
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert (await office.http.get("/api/v1/me", ssl=context)).status == 200

    async def test_behind_a_proxy_with_https(self, open_office: OpenOffice) -> None:
        office = await open_office(http={"public_url": "https://tongke.school.example"})
        await person(office.accounts, "jia")
        assert morsel(await office.sign_in("jia"), "__Host-tongke")["secure"]

    async def test_a_planted_cookie_is_not_taken_over(self, office: Office) -> None:
        """Session fixation: what was in the browser before is neither used nor left alive."""
        await person(office.accounts, "yi")
        await office.sign_in("yi")
        planted = office.http.cookie_jar.filter_cookies(office.http._base_url)["tongke"].value  # type: ignore[arg-type]
        await person(office.accounts, "jia")
        cookie = morsel(await office.sign_in("jia")).value
        assert cookie != planted
        async with aiohttp.ClientSession(office.http._base_url, cookies={"tongke": planted}) as attacker:
            assert (await attacker.get("/api/v1/me")).status == 401

    async def test_signing_out_here_and_everywhere(self, office: Office) -> None:
        await person(office.accounts, "jia")
        cookies = []
        for _ in range(3):
            office.http.cookie_jar.clear()
            cookies.append(morsel(await office.sign_in("jia")).value)

        async def status(number: int) -> int:
            async with aiohttp.ClientSession(office.http._base_url, cookies={"tongke": cookies[number]}) as browser:
                return (await browser.get("/api/v1/me")).status

        gone = await office.http.post("/api/v1/logout", headers=office.header())
        assert gone.status == 204 and morsel(gone).value == "" and morsel(gone)["max-age"] == "0"
        assert [await status(number) for number in range(3)] == [200, 200, 401]
        await office.sign_in("jia")
        await office.http.post("/api/v1/logout", json={"everywhere": True}, headers=office.header())
        assert [await status(number) for number in range(3)] == [401, 401, 401]


class TestCsrf:
    @pytest.mark.parametrize("said", [None, "", "x", "\u00fc", "another's"])
    async def test_unsafe_methods_need_the_token(self, office: Office, said: str | None) -> None:
        for login in ("yi", "jia"):
            await person(office.accounts, login)
        await office.sign_in("yi")
        others = office.csrf
        office.http.cookie_jar.clear()
        await office.sign_in("jia")
        headers = {} if said is None else {"X-CSRF-Token": others if said == "another's" else said}
        for method, path in (("POST", "/api/v1/logout"), ("PUT", "/api/v1/me/password")):
            answer = await office.http.request(method, path, headers=headers)
            assert await problem(answer) == (403, "csrf")
        assert await office.me() == 200
