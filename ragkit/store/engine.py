"""Opening the catalog's database: connection options, snapshots for readers, migrations."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ragkit.errors import StoreError

#: The newest format that this version of ragkit writes; the name of the last migration.
FORMAT = "0001"

_SQLITE_OPTIONS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000", "secure_delete=ON")


def connect(url: str) -> sa.Engine:
    """An engine for ``url`` whose every transaction reads one snapshot, on SQLite as on PostgreSQL."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, isolation_level="REPEATABLE READ", pool_pre_ping=True)
    engine = sa.create_engine(parsed)

    @sa.event.listens_for(engine, "connect")
    def _options(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions by its own rules
        for option in _SQLITE_OPTIONS:
            connection.execute(f"PRAGMA {option}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("ragkit_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def writing(engine: sa.Engine) -> sa.Engine:
    """The same engine for transactions that write: they take SQLite's write lock at once instead of failing half-way."""
    return engine.execution_options(ragkit_writes=True)


def migrate(engine: sa.Engine) -> None:
    """Bring the database to :data:`FORMAT`.

    Raises:
        StoreError: it was written by a newer ragkit, or cannot be reached.
    """
    try:
        found = _format_of(engine)
        if found == FORMAT:
            return
        if found is not None and found > FORMAT:
            raise StoreError(f"the store has format {found}, this ragkit reads up to {FORMAT}; mend it with: pip install --upgrade ragkit")
        _upgrade(engine)
    except SQLAlchemyError as error:
        raise StoreError(f"the catalog at {engine.url.render_as_string(hide_password=True)} cannot be opened: {error}") from error


def _format_of(engine: sa.Engine) -> str | None:
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(engine: sa.Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "ragkit.store:migrations")
    config.set_main_option("path_separator", "os")
    with writing(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, FORMAT)
