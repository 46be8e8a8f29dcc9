"""Starting and stopping: ports, teardown order, and `tongke serve` as a process."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mediaserver import api
from mediaserver.api import UserError
from signalling import sockets
from signalling.cli import serve
from signalling.cli.serve import Server
from signalling.config import Config
from tests.signalling.conftest import Page
from tests.signalling.fakes import FakeMedia

LOCAL = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
START_S = 20.0


class TestSockets:
    def test_one_port_on_all_addresses(self) -> None:
        bound = sockets.listen(["127.0.0.1", "127.0.0.2"], 0)
        assert len({it.getsockname()[1] for it in bound}) == 1
        assert [it.getsockname()[0] for it in bound] == ["127.0.0.1", "127.0.0.2"]
        for it in bound:
            it.close()

    def test_port_in_use(self) -> None:
        [taken] = sockets.listen(["127.0.0.1"], 0)
        port = taken.getsockname()[1]
        with pytest.raises(UserError) as caught:
            sockets.listen(["127.0.0.2", "127.0.0.1"], port)
        assert f"Port {port} on 127.0.0.1 is already in use" in caught.value.detail
        sockets.listen(["127.0.0.2"], port)[0].close()  # what was bound before the failure is free again
        taken.close()

    def test_absent_addresses_are_skipped_unless_none_is_left(self) -> None:
        bound = sockets.listen(["192.0.2.1", "127.0.0.1"], 0)
        assert [it.getsockname()[0] for it in bound] == ["127.0.0.1"]
        bound[0].close()
        with pytest.raises(UserError) as caught:
            sockets.listen(["192.0.2.1"], 0)
        assert "none of the addresses 192.0.2.1" in caught.value.detail

    def test_another_choice_when_the_kernels_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real, failed = sockets._bind, []

        def bind(host: str, port: int) -> socket.socket | None:
            if host == "127.0.0.2" and not failed:
                failed.append(port)
                raise OSError(errno.EADDRINUSE, "in use")
            return real(host, port)

        monkeypatch.setattr(sockets, "_bind", bind)
        bound = sockets.listen(["127.0.0.1", "127.0.0.2"], 0)
        assert len(failed) == 1 and len(bound) == 2
        for it in bound:
            it.close()

    @pytest.mark.parametrize(("number", "words"), [(errno.EACCES, "needs root"), (errno.EPERM, "cannot be opened")])
    def test_other_refusals(self, number: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def bind(host: str, port: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(sockets, "_bind", bind)
        with pytest.raises(UserError) as caught:
            sockets.listen(["127.0.0.1"], 443)
        assert words in caught.value.detail


class TestServer:
    async def test_teardown_order(self, tmp_path: Path) -> None:
        order: list[str] = []

        class Recording(FakeMedia):
            async def stop(self) -> None:
                order.append("media stopped")
                with contextlib.closing(socket.create_connection(("127.0.0.1", server.port))):
                    order.append("HTTP still there")
                await super().stop()

            def _answer(self, command: api.Command) -> Any:
                if isinstance(command, api.Drain):
                    order.append("drain")
                return super()._answer(command)

        server = Server(Config(data_dir=tmp_path, http=LOCAL), media=Recording)
        await server.start()
        async with aiohttp.ClientSession(server.url) as http:
            page = Page(await http.ws_connect("/ws"))
            await page.say("hello", v=1, token=server.token("r1", "lead"))
            await page.until("welcome")

            async def bye() -> None:
                await page.until("bye")
                order.append("bye")
                assert await page.closed() == 1012

            await asyncio.gather(server.stop(), bye())
        assert order == ["drain", "bye", "media stopped", "HTTP still there"]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))
        await server.stop()

    async def test_a_hanging_step_does_not_keep_the_rest(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        class Hanging(FakeMedia):
            async def stop(self) -> None:
                await asyncio.Event().wait()

        monkeypatch.setattr(serve, "STEP_TIMEOUT_S", 0.05)
        server = Server(Config(data_dir=tmp_path, http=LOCAL), media=Hanging)
        await server.start()
        await server.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (OSError(errno.EADDRINUSE, "in use"), "UDP port 7 on 127.0.0.1, ::1 is already in use"),
            (OSError(errno.EACCES, "denied"), "cannot be opened: denied; check media.host and media.port."),
        ],
    )
    async def test_media_that_cannot_start_leaves_nothing(self, tmp_path: Path, error: OSError, words: str) -> None:
        class Failing(FakeMedia):
            async def start(self) -> None:
                raise error

        server = Server(Config(data_dir=tmp_path, http=LOCAL, media={"port": 7}), media=Failing)
        with pytest.raises(UserError) as caught:
            await server.start()
        assert words in caught.value.detail
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))

    async def test_plane_that_cannot_be_loaded(self, tmp_path: Path) -> None:
        def none(*_: Any) -> Any:
            raise RuntimeError("there is no such plane")

        with pytest.raises(UserError) as caught:
            await Server(Config(data_dir=tmp_path, http=LOCAL), media=none).start()
        assert "there is no such plane" in caught.value.detail

    async def test_the_real_media_server(self, tmp_path: Path) -> None:
        async with Server(Config(data_dir=tmp_path, http=LOCAL)) as server:
            assert server.media_port > 0 and server.plane_name
            async with aiohttp.ClientSession(server.url) as http:
                headers = {
                    "Authorization": f"Bearer {server.token('r1', 'lead')}",
                    "Content-Type": "application/sdp",
                }
                answer = await http.post("/whip/r1", data="v=0\r\n", headers=headers)
                assert answer.status == 400 and answer.content_type == "application/problem+json"


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    while line := await stream.readline():
        yield line.decode()


class Process:
    """`tongke serve` as a real process on free ports."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port

    async def end(self) -> tuple[int | None, float]:
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            await self.process.wait()
        return self.process.returncode, time.monotonic() - began


async def tongke(*arguments: str, **environ: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from signalling.cli import main; main()",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environ},
    )


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncIterator[Callable[[], Any]]:
    started: list[asyncio.subprocess.Process] = []

    async def start() -> Process:
        file = tmp_path / "serve.toml"
        file.write_text('data_dir = "data"\n[http]\nhost = "127.0.0.1"\nport = 0\n[media]\nhost = "127.0.0.1"\n')
        process = await tongke("serve", "--config", str(file))
        started.append(process)
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            async for line in _lines(process.stdout):
                if found := re.search(r"https://localhost:(\d+)", line):
                    return Process(process, int(found[1]))
        raise AssertionError("it ended without serving")

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_sigterm_tells_pages_and_ends_within_five_seconds(
    serving: Callable[[], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from signalling.cli import main

    running: Process = await serving()
    with pytest.raises(SystemExit) as ended:
        main(["token", "--room", "r1", "--role", "lead", "--config", str(tmp_path / "serve.toml")])
    assert ended.value.code == 0
    token = capsys.readouterr().out.strip()
    async with aiohttp.ClientSession(f"https://127.0.0.1:{running.port}") as http:
        page = Page(await http.ws_connect("/ws", ssl=False))
        await page.say("hello", v=1, token=token)
        await page.until("welcome")
        code, (status, seconds) = await asyncio.gather(page.closed(), running.end())
    assert (code, status) == (1012, 0)
    assert page.read[-1]["t"] == "bye" and page.read[-1]["reason"] == "restarting"
    assert seconds < 5


async def test_port_in_use_is_one_sentence_and_status_2(serving: Callable[[], Any], tmp_path: Path) -> None:
    running: Process = await serving()
    second = await tongke("serve", "--config", str(tmp_path / "serve.toml"), TONGKE_HTTP__PORT=str(running.port))
    out, error = await asyncio.wait_for(second.communicate(), START_S)
    assert second.returncode == 2 and out == b""
    assert error.decode() == (
        f"tongke: Port {running.port} on 127.0.0.1 is already in use; stop the program that has it, or set http.port.\n"
    )
    assert (await running.end())[0] == 0
