"""Which state the tables are in, and the way to the program's own, on a connection that somebody else opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from mediaserver.api import UserError

State = Literal["empty", "old", "current"]
LOCK = 0x746F6E676B65
"""Key of PostgreSQL's advisory lock: "tongke" in ASCII."""
_HERE = Path(__file__).parent / "migrations"


def config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def check(connection: Connection) -> State:
    """:raises UserError: 409 `database_newer`: an older program would not know what it breaks."""
    scripts = ScriptDirectory.from_config(config())
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return "empty"
    if found == scripts.get_current_head():
        return "current"
    if found in {script.revision for script in scripts.walk_revisions()}:
        return "old"
    raise UserError(
        409,
        "database_newer",
        f"The database belongs to a newer version of Tongke (its tables are at {found!r}, this program's at "
        f"{scripts.get_current_head()!r}); install that version, or restore a backup from before it.",
    )


def upgrade(connection: Connection) -> None:
    if check(connection) != "current":
        command.upgrade(config(connection), "head")


def downgrade(connection: Connection) -> None:
    """Back to an empty database; for tests."""
    command.downgrade(config(connection), "base")


def differences(connection: Connection) -> list[Any]:
    """What autogenerate would still change: nothing, when models and migrations agree."""
    from alembic.autogenerate import compare_metadata

    from signalling.db.schema import metadata

    return compare_metadata(MigrationContext.configure(connection, opts=OPTIONS), metadata)


OPTIONS: dict[str, Any] = {"compare_type": True, "render_as_batch": True, "transactional_ddl": True}
"""Batches: SQLite rebuilds a table where others alter it. One transaction: a step that fails leaves nothing behind."""
