"""`tongke publish`: a file, a recorder box or a generated lesson into a room."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from aiortc import MediaStreamTrack

from mediaserver.api import UserError
from signalling.cli.access import Access, resolve
from signalling.cli.running import emit, first_of, stop_signals
from signalling.client.http import SignallingClient
from signalling.client.publisher import keep_publishing
from signalling.client.source import Source

GENERATED = "lesson:"
"""The source that is drawn and played by the program itself; behind it the file whose sound it has, if any."""


def publish(
    source: Annotated[
        str,
        typer.Argument(
            help="Media file, RTSP URL, lesson: for a generated lesson, lesson:FILE for one with the sound of a file."
        ),
    ],
    room: Annotated[str, typer.Option(help="The room to publish into.")],
    url: Annotated[str | None, typer.Option(help="Server; default: the one of the configuration.")] = None,
    token: Annotated[str | None, typer.Option(help="Room token; default: made from the configuration.")] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="The server's configuration file.")] = None,
    ca: Annotated[Path | None, typer.Option(help="CA certificate to trust (PEM).")] = None,
    role: Annotated[str, typer.Option(help="Role of the token that is made.")] = "lead",
    id: Annotated[
        str | None, typer.Option(help="Participant id of that token; default: from this machine's name.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the classrooms read; default: the id.")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Begin a file again at its end.")] = False,
    takeover: Annotated[bool, typer.Option("--takeover", help="End the session of another lead in the room.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print events as JSON lines.")] = False,
) -> None:
    """Publish SOURCE. H.264 and VP8 are passed on without transcoding; lost connections are opened again."""
    access = resolve(room, role, id=id or _own_id(), name=name, url=url, token=token, ca=ca, config_file=config_file)

    def say(event: str, detail: str) -> None:
        if json:
            emit({"t": event, "detail": detail})
        else:
            print(detail, file=sys.stderr, flush=True)

    asyncio.run(_publish(source, room, access, loop=loop, takeover=takeover, say=say))


async def _publish(
    name: str, room: str, access: Access, *, loop: bool, takeover: bool, say: Callable[[str, str], None]
) -> None:
    with stop_signals() as stop:
        work = asyncio.create_task(_work(name, room, access, loop=loop, takeover=takeover, say=say))
        done = asyncio.Event()
        work.add_done_callback(lambda _: done.set())
        await first_of(stop, done)
        work.cancel()
        try:
            await work
        except asyncio.CancelledError:
            pass
        except UserError as error:
            if error.code != "taken_over":
                raise
            say("taken_over", error.detail)


async def _work(
    name: str, room: str, access: Access, *, loop: bool, takeover: bool, say: Callable[[str, str], None]
) -> None:
    async with SignallingClient(access.url, access.token, access.ca_files) as client:

        async def send(tracks: Callable[[], Sequence[MediaStreamTrack]]) -> None:
            await keep_publishing(client, room, tracks, takeover=takeover, say=say)

        if name.startswith(GENERATED):
            from signalling.client.lesson import Lesson, sound_of

            file = name.removeprefix(GENERATED)
            heard = sound_of(Path(file)) if file else None
            await send(lambda: Lesson(heard=heard).tracks)
            return
        source = await Source.open(name, loop=loop, say=lambda detail: say("source", detail))
        async with source:
            sending = asyncio.create_task(send(source.tracks))
            through = asyncio.create_task(source.through())
            try:
                await asyncio.wait((sending, through), return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    await sending
                say("ended", "The source is through.")
            finally:
                for task in (sending, through):
                    task.cancel()
                await asyncio.gather(sending, through, return_exceptions=True)


def _own_id() -> str:
    """The same at every start, so that a restarted publisher replaces its own session instead of meeting it."""
    return "publish-" + re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:48]
