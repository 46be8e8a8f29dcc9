"""Run by alembic for every command, on the connection it was given."""

from __future__ import annotations

from alembic import context

from signalling.db.migrate import OPTIONS
from signalling.db.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, **OPTIONS)
with context.begin_transaction():
    context.run_migrations()
