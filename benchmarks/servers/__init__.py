"""Servers under measurement behind one interface; those that are not installed say why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self

from benchmarks.load.peer import Peer
from benchmarks.load.sdp import Kind
from benchmarks.process import Child


class Unavailable(Exception):
    """The server cannot be measured here; the text says why, in words for the report."""


class Server(Protocol):
    """Async context manager: entered, it serves.

    :ivar label: for tables, with its version where it has one.
    :ivar decodes: it decodes what it forwards, so publishers must send real pictures.
    """

    name: str
    label: str
    decodes: bool
    process: Child

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def publish(self, peer: Peer, room: str, ssrcs: Sequence[int]) -> None:
        """One picture and one sound, with the SSRCs in this order, from the lead of `room`."""

    async def subscribe(self, peer: Peer, room: str, kinds: Sequence[Kind] = ("video", "audio")) -> None:
        """Receive what the lead of `room` publishes."""


Factory = Callable[[int], Server]
"""Core → a server that is not started yet. Raises `Unavailable`."""


def factories() -> dict[str, Factory]:
    """All servers by name, ours first."""
    from benchmarks.servers.aiortc_relay import AiortcRelay
    from benchmarks.servers.janus import Janus
    from benchmarks.servers.tongke import Tongke

    return {
        "native": lambda core: Tongke(core, "native"),
        "reference": lambda core: Tongke(core, "reference"),
        "janus": Janus,
        "aiortc": AiortcRelay,
    }
