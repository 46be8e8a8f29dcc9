"""An engine, and a direct line through it: one publisher, one receiver, nothing in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from benchmarks.load import srtp
from benchmarks.load.engine import Engine
from benchmarks.load.peer import new_socket


@dataclass
class Line:
    """Ids of the two peers."""

    sender: int
    receiver: int


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as running:
        yield running


@contextlib.contextmanager
def line(engine: Engine) -> Iterator[Line]:
    key = srtp.new_key()
    with new_socket() as sending, new_socket() as receiving:
        sending.connect(receiving.getsockname())
        sender = engine.add_peer(sending.fileno(), None, srtp.session(key, outbound=True))
        receiver = engine.add_peer(receiving.fileno(), srtp.session(key, outbound=False), None)
        yield Line(sender, receiver)
        engine.remove_peer(sender)
        engine.remove_peer(receiver)


async def until(condition: Callable[[], bool], patience: float = 10.0) -> None:
    """Wait until `condition` is true; it may have effects, so it is called until then and not again."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        if condition():
            return
        assert asyncio.get_running_loop().time() < deadline, f"not within {patience:.0f} s"
        await asyncio.sleep(0.01)
