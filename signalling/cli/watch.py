"""`tongke watch`: a headless receiver that tells how the lesson arrives."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from mediaserver.api import Role
from signalling.cli.access import Access, resolve
from signalling.cli.running import emit, first_of, stop_signals
from signalling.client.http import SignallingClient
from signalling.client.watcher import Slot, Watcher

INTERVAL_S = 1.0


def watch(
    room: Annotated[str, typer.Option(help="The room to watch.")],
    url: Annotated[str | None, typer.Option(help="Server; default: the one of the configuration.")] = None,
    token: Annotated[str | None, typer.Option(help="Room token; default: made from the configuration.")] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="The server's configuration file.")] = None,
    ca: Annotated[Path | None, typer.Option(help="CA certificate to trust (PEM).")] = None,
    role: Annotated[str, typer.Option(help="Role of the token; decides the slots.")] = "classroom",
    id: Annotated[str | None, typer.Option(help="Participant id of the token that is made; random by default.")] = None,
    seconds: Annotated[float | None, typer.Option("--for", min=0.1, help="End after so many seconds.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="End when so many pictures were shown.")] = None,
    videos: Annotated[int, typer.Option(min=0, max=8, help="Video slots to ask for.")] = 2,
    audios: Annotated[int, typer.Option(min=0, max=4, help="Audio slots to ask for.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines: one per second, and a summary.")] = False,
) -> None:
    """Receive a room, decode it and show delay, loss and sound. Exit status 1 when nothing was shown."""
    access = resolve(room, role, id=id, url=url, token=token, ca=ca, config_file=config_file)
    shown = asyncio.run(_watch(room, access, cast(Role, role), seconds, frames, videos, audios, as_json=json))
    if not shown:
        raise typer.Exit(1)


async def _watch(
    room: str,
    access: Access,
    role: Role,
    seconds: float | None,
    frames: int | None,
    videos: int,
    audios: int,
    *,
    as_json: bool,
) -> bool:
    """:return: whether anything was shown."""
    console = Console()
    with stop_signals() as stop:
        async with SignallingClient(access.url, access.token, access.ca_files) as client:
            began = time.monotonic()
            async with Watcher(client, room, videos=videos, audios=audios, role=role) as watcher:
                with (
                    Live(console=console, auto_refresh=False, transient=True) if not as_json else nullcontext() as live
                ):
                    while not watcher.lost.is_set() and not stop.is_set():
                        left = INTERVAL_S if seconds is None else min(INTERVAL_S, began + seconds - time.monotonic())
                        if left <= 0 or (frames is not None and _pictures(watcher) >= frames):
                            break
                        await first_of(stop, watcher.lost, timeout=left)
                        watcher.refresh()
                        if live is None:
                            emit({"t": "stats", "seconds": round(time.monotonic() - began, 1)} | watcher.summary())
                        else:
                            live.update(table(watcher.slots), refresh=True)
                watcher.refresh()
                lost = watcher.lost.is_set() and not stop.is_set()
                summary = {"t": "summary", "seconds": round(time.monotonic() - began, 1), "connection_lost": lost}
                summary |= watcher.summary()
                slots = watcher.slots
    if as_json:
        emit(summary)
    else:
        console.print(table(slots))
        if lost:
            console.print("The server ended the connection.")
    return any(slot.frames for slot in slots if slot.kind == "video" or videos == 0)


def _pictures(watcher: Watcher) -> int:
    return sum(slot.frames for slot in watcher.video.values())


def table(slots: list[Slot]) -> Table:
    """One row per slot."""
    made = Table(box=None, pad_edge=False)
    for name in ("slot", "frames", "picture", "first", "delay p50", "p95", "loss", "jitter", "freezes", "sound"):
        made.add_column(name, justify="left" if name == "slot" else "right")
    for slot in slots:
        video = slot.kind == "video"
        made.add_row(
            slot.name,
            str(slot.frames),
            f"{slot.width}×{slot.height}" if video and slot.frames else "",
            _ms(slot.first_ms),
            _ms(slot.delay_ms(50)),
            _ms(slot.delay_ms(95)),
            f"{100 * slot.loss:.2f} %",
            f"{slot.jitter_ms:.0f} ms",
            str(slot.freezes) if video else "",
            "" if video else (f"{slot.level_dbfs:.0f} dBFS" if slot.audible else "silent"),
        )
    return made


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} ms"
