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


def erase(connection: sa.Connection, ledger: Ledger, record_ids: Sequence[str], mentions: Callable[..., bool]) -> None:
    """Delete the turns and the feedback of answer records, and feedback whose words mention what ``mentions`` tells."""
    said = connection.execute(sa.select(feedback.c.record_id, feedback.c.comment, feedback.c.answer)).all()
    naming = [row.record_id for row in said if mentions(row.comment or "", row.answer or "")]
    for table, keys in ((turns, record_ids), (feedback, [*record_ids, *naming])):
        for some in batches(list(dict.fromkeys(keys))):
            gone = connection.execute(sa.select(table.c.record_id).where(table.c.record_id.in_(some))).scalars().all()
            connection.execute(table.delete().where(table.c.record_id.in_(gone)))
            ledger.removed(table.name, gone)


def _chat(row: Any, found: Sequence[Turn] = ()) -> Chat:
    return Chat(id=row.id, created_at=row.created_at, principal=None if row.principal is None else tuple(row.principal), turns=tuple(found))


def _turn(row: Any) -> Turn:
    return Turn(number=row.number, question=row.question, record_id=row.record_id, created_at=row.created_at)
