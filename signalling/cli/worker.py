"""`tongke worker`: does the work after the bell, until SIGTERM. `tongke serve` starts some as its own processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from recorder import spool
from recorder.retention import Rule
from recorder.speech import bias, models
from recorder.stages.work import Facts
from signalling import config as configuration
from signalling import logs
from signalling.config import Config, ConfigError
from signalling.db.engine import Database
from signalling.library.child import Bounds, Call
from signalling.library.indexing import Indexer
from signalling.library.outpost import Outpost
from signalling.library.queue import Queue
from signalling.library.stages import Side
from signalling.library.worker import Heard, Shop, Worker

THREADS = 2
MEMORY_MB = 16_384
"""Of a process that does a stage: RLIMIT_DATA, so what it may write to, used or not (setrlimit(2))."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker needs of a configuration, as JSON can hold it.

    :ivar guest: no server said that it searches the index of this machine: there may be none.
    :ivar index_alone: nothing is done but that the server's index is kept: other machines do the stages.
    """

    database: str = field(repr=False)
    redis: str = field(repr=False)
    queue: str
    folder: str
    store: str
    index: str
    models: str
    model: str
    device: str
    nice: int
    log_level: str
    log_format: str
    side: Side = "all"
    keep_parts_days: int = 0
    guest: bool = False
    index_alone: bool = False

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def order_of(config: Config, *, lessons: bool = False, guest: bool = False) -> Order:
    """Of the processes that a server starts.

    :param lessons: only those that were recorded on this machine for a server elsewhere. :param guest: of a worker that
        no server starts.
    """
    return Order(
        database=config.database_url,
        redis=config.redis.url.get_secret_value() if config.redis.url is not None else "",
        queue=str(config.data_dir.resolve()),
        folder=str(config.recording_dir.resolve()),
        store=config.library_url,
        index=str(config.index_dir.resolve()),
        models=str(config.models_dir.resolve()),
        model=str(config.recorder.model.resolve()) if config.recorder.model is not None else "",
        device=config.recorder.device,
        nice=config.recorder.nice,
        log_level=config.log.level,
        log_format=config.log.format,
        side="lessons" if lessons else side_of(config),
        keep_parts_days=config.recorder.keep_parts_days,
        guest=guest,
        index_alone=not guest and config.recorder.workers == 0,
    )


def side_of(config: Config) -> Side:
    """Of the workers beside a server."""
    return "others" if config.recorder.command and not config.recorder.shared else "all"


STAGES = {
    **{name: f"recorder.stages.{name}:run" for name in ("finalise", "ingest", "extract", "pictures", "chapters")},
    "transcript": "recorder.stages.spoken:run",
    "publish": "recorder.stages.keep:keep",
}
"""What does each stage; `index` is the worker's own."""


def model_of(order: Order) -> Path | None:
    """With what speech is recognised on this machine; None: it cannot be."""
    found = models.find(Path(order.model) if order.model else None, Path(order.models))
    return found if found is not None and not models.missing(found) else None


def has_model(order: Order) -> bool:
    return model_of(order) is not None


def captions_command(order: Order, model: Path, facts: Facts | None) -> tuple[str, ...]:
    """The program that hears a teacher while she speaks. :param facts: of the lesson, where one is booked."""
    options = ("--device", order.device, "--threads", str(THREADS), "--nice", str(order.nice))
    if facts is not None:
        language = bias.language(facts, {})
        options += (
            "--language",
            language,
            "--prompt",
            bias.prompt(facts, language),
            "--hotwords",
            bias.hotwords(facts),
        )
    return (sys.executable, "-m", "recorder.speech.captions", str(model), *options)


def shop_of(order: Order, indexer: Indexer) -> Shop:
    options: dict[str, dict[str, object]] = {
        "transcript": {
            "model": order.model,
            "models_dir": order.models,
            "device": order.device,
            "threads": THREADS,
        },
        "publish": {"url": order.store},
    }
    calls = {name: Call(call, options.get(name, {})) for name, call in STAGES.items()}
    bounds = Bounds(order.nice, THREADS, MEMORY_MB)
    return Shop(Path(order.folder), order.store, calls, indexer, bounds, order.side)


async def work(order: Order, stop: asyncio.Event, heard: Heard) -> None:
    """Stages, and corrections that the index has to follow; returns after `stop`."""
    queue = Queue(Path(order.queue), order.redis, await asyncio.to_thread(spool.identity, Path(order.folder)))
    async with Database(order.database) as database:
        indexer = Indexer(database, Path(order.index), guest=order.guest)
        if order.index_alone:
            await indexer.run(stop)
            return
        worker = Worker(database, queue, shop_of(order, indexer), heard=heard)
        async with asyncio.TaskGroup() as group:
            group.create_task(worker.run())
            if order.side == "lessons":
                # The server's sweep does not reach this machine's queue and folder.
                rule = Rule(keep_days=0, keep_parts_days=order.keep_parts_days)
                outpost = Outpost(database, queue, Path(order.folder), rule, lambda: has_model(order))
                group.create_task(outpost.run(stop))
            else:
                group.create_task(indexer.run(stop))
            await stop.wait()
            worker.stop()


def _say(stage: str, result: str, seconds: float) -> None:
    """To the server that started this process."""
    print(json.dumps({"stage": stage, "result": result, "seconds": round(seconds, 3)}), flush=True)


async def _serve(order: Order, *, leashed: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if leashed:
        # The server keeps the other end open as long as it lives, and writes nothing more.
        loop.add_reader(sys.stdin.fileno(), stop.set)
    try:
        await work(order, stop, _say if leashed else lambda stage, result, seconds: None)
    finally:
        if leashed:
            loop.remove_reader(sys.stdin.fileno())


def main() -> None:
    """As a process of `tongke serve`: the order is the first line on standard input, whose end is the server's end."""
    order = Order(**json.loads(_line()))
    logs.configure(order.log_level, order.log_format)
    asyncio.run(_serve(order, leashed=True))


def _line() -> bytes:
    """Read byte by byte: what is buffered could not be waited for."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return bytes(line)


def worker(
    lessons: Annotated[
        bool, typer.Option("--lessons", help="Only lessons that were recorded on this machine for a server elsewhere.")
    ] = False,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML file; default: tongke.toml here, where it exists.")
    ] = None,
) -> None:
    """Do the work after lessons until SIGTERM or Ctrl-C: one process, beside those that the server starts itself."""
    config = configuration.load(config_file)
    if lessons and (config.recorder.files is None or config.database_url.startswith(configuration.SQLITE)):
        raise ConfigError(
            "Name the server's database (PostgreSQL) in database.url and the store of finished files in "
            "recorder.files: both are shared with the server on the other machine."
        )
    logs.configure(config.log.level, config.log.format)
    asyncio.run(_serve(order_of(config, lessons=lessons, guest=True), leashed=False))


if __name__ == "__main__":
    main()
