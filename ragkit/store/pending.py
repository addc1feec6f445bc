"""Erasures as the catalog's generations tell of them: one generation begins an erasure, a later one ends it."""

from __future__ import annotations

import sqlalchemy as sa

from ragkit.store.tables import generations

#: The reasons of the two generations.
BEGUN, ENDED = "forget", "forgotten"


def begun(connection: sa.Connection) -> int:
    """The generation that began the last erasure; 0 when there was none."""
    return _last(connection, BEGUN)


def is_pending(connection: sa.Connection) -> bool:
    """Whether an erasure was begun and did not come to its end."""
    return begun(connection) > _last(connection, ENDED)


def _last(connection: sa.Connection, reason: str) -> int:
    return connection.execute(sa.select(sa.func.max(generations.c.number)).where(generations.c.reason == reason)).scalar() or 0
