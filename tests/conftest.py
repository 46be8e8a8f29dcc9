from tests.database.fixtures import (
    database,
    database_url,
    empty_url,
    postgresql,
    postgresql_template,
    sqlite_template,
)

__all__ = ["database", "database_url", "empty_url", "postgresql", "postgresql_template", "sqlite_template"]
