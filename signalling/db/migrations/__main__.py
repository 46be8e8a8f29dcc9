"""Write the step from the migrations as they are to the models as they are: read it before it is committed."""

from __future__ import annotations

import asyncio
import sys
import tempfile

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from signalling.db import migrate
from signalling.db.engine import Database


def _write(connection: Connection) -> None:
    config = migrate.config(connection)
    number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
    command.revision(config, message=" ".join(sys.argv[1:]), autogenerate=True, rev_id=f"{number:04d}")


async def _main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with Database(f"sqlite:///{directory}/tongke.sqlite3") as database:
            await database.upgrade()
            await database.migrate(_write)


if len(sys.argv) < 2:
    raise SystemExit(__doc__)
asyncio.run(_main())
