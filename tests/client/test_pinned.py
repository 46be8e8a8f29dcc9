"""One certificate is believed because it is that one, whatever name it is for."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from mediaserver.api import UserError
from signalling import tls
from signalling.client.http import SignallingClient
from signalling.tls import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = tls.ensure(tmp_path, ["lessons.school.example"], datetime.datetime.now(datetime.UTC))
    return Files(made.cert, made.key)


@pytest.fixture
async def url(files: Files) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls.context(files))
    await site.start()
    yield f"https://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
    await runner.cleanup()


async def test_the_right_one(files: Files, url: str) -> None:
    async with SignallingClient(url, "t", fingerprint=tls.fingerprint(files)) as client:
        status, _, text = await client.request("GET", url)
    assert (status, text) == (200, "here")


@pytest.mark.parametrize("fingerprint", [b"\1" * 32, None])
async def test_another_one(url: str, fingerprint: bytes | None) -> None:
    async with SignallingClient(url, "t", fingerprint=fingerprint) as client:
        with pytest.raises(UserError) as caught:
            await client.request("GET", url)
    assert caught.value.code == "tls_untrusted"


def test_what_is_no_certificate(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nothing")
    for name in ("x", "absent"):
        with pytest.raises(UserError, match="cannot be read as a certificate"):
            tls.fingerprint(Files(tmp_path / name, tmp_path / name))
