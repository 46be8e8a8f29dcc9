"""What went wrong in the database, in the same words for both kinds."""

from __future__ import annotations

import contextlib
import enum
import sqlite3
from collections.abc import Iterator

from sqlalchemy import exc

from mediaserver.api import UserError


class Failure(enum.Enum):
    CONFLICT = "others were in the way; the transaction was rolled back as a whole and may be tried again"
    AWAY = "it does not answer, or not to us"


_SQLITE = {
    sqlite3.SQLITE_BUSY: Failure.CONFLICT,
    sqlite3.SQLITE_LOCKED: Failure.CONFLICT,
    sqlite3.SQLITE_CANTOPEN: Failure.AWAY,
    sqlite3.SQLITE_IOERR: Failure.AWAY,
    sqlite3.SQLITE_FULL: Failure.AWAY,
    sqlite3.SQLITE_CORRUPT: Failure.AWAY,
    sqlite3.SQLITE_NOTADB: Failure.AWAY,
}
_POSTGRESQL = {
    "40001": Failure.CONFLICT,  # serialization_failure
    "40P01": Failure.CONFLICT,  # deadlock_detected
    "55P03": Failure.CONFLICT,  # lock_not_available
    "57014": Failure.AWAY,  # query_canceled: statement_timeout
    "3D000": Failure.AWAY,  # invalid_catalog_name
    "53100": Failure.AWAY,  # disk_full
    "53300": Failure.AWAY,  # too_many_connections
}
_POSTGRESQL_CLASSES = {
    "08": Failure.AWAY,  # connection exception
    "28": Failure.AWAY,  # invalid authorization
    "57P": Failure.AWAY,  # shutting down, starting up
}


def failure(error: BaseException) -> Failure | None:
    """What kind of failure an exception is; None when it is none of the database's state but a mistake of ours."""
    if isinstance(error, exc.TimeoutError):  # no connection became free
        return Failure.CONFLICT
    if isinstance(error, OSError) and not isinstance(error, UserError):  # asyncpg: refused, unreachable, timed out
        return Failure.AWAY
    if isinstance(error, exc.DBAPIError):
        if error.connection_invalidated:
            return Failure.AWAY
        return failure(error.orig) if error.orig is not None else None
    if isinstance(error, sqlite3.Error):
        # The low byte is the primary code (sqlite.org/rescode.html). READONLY is not among them: a write in
        # `Database.read`, a mistake of ours.
        code = getattr(error, "sqlite_errorcode", None)
        return _SQLITE.get(code & 0xFF) if isinstance(code, int) else None
    state = str(getattr(error, "sqlstate", None) or "")
    return _POSTGRESQL.get(state) or _POSTGRESQL_CLASSES.get(state[:2]) or _POSTGRESQL_CLASSES.get(state[:3])


@contextlib.contextmanager
def unavailable() -> Iterator[None]:
    """Turn failures of the database into `UserError` 503 `database_unavailable`; everything else passes.

    :raises UserError: its sentence never holds the database's own words, which may name hosts, users and rows.
    """
    try:
        yield
    except Exception as error:
        kind = failure(error)
        if kind is None:
            raise
        detail = {
            Failure.CONFLICT: "The database is busy with others' work; try again in a moment.",
            Failure.AWAY: "The database cannot be used: check that it runs, takes connections and has room.",
        }[kind]
        raise UserError(503, "database_unavailable", detail) from error
