"""One writer at a time in a database that several machines reach: the folder's lock does not reach beyond the folder."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from ragkit.errors import StoreLocked

#: The lock is the database's own, so any number will do; it is another one than that of a single transaction.
_KEY = 7250
_HOLDER = sa.text(
    "SELECT application_name, to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"') AS since "
    "FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE locktype = 'advisory' AND classid = 0 AND objid = :key AND granted AND pg_locks.database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)


@contextmanager
def server_lock(engine: sa.Engine) -> Iterator[None]:
    """Hold the write lock of a PostgreSQL catalog, on a connection of its own, with which it ends; nothing on SQLite.

    Raises:
        StoreLocked: another writer holds it; the message says who, and since when.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    own = sa.create_engine(engine.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with own.connect() as connection:
        me = f"process {os.getpid()} on {socket.gethostname()}"[:63]
        connection.execute(sa.text("SELECT set_config('application_name', :me, false)"), {"me": me})
        if not connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}).scalar():
            holder = connection.execute(_HOLDER, {"key": _KEY}).first()
            who = "it is just ending" if holder is None else f"{holder[0]}, since {holder[1]}"
            shown = engine.url.render_as_string(hide_password=True)
            raise StoreLocked(f"another writer holds the catalog {shown}: {who}; wait until it is done, or stop it")
        yield
