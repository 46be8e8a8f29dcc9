"""`tongke serve`: the whole server in one process, and `Server` for tests, demo and benchmarks."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import errno
import gc
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Annotated, Protocol

import structlog
import typer
from aiohttp import web

from mediaserver.api import LocalBus, UserError
from mediaserver.settings import MediaSettings
from recorder import spool
from recorder.capture import Capture
from recorder.process import local
from recorder.tap import Taps
from signalling import config as configuration
from signalling import logs, sockets, tls, tokens
from signalling.app import Signalling
from signalling.bell.belfry import Belfry
from signalling.boxes.boxes import Boxes
from signalling.captions.captions import Captions
from signalling.cli import worker
from signalling.config import Config
from signalling.db.engine import Database
from signalling.hooks.courier import Courier
from signalling.hooks.sender import Sender
from signalling.hooks.webhooks import key_of
from signalling.library import facts
from signalling.library.crew import Crew
from signalling.library.queue import Queue
from signalling.library.sweep import Sweep

log = structlog.get_logger("signalling.serve")

STEP_TIMEOUT_S = 0.95
DATABASE_TIMEOUT_S = 0.6
"""Each of the four steps of a stop that wait for others may take so long, each of the two that write so long;
together they stay within the 5 s a stop may take."""
FACTS_S = 2.0
"""The database may think so long about what a lesson is about, before captions begin without."""


class Media(Protocol):
    """What `Server` needs of a media server."""

    @property
    def port(self) -> int: ...
    @property
    def plane_name(self) -> str: ...
    @property
    def taps(self) -> Taps | None: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Part(Protocol):
    """What ends together with the bell."""

    async def stop(self) -> None: ...


def _real_media(settings: MediaSettings, bus: LocalBus) -> Media:
    from mediaserver.net.server import MediaServer

    return MediaServer(settings, bus)


def certificate_files(config: Config, now: datetime.datetime) -> tls.Files:
    """The configured certificate, or the server's own, made or renewed where needed. Raises UserError."""
    http = config.http
    if http.tls == "files" and http.tls_cert and http.tls_key:
        return tls.Files(http.tls_cert, http.tls_key)
    return tls.ensure(config.tls_dir, [*tls.default_names(), *http.host, *http.public_names], now)


class Server:
    """Signalling and media composed over a `LocalBus`.

    Start: secret, certificate, TCP sockets, database, media, HTTP, bell and what follows it. Stop is the reverse, after
    a drain:
    `/readyz` 503 and `Drain` → `bye` on every WebSocket → bell, webhooks, boxes, recordings, workers, captions → media
    and UDP socket → HTTP connections and TCP sockets → what was counted for the audit log → database. A step that
    hangs is given up and logged.

    :ivar port: the bound TCP port. :ivar media_port: the bound UDP port. :ivar url: `https://name:port`.
    :ivar belfry: the bell and what hangs on it, while it serves. :ivar boxes: recorder boxes at their lessons.
    :ivar crew: its workers for what comes after lessons. :ivar captions: what teachers say, where that is switched on.
    """

    def __init__(self, config: Config, *, media: Callable[[MediaSettings, LocalBus], Media] = _real_media) -> None:
        self.config = config
        self.bus = LocalBus()
        self.port = 0
        self.media_port = 0
        self.plane_name = ""
        self.url = ""
        self.ca_file: Path | None = None
        self._make_media = media
        self._media: Media | None = None
        self._runner: web.AppRunner | None = None
        self._secret = b""
        self._database: Database | None = None
        self.belfry: Belfry | None = None
        self.boxes: Boxes | None = None
        self._courier: Courier | None = None
        self.crew: Crew | None = None
        self.captions: Captions | None = None
        self._sweep: Sweep | None = None
        self.signalling: Signalling

    async def start(self) -> None:
        """Returns when every port is open. Raises UserError, and then holds nothing."""
        config = self.config
        self._secret = tokens.load_secret(config.secret_file)
        context, fingerprint = None, None
        if config.http.tls != "off":
            files = certificate_files(config, datetime.datetime.now(datetime.UTC))
            context, self.ca_file = tls.context(files), files.ca
            fingerprint = tls.fingerprint(files)
        bound = sockets.listen(config.http.host, config.http.port)
        try:
            self.port = bound[0].getsockname()[1]
            self._database = Database(config.database_url)
            await self._database.upgrade()
            self.signalling = Signalling(config, self.bus, self._secret, self._database, ca_file=self.ca_file)
            rooms, metrics = self.signalling.rooms, self.signalling.metrics
            belfry = Belfry(self._database, rooms, config.bell, metrics)
            try:
                self._media = self._make_media(config.media.settings(), self.bus)
            except RuntimeError as error:  # the plane that was asked for cannot be loaded
                raise UserError(400, "bad_config", f"The media server cannot be made: {error}.") from None
            await self._start_media(self._media)
            self._runner = web.AppRunner(self.signalling.app, access_log=None, shutdown_timeout=STEP_TIMEOUT_S / 2)
            await self._runner.setup()
            for listening in bound:
                await web.SockSite(self._runner, listening, ssl_context=context).start()
            await self.signalling.start()
            self.belfry = belfry
            belfry.start()
            if (taps := self._media.taps) is not None:
                command = config.recorder.command or local(config.recording_dir)
                self.signalling.recordings.start(
                    lambda changed: Capture(taps, command, changed), lambda: _spool_of_recordings(config)
                )
            sender = Sender(config.webhooks.allow)
            self._courier = Courier(self._database, sender, key_of(self._secret), metrics)
            self._courier.start()
            self.boxes = Boxes(
                *(self._database, self.signalling.passes, lambda: belfry.bell.held, metrics),
                url=_own_url(bound[0], secure=context is not None),
                fingerprint=fingerprint,
                secret=self._secret,
                at_once=config.boxes.at_once,
            )
            self.boxes.start()
            order = worker.order_of(config)
            if taps is not None and config.recorder.captions:
                self.captions = Captions(
                    *(rooms, taps, lambda: worker.model_of(order), _captions_command(order, self._database)),
                    *(config.recorder.captions_at_once, metrics),
                )
                self.captions.start()
            self.crew = Crew(order.line(), max(config.recorder.workers, 1), metrics)
            ours = await asyncio.to_thread(spool.identity, config.recording_dir)
            queue = Queue(Path(order.queue), order.redis, ours)
            self._sweep = Sweep(
                *(self._database, queue, lambda: belfry.bell.held),
                *(lambda: worker.has_model(order), self.crew.wake),
                *(lambda: spool.identity(config.recording_dir), metrics),
                side=order.side,
            )
            self._sweep.start()
        except BaseException:
            for listening in bound:
                listening.close()
            await self._release()
            raise
        name = config.http.public_names[0] if config.http.public_names else "localhost"
        self.url = f"{'http' if context is None else 'https'}://{f'[{name}]' if ':' in name else name}:{self.port}"
        log.info("serving", url=self.url, udp=self.media_port, plane=self.plane_name)

    async def _start_media(self, media: Media) -> None:
        settings = self.config.media
        try:
            await media.start()
        except OSError as error:
            where = f"UDP port {settings.port} on {', '.join(settings.host)}"
            if error.errno == errno.EADDRINUSE:
                detail = f"{where} is already in use; stop the program that has it, or set media.port."
            else:
                detail = f"{where} cannot be opened: {error.strerror or error}; check media.host and media.port."
            raise UserError(400, "bad_config", detail) from None
        self.media_port, self.plane_name = media.port, media.plane_name

    async def stop(self) -> None:
        """Tell everybody, then close everything, within 5 s; a second call does nothing."""
        if self._runner is not None:
            log.info("stopping")
            await self._step("drain", self.signalling.drain())
        await self._release()

    async def _release(self) -> None:
        media, self._media = self._media, None
        runner, self._runner = self._runner, None
        belfry, self.belfry = self.belfry, None
        courier, self._courier = self._courier, None
        boxes, self.boxes = self.boxes, None
        crew, self.crew = self.crew, None
        captions, self.captions = self.captions, None
        sweep, self._sweep = self._sweep, None
        database, self._database = self._database, None
        parts: dict[str, Part | None] = {"bell": belfry, "webhooks": courier, "boxes": boxes}
        parts |= {"workers": crew, "stages": sweep, "captions": captions}
        if runner is not None:
            parts["recordings"] = self.signalling.recordings
        await asyncio.gather(
            *(self._step(name, it.stop(), DATABASE_TIMEOUT_S) for name, it in parts.items() if it is not None)
        )
        if media is not None:
            await self._step("media", media.stop())
        if runner is not None:
            await self._step("http", runner.cleanup())
            await self._step("signalling", self.signalling.stop())
        if database is not None:
            await self._step("database", database.close(), DATABASE_TIMEOUT_S)

    async def _step(self, name: str, work: Awaitable[None], timeout: float | None = None) -> None:
        try:
            await asyncio.wait_for(work, STEP_TIMEOUT_S if timeout is None else timeout)
        except TimeoutError:
            log.warning("stop_timeout", step=name)
        except UserError as error:
            log.error("stop_failed", step=name, code=error.code, detail=error.detail)
        except Exception:
            log.exception("stop_failed", step=name)

    def token(
        self,
        room: str,
        role: str,
        *,
        id: str | None = None,
        name: str | None = None,
        hours: float | None = None,
        publish: Iterable[str] | None = None,
        beside: str | None = None,
    ) -> str:
        """A token that this server takes."""
        return tokens.mint(
            self._secret,
            room=room,
            role=role,
            participant=id,
            name=name,
            hours=self.config.tokens.hours if hours is None else hours,
            publish=publish,
            beside=beside,
            now=time.time(),
        )

    async def __aenter__(self) -> Server:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


def _spool_of_recordings(config: Config) -> str:
    """Blocks. A recorder elsewhere has a folder that this server cannot ask: whoever works there takes its lessons."""
    elsewhere = worker.side_of(config) == "others"
    return spool.UNKNOWN if elsewhere else spool.identity(config.recording_dir)


def _captions_command(order: worker.Order, database: Database) -> Callable[[Path, str], Awaitable[tuple[str, ...]]]:
    async def command(model: Path, room: str) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(FACTS_S), database.read() as session:
                told = await facts.of_lesson(session, room)
        except (UserError, TimeoutError):
            told = None  # captions without names are better than none
        return worker.captions_command(order, model, told)

    return command


def _own_url(listening: socket.socket, *, secure: bool) -> str:
    """How a process on this machine reaches the server, whatever its name is elsewhere."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{'https' if secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


async def run_server(config: Config, *, ready: Callable[[Server], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once every port is open."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with Server(config) as server:
            # Modules and models stay as long as the process: the collector need not walk over them at every bell.
            gc.collect()
            gc.freeze()
            ready(server)
            await stop.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError):
                loop.remove_signal_handler(number)


def serve(
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Run the server until SIGTERM or Ctrl-C."""
    config = configuration.load(config_file)
    logs.configure(config.log.level, config.log.format)
    asyncio.run(run_server(config, ready=lambda server: print(f"Tongke serves on {server.url}", flush=True)))
