"""Requests that nobody thought of, made from what the OpenAPI document promises."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.devices.conftest import World
from tests.rest.fuzz.engine import fuzz
from tests.rest.fuzz.scene import scene

EXAMPLES = int(os.environ.get("TONGKE_FUZZ_EXAMPLES", "2"))
SEED = int(os.environ.get("TONGKE_FUZZ_SEED", "1"))
PHASES = tuple(os.environ.get("TONGKE_FUZZ_PHASES", "fuzzing").split(","))


@pytest.mark.parametrize("person", ["boss", "a1"])
async def test_the_api_keeps_its_promises(world: World, person: str) -> None:
    prepared = await scene(world)
    document = world.server.signalling.api._document
    loop = asyncio.get_running_loop()
    found = await asyncio.to_thread(fuzz, prepared, document, person, loop, seed=SEED, examples=EXAMPLES, phases=PHASES)
    print(sum(found.answers.values()), dict(found.answers), len(found.operations), len(found.reached))
    assert not found.wrong, "\n\n".join(f"{key}\n{why}" for key, why in found.wrong.items())
