"""Rows of a database's table or query, by SQLAlchemy."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .naming import uri_of
from .secrets import refuse_secret
from .sql_values import Template, metadata_of, plain

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row

Columns = str | Sequence[str]

_AT_ONCE = 200
#: A document up to this size is kept from the listing until it is opened; a larger one is read again.
_KEPT_BYTES = 1 << 16


class SqlConnector:
    """Each row as a document. ``sql+`` and any URL of SQLAlchemy, then ``#`` and the table, or a name for the ``query``.

    ``key`` are the columns that tell rows apart, ``text`` is the column with the text, or ``template`` a text such as
    ``"{title}\\n\\n{body}"`` with columns in braces. With ``watermark``, a column that changes whenever its row does, texts are
    read of changed rows alone; otherwise the token is a hash of the document. ``media_type`` says what the text is (``None``: told
    from the content, as for files in a column). SQLite and PostgreSQL are opened read-only.
    """

    priority = 20

    def __init__(
        self,
        source: str,
        *,
        table: str | None = None,
        query: str | None = None,
        key: Columns = ("id",),
        text: str | None = None,
        template: str | None = None,
        title: str | None = None,
        watermark: str | None = None,
        metadata: Columns = (),
        media_type: str | None = "text/plain",
    ) -> None:
        from .sql_reading import Database

        refuse_secret(source)
        address, _, name = source.removeprefix("sql+").partition("#")
        if query is None and not (table or name):
            raise SourceError('a database needs a table or a query: write "#TABLE" after its address, or give the option query')
        if (text is None) == (template is None) or (table and query):
            raise SourceError('a database needs the option text (a column) or template ("{title}\\n\\n{body}"), and a table or a query')
        self.database = Database(address, table=table or name, query=query)
        name = table or name or f"query-{hashlib.sha256((query or '').encode()).hexdigest()[:8]}"
        self.base = f"sql+{self.database.shown}#{quote(name, safe='. ')}"
        self.key, self.metadata, self.title, self.watermark = _columns(key), _columns(metadata), title, watermark
        self.text, self.template, self.media_type = text, Template(template or "{" + (text or "") + "}"), media_type
        if not self.key:
            raise SourceError("a database needs the option key: the column, or columns, that tell its rows apart")

    @classmethod
    def accepts(cls, source: str) -> bool:
        """``sql+`` and a URL."""
        return source.startswith("sql+") and "://" in source and "\0" not in source

    def items(self) -> Iterator[SourceItem | Failure]:
        """The rows in the order of their key. A row without a key, or with that of the row before it, is a failure."""
        listed = {*self.key, *self.metadata, *filter(None, (self.title, self.watermark))}
        needed = listed | set(self.template.columns)
        self.database.require(needed)
        before = None
        rows = self.database.rows(sorted(listed if self.watermark else needed), self.key, at_once=_AT_ONCE)
        for number, row in enumerate(rows, start=1):
            values = row._mapping
            key = tuple(values[name] for name in self.key)
            if None in key:
                yield Failure(uri=f"{self.base}/row-{number}/no-key", reason=f"row {number} has no value in the key {', '.join(self.key)}")
            elif key == before:
                reason = f"another row has the key {', '.join(map(str, key))[:200]}; name more columns in the option key"
                yield Failure(uri=f"{self._uri(key)}/row-{number}", reason=uri_of(reason))
            else:
                yield self._item(key, values)
            before = key

    def _uri(self, key: tuple[Any, ...]) -> str:
        return "/".join([self.base, *(quote(plain(part), safe=" ,@+:=") for part in key)])

    def _item(self, key: tuple[Any, ...], values: Mapping[Any, Any]) -> SourceItem | Failure:
        data: bytes | None = None
        if self.watermark is not None and values[self.watermark] is not None:
            token = f"at-{plain(values[self.watermark])[:200]}"
        else:
            try:
                data = self._document(values if self.watermark is None else self._row(key))
            except SourceError as error:
                return Failure(uri=self._uri(key), reason=str(error))
            token = hashlib.sha256(data).hexdigest()[:32]
        kept = data is not None and len(data) <= _KEPT_BYTES
        title = plain(values[self.title]).strip()[:1000] if self.title else ""
        token += f"-{hashlib.sha256(title.encode()).hexdigest()[:8]}" if title else ""
        return SourceItem(
            uri=self._uri(key),
            token=uri_of(token),
            open=partial(io.BytesIO, data or b"") if kept else partial(self._open, key),
            size=None if data is None else len(data),
            media_type=self.media_type,
            title=uri_of(title) or None,
            metadata=metadata_of({name: values[name] for name in self.metadata}),
        )

    def _row(self, key: tuple[Any, ...]) -> Mapping[Any, Any]:
        found: Row[Any] | None = None
        where: list[ColumnElement[bool]] = self.database.equal(self.key, key)
        for found in self.database.rows(sorted({*self.template.columns}), (), where=where, at_once=1):
            return found._mapping
        raise SourceError("the row is gone; sync again")

    def _document(self, values: Mapping[Any, Any]) -> bytes:
        only = values[self.text] if self.text else None
        return bytes(only) if isinstance(only, bytes | memoryview) else self.template.fill(values).encode("utf-8", "replace")

    def _open(self, key: tuple[Any, ...]) -> BinaryIO:
        return io.BytesIO(self._document(self._row(key)))


def _columns(given: Columns) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
