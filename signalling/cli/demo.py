"""`tongke demo`: the whole system on this machine, with a generated lesson in it.

Three processes: the server (this one), a lead who publishes the lesson, and with `--for` a classroom that
watches and measures.
"""

from __future__ import annotations

import asyncio
import contextlib
import json as jsonlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mediaserver.api import UserError
from signalling import config as configuration
from signalling import logs
from signalling.cli.publish import GENERATED
from signalling.cli.running import emit, spawn, stop_signals
from signalling.cli.serve import Server
from signalling.config import Config

ROOM = "demo"
LEAD = "demo-lead"
LEAD_NAME = "演示课 Demo"
"""Who publishes the generated lesson; the studio link is another lead (`teacher`), who can take over."""
DEV_CONFIG = Path(__file__).resolve().parents[2] / "configs" / "dev.toml"
START_TIMEOUT_S = 20.0
END_TIMEOUT_S = 5.0


def demo(
    seconds: Annotated[
        float | None, typer.Option("--for", min=1, help="Measure for so many seconds, then end.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was measured as one JSON object.")] = False,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="Configuration of the server; default: configs/dev.toml.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="HTTPS port instead; 0 takes a free one.")] = None,
) -> None:
    """Run a server with a generated lesson and print the links that open it; with --for, measure and end.

    Exit status 1 when nothing was shown, 2 when it cannot start.
    """
    if config_file is None and DEV_CONFIG.is_file():
        config_file = DEV_CONFIG
    config = configuration.load(config_file)
    if port is not None:
        config = config.model_copy(update={"http": config.http.model_copy(update={"port": port})})
    logs.configure("warning", config.log.format)
    notes = Console(stderr=True)
    out = notes if json else Console()
    measured = asyncio.run(_demo(config, config_file, seconds, out, notes))
    if seconds is None:
        return
    if measured is None:
        raise typer.Exit(1)
    if json:
        emit(measured)
    else:
        _report(measured, out)
    if not measured["frames"]:
        raise typer.Exit(1)


async def _demo(
    config: Config, config_file: Path | None, seconds: float | None, out: Console, notes: Console
) -> dict[str, Any] | None:
    with stop_signals() as stop:
        async with Server(config) as server:
            common = ["--room", ROOM, "--url", server.url]
            if config_file is not None:
                common += ["--config", str(config_file)]
            async with _child("publish", GENERATED, *common, "--id", LEAD, "--name", LEAD_NAME, "--json") as lead:
                await _until_published(lead, stop)
                if stop.is_set():
                    return None
                _links(server, out)
                if seconds is None:
                    out.print("Ctrl-C ends the demonstration.")
                    await _tell_events(lead, stop, notes)
                    return None
                arguments = (*common, "--id", "demo-watcher", "--for", str(seconds), "--json")
                async with _child("watch", *arguments) as watcher:
                    measured = await _measure(watcher, stop, seconds, notes)
                if measured is not None:
                    measured = {"url": server.url, "plane": server.plane_name} | measured
                return measured


@contextlib.asynccontextmanager
async def _child(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child process that is ended, kindly first, when the block is left."""
    process = await spawn(*arguments)
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                # `communicate` also reads the pipe empty, on which the child could otherwise hang.
                await asyncio.wait_for(process.communicate(), END_TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.communicate()


async def _event(process: asyncio.subprocess.Process, stop: asyncio.Event) -> dict[str, Any] | None:
    """The next JSON line of a child; None when it or we end."""
    assert process.stdout is not None
    line, stopped = asyncio.create_task(process.stdout.readline()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((line, stopped), return_when=asyncio.FIRST_COMPLETED)
        return jsonlib.loads(line.result()) if line.done() and line.result() else None
    finally:
        line.cancel()
        stopped.cancel()
        await asyncio.gather(line, stopped, return_exceptions=True)


async def _until_published(lead: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    detail = "its process ended"
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while event := await _event(lead, stop):
                if event["t"] == "published":
                    return
                detail = str(event["detail"])
    except TimeoutError:
        pass
    if not stop.is_set():
        raise UserError(504, "no_lesson", f"The generated lesson could not be published: {detail}")


async def _tell_events(lead: asyncio.subprocess.Process, stop: asyncio.Event, notes: Console) -> None:
    while event := await _event(lead, stop):
        notes.print(event["detail"])
        if event["t"] == "taken_over":
            notes.print("The generated lesson has ended; start the demonstration again to see it.")
    await stop.wait()


async def _measure(
    watcher: asyncio.subprocess.Process, stop: asyncio.Event, seconds: float, notes: Console
) -> dict[str, Any] | None:
    """The watcher's summary; None when it came to none."""
    columns = (
        TextColumn("Watching as a classroom"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=notes, transient=True) as progress:
        task = progress.add_task("", total=seconds)
        while event := await _event(watcher, stop):
            if event["t"] == "summary":
                del event["t"]
                return event
            delay = event["delay_ms_p50"]
            shown = f"{event['frames']} frames" + ("" if delay is None else f", delay {delay:.0f} ms")
            progress.update(task, completed=event["seconds"], description=shown)
    return None


def _links(server: Server, out: Console) -> None:
    pages = (
        ("Studio (teacher)", "studio", server.token(ROOM, "lead", id="teacher", name="Teacher")),
        ("Classroom 1", "classroom", server.token(ROOM, "classroom", id="classroom-1", name="教室 Classroom 1")),
        ("Classroom 2", "classroom", server.token(ROOM, "classroom", id="classroom-2", name="教室 Classroom 2")),
        (
            "Phone of the assistant teacher in classroom 1",
            "assistant",
            server.token(ROOM, "assistant", id="assistant-1", name="辅助教师 Assistant", beside="classroom-1"),
        ),
    )
    out.print("A generated lesson is live. Open:")
    for name, page, token in pages:
        out.print(f"\n{name}", style="bold")
        out.print(f"{server.url}/{page}#room={ROOM}&token={token}", soft_wrap=True, markup=False, highlight=False)
    out.print(
        f"\nThe browser warns until it trusts this server's CA certificate: {server.url}/ca.crt"
        + (f" (file {server.ca_file})." if server.ca_file else "."),
        soft_wrap=True,
    )


def _report(measured: dict[str, Any], out: Console) -> None:
    if not measured["frames"]:
        out.print("Nothing was shown.")
        return
    delay = "unknown"
    if measured["delay_ms_p50"] is not None:
        delay = f"{measured['delay_ms_p50']:.0f} ms (95 %: {measured['delay_ms_p95']:.0f} ms)"
    out.print(f"\nMeasured in {measured['seconds']:.0f} s as a classroom, {measured['plane']} packet plane:")
    out.print(f"  time to first frame  {measured['first_frame_ms']:.0f} ms")
    out.print(f"  frames shown         {measured['frames']}")
    out.print(f"  delay                {delay}")
    out.print(f"  loss                 {100 * measured['loss']:.2f} %")
    out.print(f"  sound                {'audible' if measured['audible'] else 'silent'}")
