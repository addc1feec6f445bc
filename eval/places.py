"""Where runs are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragkit.cli.session import Session


def runs_beside(session: Session) -> Path:
    """The folder of runs beside the session's store: ``.ragkit-runs`` for ``.ragkit``."""
    store = Path(session.store or os.environ.get("RAGKIT_STORE") or ".ragkit").expanduser().absolute()
    return store.with_name(f"{store.name}-runs")
