"""``head.json``: how far the store's writing had come when it was last acknowledged, beside the catalog and apart from it.

SQLite cuts a damaged write-ahead log short without a word, and a catalog file can be replaced by an older one. Either
loses generations that were acknowledged; this file remembers that they were there. It is written after each write's
commit, so after a crash between the two it is older than the catalog, which is harmless.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from ragkit.errors import StoreCorrupt
from ragkit.index.files import sync_folder
from ragkit.store import seal
from ragkit.store.state import State

NAME = "head.json"


def write(folder: Path, generation: int, writes: int) -> None:
    """Replace the file durably. That it cannot be written (a full disk) is no reason to fail a write that is committed."""
    content = {"generation": generation, "writes": writes}
    sealed = {**content, "seal": seal.of("head", sorted(content.items())).hex()}
    temporary = folder / f".{NAME}.{os.getpid()}-{threading.get_ident()}.tmp"
    with suppress(OSError):
        try:
            with open(temporary, "w", encoding="ascii") as handle:
                handle.write(json.dumps(sealed))
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(temporary, folder / NAME)
            sync_folder(folder)
        finally:
            temporary.unlink(missing_ok=True)


def read(folder: Path) -> tuple[int, int] | None:
    """``(generation, writes)`` that were acknowledged; ``None`` where no such file is.

    Raises:
        StoreCorrupt: the file is damaged.
    """
    try:
        found: Any = json.loads((folder / NAME).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged(folder, str(error)) from error
    content: dict[str, Any] = {name: found.get(name) for name in ("generation", "writes")} if isinstance(found, dict) else {}
    if not content or found.get("seal") != seal.of("head", sorted(content.items())).hex():
        raise _damaged(folder, "its content is not what was written")
    return content["generation"], content["writes"]


def fault(acknowledged: tuple[int, int] | None, state: State) -> str | None:
    """What the catalog has lost of what was ``acknowledged``; ``None`` when nothing.

    Read the file before the state: another process may write between the two.
    """
    if acknowledged is None or acknowledged[1] <= state.writes:
        return None
    lost = f"generation {acknowledged[0]}" if acknowledged[0] > state.generation else f"{acknowledged[1] - state.writes} writes"
    return f"it has lost {lost}: it stands at generation {state.generation}, write {state.writes} of {acknowledged[1]}"


def _damaged(folder: Path, why: str) -> StoreCorrupt:
    return StoreCorrupt(f"{folder / NAME} is damaged ({why}); `ragkit repair` writes it anew from the catalog")
