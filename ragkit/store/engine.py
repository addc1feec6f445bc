"""Opening the catalog's database: connection options, snapshots for readers, migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ragkit.errors import StoreError, StoreLocked
from ragkit.store import seal

#: The newest format that this version of ragkit writes; the name of the last migration.
FORMAT = "0004"

_BUSY = "busy_timeout=30000"
_SQLITE_OPTIONS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", _BUSY, "secure_delete=ON")


def connect(url: str | sa.URL, *options: str) -> sa.Engine:
    """An engine for ``url`` whose every transaction reads one snapshot, on SQLite as on PostgreSQL.

    ``options`` are SQLite's pragmas, in addition to the usual ones. Damage that SQLite finds is raised as ``StoreCorrupt``.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _connect_to_server(parsed)
    engine = sa.create_engine(parsed)

    @sa.event.listens_for(engine, "connect")
    def _options(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions by its own rules
        try:
            for option in (*_SQLITE_OPTIONS, *options):
                connection.execute(f"PRAGMA {option}")
        except sqlite3.Error as error:
            raise _store_error(error) from error

    @sa.event.listens_for(engine, "handle_error")
    def _translate(context: sa.ExceptionContext) -> None:
        if any(words in str(context.original_exception) for words in _BROKEN):
            cursor = getattr(context.execution_context, "cursor", None)  # SQLAlchemy 2.1 leaves context.cursor unset
            if cursor is not None:
                cursor.close()  # or the connection stays half open as long as the error is held
            context.is_disconnect = True
            engine.dispose()  # a process's connections share what SQLite knows of a file: none may stay
        if isinstance(context.original_exception, sqlite3.Error | UnicodeDecodeError):
            raise _store_error(context.original_exception) from context.original_exception

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("ragkit_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _connect_to_server(url: sa.URL) -> sa.Engine:
    """Readers read one snapshot. Transactions that write come one after another, as on SQLite: each sees all that went before."""
    engine = sa.create_engine(url, isolation_level="REPEATABLE READ", pool_pre_ping=True)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("ragkit_writes", False):
            for statement in _SERVER_WRITES:
                connection.exec_driver_sql(statement)

    @sa.event.listens_for(engine, "handle_error")
    def _translate(context: sa.ExceptionContext) -> None:
        if _LOCK_NOT_AVAILABLE in str(context.original_exception):
            raise StoreLocked(f"the catalog cannot be used: {context.original_exception}") from context.original_exception

    return engine


#: The snapshot of a REPEATABLE READ transaction would be older than the lock that it waited for.
_SERVER_WRITES = (
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET LOCAL lock_timeout = '30s'",
    "SELECT pg_advisory_xact_lock(7249)",  # the lock is the database's own, so any number will do
)
_LOCK_NOT_AVAILABLE = "55P03"


def writing(engine: sa.Engine) -> sa.Engine:
    """The same engine for transactions that write: they take the write lock at once instead of failing half-way."""
    return engine.execution_options(ragkit_writes=True)


#: After these a connection is not used again: a statement may hang in it, and it may have fallen back to reading alone.
_BROKEN = ("readonly", "disk I/O", "malformed", "unable to open")

#: What SQLite says when the trouble is not in the file, and the error that says so.
_NOT_DAMAGE: tuple[tuple[str, type[StoreError]], ...] = (
    ("locked", StoreLocked),
    ("busy", StoreLocked),
    ("locking protocol", StoreLocked),
    ("full", StoreError),
    ("readonly", StoreError),
    ("unable to open", StoreError),
    ("interrupted", StoreError),
    ("in progress", StoreError),
    ("closed database", StoreError),
)


def _store_error(error: Exception) -> StoreError:
    """SQLite's error as the store's: damage, unless its words say that it is something else."""
    for words, kind in _NOT_DAMAGE:
        if words in str(error):
            return kind(f"the catalog cannot be used: {error}")
    return seal.damaged(f"the database says {str(error)!r}")


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise what SQLite raises on a raw connection as the store's error."""
    try:
        yield
    except sqlite3.Error as error:
        raise _store_error(error) from error


def empty_log(engine: sa.Engine) -> None:
    """Move SQLite's write-ahead log into the database file and empty it, unless a reader still needs it.

    A damaged log loses commits without a word, and a deleted text stands in it until it is emptied. On other engines nothing.
    """
    if engine.dialect.name != "sqlite":
        return
    with store_errors(), closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA busy_timeout=0")  # readers are not waited for
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
        finally:
            cursor.execute(f"PRAGMA {_BUSY}")


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
    except (ValueError, TypeError) as error:  # what decoders say of values that they cannot read
        raise seal.damaged(f"a value cannot be read ({error})") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the catalog at {engine.url.render_as_string(hide_password=True)} cannot be opened: {error}") from error


def holds_catalog(engine: sa.Engine) -> bool:
    """Whether there is a catalog at all, of whichever format."""
    return _format_of(engine) is not None


def _format_of(engine: sa.Engine) -> str | None:
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(engine: sa.Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "ragkit.store:migrations")
    config.set_main_option("path_separator", "os")
    migrating = connect(engine.url, "foreign_keys=OFF")  # SQLite's way to change a table is to replace it
    try:
        with writing(migrating).begin() as connection:
            config.attributes["connection"] = connection
            _require_state(connection)
            command.upgrade(config, FORMAT)
    except CommandError as error:
        raise seal.damaged(f"its format is unknown ({error})") from error
    finally:
        migrating.dispose()


def _require_state(connection: sa.Connection) -> None:
    """Refuse to migrate a store whose state is not what was written: the new format would seal what is damaged."""
    if not sa.inspect(connection).has_table("identity"):
        return
    identity = sa.Table("identity", sa.MetaData(), autoload_with=connection)
    rows = connection.execute(sa.select(identity)).all() if "seal" in identity.c else []
    if any(row.seal != seal.identity(dict(row._mapping)) for row in rows):
        raise seal.damaged("the row that holds the store's state is not what was written")
