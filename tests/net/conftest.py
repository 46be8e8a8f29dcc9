from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from mediaserver.settings import MediaSettings
from tests.net.bench import Bench

MakeBench = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def make_bench() -> AsyncIterator[MakeBench]:
    """Starts media servers with the given settings; they and their peers end with the test."""
    benches: list[Bench] = []

    async def make(**settings: object) -> Bench:
        bench = Bench(MediaSettings(**{"host": ("127.0.0.1",), **settings}))
        await bench.server.start()
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        await bench.close()


@pytest.fixture
async def bench(make_bench: MakeBench) -> Bench:
    return await make_bench()
