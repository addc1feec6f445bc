"""The catalog's tables. A row that a later generation removed keeps its identity and loses its text.

Columns of seals may be empty for SQL, so that adding them rewrites no table; for a reader an empty seal is a broken one.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from ragkit.store.columns import Bytes, Json

metadata = MetaData()

_BigId = BigInteger().with_variant(Integer, "sqlite")

#: One row, rewritten by every write: the embedding model that all vectors come from, the analysis that all terms come
#: from, the next free ids, the active generation, the totals of the other tables (:mod:`ragkit.store.state`), and how far the
#: audit log has come (:mod:`ragkit.store.auditlog`).
identity = Table(
    "identity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("embedding_model", String(500)),
    Column("embedding_dimension", Integer),
    Column("embedding_sha256", String(64)),
    Column("analysis", String(100)),
    Column("next_chunk_id", _BigId, nullable=False),
    Column("next_document_id", _BigId),
    Column("generation", Integer),
    Column("writes", BigInteger),
    Column("chain", Bytes),
    Column("totals", Json),
    Column("audit_count", BigInteger),
    Column("audit_head", Bytes),
    Column("audit_salt", Bytes),
    Column("seal", Bytes),
)

#: Every commit of the index is a generation; the highest number is the active one.
generations = Table(
    "generations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_at", String(32), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("seal", Bytes),
)

#: One row for each version of each document. The live one has no ``removed_generation``, and its chunks have the
#: ``chunks`` ids from ``first_chunk`` on.
documents = Table(
    "documents",
    metadata,
    Column("id", _BigId, primary_key=True),
    Column("uri", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("media_type", String(200), nullable=False),
    Column("title", Text, nullable=False),
    Column("characters", BigInteger, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("first_chunk", _BigId),
    Column("metadata", Json, nullable=False),
    Column("acl", Json),
    Column("added_at", String(32), nullable=False),
    Column("added_generation", Integer, nullable=False),
    Column("removed_generation", Integer),
    Column("seal", Bytes),
    # Last, so that reading the others does not walk through the pages of the text.
    Column("structure", Bytes),
    Column("text", Text),
)
Index("documents_by_uri", documents.c.uri, documents.c.version)
Index("documents_by_source", documents.c.source)
Index(
    "documents_live",
    documents.c.uri,
    unique=True,
    sqlite_where=documents.c.removed_generation.is_(None),
    postgresql_where=documents.c.removed_generation.is_(None),
)

#: Live passages: spans of their document's text.
chunks = Table(
    "chunks",
    metadata,
    Column("id", _BigId, primary_key=True, autoincrement=False),
    Column("document_id", _BigId, ForeignKey("documents.id"), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("page", Integer),
    Column("headings", Json),
    Column("seal", Bytes),
)
Index("chunks_by_document", chunks.c.document_id)

#: Immutable files of the index, with the size and hash that they must have.
segments = Table(
    "segments",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("first_chunk", _BigId, nullable=False),
    Column("files", Json, nullable=False),
    Column("added_generation", Integer, nullable=False),
    Column("removed_generation", Integer),
    Column("seal", Bytes),
)

#: Chunks that are still in a segment's files, but deleted.
tombstones = Table("tombstones", metadata, Column("chunk_id", _BigId, primary_key=True, autoincrement=False))

#: What could not be read the last time it was tried.
failures = Table(
    "failures",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("seal", Bytes),
)

#: Where documents came from, so that ``sync`` knows where to look again.
sources = Table(
    "sources",
    metadata,
    Column("source", Text, primary_key=True),
    Column("options", Json, nullable=False),
    Column("synced_at", String(32), nullable=False),
    Column("seal", Bytes),
)

#: Answer records: enough to see, later, why an answer was given.
answers = Table(
    "answers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("created_at", String(32), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("seal", Bytes),
    Column("record", Json, nullable=False),
)

#: Who asked what, when: one entry for each answer, each hashed over the one before. Entries hold no text of questions or documents.
audit_log = Table(
    "audit_log",
    metadata,
    Column("number", _BigId, primary_key=True, autoincrement=False),
    Column("content", Bytes, nullable=False),
    Column("hash", Bytes, nullable=False),
)

#: Chat sessions, and who holds each: it goes on only for the same principals.
chats = Table(
    "chats",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("created_at", String(32), nullable=False),
    Column("principal", Json),
    Column("seal", Bytes),
)

#: The questions of chats, in the order of their numbers. A turn goes when its answer record does.
turns = Table(
    "turns",
    metadata,
    Column("record_id", String(40), primary_key=True),
    Column("chat", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("question", Text, nullable=False),
    Column("seal", Bytes),
)
Index("turns_by_chat", turns.c.chat, turns.c.number)

#: What people said of answers, the last word on each. It goes when the answer record does.
feedback = Table(
    "feedback",
    metadata,
    Column("record_id", String(40), primary_key=True),
    Column("created_at", String(32), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("comment", Text),
    Column("answer", Text),
    Column("seal", Bytes),
)
