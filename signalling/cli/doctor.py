"""`tongke doctor`: what would keep a lesson from working on this machine, looked at before the lesson.

Each check is a function that returns one `Finding`; nothing is changed but that a first run makes
the certificates and the folder of recordings, as `serve` would.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import datetime
import ipaddress
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from mediaserver.api import LocalBus, UserError
from signalling import config as configuration
from signalling import sockets, tls
from signalling.config import Config
from signalling.pages import Pages

WANTED_BUFFER = 4 * 1024 * 1024
"""A socket buffer that holds 100 ms of a keyframe sent to 200 displays."""
WANTED_DISK = 20_000_000_000
"""Some twenty hours of lessons at 2 Mbit/s."""
_PROC = Path("/proc/sys/net/core")
MEDIA_NICE = -10
"""What the compiled plane's thread asks for (native/loop.c)."""
MEDIA_CORES = 2
"""What packets and pages are left before captions get any."""
_TIME_ERROR = 5
_SIZEOF_TIMEX = 512  # larger than struct timex on every Linux


@dataclass(frozen=True, slots=True)
class Finding:
    level: Literal["ok", "warn", "bad"]
    what: str
    text: str


def examine(config: Config, now: datetime.datetime, proc: Path = _PROC) -> Iterator[Finding]:
    """Run all checks in the order of the table."""
    yield tcp_port(config)
    yield udp_port(config)
    yield reachable(config)
    yield certificate(config, now)
    yield database(config)
    yield clock(now)
    yield kernel_buffers(proc)
    yield priority(may_lower_nice())
    yield packet_plane(config)
    yield client(config)
    yield speech(config)
    yield recording(config)
    yield captions(config, cores())
    yield search_index(config)


def tcp_port(config: Config) -> Finding:
    try:
        bound = sockets.listen(config.http.host, config.http.port)
    except UserError as error:
        return Finding("bad", "HTTPS port", f"{error.detail} (A server that runs already also has it.)")
    port = bound[0].getsockname()[1]
    for listening in bound:
        listening.close()
    free = f"TCP {port} is free" if config.http.port else "any free TCP port"
    return Finding("ok", "HTTPS port", f"{free} on {', '.join(config.http.host)}")


def udp_port(config: Config) -> Finding:
    media = config.media
    for host in media.host:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            if probe.family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind((host, media.port))
            except OSError as error:
                return Finding("bad", "Media port", f"UDP {media.port} on {host}: {error.strerror}; set media.port.")
    free = f"UDP {media.port} is free" if media.port else "any free UDP port"
    return Finding("ok", "Media port", f"{free} on {', '.join(media.host)}")


def reachable(config: Config) -> Finding:
    """Do the settings fit together for displays on other machines?"""
    local = all(ipaddress.ip_address(host).is_loopback for host in config.http.host)
    media_local = all(ipaddress.ip_address(host).is_loopback for host in config.media.host)
    if local and media_local:
        return Finding("warn", "Reach", "this machine only; set http.host and media.host to serve others")
    if local or media_local:
        which = "http.host" if local else "media.host"
        return Finding("bad", "Reach", f"{which} is this machine only, but the other one is not; set both alike")
    if config.media.port == 0:
        return Finding("warn", "Reach", "media.port is 0: no firewall can let a changing port through; set it")
    if config.http.tls == "auto" and not config.http.public_names:
        return Finding("warn", "Reach", "set http.public_names to what displays open, so that the certificate fits")
    return Finding("ok", "Reach", "other machines can reach pages and media")


def certificate(config: Config, now: datetime.datetime) -> Finding:
    from signalling.cli.serve import certificate_files

    if config.http.tls == "off":
        return Finding("warn", "Certificate", "TLS is off: browsers give no camera and no microphone")
    try:
        files = certificate_files(config, now)
        tls.context(files)
    except UserError as error:
        return Finding("bad", "Certificate", error.detail)
    days = tls.days_left(files.cert, now)
    maker = "from this server's own CA" if files.ca else f"{files.cert}"
    if days <= 0:
        return Finding("bad", "Certificate", f"{maker}: it is not valid now; replace it")
    return Finding("ok" if days > 14 else "warn", "Certificate", f"{maker}, valid for {days:.0f} more days")


def database(config: Config) -> Finding:
    from signalling.db.engine import Database, parse

    what = "Database"

    async def state() -> str:
        async with Database(config.database_url) as opened:
            return await opened.check()

    try:
        url = parse(config.database_url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
            return Finding("ok", what, f"none yet; tongke serve makes {url.database}")
        found = asyncio.run(state())
    except UserError as error:
        return Finding("bad", what, error.detail)
    made = "its tables are those of this version" if found == "current" else "tongke serve brings its tables up to date"
    return Finding("ok", what, f"answers; {made}")


def clock(now: datetime.datetime) -> Finding:
    built = max(file.stat().st_mtime for file in Path(__file__).parent.glob("*.py"))
    if now.timestamp() < built - 86400:
        return Finding("bad", "Clock", f"{now:%Y-%m-%d %H:%M} UTC is before this program was installed; set the clock")
    if _unsynchronised():
        return Finding(
            "warn", "Clock", f"{now:%Y-%m-%d %H:%M} UTC, not synchronised; switch on NTP (tokens expire by it)"
        )
    return Finding("ok", "Clock", f"{now:%Y-%m-%d %H:%M} UTC, synchronised")


def _unsynchronised() -> bool:
    """adjtimex(2) with modes 0 only reads; it needs no rights."""
    libc = ctypes.CDLL(None)
    return bool(libc.adjtimex(ctypes.create_string_buffer(_SIZEOF_TIMEX)) in (-1, _TIME_ERROR))


def kernel_buffers(proc: Path) -> Finding:
    try:
        small = {
            name: size for name in ("rmem_max", "wmem_max") if (size := int((proc / name).read_text())) < WANTED_BUFFER
        }
    except (OSError, ValueError):
        return Finding("warn", "Kernel buffers", f"{proc} cannot be read here")
    if not small:
        return Finding("ok", "Kernel buffers", f"at least {WANTED_BUFFER // 2**20} MiB each way")
    fix = " ".join(f"net.core.{name}={WANTED_BUFFER}" for name in small)
    return Finding("warn", "Kernel buffers", f"small for many displays; as root: sysctl -w {fix}")


def may_lower_nice() -> bool:
    """Tried on a thread of its own, which ends with it."""
    allowed: list[bool] = []

    def attempt() -> None:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), MEDIA_NICE)
            allowed.append(True)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return bool(allowed)


def priority(allowed: bool) -> Finding:
    if allowed:
        return Finding("ok", "Priority", "media goes before everything else the server does")
    return Finding(
        "warn",
        "Priority",
        f"media waits in line on a busy core; allow it nice {MEDIA_NICE}, in systemd LimitNICE={MEDIA_NICE}",
    )


def packet_plane(config: Config) -> Finding:
    from mediaserver.net.dtls import SrtpLibrary
    from mediaserver.net.server import MediaServer
    from mediaserver.plane import native_problem
    from mediaserver.plane.interface import PlaneSettings

    try:
        name = MediaServer(config.media.settings(), LocalBus()).plane_name
    except RuntimeError as error:
        return Finding("bad", "Packet plane", f"{error}")
    if name == "reference":
        why = native_problem(PlaneSettings(srtp=SrtpLibrary())) or "the configuration says so"
        return Finding("warn", "Packet plane", f"reference: slow for more than some tens of displays; {why}")
    return Finding("ok", "Packet plane", f"{name} (compiled, self-test passed)")


def client(config: Config) -> Finding:
    if Pages(config.http.pages_dir).built:
        return Finding("ok", "Pages", "built")
    return Finding("bad", "Pages", "not built; run make demo, or npm ci && npm run build in client_web")


def speech(config: Config) -> Finding:
    from recorder.speech import models

    folder = models.find(config.recorder.model, config.models_dir)
    if folder is None:
        return Finding("warn", "Speech model", "none: lessons get no transcript; tongke models fetch small")
    if absent := models.missing(folder):
        return Finding("bad", "Speech model", f"{folder} is none: {', '.join(absent)} missing; see recorder.model")
    return Finding("ok", "Speech model", f"{folder}")


def recording(config: Config) -> Finding:
    from recorder import greeting, process

    if not config.recorder.enabled:
        return Finding("ok", "Recorder", "switched off; lessons are not recorded")
    where = "on the other machine" if config.recorder.command else f"in {config.recording_dir}"
    try:
        hello = greeting.ask(config.recorder.command or process.local(config.recording_dir))
    except greeting.NoAnswer as error:
        return Finding("bad", "Recorder", f"{error}")
    if hello.free < 0:
        return Finding("bad", "Recorder", f"its folder {where} cannot be written; look at recorder.folder or --folder")
    level: Literal["ok", "warn"] = "ok" if hello.free >= WANTED_DISK else "warn"
    return Finding(level, "Recorder", f"answers; {hello.free / 1e9:.0f} GB are free {where}")


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0))


def captions(config: Config, cores: int) -> Finding:
    """Can what teachers say be shown while they speak, and for how many lessons?"""
    from recorder.speech import models
    from signalling.cli.worker import THREADS

    settings, what = config.recorder, "Live captions"
    folder = models.find(settings.model, config.models_dir)
    can = folder is not None and not models.missing(folder)
    fits = max((cores - MEDIA_CORES) // THREADS, 0)
    if not settings.captions:
        if not can:
            return Finding("ok", what, "off (recorder.captions), and there is no speech model for them")
        room = f"; {cores} cores are enough for {fits} lessons at once" if fits else f"; {cores} cores are few for them"
        return Finding("ok", what, f"off (recorder.captions){room}")
    if not can:
        return Finding("warn", what, "on, but teachers are not offered them without a speech model")
    if settings.captions_at_once > fits and settings.device != "cuda":
        return Finding(
            "warn",
            what,
            f"on; {cores} cores keep up with {fits} lessons at once, not {settings.captions_at_once}, unless a GPU "
            "hears them: look at recorder.captions_at_once",
        )
    return Finding("ok", what, f"on for {settings.captions_at_once} lessons at once, {cores} cores")


def search_index(config: Config) -> Finding:
    """Is there an index that this machine's workers keep, and can it be searched?"""
    from recorder.search import index
    from signalling.library import indexes

    what, folder = "Search index", config.index_dir
    if not indexes.known(folder):
        return Finding("ok", what, f"none in {folder}: a server makes its own, tongke worker leaves it to servers")
    keeps = "a process of its own keeps it" if config.recorder.workers == 0 else "recorder.workers keep it"
    try:
        index.current(folder)
    except index.Missing as error:
        return Finding("warn", what, f"{error.reason}; {keeps} and makes it again, or tongke index rebuild")
    return Finding("ok", what, f"{index.size(folder) / 1e6:,.1f} MB in {folder}; beside a server {keeps}")


def doctor(
    config_file: Annotated[Path | None, typer.Option("--config", help="The server's configuration file.")] = None,
) -> None:
    """Look for what would keep a lesson from working here; exit status 1 when something would."""
    from rich.console import Console
    from rich.table import Table

    config = configuration.load(config_file)
    table = Table(show_header=False, box=None, padding=(0, 1))
    marks = {"ok": "[green]ok[/]", "warn": "[yellow]look[/]", "bad": "[red]bad[/]"}
    findings = list(examine(config, datetime.datetime.now(datetime.UTC)))
    for finding in findings:
        table.add_row(marks[finding.level], finding.what, finding.text)
    Console().print(table)
    if any(finding.level == "bad" for finding in findings):
        raise typer.Exit(1)
