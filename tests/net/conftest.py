from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from mediaserver.settings import MediaSettings
from tests.net.bench import Bench

MakeBench = Callable[..., Awaitable[Bench]]


@asynccontextmanager
async def benches(plane: str) -> AsyncIterator[MakeBench]:
    """Starts media servers with the given settings; they and their peers end with the test.

    `spread_after` is none of the settings: see `sfu/placement.py`.
    """
    made: list[Bench] = []

    async def make(**settings: object) -> Bench:
        options = {name: settings.pop(name) for name in ("spread_after",) if name in settings}
        bench = Bench(MediaSettings(**{"host": ("127.0.0.1",), "plane": plane, **settings}), **options)
        await bench.server.start()
        made.append(bench)
        return bench

    yield make
    for bench in made:
        await bench.close()


@pytest.fixture(params=["native", "reference"])
async def make_bench(request: pytest.FixtureRequest) -> AsyncIterator[MakeBench]:
    async with benches(request.param) as make:
        yield make


@pytest.fixture
async def bench(make_bench: MakeBench) -> Bench:
    return await make_bench()


@pytest.fixture
async def open_bench() -> AsyncIterator[Bench]:
    """A server whose plane's tables can be looked into."""
    async with benches("reference") as make:
        yield await make()
