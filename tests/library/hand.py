"""A worker process with the stages of `doing.py`: `python -m tests.library.hand DATABASE FOLDER STORE [REDIS]`."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.library.child import Bounds, Call
from signalling.library.queue import Queue
from signalling.library.worker import Shop, Worker
from tests.library.doing import CALLS, note, wait

READY = b"ready\n"


class Notebook:
    """The double of an index: a line for each time that a resource is put into it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    async def put(self, resource: str) -> bool:
        async with self._database.read() as session:
            row = await session.get(Resource, resource)
        assert row is not None
        folder = self._folder / (row.lesson or row.id)
        if folder.exists():
            note(folder / "begun", "index 0")
            await asyncio.to_thread(wait, folder / "hold-index")
            if (folder / "order-index").exists():
                raise UserError(409, "index_busy", "Another process writes into the search index; try again.")
        note(self._folder / "index", f"{resource} {row.version} {row.title}")
        return True


def shop(database: Database, folder: Path, store: str, *, memory_mb: int = 0) -> Shop:
    calls = {name: Call(call, {"url": store} if name == "publish" else {}) for name, call in CALLS.items()}
    return Shop(folder, store, calls, Notebook(database, folder), Bounds(nice=5, threads=1, memory_mb=memory_mb))


async def main(url: str, folder: str, store: str, redis: str = "") -> None:
    async with Database(url) as database:
        worker = Worker(database, Queue(Path(folder), redis), shop(database, Path(folder), store))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        sys.stdout.buffer.write(READY)
        sys.stdout.flush()
        await worker.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
