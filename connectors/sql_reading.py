"""A database that is only read."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ragkit.errors import MissingExtra, SourceError

from .naming import one_line, uri_of
from .secrets import expand

_READS = re.compile(r"\s*(?:SELECT|WITH)\b", re.IGNORECASE)
#: What SQLAlchemy would take for a parameter.
_COLON = re.compile(r"(?<![:\w\\]):(?=\w)")
_DRIVERS = {"postgresql": "postgresql+pg8000", "postgres": "postgresql+pg8000"}


class Database:
    """One table, or one query, of the database at ``address``, a URL of SQLAlchemy.

    SQLite is opened with ``mode=ro`` and ``query_only``; PostgreSQL and MySQL in read-only transactions.

    Raises:
        SourceError: the address or the query cannot be used.
    """

    def __init__(self, address: str, *, table: str, query: str | None) -> None:
        try:
            url = sa.make_url(address)
        except (SQLAlchemyError, ValueError) as error:
            raise SourceError("the address of the database cannot be read; it must be like sql+postgresql://host/name#table") from error
        self._url, self._backend = url, url.get_backend_name()
        if self._backend == "sqlite":
            self._path = os.path.abspath(os.path.expanduser(url.database or ""))
            if not url.database or not os.path.isfile(self._path):
                raise SourceError(f"there is no database file {uri_of(self._path)!r}")
            self.shown = f"sqlite:///{uri_of(self._path)}"
        else:
            bare = sa.URL.create(self._backend, host=url.host, port=url.port, database=url.database)
            self.shown = uri_of(bare.render_as_string())
        self._from = _query(query) if query is not None else _table(table)

    def require(self, columns: Collection[str]) -> None:
        """Makes sure that there are ``columns``: SQLite would take a name that it does not know for a text.

        Raises:
            SourceError: one of them is missing.
        """
        with self._connect() as connection:
            known = list(connection.execute(sa.select(sa.literal_column("*")).select_from(self._from).limit(0)).keys())
        missing = sorted(set(columns) - set(known))
        if missing:
            raise SourceError(f"there is no column {missing[0]!r}; there are: {', '.join(known)}")

    def rows(
        self, columns: Sequence[str], order: Sequence[str], *, where: Sequence[sa.ColumnElement[bool]] = (), at_once: int
    ) -> Iterator[sa.Row[Any]]:
        """The rows, ``at_once`` of them in memory."""
        statement = sa.select(*map(_column, columns)).select_from(self._from).where(*where).order_by(*map(_column, order))
        with self._connect() as connection:
            yield from connection.execution_options(stream_results=True, yield_per=at_once).execute(statement)

    def equal(self, columns: Sequence[str], values: Sequence[Any]) -> list[sa.ColumnElement[bool]]:
        """The condition that ``columns`` hold ``values``."""
        return [_column(column) == value for column, value in zip(columns, values, strict=True)]

    @contextmanager
    def _connect(self) -> Iterator[sa.Connection]:
        secret = ""
        try:
            url = self._url
            secret = expand(url.password or "")
            url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername), username=expand(url.username or "") or None)
            engine = self._engine(url.set(password=secret or None))
            with engine.connect() as connection:
                if self._backend in ("mysql", "mariadb"):
                    connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
                yield connection
        except ImportError as error:
            raise MissingExtra(f"the driver of {self._url.drivername} is not installed: {one_line(error)}") from error
        except SQLAlchemyError as error:
            reason = one_line(getattr(error, "orig", None) or error)
            raise SourceError(f"{self.shown}: {reason.replace(secret, '***') if secret else reason}") from None

    def _engine(self, url: sa.URL) -> sa.Engine:
        if self._backend == "sqlite":
            return sa.create_engine("sqlite://", creator=partial(_open, self._path), poolclass=sa.NullPool)
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        if self._backend == "postgresql":
            return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return engine


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _column(name: str) -> sa.ColumnClause[Any]:
    return sa.column(sa.quoted_name(name, quote=True))


def _table(name: str) -> sa.FromClause:
    schema, _, bare = name.rpartition(".")
    return sa.table(sa.quoted_name(bare, quote=True), schema=sa.quoted_name(schema, quote=True) if schema else None)


def _query(query: str) -> sa.FromClause:
    text = query.strip().removesuffix(";")
    if not _READS.match(text) or ";" in text:
        raise SourceError("the query must be one statement that begins with SELECT or WITH, without a semicolon in it")
    return sa.text(f"({_COLON.sub(chr(92) + ':', text)}\n) AS ragkit_rows")  # type: ignore[return-value]
