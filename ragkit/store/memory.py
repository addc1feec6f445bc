"""Chat sessions and feedback in the catalog. Both go with the answer records that they speak of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import sqlalchemy as sa

from ragkit.records import Jsonable, record
from ragkit.store import seal
from ragkit.store.catalog import Catalog
from ragkit.store.changes import batches
from ragkit.store.state import Ledger
from ragkit.store.tables import chats, feedback, turns

Opinion = Literal["up", "down"]


@record
class Turn(Jsonable):
    """One question of a chat. ``number`` counts from 1; one that an erasure took leaves a gap."""

    number: int
    question: str
    record_id: str
    created_at: str


@record
class Chat(Jsonable):
    """A chat session, and who holds it: the names that asked its first question (``None``: nobody in particular)."""

    id: str
    created_at: str
    principal: tuple[str, ...] | None = None
    turns: tuple[Turn, ...] = ()


@record
class Feedback(Jsonable):
    """What somebody said of an answer: ``up`` or ``down``, a comment, and what the answer should have been; ``""`` for the latter says
    that the documents do not answer."""

    record_id: str
    verdict: Opinion
    created_at: str
    comment: str | None = None
    answer: str | None = None


def list_chats(catalog: Catalog) -> list[Chat]:
    """All chats, the oldest first, without their turns."""
    with catalog.snapshot() as connection:
        rows = catalog.all_rows(connection, chats)
    return [_chat(row) for row in sorted(rows, key=lambda row: (row.created_at, row.id))]


def read_chat(catalog: Catalog, chat: str) -> Chat | None:
    """A chat with its turns, in order; ``None`` where there is none."""
    with catalog.snapshot() as connection:
        row = next((row for row in catalog.all_rows(connection, chats) if row.id == chat), None)
        if row is None:
            return None
        found = [turn for turn in catalog.all_rows(connection, turns) if turn.chat == chat]
    return _chat(row, [_turn(turn) for turn in sorted(found, key=lambda turn: turn.number)])


def list_feedback(catalog: Catalog) -> list[Feedback]:
    """All feedback, the oldest first."""
    with catalog.snapshot() as connection:
        rows = catalog.all_rows(connection, feedback)
    found = [Feedback(**{name: getattr(row, name) for name in seal.FIELDS["feedback"]}) for row in rows]
    return sorted(found, key=lambda one: (one.created_at, one.record_id))


def mentioning(connection: sa.Connection, mentions: Callable[..., bool]) -> list[str]:
    """Answer records of which a comment, or a right answer that was given, mentions what ``mentions`` tells."""
    query = sa.select(feedback.c.record_id, feedback.c.comment, feedback.c.answer)
    return [row.record_id for row in connection.execute(query) if mentions(row.comment or "", row.answer or "")]


def delete_with(connection: sa.Connection, ledger: Ledger, record_ids: Sequence[str]) -> tuple[int, int]:
    """Delete the turns and the feedback of answer records; how many of each."""
    counts = []
    for table in (turns, feedback):
        gone: list[str] = []
        for some in batches(record_ids):
            gone += connection.execute(sa.select(table.c.record_id).where(table.c.record_id.in_(some))).scalars().all()
            connection.execute(table.delete().where(table.c.record_id.in_(some)))
        ledger.removed(table.name, gone)
        counts.append(len(gone))
    return counts[0], counts[1]


def _chat(row: Any, found: Sequence[Turn] = ()) -> Chat:
    return Chat(id=row.id, created_at=row.created_at, principal=None if row.principal is None else tuple(row.principal), turns=tuple(found))


def _turn(row: Any) -> Turn:
    return Turn(number=row.number, question=row.question, record_id=row.record_id, created_at=row.created_at)
