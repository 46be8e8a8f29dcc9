"""A server with one lesson that is recorded, to be killed: says its recorder's process id when something is on disk."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tests.net.bench import ROOM
from tests.recorder.studio import studios


async def main(folder: Path) -> None:
    async with studios(folder) as studio:
        await studio.teach()
        studio.capture.begin(ROOM, back=True)
        await studio.until(lambda: (it := studio.capture.state(ROOM)) is not None and it.begun)
        await studio.written(30_000)
        print(json.dumps({"recorder": studio.capture.pid}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
