"""The catalog: what the store holds, and the one transaction in which it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ragkit.contracts import Embedder
from ragkit.errors import StoreCorrupt, StoreError
from ragkit.records import Failure
from ragkit.store import analysis, auditlog, changes, head, pending, seal, state
from ragkit.store import engine as engines
from ragkit.store.auditlog import Origin
from ragkit.store.changes import Change, NewDocument, batches, now
from ragkit.store.reading import CatalogReader
from ragkit.store.serverlock import server_lock
from ragkit.store.state import Ledger
from ragkit.store.tables import answers, chats, documents, failures, feedback, segments, sources, turns
from ragkit.text.words import Analyzer

#: What is said of a chat that another principal began; it does not say who.
SOMEBODY_ELSES = "the chat {!r} is somebody else's; begin one of your own under another name"

_ASKED = Origin()


class Catalog(CatalogReader):
    """SQL access to one store. Readers work inside :meth:`snapshot`; writers call :meth:`commit`, under the store's lock."""

    def __init__(self, url: str, *, damaged: bool = False) -> None:
        """``damaged`` opens also what has lost writes, or cannot say so, to be checked and repaired."""
        super().__init__(engines.connect(url))
        self._head = _folder_of(self._engine)
        try:
            if self._head is not None and (self._head / head.NAME).exists() and not engines.holds_catalog(self._engine):
                raise seal.damaged(f"{self._engine.url.database} holds no tables")
            engines.migrate(self._engine)
            if not damaged:
                self._require_all_writes()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._engine.dispose()

    def exclusive(self) -> AbstractContextManager[None]:
        """The lock that keeps out writers on other machines, where the database is reached from several."""
        return server_lock(self._engine)

    def _require_all_writes(self) -> None:
        """Refuse a catalog that lacks what was acknowledged; acknowledge what a crash left unsaid."""
        if self._head is None:
            return
        acknowledged = head.read(self._head)
        with self.snapshot() as connection:
            found = state.read(connection)
        fault = head.fault(acknowledged, found)
        if fault is not None:
            raise seal.damaged(fault)
        if acknowledged != (found.generation, found.writes):
            self._acknowledge(found.generation, found.writes)

    def lost_writes(self) -> str | None:
        """What the catalog lacks of what was acknowledged, or that this can no longer be said; ``None``: nothing."""
        if self._head is None:
            return None
        try:
            acknowledged = head.read(self._head)
            with self.snapshot() as connection:
                return head.fault(acknowledged, state.read(connection))
        except StoreCorrupt as error:
            return str(error)

    def acknowledged(self) -> tuple[int, int]:
        """The generation and the number of writes that were acknowledged last, as far as that is known."""
        try:
            return (self._head is not None and head.read(self._head)) or (0, 0)
        except StoreCorrupt:
            return (0, 0)

    @contextmanager
    def mending(self) -> Iterator[sa.Connection]:
        """A transaction that writes without the ledger, for what need not be whole yet."""
        with engines.writing(self._engine).begin() as connection:
            yield connection

    def _acknowledge(self, generation: int, writes: int) -> None:
        """After a commit: empty SQLite's log where no reader needs it, and remember that the commit was there."""
        engines.empty_log(self._engine)
        if self._head is not None:
            head.write(self._head, generation, writes)

    @contextmanager
    def _write(
        self, *, acknowledge: bool = True, mend: Callable[[sa.Connection], None] | None = None
    ) -> Iterator[tuple[sa.Connection, Ledger]]:
        """A transaction that writes. Every change of rows is taken up in the ledger, which is saved at the end.

        ``acknowledge=False`` is for what may be lost with the power: the next write speaks for it.
        """
        with engines.writing(self._engine).begin() as connection:
            if mend is not None:
                mend(connection)
            ledger = Ledger(connection)
            yield connection, ledger
            ledger.save()
        if acknowledge:
            self._acknowledge(ledger.values["generation"], ledger.values["writes"])

    def adopt_model(self, embedder: Embedder) -> None:
        """Record the embedding model with the first vectors; refuse another one later.

        Raises:
            ModelMismatch: the store's vectors come from another model.
        """
        if self.embedding_model() is None:
            values = {"embedding_model": embedder.id, "embedding_dimension": embedder.dimension, "embedding_sha256": embedder.sha256}
            with self._write(acknowledge=False) as (_, ledger):
                ledger.values.update(values)
        self.require_model(embedder)

    def adopt_analysis(self, wanted: Analyzer) -> None:
        """Record with the first passages how texts are analysed; refuse another analysis later.

        Raises:
            StoreError: the store's terms come from another one.
        """
        with self.snapshot() as connection:
            row = self.state(connection).row
        if row["analysis"] is None:
            with self._write(acknowledge=False) as (_, ledger):
                ledger.values["analysis"] = wanted.id
        analysis.require(row, wanted)

    def reserve_chunk_ids(self, count: int) -> int:
        """The first of ``count`` ids that were never used and never will be again."""
        with self._write(acknowledge=False) as (_, ledger):
            first: int = ledger.values["next_chunk_id"]
            ledger.values["next_chunk_id"] = first + count
        return first

    def commit(self, change: Change, *, mend: Callable[[sa.Connection], None] | None = None) -> int:
        """Make ``change`` the next generation, in one transaction; the new generation's number.

        Before it returns nothing has happened, and after it everything has. ``mend`` is called first, in the same transaction,
        with rows that may be damaged; what it leaves must be whole.
        """
        with self._write(mend=mend) as (connection, ledger):
            number = ledger.begin_generation(now(), change.reason)
            for step in change.steps:
                step(connection, ledger, number)
            for ids in batches(change.removed):
                changes.remove(connection, ledger, ids, number)
            for some in _with_different_uris(change.added):
                changes.add(connection, ledger, some, number)
            for info, first_chunk in change.new_segments:
                changes.add_segment(connection, ledger, info, first_chunk, number)
            for names in batches(change.dropped_segments):
                changes.drop_segments(connection, ledger, names, number)
            for ids in batches(change.cleared_tombstones):
                changes.clear_tombstones(connection, ledger, ids)
        return number

    def forget_segments(self, names: Sequence[str]) -> None:
        """Drop the rows of removed segments whose files are gone."""
        with self._write(acknowledge=False) as (connection, _):
            connection.execute(segments.delete().where(segments.c.name.in_(names), segments.c.removed_generation.is_not(None)))

    def touch(self, tokens: Mapping[int, str]) -> None:
        """Record new version tokens of documents whose bytes turned out to be the same."""
        columns = [*changes.document_columns(), documents.c.structure, documents.c.text]
        with self._write(acknowledge=False) as (connection, _):
            for document_id, token in tokens.items():
                row = connection.execute(sa.select(*columns).where(documents.c.id == document_id)).one()
                seal.require_document(row[:-2])
                sealed = seal.document({**row._mapping, "token": token}, row.text, row.structure)
                connection.execute(documents.update().where(documents.c.id == document_id).values(token=token, seal=sealed))

    def begin_source(self, source: str, options: Mapping[str, Any]) -> None:
        """Record that ``source`` is being read: how, and what its connector knows so far."""
        if self.list_sources().get(source) == options:
            return
        with self._write() as (connection, ledger):
            read = connection.execute(sa.select(sources.c.synced_at).where(sources.c.source == source)).scalar()
            _replace(connection, ledger, sources, [{"source": source, "options": seal.plain(dict(options)), "synced_at": read or ""}])

    def remember_source(self, source: str, options: Mapping[str, Any], failed: Sequence[Failure]) -> None:
        """Record that ``source`` was read to its end, and what of it could not be."""
        with self._write() as (connection, ledger):
            _replace(connection, ledger, sources, [{"source": source, "options": seal.plain(dict(options)), "synced_at": now()}])
            old = connection.execute(sa.select(failures.c.uri).where(failures.c.source == source)).scalars().all()
            _delete(connection, ledger, failures, old)
            found = {f.uri: {"uri": f.uri, "source": source, "reason": f.reason, "at": now()} for f in failed}
            _replace(connection, ledger, failures, list(found.values()))

    def save_answer(self, answer_id: str, generation: int, question: str, content: Mapping[str, Any], origin: Origin = _ASKED) -> None:
        """Keep the record of an answer, unless documents were erased since its ``generation``: it might quote one of them.

        In the same transaction the audit log gets its entry, and the chat of ``origin``, if there is one, its turn.

        Raises:
            StoreError: the chat is somebody else's.
        """
        plain = seal.plain(dict(content))
        with self._write() as (connection, ledger):
            there = pending.begun(connection) <= generation
            row = {"id": answer_id, "created_at": now(), "generation": generation, "question": question}
            kind, entry = auditlog.asked({**row, **plain}, origin, there=there)
            auditlog.append(connection, ledger, kind, entry, question=question)
            if there:
                _replace(connection, ledger, answers, [{**row, "record": plain}])
                if origin.chat is not None:
                    _add_turn(connection, ledger, origin.chat, row, plain.get("principal"))

    def save_feedback(self, values: Mapping[str, Any]) -> None:
        """Keep what was said of an answer, in place of what was said of it before.

        Raises:
            StoreError: there is no such answer.
        """
        with self._write() as (connection, ledger):
            wanted = sa.select(answers.c.id).where(answers.c.id == values["record_id"])
            if connection.execute(wanted).first() is None:
                raise StoreError(f"no answer record {values['record_id']!r} in the store; `ragkit answers` lists those that are there")
            _replace(connection, ledger, feedback, [dict(values)])

    def drop_chat(self, chat: str) -> bool:
        """Delete a chat and its turns; whether there was one."""
        with self._write() as (connection, ledger):
            found = connection.execute(sa.select(chats.c.id).where(chats.c.id == chat)).first()
            theirs = connection.execute(sa.select(turns.c.record_id).where(turns.c.chat == chat)).scalars().all()
            _delete(connection, ledger, turns, theirs)
            _delete(connection, ledger, chats, [chat])
        return found is not None


def _add_turn(connection: sa.Connection, ledger: Ledger, chat: str, answer: Mapping[str, Any], principal: Sequence[str] | None) -> None:
    """Append a question to a chat, which is made with its first."""
    row = connection.execute(sa.select(chats).where(chats.c.id == chat)).first()
    if row is None:
        values = {"id": chat, "created_at": answer["created_at"], "principal": principal}
        _replace(connection, ledger, chats, [values])
    elif row.principal != principal:
        raise StoreError(SOMEBODY_ELSES.format(chat))
    last = connection.execute(sa.select(sa.func.max(turns.c.number)).where(turns.c.chat == chat)).scalar() or 0
    turn = {"record_id": answer["id"], "chat": chat, "number": last + 1, "created_at": answer["created_at"], "question": answer["question"]}
    _replace(connection, ledger, turns, [turn])


def _with_different_uris(added: Sequence[NewDocument]) -> Iterator[list[NewDocument]]:
    """Slices without two versions of one document, so that the later one replaces the earlier."""
    some: dict[str, NewDocument] = {}
    for new in added:
        if new.document.uri in some:
            yield list(some.values())
            some = {}
        some[new.document.uri] = new
    yield list(some.values())


def _replace(connection: sa.Connection, ledger: Ledger, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert sealed ``rows`` in place of those with the same keys."""
    key = next(iter(table.primary_key)).name
    _delete(connection, ledger, table, [row[key] for row in rows])
    if rows:
        connection.execute(table.insert(), [{**row, "seal": seal.of_row(table.name, row)} for row in rows])
    ledger.added(table.name, [row[key] for row in rows])


def _delete(connection: sa.Connection, ledger: Ledger, table: sa.Table, keys: Sequence[str]) -> None:
    """Delete the rows that are there among ``keys``."""
    column = next(iter(table.primary_key))
    for some in batches(keys):
        found = connection.execute(sa.select(column).where(column.in_(some))).scalars().all()
        connection.execute(table.delete().where(column.in_(found)))
        ledger.removed(table.name, found)


def _folder_of(engine: sa.Engine) -> Path | None:
    """The folder of a catalog that is a file."""
    database = engine.url.database if engine.dialect.name == "sqlite" else None
    return Path(database).parent if database and database != ":memory:" else None
