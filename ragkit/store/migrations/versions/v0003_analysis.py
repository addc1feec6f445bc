"""The analysis of texts is recorded: what was indexed before was analysed as English.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ragkit.store import seal

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("identity", sa.Column("analysis", sa.String(100)))
    connection = op.get_bind()
    identity = sa.Table("identity", sa.MetaData(), autoload_with=connection)
    row = connection.execute(sa.select(identity)).first()
    if row is None or row.embedding_model is None:
        return
    # As the store reads it: the seal is over values, not over the text of their JSON.
    state = {**row._mapping, "analysis": "english"}
    state["seal"] = seal.identity(state)
    connection.execute(identity.update().values(analysis=state["analysis"], seal=state["seal"]))
