"""What a stream sends, as one JSON line: `python -m signalling.client.probe`, with its address on standard input."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from mediaserver.api import UserError
from signalling.client.demux import Demuxer

LISTEN_S = 2.0


def probe(address: str) -> dict[str, Any]:
    """Blocks for some seconds. :raises UserError: as `Demuxer`; 504 `source_silent`."""
    demuxer = Demuxer(address)
    try:
        began = time.monotonic()
        pictures, size, last = 0, 0, began
        for unit in demuxer:
            last = time.monotonic()
            if unit.kind == "video":
                pictures += 1
            size += len(unit.payload) if isinstance(unit.payload, bytes) else 0
            if last - began >= LISTEN_S:
                break
        if last == began:
            raise UserError(504, "source_silent", "The recorder box was opened and sends nothing; restart it.")
        seconds = max(last - began, 0.1)
        width, height = demuxer.size
        return {
            "video": demuxer.video,
            "width": width,
            "height": height,
            "fps": round(pictures / seconds, 1),
            "audio": demuxer.audio,
            "kbps": round(size * 8 / seconds / 1000, 1),
        }
    finally:
        demuxer.close()


def main() -> None:
    address = sys.stdin.read().strip()
    try:
        answer = probe(address)
    except UserError as error:
        answer = {"problem": [error.status, error.code, error.detail]}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
