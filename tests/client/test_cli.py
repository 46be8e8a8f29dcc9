"""`tongke publish`, `tongke watch` and `tongke demo` as people run them: as processes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediaserver.api import UserError
from signalling.cli.access import resolve
from signalling.cli.serve import Server
from signalling.config import Config
from tests.asr.phrases import MODEL, ZH
from tests.asr.say import CLIPS
from tests.client.media import make_file
from tests.client.test_end_to_end import CONFIG
from tests.client.waiting import eventually

PIPE = asyncio.subprocess.PIPE


async def start(*arguments: str, cwd: Path | None = None) -> asyncio.subprocess.Process:
    command = (sys.executable, "-c", "from signalling.cli import main; main()", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=cwd)


async def run(*arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
    process = await start(*arguments, cwd=cwd)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    file = tmp_path / "tongke.toml"
    file.write_text('data_dir = "data"\n[http]\nhost = ["127.0.0.1"]\n[media]\nhost = ["127.0.0.1"]\n')
    return file


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with Server(Config(data_dir=tmp_path / "data", **CONFIG)) as server:
        yield server


def alive(pid: int) -> bool:
    """Whether a process runs still (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in ("Z", "X")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_demo_measures_and_ends_by_itself(config_file: Path) -> None:
    status, out, err = await run("demo", "--for", "8", "--json", "--port", "0", "--config", str(config_file))
    assert status == 0, err
    measured = json.loads(out)  # one object and nothing else
    assert measured["frames"] > 0
    assert 0 <= measured["delay_ms_p50"] <= measured["delay_ms_p95"] < 5000
    assert measured["first_frame_ms"] > 0
    assert 0 <= measured["loss"] < 0.05
    assert measured["audible"] is True
    assert {slot["slot"] for slot in measured["slots"]} == {"camera", "screen", "program"}
    for page in ("/classroom#claim=", "/studio", "/assistant", "/timetable", "/admin", "/ca.crt"):
        assert page in err


async def test_demo_lives_through_a_bell(config_file: Path) -> None:
    spoken = ("--speech", str(CLIPS), "--model", str(MODEL))
    options = ("--bell-in", "1", "--minutes", "0.4", "--port", "0", "--config", str(config_file))
    process = await start("demo", *options, *spoken)
    try:
        said: list[str] = []
        async with asyncio.timeout(180):
            while not said or "Ctrl-C ends it" not in said[-1]:
                line = await process.stdout.readline()
                assert line, said
                said.append(line.decode())
        text = "".join(said)
        assert "The lesson is over." in text
        taught = re.search(r"lead\s+24 s\s+(\d+) s\s+\d+(, \d+)+", text)
        assert taught and 0 < int(taught[1]) <= 24, text
        there = re.search(r"村小学 · 多媒体教室 +(\d+) s", text)
        assert there and int(there[1]) > 0, text
        found = re.search(r"“(\S+)” is found in .*, said at 0:[012]\d\n(https://\S+/library#r=\w{16}&t=[\d.]+)\n", text)
        assert found and found[1] in "".join(ZH), text
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), 15)
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_demo_says_that_the_port_is_in_use(config_file: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        status, out, err = await run("demo", "--for", "2", "--port", port, "--config", str(config_file))
    assert (status, out) == (2, "")
    assert err.count("\n") == 1 and f"Port {port}" in err and "already in use" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_demos_children_never_outlive_it(config_file: Path, number: signal.Signals) -> None:
    process = await start("demo", "--for", "600", "--port", "0", "--config", str(config_file))
    try:
        await eventually(lambda: len(children(process.pid)) == 2, 60)
        started = children(process.pid)
        assert all(map(alive, started))
        process.send_signal(number)
        await asyncio.wait_for(process.communicate(), 10)
        await eventually(lambda: not any(map(alive, started)))
        assert process.returncode == (1 if number == signal.SIGINT else -signal.SIGKILL)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_a_file_is_published_and_watched(server: Server, tmp_path: Path, config_file: Path) -> None:
    path = make_file(tmp_path / "a.mp4", audio="aac", frames=50)
    common = ("--room", "demo", "--url", server.url, "--config", str(config_file))
    publishing = await start("publish", str(path), *common, "--loop", "--json")
    try:
        first = json.loads(await asyncio.wait_for(publishing.stdout.readline(), 30))
        assert first["t"] == "published"
        status, out, err = await run("watch", *common, "--videos", "1", "--frames", "30", "--for", "20", "--json")
        assert status == 0, err
        *each_second, summary = [json.loads(line) for line in out.splitlines()]
        assert {line["t"] for line in each_second} == {"stats"} and summary["t"] == "summary"
        assert summary["frames"] >= 30 and summary["seconds"] < 20
        (picture, sound) = summary["slots"]
        assert (picture["slot"], picture["width"], sound["slot"]) == ("main", 320, "program")
        publishing.send_signal(signal.SIGTERM)
        await asyncio.wait_for(publishing.communicate(), 10)
        assert publishing.returncode == 0
    finally:
        if publishing.returncode is None:
            publishing.kill()
            await publishing.communicate()


async def test_a_file_without_loop_ends_the_command(server: Server, tmp_path: Path, config_file: Path) -> None:
    path = make_file(tmp_path / "a.webm", "libvpx", frames=12)
    common = ("--room", "demo", "--url", server.url, "--config", str(config_file))
    status, _, err = await run("publish", str(path), *common)
    assert status == 0
    assert err == "Publishing into room demo.\nThe source is through.\n"


async def test_watching_an_empty_room_ends_with_1_and_a_table(server: Server, config_file: Path) -> None:
    status, out, _ = await run(
        "watch", "--room", "demo", "--url", server.url, "--config", str(config_file), "--for", "1.5"
    )
    assert status == 1
    assert "camera" in out and "screen" in out and "silent" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("publish", "absent.mp4", "--room", "demo"), "There is no absent.mp4"),
        (("publish", "lesson:", "--room", "demo", "--ca", "absent.pem"), "absent.pem cannot be read as a CA"),
        (("publish", "lesson:", "--room", "demo", "--token", "nonsense"), "The room token is not one of this server"),
        (("publish", "lesson:", "--room", "a room"), "The room 'a room' must be"),
        (("watch", "--room", "demo", "--url", "localhost"), "write it as https://host:8443"),
    ],
)
async def test_what_a_person_can_put_right_is_one_sentence(
    server: Server, config_file: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    url = () if "--url" in arguments else ("--url", server.url)
    status, out, err = await run(*arguments, *url, "--config", str(config_file), cwd=config_file.parent)
    assert (status, out) == (2, "")
    assert err.startswith("tongke: ") and err.count("\n") == 1 and sentence in err


def test_address_and_authority_come_from_the_configuration(config_file: Path, tmp_path: Path) -> None:
    access = resolve("demo", "lead", config_file=config_file)
    assert access.url == "https://localhost:8443" and access.token.count(".") == 2 and access.ca_files == ()
    authority = tmp_path / "data" / "tls" / "ca.crt"
    authority.parent.mkdir()
    authority.write_text("pem")
    assert resolve("demo", "lead", config_file=config_file).ca_files == (authority,)
    assert resolve("demo", "lead", url="https://other", config_file=config_file).url == "https://other"


def test_an_open_port_in_the_configuration_asks_for_the_address(tmp_path: Path) -> None:
    file = tmp_path / "open.toml"
    file.write_text("[http]\nport = 0\n")
    with pytest.raises(UserError, match=r"name it with --url"):
        resolve("demo", "lead", config_file=file)


def test_nothing_is_read_when_address_and_token_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tongke.toml").write_text("this is no configuration")
    access = resolve("demo", "lead", url="https://school:8443", token="t")
    assert (access.url, access.token, access.ca_files) == ("https://school:8443", "t", ())
    assert os.listdir(tmp_path) == ["tongke.toml"]
