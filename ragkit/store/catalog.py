"""The catalog: what the store holds, and the one transaction in which it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from ragkit.contracts import Embedder
from ragkit.records import Failure
from ragkit.store import changes
from ragkit.store import engine as engines
from ragkit.store.changes import Change, now
from ragkit.store.reading import CatalogReader, batches
from ragkit.store.tables import answers, documents, failures, generations, identity, segments, sources, tombstones


class Catalog(CatalogReader):
    """SQL access to one store. Readers work inside :meth:`snapshot`; writers call :meth:`commit`, under the store's lock."""

    def __init__(self, url: str) -> None:
        super().__init__(engines.connect(url))
        try:
            engines.migrate(self._engine)
            with self._write() as connection:
                if connection.execute(sa.select(identity.c.id)).first() is None:
                    connection.execute(identity.insert().values(id=1, next_chunk_id=1))
        except BaseException:
            self._engine.dispose()  # who is refused leaves no connection behind
            raise

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        with engines.writing(self._engine).begin() as connection:
            yield connection

    def adopt_model(self, embedder: Embedder) -> None:
        """Record the embedding model with the first vectors; refuse another one later.

        Raises:
            ModelMismatch: the store's vectors come from another model.
        """
        if self.embedding_model() is None:
            values = {"embedding_model": embedder.id, "embedding_dimension": embedder.dimension, "embedding_sha256": embedder.sha256}
            with self._write() as connection:
                connection.execute(identity.update().values(values))
        self.require_model(embedder)

    def reserve_chunk_ids(self, count: int) -> int:
        """The first of ``count`` ids that were never used and never will be again."""
        with self._write() as connection:
            first: int = connection.execute(sa.select(identity.c.next_chunk_id)).scalar_one()
            connection.execute(identity.update().values(next_chunk_id=first + count))
        return first

    def commit(self, change: Change) -> int:
        """Make ``change`` the next generation, in one transaction; the new generation's number.

        Before it returns nothing has happened, and after it everything has.
        """
        with self._write() as connection:
            number = self.generation(connection) + 1
            connection.execute(generations.insert().values(number=number, created_at=now(), reason=change.reason))
            for ids in batches(change.removed):
                changes.remove(connection, ids, number)
            for new in change.added:
                changes.add(connection, new, number)
            for info, first_chunk in change.new_segments:
                files = {part: file.to_dict() for part, file in info.parts.items()}
                row = {"name": info.name, "rows": info.rows, "first_chunk": first_chunk, "files": files, "added_generation": number}
                connection.execute(segments.insert().values(row))
            for names in batches(change.dropped_segments):
                connection.execute(segments.update().where(segments.c.name.in_(names)).values(removed_generation=number))
            for ids in batches(change.cleared_tombstones):
                connection.execute(tombstones.delete().where(tombstones.c.chunk_id.in_(ids)))
        return number

    def forget_segments(self, names: Sequence[str]) -> None:
        """Drop the rows of segments whose files are gone."""
        with self._write() as connection:
            connection.execute(segments.delete().where(segments.c.name.in_(names)))

    def touch(self, tokens: Mapping[int, str]) -> None:
        """Record new version tokens of documents whose bytes turned out to be the same."""
        with self._write() as connection:
            for document_id, token in tokens.items():
                connection.execute(documents.update().where(documents.c.id == document_id).values(token=token))

    def remember_source(self, source: str, options: Mapping[str, Any], failed: Sequence[Failure]) -> None:
        """Record that ``source`` was read to its end, and what of it could not be."""
        with self._write() as connection:
            connection.execute(sources.delete().where(sources.c.source == source))
            connection.execute(sources.insert().values(source=source, options=dict(options), synced_at=now()))
            connection.execute(failures.delete().where(failures.c.source == source))
            for failure in {f.uri: f for f in failed}.values():
                connection.execute(failures.delete().where(failures.c.uri == failure.uri))
                connection.execute(failures.insert().values(uri=failure.uri, source=source, reason=failure.reason, at=now()))

    def save_answer(self, answer_id: str, generation: int, question: str, content: Mapping[str, Any]) -> None:
        with self._write() as connection:
            row = {"id": answer_id, "created_at": now(), "generation": generation, "question": question, "record": dict(content)}
            connection.execute(answers.insert().values(row))
