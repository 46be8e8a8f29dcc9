"""A dead holder on the same machine is recognised; of all others nothing is claimed."""

from __future__ import annotations

import asyncio
import sys

from signalling.bell import holder
from signalling.bell.lease import Lease
from signalling.db.engine import Database

_NAME = "from signalling.bell import holder; print(holder.new_name(), flush=True); input()"


async def test_a_process_is_dead_when_it_is_and_not_before() -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _NAME, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    name = (await process.stdout.readline()).decode().strip()
    assert not holder.is_dead(name)
    process.kill()
    await process.communicate()  # to the end of its pipe: else it is left open
    assert holder.is_dead(name)


def test_who_lives_and_who_is_elsewhere_is_not_dead() -> None:
    own = holder.new_name()
    place, pid, began, chance = own.split("-")
    assert len(own) <= 64
    assert own != holder.new_name()
    assert not holder.is_dead(own)
    assert not holder.is_dead(f"{'0' * 16}-{pid}-0-{chance}")
    assert not holder.is_dead("an older name")
    assert not holder.is_dead(f"{place}-x-{began}-{chance}")
    assert holder.is_dead(f"{place}-{pid}-{int(began) + 1}-{chance}")  # the number was given to another process


async def test_the_lease_of_a_dead_process_is_free(database: Database) -> None:
    place, pid, began, chance = holder.new_name().split("-")
    dead = Lease("bell", f"{place}-{pid}-{int(began) + 1}-{chance}", 10)
    second = Lease("bell", holder.new_name(), 10)
    third = Lease("bell", holder.new_name(), 10)
    async with database.write() as session:
        assert await dead.hold(session, 1000, 0)
        assert await second.hold(session, 1000, 0)
        assert not await third.hold(session, 1000, 0)
