"""Requests that nobody thought of, made from what the OpenAPI document promises.

In `make test` briefly and always the same; `make fuzz-api SECONDS=600` goes on with a new seed each round.
"""

from __future__ import annotations

import asyncio
import os
import time

import pytest

from tests.devices.conftest import World
from tests.rest.fuzz.engine import Found, fuzz
from tests.rest.fuzz.scene import Scene, scene

SEED = int(os.environ.get("TONGKE_FUZZ_SEED", "1"))
SECONDS = float(os.environ.get("TONGKE_FUZZ_SECONDS", "0"))
PEOPLE = {"boss": "an administrator of the whole system", "a1": "a teacher of a village school"}
KINDS = 2
"""Of databases: each of the tests has its part of the seconds."""


@pytest.mark.parametrize("person", PEOPLE)
async def test_the_api_keeps_its_promises(
    world: World, person: str, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    made, document = await scene(world), world.server.signalling.api._document
    if not SECONDS:
        found = await _round(made, document, person, SEED, 2, ("fuzzing",))
        assert len(found.operations) == len(world.server.signalling.api.operations)
        return
    until, seed = time.monotonic() + SECONDS / (len(PEOPLE) * KINDS), SEED
    while time.monotonic() < until:
        found = await _round(made, document, person, seed, 20, ("coverage", "fuzzing", "stateful"))
        seed += 1
        with capsys.disabled():
            print(f"\n{request.node.name}: seed {seed - 1}, {found}")


async def _round(
    made: Scene, document: dict[str, object], person: str, seed: int, examples: int, phases: tuple[str, ...]
) -> Found:
    loop = asyncio.get_running_loop()
    found = await asyncio.to_thread(fuzz, made, document, person, loop, seed=seed, examples=examples, phases=phases)
    assert not found.wrong, f"seed {seed}\n" + "\n\n".join(f"{key}\n{why}" for key, why in found.wrong.items())
    return found
