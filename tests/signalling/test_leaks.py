"""A server that was closed is gone, with all that it held."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import aiohttp

from signalling.cli.serve import Server
from signalling.config import Config
from tests.leaks import forget_servers
from tests.signalling.fakes import FakeMedia


async def test_a_closed_server_is_gone(tmp_path: Path) -> None:
    http = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
    server = Server(Config(data_dir=tmp_path, http=http), media=FakeMedia)
    async with server, aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
        for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/me", "/library/files/a/b"):
            answer = await session.get(path)
            await answer.read()
        held = server.signalling
        gone = [
            *(weakref.ref(held), weakref.ref(held.app), weakref.ref(held.rooms), weakref.ref(held.shelf)),
            *(weakref.ref(held.searches), weakref.ref(server._database), weakref.ref(held.recordings)),
        ]
    assert all(it() is not None for it in gone)
    del server, held, session, answer
    forget_servers()
    gc.collect()
    assert [it() for it in gone if it() is not None] == []
