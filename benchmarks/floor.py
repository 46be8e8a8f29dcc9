"""The C floor as a program of its own: `python -m benchmarks.floor`, driven by JSON lines.

First line: `{"receivers": [[port, key in hex, ssrc], …]}`; then `{"burst": n, "segments": bool, …}` starts it anew
and `{}` stops it. Each line is answered by one with its counters.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import secrets
import socket
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

from benchmarks.load import media, srtp
from benchmarks.load.build import library
from benchmarks.load.engine import Engine
from benchmarks.load.peer import new_socket
from benchmarks.process import Child

RTP_HEADER, EXTENSION = 12, 8


class _Address(ctypes.Structure):
    """struct sockaddr_in; port and address in network order."""

    _fields_ = (
        ("family", ctypes.c_uint16),
        ("port", ctypes.c_uint8 * 2),
        ("address", ctypes.c_uint8 * 4),
        ("zero", ctypes.c_uint8 * 8),
    )


class _Receiver(ctypes.Structure):
    _fields_ = (("address", _Address), ("context", ctypes.c_void_p), ("ssrc", ctypes.c_uint32))


class _Plan(ctypes.Structure):
    _fields_ = (
        ("picture_size", ctypes.c_uint32),
        ("sound_size", ctypes.c_uint32),
        ("burst", ctypes.c_uint32),
        ("picture_ns", ctypes.c_int64),
        ("sound_ns", ctypes.c_int64),
        ("segments", ctypes.c_int32),
    )


class _Counts(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint64) for name in ("packets", "messages", "calls", "refused")),
        ("picture_sequence", ctypes.c_uint16),
        ("sound_sequence", ctypes.c_uint16),
    )


# ---------------------------------------------------------------- in the child


def main() -> None:
    receivers = [tuple(item) for item in json.loads(sys.stdin.readline())["receivers"]]
    sessions = [srtp.session(bytes.fromhex(key), outbound=True) for _, key, _ in receivers]
    array = (_Receiver * len(receivers))(
        *(
            _Receiver(
                _Address(socket.AF_INET, (ctypes.c_uint8 * 2)(*port.to_bytes(2, "big")), (127, 0, 0, 1)),
                srtp.context(session),
                ssrc,
            )
            for (port, _, ssrc), session in zip(receivers, sessions, strict=True)
        )
    )
    api, stop, counts = srtp.api(), ctypes.c_int(), _Counts()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        sender.bind(("127.0.0.1", 0))
        print(json.dumps({"ready": len(receivers)}), flush=True)
        thread: threading.Thread | None = None
        for line in sys.stdin:
            if thread is not None:
                stop.value = 1
                thread.join()
            wanted = json.loads(line)
            if wanted:
                stop.value = 0
                plan = _Plan(**wanted)
                arguments = (ctypes.byref(api), sender.fileno(), array, len(receivers), ctypes.byref(plan))
                thread = threading.Thread(
                    target=library().floor_run, args=(*arguments, ctypes.byref(stop), ctypes.byref(counts))
                )
                thread.start()
            print(json.dumps({name: getattr(counts, name) for name, _ in _Counts._fields_}), flush=True)


# ---------------------------------------------------------------- in the runner


def plan(*, burst: bool, segments: bool) -> dict[str, int]:
    """The same packets as `media.pictures` and `media.sound`, in bursts of a frame or evenly spaced."""
    packets = media.PICTURE_PACKETS if burst else 1
    return {
        "picture_size": RTP_HEADER + EXTENSION + media.PICTURE_PAYLOAD,
        "sound_size": RTP_HEADER + EXTENSION + 4 + media.SOUND_PAYLOAD,
        "burst": packets,
        "picture_ns": 10**9 // media.FRAMES_PER_SECOND * packets // media.PICTURE_PACKETS,
        "sound_ns": media.SOUND_NS,
        "segments": int(segments),
    }


class Floor:
    """A running floor and its receivers in the engine."""

    def __init__(self, process: Child, receivers: int) -> None:
        self.process = process
        self.receivers = receivers

    async def send(self, *, burst: bool, segments: bool) -> None:
        await self._command(plan(burst=burst, segments=segments))

    async def halt(self) -> dict[str, Any]:
        return await self._command({})

    async def _command(self, command: dict[str, int]) -> dict[str, Any]:
        await self.process.tell(json.dumps(command))
        return dict(json.loads((await self.process.line(r"^\{.*")).group(0)))


@contextlib.asynccontextmanager
async def floor(engine: Engine, core: int, receivers: int) -> AsyncIterator[Floor]:
    """The floor on `core` with so many receivers; both end with the context."""
    sockets = [new_socket() for _ in range(receivers)]
    keys = [srtp.new_key() for _ in sockets]
    peers = [
        engine.add_peer(made.fileno(), srtp.session(key, outbound=False), None)
        for made, key in zip(sockets, keys, strict=True)
    ]
    try:
        async with await Child.start([sys.executable, "-m", "benchmarks.floor"], core=core, name="C floor") as process:
            listed = [
                (made.getsockname()[1], key.hex(), secrets.randbits(31))
                for made, key in zip(sockets, keys, strict=True)
            ]
            await process.tell(json.dumps({"receivers": listed}))
            await process.line("ready")
            yield Floor(process, receivers)
            await asyncio.wait_for(Floor(process, receivers).halt(), 5)
    finally:
        for peer, made in zip(peers, sockets, strict=True):
            engine.remove_peer(peer)
            made.close()


if __name__ == "__main__":
    main()
