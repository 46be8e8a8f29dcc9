"""WHIP and WHEP over HTTP, as a client."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from mediaserver.api import UserError
from signalling import tls
from signalling.client.http import SignallingClient, tls_context
from signalling.client.lesson import Lesson
from signalling.client.publisher import Publisher
from tests.client.answerer import Answerer


async def test_the_servers_own_sentence_is_raised(client: SignallingClient, answerer: Answerer) -> None:
    answerer.problem = (409, "room_has_lead", "Another teacher is live in this room; take it over.")
    with pytest.raises(UserError) as caught:
        await client.open("whip", "demo", "v=0")
    assert (caught.value.status, caught.value.code) == (409, "room_has_lead")
    assert caught.value.detail == "Another teacher is live in this room; take it over."


async def test_other_failures_become_a_sentence(client: SignallingClient) -> None:
    with pytest.raises(UserError, match=r"answered 405; check the address"):
        await client.request("PUT", f"{client.url}/whip/demo")


@contextlib.asynccontextmanager
async def serving(answer: Callable[[], Awaitable[web.Response]], files: tls.Files | None = None) -> AsyncIterator[str]:
    """A server whose WHIP answers are ours; gives its address."""

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        return await answer()

    app = web.Application()
    app.router.add_post("/whip/demo", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls.context(files) if files else None).start()
    try:
        yield f"{'https://localhost' if files else 'http://127.0.0.1'}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_server_that_is_no_whip_endpoint_is_said() -> None:
    async def page() -> web.Response:
        return web.Response(text="hello")

    async with serving(page) as url, SignallingClient(url, "t") as client:
        with pytest.raises(UserError, match=r"without a session; is it a WHIP endpoint"):
            await client.open("whip", "demo", "v=0")


async def test_an_ice_restart_uses_and_replaces_the_etag(client: SignallingClient) -> None:
    async with Publisher(client, "demo", [Lesson().sound]) as publisher:
        assert publisher.http.etag == '"1"'
        ice = await publisher.http.restart_ice("mine", "minemineminemineminemine")
        assert (ice.ufrag, ice.candidates) == ("serv", ("1 1 udp 1 127.0.0.1 9 typ host",))
        assert publisher.http.etag == '"2"'
        with pytest.raises(UserError) as caught:
            await publisher.http.restart_ice("mine", "minemineminemineminemine")
        assert caught.value.code == "ice_generation"


async def test_a_session_that_is_gone_is_deleted_without_complaint(
    client: SignallingClient, answerer: Answerer
) -> None:
    async with Publisher(client, "demo", [Lesson().sound]) as publisher:
        session = publisher.http
        await session.delete()
        await session.delete()
    assert answerer.deleted == ["s1", "s1", "s1"]


async def test_nobody_there_is_said(answerer: Answerer) -> None:
    async with SignallingClient("http://127.0.0.1:9", "t") as client:
        with pytest.raises(UserError, match=r"127\.0\.0\.1:9 cannot be reached") as caught:
            await client.open("whip", "demo", "v=0")
    assert caught.value.code == "unreachable"


async def test_a_slow_server_is_said() -> None:
    gone = asyncio.Event()

    async def hang() -> web.Response:
        await gone.wait()
        return web.Response()

    async with serving(hang) as url, SignallingClient(url, "t", timeout=0.1) as client:
        with pytest.raises(UserError, match=r"did not answer in time"):
            await client.open("whip", "demo", "v=0")
        gone.set()


@pytest.mark.parametrize("url", ["localhost:8443", "ftp://x", "https://", "https:///whip"])
async def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UserError, match=r"write it as https://host:8443"):
        SignallingClient(url, "t")


async def test_only_a_named_authority_is_trusted(tmp_path: Path) -> None:
    async def created() -> web.Response:
        return web.Response(status=201, headers={"Location": "/whip/demo/1"})

    files = tls.ensure(tmp_path, ["localhost", "127.0.0.1"], datetime.datetime.now(datetime.UTC))
    async with serving(created, files) as url:
        async with SignallingClient(url, "t") as client:
            with pytest.raises(UserError, match=r"is not trusted .*/ca\.crt") as caught:
                await client.open("whip", "demo", "v=0")
            assert caught.value.code == "tls_untrusted"
        async with SignallingClient(url, "t", [files.ca]) as client:
            session = await client.open("whip", "demo", "v=0")
            assert session.url == f"{url}/whip/demo/1"


def test_an_authority_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for name in ("no.pem", "absent.pem"):
        with pytest.raises(UserError, match=rf"{name} cannot be read as a CA certificate"):
            tls_context([tmp_path / name])
